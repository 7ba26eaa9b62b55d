//! A factor server: the real transition functions, and the store around them.

use countersign::cbor;
use countersign::crypto::sha256;
use countersign::error::Refusal;
use countersign::factor::{
    Answered, Commit, Config, Decision, Record, Reply, Requester, UsedVoucher, Write,
    decide_create, decide_verify,
};
use countersign::messages::factor::{Create, Status, Verdict, Verify};
use countersign::verified::Verified;

use super::messages::{Body, Message, subject};
use super::weakenings::Weak;
use crate::cast::{self, Ideal, sign};
use crate::clock;

/// A decision on a request.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Decided {
    /// CREATE: to be committed.
    Create(Commit<Status>),
    /// VERIFY: to be committed.
    Verify(Commit<Answered>),
    /// VERIFY: the last one again.
    Repeat(Answered),
    /// Neither evaluated nor stored.
    Refused(Refusal),
}

/// What leaves the server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Answer {
    /// To CREATE.
    Status(Status),
    /// To VERIFY: what was committed, and the message that says it.
    Verdict(Answered, Verdict),
}

/// What a decision reads.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What is configured.
    pub config: Config,
    /// What is stored of the phone.
    pub record: Option<Record>,
    /// Whether the voucher was used.
    pub used: Option<UsedVoucher>,
    /// Whose channel it was.
    pub requester: Requester,
}

/// Decides, at the replica with this number, by the shipped function.
pub fn decide(facts: Facts, message: &Message, replica: usize, weak: Option<Weak>) -> Decided {
    match &message.body {
        Body::Create(request, _) => {
            let record = facts.record.filter(|_| weak != Some(Weak::CreateAnew));
            on_create(&Facts { record, ..facts }, request, replica)
        }
        Body::Verify(request) => {
            let facts = Weak::facts(weak, facts, request);
            let request = Weak::request(weak, request);
            on_verify(&facts, &request, replica)
        }
    }
}

fn on_create(facts: &Facts, request: &Verified<Create>, replica: usize) -> Decided {
    let decided = decide_create(
        &facts.config,
        facts.record.as_ref(),
        facts.used.as_ref(),
        &facts.requester,
        request,
        clock::of_replica(replica),
        &Ideal,
    );
    match decided {
        Ok(commit) => Decided::Create(commit),
        Err(refusal) => Decided::Refused(refusal),
    }
}

fn on_verify(facts: &Facts, request: &Verified<Verify>, replica: usize) -> Decided {
    let decided = decide_verify(
        &facts.config,
        facts.record.as_ref(),
        &facts.requester,
        request,
        subject(&facts.requester),
        clock::of_replica(replica),
        &Ideal,
    );
    match decided {
        Ok(Decision::Commit(commit)) => Decided::Verify(commit),
        Ok(Decision::Repeat(answered)) => Decided::Repeat(answered),
        Err(refusal) => Decided::Refused(refusal),
    }
}

/// The message that tells the device, its assertion signed.
pub fn answer(config: &Config, answered: Answered) -> Answer {
    let reply = answered.reply(config).expect("an assertion is small");
    let verdict = match reply {
        Reply::Verdict(verdict) => verdict,
        Reply::Assertion(to_sign) => {
            let signature = sign(&cast::ASSERTIONS, to_sign.tbs());
            to_sign.signed(signature)
        }
    };
    Answer::Verdict(answered, verdict)
}

/// What a compare-and-swap store does with a write: the record and voucher that
/// it then has, or nothing on a conflict.
pub fn commit(
    stored: Option<&Record>,
    voucher_used: bool,
    write: &Write,
    weak: Option<Weak>,
) -> Option<(Record, Option<UsedVoucher>)> {
    match write {
        Write::Insert { record, voucher } => {
            let is_free = stored.is_none() && !voucher_used;
            let is_blind = matches!(weak, Some(Weak::BlindInsert | Weak::CreateAnew));
            (is_free || is_blind).then(|| (record.clone(), Some(*voucher)))
        }
        Write::Replace { expected, record } => {
            let is_current = stored.is_some_and(|stored| stored.version == *expected);
            (is_current || weak == Some(Weak::BlindReplace)).then(|| (record.clone(), None))
        }
    }
}

/// Whether the request is, byte for byte, the one that this was the answer to.
pub fn is_answer_to(answered: &Answered, request: &Verify) -> bool {
    let bytes = cbor::to_vec(request).expect("small");
    answered.request.0 == sha256(&[&bytes])
}
