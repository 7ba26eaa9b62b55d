//! One decision: on what is asked and stored, by the functions of `countersign`.

use countersign::error;
use countersign::factor::endpoint::Request;
use countersign::factor::{
    Answered, Commit, Decision, Requester, Write, decide_add_biometric, decide_biometric_gone,
    decide_create, decide_remove_biometric, decide_set_pin, decide_status, decide_verify,
    voucher_to_look_up,
};
use countersign::messages::factor::{Status, pseudonym};
use countersign::values::UnixSeconds;

use super::Setup;
use super::fault::aftermath::{of_refusal, tampered};
use super::fault::ground::Ground;
use super::fault::trust::Trust;
use super::store::Store;

/// What a request comes to.
#[expect(clippy::large_enum_variant, reason = "held one at a time")]
pub(super) enum Decided {
    /// There is nothing to commit.
    Answer(Answer),
    /// The answer is the store's to release.
    Pending(Pending),
}

/// A decision that waits for its commit.
pub(super) struct Pending {
    pub(super) write: Write,
    reply: Reserved,
}

enum Reserved {
    Status(Commit<Status>),
    Verdict(Commit<Answered>),
}

/// What there is to say.
pub(super) enum Answer {
    Status(Status),
    Verdict(Answered),
}

/// What is refused. Only under a fault is anything written with it.
pub(super) struct Refused {
    pub(super) refusal: error::Refusal,
    pub(super) write: Option<Box<Write>>,
}

impl Pending {
    /// The answer, now that the store has committed.
    pub(super) fn committed(self) -> Answer {
        match self.reply {
            Reserved::Status(commit) => Answer::Status(commit.committed()),
            Reserved::Verdict(commit) => Answer::Verdict(commit.committed()),
        }
    }
}

/// Decides `request` on what the store has.
///
/// # Errors
/// [`Refused`].
pub(super) fn decide(
    setup: &Setup,
    store: &Store,
    requester: &Requester,
    request: &Request,
    now: UnixSeconds,
) -> Result<Decided, Refused> {
    let refused = |refusal| Refused {
        refusal,
        write: None,
    };
    let used = match request {
        Request::Create(create) => store.voucher(voucher_to_look_up(create).map_err(refused)?),
        _ => None,
    };
    let asked = Ground {
        config: setup.config.clone(),
        record: store.record(requester.record()).cloned(),
        used: used.copied(),
        requester: *requester,
        request: request.clone(),
        now,
    };
    let mut ground = asked.clone();
    if let Some(fault) = setup.fault {
        ground.undermine(fault);
    }
    let trust = Trust::in_decision(setup.fault, &asked);
    let decided = on(setup, &ground, &trust).map_err(|refusal| Refused {
        refusal,
        write: setup
            .fault
            .and_then(|fault| of_refusal(fault, &asked, refusal))
            .map(Box::new),
    })?;
    Ok(match (decided, setup.fault) {
        (Decided::Pending(pending), Some(fault)) => Decided::Pending(Pending {
            write: tampered(fault, &asked, &pending.write),
            ..pending
        }),
        (decided, _) => decided,
    })
}

fn on(setup: &Setup, ground: &Ground, trust: &Trust<'_>) -> Result<Decided, error::Refusal> {
    let Ground {
        config,
        record,
        used,
        requester,
        request,
        now,
    } = ground;
    let (record, now) = (record.as_ref(), *now);
    match request {
        Request::AskStatus => decide_status(config, record, requester, now).map(status),
        Request::SetPin(request) => {
            decide_set_pin(config, record, requester, request, now, trust).map(changed)
        }
        Request::AddBiometric(request) => {
            decide_add_biometric(config, record, requester, request, now, trust).map(changed)
        }
        Request::RemoveBiometric(request) => {
            decide_remove_biometric(config, record, requester, request, now).map(changed)
        }
        Request::BiometricGone(request) => {
            decide_biometric_gone(config, record, requester, request, now).map(status)
        }
        Request::Create(request) => {
            let used = used.as_ref();
            decide_create(config, record, used, requester, request, now, trust).map(changed)
        }
        Request::Verify(request) => {
            let subject = pseudonym(&setup.pseudonym_key, requester.record(), request.audience);
            let decision = decide_verify(config, record, requester, request, subject, now, trust)?;
            Ok(match decision {
                Decision::Repeat(answered) => Decided::Answer(Answer::Verdict(answered)),
                Decision::Commit(commit) => Decided::Pending(Pending {
                    write: commit.write().clone(),
                    reply: Reserved::Verdict(commit),
                }),
            })
        }
    }
}

fn status(decision: Decision<Status>) -> Decided {
    match decision {
        Decision::Repeat(status) => Decided::Answer(Answer::Status(status)),
        Decision::Commit(commit) => changed(commit),
    }
}

fn changed(commit: Commit<Status>) -> Decided {
    Decided::Pending(Pending {
        write: commit.write().clone(),
        reply: Reserved::Status(commit),
    })
}
