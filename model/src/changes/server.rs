//! A factor server: the real transition functions.

use countersign::cose;
use countersign::error::Refusal;
use countersign::factor::{
    Answered, Commit, Config, Decision, Record, Reply, Requester, Write, decide_add_biometric,
    decide_biometric_gone, decide_create, decide_remove_biometric, decide_set_pin, decide_status,
    decide_verify,
};
use countersign::messages::factor::{Biometric, Create, Status, Verdict, Voucher, pseudonym};
use countersign::registry::seconds;
use countersign::values::{Bytes, Type, UnixSeconds, VoucherId};

use super::messages::{Body, factor_key, owner_in, pin_of};
use crate::cast::{self, Ideal, detached, sign};
use crate::clock;
use crate::network::opened;

/// A decision on a request.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Decided {
    /// VERIFY: to be committed.
    Verdict(Commit<Answered>),
    /// VERIFY: the last answer again.
    Again(Answered),
    /// A change of the record, the end of a verification included: to be committed.
    Change(Commit<Status>),
    /// The status, where nothing is to be committed.
    Told(Status),
    /// Neither evaluated nor stored.
    Refused(Refusal),
}

/// What leaves the server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Answer {
    /// To VERIFY: what was committed, and the message that says it.
    Verdict(Answered, Verdict),
    /// To everything else.
    Status(Status),
}

/// What a decision reads.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What is configured.
    pub config: Config,
    /// What is stored under the requester's name.
    pub record: Option<Record>,
    /// Whose channel it was.
    pub requester: Requester,
    /// What the server's clock shows.
    pub now: UnixSeconds,
}

/// The clock of the server at the end of `line`, before or after a verification's time.
pub fn now(line: u8, late: bool) -> UnixSeconds {
    let start = clock::of_replica(usize::from(line % 2));
    start.plus(if late { seconds::MANAGEMENT } else { 0 })
}

/// Decides by the shipped functions.
pub fn decide(facts: &Facts, body: &Body) -> Decided {
    let Facts {
        config,
        record,
        requester,
        now,
    } = facts;
    let (record, now) = (record.as_ref(), *now);
    let change = |decided: Result<Commit<Status>, Refusal>| match decided {
        Ok(commit) => Decided::Change(commit),
        Err(refusal) => Decided::Refused(refusal),
    };
    match body {
        Body::Status(_) => told(decide_status(config, record, requester, now)),
        Body::Verify(request) => {
            let audience = request.audience;
            let subject = pseudonym(&cast::PSEUDONYMS, requester.record(), audience);
            match decide_verify(config, record, requester, request, subject, now, &Ideal) {
                Ok(Decision::Commit(commit)) => Decided::Verdict(commit),
                Ok(Decision::Repeat(answered)) => Decided::Again(answered),
                Err(refusal) => Decided::Refused(refusal),
            }
        }
        Body::SetPin(request) => change(decide_set_pin(
            config, record, requester, request, now, &Ideal,
        )),
        Body::Add(request) => change(decide_add_biometric(
            config, record, requester, request, now, &Ideal,
        )),
        Body::Remove(request) => change(decide_remove_biometric(
            config, record, requester, request, now,
        )),
        Body::Gone(request) => told(decide_biometric_gone(
            config, record, requester, request, now,
        )),
    }
}

fn told(decided: Result<Decision<Status>, Refusal>) -> Decided {
    match decided {
        Ok(Decision::Commit(commit)) => Decided::Change(commit),
        Ok(Decision::Repeat(status)) => Decided::Told(status),
        Err(refusal) => Decided::Refused(refusal),
    }
}

/// What a decision says, once its commit has set it free.
pub fn answer(config: &Config, decided: &Decided) -> Option<Answer> {
    Some(match decided {
        Decided::Verdict(commit) => verdict(config, commit.clone().committed()),
        Decided::Again(answered) => verdict(config, *answered),
        Decided::Change(commit) => Answer::Status(commit.clone().committed()),
        Decided::Told(status) => Answer::Status(status.clone()),
        Decided::Refused(_) => return None,
    })
}

/// What it writes: the version that it was decided on, and the record after it.
pub fn replacement(decided: &Decided) -> Option<(u64, &Record)> {
    let write = match decided {
        Decided::Verdict(commit) => commit.write(),
        Decided::Change(commit) => commit.write(),
        Decided::Again(_) | Decided::Told(_) | Decided::Refused(_) => return None,
    };
    match write {
        Write::Replace { expected, record } => Some((*expected, record)),
        Write::Insert { .. } => None,
    }
}

fn verdict(config: &Config, answered: Answered) -> Answer {
    let verdict = match answered.reply(config).expect("an assertion is small") {
        Reply::Verdict(verdict) => verdict,
        Reply::Assertion(to_sign) => {
            let signature = sign(&cast::ASSERTIONS, to_sign.tbs());
            to_sign.signed(signature)
        }
    };
    Answer::Verdict(answered, verdict)
}

/// The record that the owner has CREATEd, with a PIN and a finger.
pub fn created(config: &Config) -> Record {
    let requester = owner_in(0);
    let possession = |key| sign(&key, &detached(&factor_key(0, 1, key), &key));
    let voucher = Voucher {
        issuer: cast::AUTH_SERVER,
        factor_server: cast::FACTOR_SERVER,
        id: VoucherId([1; 16]),
        expiry: clock::NOW.plus(1000),
    };
    let context = (cast::FACTOR_SERVER,);
    let to_sign = cose::to_sign(&voucher, &context, cast::VOUCHERS.kid()).expect("small");
    let signature = sign(&cast::VOUCHERS, to_sign.tbs());
    let request = Create {
        ty: Type,
        voucher: Bytes(to_sign.signed(signature)),
        pin_key: pin_of(1),
        possession: possession(pin_of(1)),
        biometric: Some(Biometric {
            key: cast::FINGER,
            possession: possession(cast::FINGER),
        }),
    };
    let request = opened(cast::OWNERS_PHONE, &request);
    let now = now(1, false); // the slower clock's, so that time can go on
    let commit = decide_create(config, None, None, &requester, &request, now, &Ideal);
    match commit.expect("a good CREATE").write() {
        Write::Insert { record, .. } | Write::Replace { record, .. } => record.clone(),
    }
}

/// Whether a decision would be a refusal, or would change nothing.
pub fn is_idle(decided: &Decided) -> bool {
    match decided {
        Decided::Verdict(_) | Decided::Change(_) => false,
        Decided::Again(_) | Decided::Told(_) | Decided::Refused(_) => true,
    }
}
