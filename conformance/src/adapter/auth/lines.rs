//! The connections in the server's memory, and what it does with a frame.

use std::collections::BTreeMap;

use countersign::auth::endpoint::{
    Answer, Answered, Awaiting, Deciding, Failure, Hello, Opened, Signer,
};
use countersign::auth::{
    Commit, EnrolmentFacts, LoginFacts, Outcome, Request, decide_enrolment, decide_login,
};
use countersign::crypto::P256;
use countersign::error::{self, Code};
use countersign::messages::frame::Frame;
use countersign::registry::Purpose;
use countersign::values::UnixSeconds;

use super::Setup;
use super::store::Store;
use crate::adapter::{Effects, Refusal};

/// The connections, by the identifier that the server chose.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<Vec<u8>, Line>);

/// How far a connection has come.
enum Line {
    Awaiting(Box<Awaiting>),
    Answered(Answered),
}

/// When a frame comes, and what there is to draw from.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) entropy: [u8; 32],
    pub(super) now: UnixSeconds,
}

impl Lines {
    /// A frame has come.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn receive(
        &mut self,
        setup: &Setup,
        store: &mut Store,
        frame: &[u8],
        at: Moment,
    ) -> Result<Effects, Refusal> {
        match Frame::from_slice(frame).map_err(|error| error.code())? {
            Frame::Message1 { .. } => self.greet(setup, store, frame, at),
            Frame::Message3 { to, .. } => self.settle(setup, store, to.0, frame, at),
            Frame::Message2 { .. } | Frame::Record { .. } | Frame::Error { .. } => {
                Err(Code::UnexpectedFrame.number().into())
            }
        }
    }

    fn greet(
        &mut self,
        setup: &Setup,
        store: &Store,
        frame: &[u8],
        at: Moment,
    ) -> Result<Effects, Refusal> {
        let hello = Hello::receive(&setup.config, frame, at.now).map_err(failed)?;
        let found = store.found(hello.wanted());
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
        self.0.insert(id, Line::Awaiting(Box::new(awaiting)));
        Ok(Effects::to_device(frame))
    }

    fn settle(
        &mut self,
        setup: &Setup,
        store: &mut Store,
        id: Vec<u8>,
        frame: &[u8],
        at: Moment,
    ) -> Result<Effects, Refusal> {
        let awaiting = match self.0.remove(&id) {
            Some(Line::Awaiting(awaiting)) => awaiting,
            Some(Line::Answered(answered)) => {
                let again = answered.repeat(frame, at.now);
                if !answered.is_over(at.now) {
                    self.0.insert(id, Line::Answered(answered));
                }
                return again.map(Effects::to_device).map_err(failed);
            }
            None => return Err(Code::UnexpectedFrame.number().into()),
        };
        let opened = match awaiting.receive(frame) {
            Ok(opened) => opened,
            Err(refused) => {
                self.0.insert(id, Line::Awaiting(refused.state));
                return Err(failed(refused.failure));
            }
        };
        let deciding = verify(store, opened).map_err(failed)?;
        let (code, (answered, frame)) = match decide(setup, store, deciding.request(), at) {
            Ok(outcome) => {
                let code = match outcome {
                    Outcome::Settled(_) | Outcome::LoggedIn(_) | Outcome::Admitted(_) => None,
                    Outcome::Refused(code) => Some(code),
                };
                (code, deciding.settled(outcome, at.now).map_err(failed)?)
            }
            Err(error::Refusal(code)) => (Some(code), refuse(deciding, code, at.now)?),
        };
        self.0.insert(id, Line::Answered(answered));
        let effects = Effects::to_device(frame);
        match code {
            None => Ok(effects),
            Some(code) => Err(Refusal::Reject {
                code: code.number(),
                effects,
            }),
        }
    }
}

/// HS-13, with the key of the account that message_3 names.
fn verify(store: &Store, opened: Opened) -> Result<Deciding, Failure> {
    let account = match opened.signer() {
        Signer::Account(kid) => store.account_of(kid),
        Signer::Key(_) => None,
    };
    opened.verify(account, &P256)
}

fn refuse(
    deciding: Deciding,
    code: Code,
    now: UnixSeconds,
) -> Result<(Answered, Vec<u8>), Refusal> {
    deciding.refused(code, now).map_err(failed)
}

/// Decides again after a conflict, this often at most: in a store of one process,
/// a conflict that comes again is a decision that forgot to look.
const TRIES: usize = 8;

/// Decides until the store has committed, or there is nothing to commit.
fn decide(
    setup: &Setup,
    store: &mut Store,
    request: &Request,
    at: Moment,
) -> Result<Outcome, error::Refusal> {
    for _ in 0..TRIES {
        let commit = decide_once(setup, store, request, at)?;
        if let Ok(outcome) = store.commit(commit) {
            return Ok(outcome);
        }
    }
    Err(Code::Conflict.into())
}

fn decide_once(
    setup: &Setup,
    store: &Store,
    request: &Request,
    Moment { entropy, now }: Moment,
) -> Result<Commit, error::Refusal> {
    let config = &setup.config;
    let holder = store.account_of(request.key.kid());
    let assertion_used = request
        .assertion_id()
        .is_some_and(|id| store.has_assertion(id));
    if request.purpose == Purpose::Enrol {
        let enrolment = request.session.and_then(|id| store.enrolment(id));
        let enrolment = enrolment.ok_or(Code::SessionUnavailable)?;
        let facts = EnrolmentFacts {
            enrolment,
            holder,
            credentials: store.credentials(&enrolment.user_name),
            assertion_used,
        };
        return decide_enrolment(config, facts, request, entropy, now, &P256);
    }
    let session = request.session.and_then(|id| store.session(id));
    let facts = LoginFacts {
        session: session.ok_or(Code::SessionUnavailable)?,
        account: holder.ok_or(Code::CredentialMismatch)?,
        assertion_used,
        app: None,
        proved: None,
    };
    decide_login(config, facts, request, entropy, now, &P256)
}

fn failed(failure: Failure) -> Refusal {
    Refusal::Reject {
        code: failure.code.number(),
        effects: failure.frame.map(Effects::to_device).unwrap_or_default(),
    }
}
