//! The handshakes in the server's memory, and what it does with their frames.

use std::collections::BTreeMap;

use countersign::auth::endpoint::{
    Answer, Answered, Awaiting, Deciding, Failure, Hello, Opened, Signer,
};
use countersign::auth::{Commit, Outcome, Reply, decide_opening};
use countersign::crypto::P256;
use countersign::error::{self, Code};
use countersign::messages::frame::Frame;
use countersign::registry::Purpose;

use super::decide::{Ground, decide};
use super::store::Store;
use super::{AuthServer, Moment};
use crate::adapter::{Effects, Refusal};

/// The handshakes, by the identifier that the server chose.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<Vec<u8>, Line>);

/// How far a handshake has come.
enum Line {
    Awaiting(Box<Awaiting>),
    Answered(Answered),
}

impl AuthServer {
    /// A frame has come.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn receive(&mut self, frame: &[u8], at: Moment) -> Result<Effects, Refusal> {
        match Frame::from_slice(frame).map_err(|error| error.code())? {
            Frame::Message1 { .. } => self.greet(frame, at),
            Frame::Message3 { to, .. } => self.settle(to.0, frame, at),
            Frame::Record { to, .. } => self.hear(&to.0, frame, at),
            Frame::Message2 { .. } | Frame::Error { .. } => {
                Err(Code::UnexpectedFrame.number().into())
            }
        }
    }

    fn greet(&mut self, frame: &[u8], at: Moment) -> Result<Effects, Refusal> {
        let setup = &self.setup;
        let hello = Hello::receive(&setup.config, frame, at.now).map_err(failed)?;
        let found = self.store.found(hello.wanted());
        let answer = hello.answer(&setup.config, found, at.entropy, at.now);
        let to_sign = match answer.map_err(failed)? {
            Answer::Message2(to_sign) => *to_sign,
            Answer::Voucher(voucher) => {
                let signature = setup.voucher_key.sign(voucher.tbs());
                voucher.signed(signature).map_err(failed)?
            }
        };
        let signature = setup.handshake_key.sign(to_sign.tbs());
        let (awaiting, frame) = to_sign.signed(signature).map_err(failed)?;
        let id = awaiting.id().as_bytes().to_vec();
        self.lines.0.insert(id, Line::Awaiting(Box::new(awaiting)));
        Ok(Effects::to_device(frame))
    }

    fn settle(&mut self, id: Vec<u8>, frame: &[u8], at: Moment) -> Result<Effects, Refusal> {
        let awaiting = match self.lines.0.remove(&id) {
            Some(Line::Awaiting(awaiting)) => awaiting,
            Some(Line::Answered(answered)) => {
                let again = answered.repeat(frame, at.now);
                if !answered.is_over(at.now) {
                    self.lines.0.insert(id, Line::Answered(answered));
                }
                return again.map(Effects::to_device).map_err(failed);
            }
            None => return Err(Code::UnexpectedFrame.number().into()),
        };
        let opened = match awaiting.receive(frame) {
            Ok(opened) => opened,
            Err(refused) => {
                self.lines.0.insert(id, Line::Awaiting(refused.state));
                return Err(failed(refused.failure));
            }
        };
        let deciding = verify(&self.store, opened).map_err(failed)?;
        let (code, answered, frame) = match deciding.request().purpose {
            Purpose::Action => self.open_for_actions(deciding, at),
            _ => self.decide(deciding, at),
        }
        .map_err(failed)?;
        self.lines.0.insert(id, Line::Answered(answered));
        answer(code, frame)
    }

    fn decide(&mut self, deciding: Deciding, at: Moment) -> Result<Settled, Failure> {
        let request = deciding.request();
        let proved = self.channels.prove(request);
        let setup = &self.setup;
        let outcome = until_committed(&mut self.store, |store| {
            let ground = Ground {
                setup,
                store,
                proved,
            };
            decide(&ground, request, at)
        });
        match outcome {
            Ok(outcome) => {
                let code = match outcome {
                    Outcome::Settled(_) | Outcome::LoggedIn(_) | Outcome::Admitted(_) => None,
                    Outcome::Refused(code) => Some(code),
                };
                let (answered, line, frame) = deciding.connected(outcome, at.now)?;
                if let Some(line) = line {
                    self.channels.open(line, at.now);
                }
                Ok((code, answered, frame))
            }
            Err(error::Refusal(code)) => refuse(deciding, code, at),
        }
    }

    /// OPN-2, with the account whose key it is.
    fn open_for_actions(&mut self, deciding: Deciding, at: Moment) -> Result<Settled, Failure> {
        let request = deciding.request();
        let owner = self.store.account_of(request.key.kid()).map(|it| it.id);
        let opened = until_committed(&mut self.store, |store| {
            let account = owner.and_then(|id| store.account(id));
            let account = account.ok_or(Code::CredentialMismatch)?;
            decide_opening(account, request, at.entropy, at.now)
        });
        match (opened, owner) {
            (Ok(reply), Some(account)) => {
                let code = match reply {
                    Reply::Said(_) => None,
                    Reply::Refused(code) => Some(code),
                };
                let (answered, line, frame) = deciding.opened(reply, account, at.now)?;
                if let Some(line) = line {
                    self.channels.open_for_actions(line);
                }
                Ok((code, answered, frame))
            }
            (Ok(_), None) => refuse(deciding, Code::CredentialMismatch, at),
            (Err(error::Refusal(code)), _) => refuse(deciding, code, at),
        }
    }
}

/// What a statement came to: a refusal's number, the answer that is kept, and its frame.
type Settled = (Option<Code>, Answered, Vec<u8>);

fn refuse(deciding: Deciding, code: Code, at: Moment) -> Result<Settled, Failure> {
    let (answered, frame) = deciding.refused(code, at.now)?;
    Ok((Some(code), answered, frame))
}

/// HS-13, with the key of the account that message_3 names.
fn verify(store: &Store, opened: Opened) -> Result<Deciding, Failure> {
    let account = match opened.signer() {
        Signer::Account(kid) => store.account_of(kid),
        Signer::Key(_) => None,
    };
    opened.verify(account, &P256)
}

/// A frame for the device, which may be a refusal.
pub(super) fn answer(code: Option<Code>, frame: Vec<u8>) -> Result<Effects, Refusal> {
    let effects = Effects::to_device(frame);
    match code {
        None => Ok(effects),
        Some(code) => Err(Refusal::Reject {
            code: code.number(),
            effects,
        }),
    }
}

/// Decides again after a conflict, this often at most: in a store of one process,
/// a conflict that comes again is a decision that forgot to look.
const TRIES: usize = 8;

/// Decides until the store has committed, or there is nothing to commit.
pub(super) fn until_committed<O>(
    store: &mut Store,
    decide: impl Fn(&Store) -> Result<Commit<O>, error::Refusal>,
) -> Result<O, error::Refusal> {
    for _ in 0..TRIES {
        let commit = decide(store)?;
        if let Ok(outcome) = store.commit(commit) {
            return Ok(outcome);
        }
    }
    Err(Code::Conflict.into())
}

pub(super) fn failed(failure: Failure) -> Refusal {
    Refusal::Reject {
        code: failure.code.number(),
        effects: failure.frame.map(Effects::to_device).unwrap_or_default(),
    }
}
