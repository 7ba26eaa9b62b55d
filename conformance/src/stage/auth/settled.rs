//! What the server answers to a statement, and what the device learns by it.

use countersign::cbor;
use countersign::messages::app::{Admitted, AppSettled};
use countersign::messages::channel::{Refused, Settled};
use countersign::messages::credential::Opened;
use countersign::messages::frame::Frame;
use countersign::registry::{Decision, Level, Purpose, limit};
use countersign::values::{AccountId, Rolling};
use countersign_vectors::case::Turn;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Heard, World, error_frame};
use crate::outcome::Stop;
use crate::peer::device::Answered;
use crate::session::Session;
use crate::stage::judge::{Came, expects_refusal, same, wrong};

impl World {
    /// Sends message_3 and takes the answer.
    pub(super) fn settle(
        &mut self,
        on: &str,
        frame: Vec<u8>,
        c_i: &[u8],
        is_lost: bool,
        turn: &Turn,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let heard = self.send(frame, c_i, session)?;
        let connection = self.connection(on)?;
        let talking = connection
            .talking
            .as_mut()
            .ok_or_else(|| Stop::Undecided(format!("{on} has no channel")))?;
        let content = match heard {
            Heard::Refused(code, None) => return Ok(Came::Refused("rejected", code)),
            Heard::Refused(code, Some(frame)) => {
                if let Ok(Frame::Error { .. }) = Frame::from_slice(&frame) {
                    return error_frame(code, &frame, c_i);
                }
                connection.answer = Some(frame.clone());
                return match talking.hear(&frame)? {
                    Answered::Error(code) => Ok(Came::Refused("error", code)),
                    Answered::With(content) => refused(code, &content),
                };
            }
            Heard::Accepted(frame) => {
                connection.answer = Some(frame.clone());
                match talking.hear(&frame) {
                    Ok(Answered::With(content)) => content,
                    Ok(Answered::Error(code)) => return Ok(Came::Refused("error", code)),
                    Err(_) if expects_refusal(turn) => {
                        return Ok(Came::with(json!({ "answered": true })));
                    }
                    Err(stop) => return Err(stop),
                }
            }
        };
        let purpose = connection.purpose;
        match purpose {
            Purpose::AppLogin => self.logged_in(on, &content, is_lost),
            Purpose::Headless | Purpose::Upgrade | Purpose::Data => {
                self.admitted(on, &content, is_lost)
            }
            Purpose::Action => {
                let opened: Opened = decode("opened", &content)?;
                let account = self.account_of(on)?;
                self.learn(on, account, opened.rolling, is_lost)?;
                Ok(Came::with(json!({ "opened": true })))
            }
            _ => self.settled(on, &content, is_lost),
        }
    }

    fn settled(&mut self, on: &str, content: &[u8], is_lost: bool) -> Result<Came, Stop> {
        let settled: Settled = decode("settled", content)?;
        let (offer, device) = (
            self.connection(on)?.offer.clone(),
            self.connection(on)?.device.clone(),
        );
        let offer = offer.map(|it| self.offer(&it).cloned()).transpose()?;
        let mut is_again = false;
        if let Some(offer) = offer.filter(|it| it.is_enrolment) {
            if let Some(device) = self.devices.get_mut(&device) {
                device.approval_key = device.enrolling.take();
            }
            is_again = self.accounts.contains_key(&settled.account);
            self.accounts
                .entry(settled.account)
                .or_insert((device, offer.user_name));
        }
        self.check_user_name(settled.account, &settled.user_name)?;
        match is_again {
            true => self.learn_again(on, settled.account, settled.rolling, is_lost)?,
            false => self.learn(on, settled.account, settled.rolling, is_lost)?,
        }
        let decision = match settled.decision {
            Decision::Confirm => "confirm",
            Decision::Decline => "decline",
        };
        let account = self.owner(settled.account);
        Ok(Came::with(
            json!({ "settled": decision, "account": account }),
        ))
    }

    /// What is drawn is new, and the terms are the configured ones.
    fn logged_in(&mut self, on: &str, content: &[u8], is_lost: bool) -> Result<Came, Stop> {
        let settled: AppSettled = decode("app-settled", content)?;
        self.check_user_name(settled.account, &settled.user_name)?;
        self.draw("a new app session id", &settled.session.0)?;
        self.draw("a new web nonce", settled.web_nonce.as_bytes())?;
        let terms = self.server.services.app;
        let expected = terms.map(|terms| (terms.ping_time_s, terms.limit_s));
        let got = Some((settled.ping_time_s, settled.limit_s));
        same("ping time and limit", &expected, &got)?;
        self.learn(on, settled.account, settled.rolling, is_lost)?;
        let account = self.owner(settled.account);
        self.connection(on)?.app = Some(settled);
        Ok(Came::with(json!({ "logged_in": account })))
    }

    fn admitted(&mut self, on: &str, content: &[u8], is_lost: bool) -> Result<Came, Stop> {
        let admitted: Admitted = decode("admitted", content)?;
        let mut is_again = false;
        if self.connection(on)?.purpose == Purpose::Headless {
            let device = self.connection(on)?.device.clone();
            is_again = self.accounts.contains_key(&admitted.account);
            let entry = self.accounts.entry(admitted.account);
            entry.or_insert((device, String::new()));
        }
        self.check_user_name(admitted.account, &admitted.user_name)?;
        match is_again {
            true => self.learn_again(on, admitted.account, admitted.rolling, is_lost)?,
            false => self.learn(on, admitted.account, admitted.rolling, is_lost)?,
        }
        let level = match admitted.level {
            Level::Headless => "headless",
            Level::Full => "full",
        };
        let account = self.owner(admitted.account);
        Ok(Came::with(json!({ "admitted": account, "level": level })))
    }

    fn check_user_name(&self, account: AccountId, got: &str) -> Result<(), Stop> {
        let expected = self.accounts.get(&account).map(|(_, name)| name.as_str());
        same("the user's name", &expected, &Some(got))
    }

    /// Lets the device store what it was told, unless that was lost.
    fn learn(
        &mut self,
        on: &str,
        account: AccountId,
        rolling: Rolling,
        is_lost: bool,
    ) -> Result<(), Stop> {
        self.draw("a new rolling value", &rolling.0)?;
        self.store_told(on, account, rolling, is_lost)
    }

    /// ENR-2, HEADLESS-2: an account that is given again comes with the value that was told last,
    /// whether that was heard or not.
    fn learn_again(
        &mut self,
        on: &str,
        account: AccountId,
        rolling: Rolling,
        is_lost: bool,
    ) -> Result<(), Stop> {
        let device = self.connection(on)?.device.clone();
        let stored = self.device(&device)?.told(0);
        let expected = self.told.get(&account).copied().or(stored);
        same("the rolling value again", &expected, &Some(rolling))?;
        self.store_told(on, account, rolling, is_lost)
    }

    fn store_told(
        &mut self,
        on: &str,
        account: AccountId,
        rolling: Rolling,
        is_lost: bool,
    ) -> Result<(), Stop> {
        self.told.insert(account, rolling);
        let device = self.connection(on)?.device.clone();
        if let Some(device) = self.devices.get_mut(&device).filter(|_| !is_lost) {
            device.account = Some(account);
            if device.told(0) != Some(rolling) {
                device.rolling.push(rolling);
            }
        }
        Ok(())
    }

    /// The account of the device at the other end of a connection.
    pub(super) fn account_of(&mut self, on: &str) -> Result<AccountId, Stop> {
        let device = self.connection(on)?.device.clone();
        let account = self.device(&device)?.account;
        account.ok_or_else(|| Stop::Undecided(format!("{device} has no account")))
    }
}

/// A message of that name.
pub(super) fn decode<T: DeserializeOwned>(what: &str, content: &[u8]) -> Result<T, Stop> {
    cbor::from_slice(content, limit::FRAME).map_err(|error| wrong(what, &error))
}

/// `refused`, with the same number as the adapter gave.
pub(super) fn refused(code: u16, content: &[u8]) -> Result<Came, Stop> {
    let refused: Refused =
        cbor::from_slice(content, limit::FRAME).map_err(|error| wrong("refused", &error))?;
    same("the number in `refused`", &code, &refused.error)?;
    Ok(Came::Refused("refused", code))
}
