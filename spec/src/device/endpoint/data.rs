//! The inputs of data requests (protocol.md, sections 13 and 14.1).
//!
//! | input | when |
//! |---|---|
//! | [`get_data`](DeviceEndpoint::get_data) | always; each request completes exactly once |
//! | [`cancel`](DeviceEndpoint::cancel) | always |
//! | [`made_key`](DeviceEndpoint::made_key) | after [`Event::KeyNeeded`] |
//! | [`open_data`](DeviceEndpoint::open_data) | no flow is active |
//! | [`close_data`](DeviceEndpoint::close_data) | the transport of the channel for data broke, or it is not needed any more |
//!
//! A request goes through the app session's channel if the app is logged in at that server,
//! and through the channel for data otherwise. A device without any account opens one by
//! creating a headless account, and one that has only that opens it again with it; another
//! account may have to verify a factor, so its channel is opened by `open_data` or a login.
//!
//! Nothing is ever sent twice (DATA-8): what a lost channel leaves open ends with outcome
//! unknown, and the app asks again, with the same idempotency key if it gave one.

use alloc::vec::Vec;

use super::entry::Entry;
use super::resident::Resident;
use super::stage::Stage;
use super::{DeviceEndpoint, Effect};
use crate::crypto::{PublicKey, Verifier};
use crate::device::app::Millis;
use crate::device::entry::Entrant;
use crate::device::event::Event;
use crate::device::wallet::{Account, Commit, Creating, Update};
use crate::error::{Code, Refusal};
use crate::registry::Level;
use crate::values::{AccountId, IdempotencyKey, ServerId};

impl<V: Verifier> DeviceEndpoint<V> {
    /// Asks the data service behind an auth server. The id names the request in
    /// [`cancel`](Self::cancel) and in the one [`Event::Data`]
    /// that completes it. `entropy` is 32 fresh random bytes.
    ///
    /// It may fail at once: with [`Code::TooLarge`], [`Code::TooManyRequests`],
    /// [`Code::NoDataChannel`] where the account has to be chosen or a factor may be asked
    /// for, [`Code::FlowActive`] where the channel has to be opened first, and
    /// [`Code::NoAccount`] for a server that the device does not know.
    pub fn get_data(
        &mut self,
        server: ServerId,
        payload: Vec<u8>,
        idempotency_key: Option<IdempotencyKey>,
        entropy: [u8; 32],
        clock: Millis,
    ) -> (u64, Vec<Effect>) {
        let mut effects = self.tick(clock);
        let id = self.resident.number();
        effects.extend(match self.resident.carrier(server) {
            Some(carrier) => carrier.ask(id, payload, idempotency_key),
            None => self.ask_later(id, server, payload, idempotency_key, entropy),
        });
        (id, effects)
    }

    /// The app does not want the answer any more, and gets none; what the data service did is
    /// unknown. Cancelling what is finished does nothing.
    pub fn cancel(&mut self, request: u64, clock: Millis) -> Vec<Effect> {
        let mut effects = self.tick(clock);
        effects.extend(self.resident.cancel(request));
        effects
    }

    /// Takes the public key of the `K_dev` that [`Event::KeyNeeded`] asked for. `entropy` is 32
    /// fresh random bytes.
    ///
    /// # Errors
    /// Nothing has changed: [`Code::NotAsked`], [`Code::InvalidKey`] for a key that has
    /// another role already (KEY-1).
    pub fn made_key(&mut self, key: PublicKey, entropy: [u8; 32]) -> Result<Vec<Effect>, Refusal> {
        let Stage::Entering(Entry::Making { server }) = self.stage else {
            return Err(Code::NotAsked.into());
        };
        if self.wallet.holds(&key) {
            return Err(Code::InvalidKey.into());
        }
        let creating = Creating { server, key };
        self.advance(|_, context| {
            // Stored before it is used: the server may know it when the answer is lost.
            let commit = Commit::new(alloc::vec![Update::Creating(creating)], creating);
            let entrant = Entrant::Headless(context.commit(commit));
            Entry::begin(entrant, entropy, context).map(Stage::Entering)
        })
    }

    /// Opens a channel for data with an account; the server's policy may ask for a factor. It
    /// ends with [`Outcome::Admitted`](crate::device::Outcome::Admitted). `entropy` is 32 fresh
    /// random bytes.
    ///
    /// # Errors
    /// Nothing has begun: [`Code::FlowActive`] (DEV-2), [`Code::NoAccount`].
    pub fn open_data(
        &mut self,
        server: ServerId,
        account: AccountId,
        entropy: [u8; 32],
        clock: Millis,
    ) -> Result<Vec<Effect>, Refusal> {
        self.free()?;
        let entrant = entrant(self.account(server, account)?);
        let mut effects = self.tick(clock);
        effects.extend(self.enter(entrant, entropy)?);
        Ok(effects)
    }

    /// Gives up the channel for data. Requests that are open end with outcome unknown.
    pub fn close_data(&mut self) -> Vec<Effect> {
        self.resident.close_data()
    }

    /// There is no channel for a request: it waits for one that is being opened, or opens one
    /// that asks the user nothing.
    fn ask_later(
        &mut self,
        id: u64,
        server: ServerId,
        payload: Vec<u8>,
        idempotency_key: Option<IdempotencyKey>,
        entropy: [u8; 32],
    ) -> Vec<Effect> {
        if self.stage.leads_to(server) {
            return self.resident.wait(id, payload, idempotency_key);
        }
        let entrant = match self.unasked(server) {
            Ok(entrant) => entrant,
            Err(Refusal(code)) => return Resident::fail(id, code),
        };
        let mut effects = self.resident.wait(id, payload, idempotency_key);
        if !effects.is_empty() {
            return effects; // It is over its limit.
        }
        let begun = match entrant {
            Some(entrant) => self.enter(entrant, entropy),
            None => {
                self.stage = Stage::Entering(Entry::Making { server });
                Ok(alloc::vec![Effect::Event(Event::KeyNeeded { server })])
            }
        };
        effects.extend(begun.unwrap_or_default());
        effects
    }

    /// Who can open a channel without asking anybody; nobody yet, where a key has to be made.
    fn unasked(&self, server: ServerId) -> Result<Option<Entrant>, Refusal> {
        let mut here = self.wallet.accounts_at(server);
        match (here.next(), here.next()) {
            (Some(only), None) if only.level == Level::Headless => {
                self.free()?;
                Ok(Some(entrant(only)))
            }
            // HEADLESS-1: "with any account present none is created".
            _ if !self.wallet.accounts.is_empty() => Err(Code::NoDataChannel.into()),
            _ => {
                self.free()?;
                self.wallet.server(server).ok_or(Code::NoAccount)?;
                let begun = self.wallet.creating.filter(|begun| begun.server == server);
                Ok(begun.map(Entrant::Headless))
            }
        }
    }
}

/// How an account gets its channel for data.
fn entrant(account: &Account) -> Entrant {
    match account.level {
        Level::Full => Entrant::Data(account.clone()),
        Level::Headless => Entrant::Headless(Creating {
            server: account.server,
            key: account.key,
        }),
    }
}
