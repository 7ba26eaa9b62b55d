//! The app's inputs for challenges (protocol.md, section 16).
//!
//! ```text
//! fetch_challenge ─► Event::ConfirmAction ─► approve, reject ─► Outcome::Approved, Rejected
//!                            ▲                      │
//!                            └── prompt_cancelled ──┘
//! ```

use alloc::vec::Vec;

use super::acting::Acting;
use super::stage::Stage;
use super::{DeviceEndpoint, Effect};
use crate::crypto::Verifier;
use crate::device::action::{Aim, Calling};
use crate::error::{Code, Refusal};
use crate::messages::action::Token;
use crate::values::{AccountId, ServerId};

impl<V: Verifier> DeviceEndpoint<V> {
    /// Fetches the challenge that `token` stands for, to be answered by an account of its
    /// user. `entropy` is 32 fresh random bytes.
    ///
    /// [`Event::ConfirmAction`](crate::device::Event::ConfirmAction) shows it (CHA-1).
    ///
    /// # Errors
    /// [`Code::FlowActive`] (DEV-2), [`Code::NoAccount`]. Nothing has begun.
    pub fn fetch_challenge(
        &mut self,
        server: ServerId,
        account: AccountId,
        token: Token,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        self.open_for_action((server, account), Aim::Challenge(token), entropy)
    }

    /// The user says yes, with the number that is shown where the action was started, if the
    /// question has numbers to choose from. Where a second factor is demanded it is verified
    /// next, for this answer alone (ACT-10). `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Code::NotAsked`]: no question is open, or the number does not fit it. The question,
    /// if there is one, stays open.
    pub fn approve(
        &mut self,
        number: Option<u8>,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        let chosen = match &self.stage {
            Stage::Acting(acting) => acting.asking().ok_or(Code::NotAsked)?.choose(number)?,
            _ => return Err(Code::NotAsked.into()),
        };
        self.act(|acting, context| acting.approve(chosen, entropy, context))
    }

    /// The user says no; with `report_fraud`, that somebody else started the action.
    ///
    /// # Errors
    /// [`Code::NotAsked`]: no question is open.
    pub fn reject(&mut self, report_fraud: bool) -> Result<Vec<Effect>, Refusal> {
        match &self.stage {
            Stage::Acting(acting) if acting.asking().is_some() => {
                self.act(|acting, context| acting.reject(report_fraud, context))
            }
            _ => Err(Code::NotAsked.into()),
        }
    }

    /// The user has cancelled the prompt with which the OS guards `K_act` or `K_bio`. Nothing
    /// was sent or stored; what was asked before is open again, and
    /// [`Event::PromptCancelled`](crate::device::Event::PromptCancelled) says so (CRD-5). A
    /// `K_bio` that was to be registered is not, and that flow is over.
    ///
    /// # Errors
    /// [`Code::NotAsked`]: no signature of such a key is awaited.
    pub fn prompt_cancelled(&mut self) -> Result<Vec<Effect>, Refusal> {
        if !self.stage.prompts() {
            return Err(Code::NotAsked.into());
        }
        self.advance(Stage::prompt_cancelled)
    }

    /// Opens a channel for actions.
    pub(super) fn open_for_action(
        &mut self,
        whose: (ServerId, AccountId),
        aim: Aim,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        if !matches!(self.stage, Stage::Idle) {
            return Err(Code::FlowActive.into());
        }
        let facts = Calling::new(&self.wallet, whose, aim, &self.config.auth_versions)?;
        self.advance(|_, context| Acting::call(facts, entropy, context))
    }

    fn act(
        &mut self,
        go: impl FnOnce(Acting, &mut super::Context<'_, V>) -> Result<Stage, Refusal>,
    ) -> Result<Vec<Effect>, Refusal> {
        self.advance(|stage, context| match stage {
            Stage::Acting(acting) => go(*acting, context),
            _ => Err(Code::NotAsked.into()),
        })
    }
}
