//! The factor server and its store, each time without one guard.

use std::num::NonZeroU32;

use countersign::factor::{Budget, Lockout, Management, Operation, Outcome, Record, status};
use countersign::messages::factor::{SetPin, Verdict, Verify};
use countersign::registry::Factor;
use countersign::values::{Bytes, UnixSeconds};
use countersign::verified::Verified;

use super::messages::{
    Ask, Body, By, Errand, Message, NewPin, OTHERS, factor_key, owner_in, pin_of,
};
use super::server::{Answer, Decided, Facts, decide};
use super::{Bounds, Changes, properties as p};
use crate::cast::{self, detached, sign};
use crate::network::opened;
use crate::weaken::Expected::Broken;
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// The store replaces without comparing versions.
    BlindReplace,
    /// A change is answered before its commit.
    AnswerBeforeCommit,
    /// And although its commit was in conflict.
    AnswerAfterConflict,
    /// A status leaves the verification under way as it is.
    StatusKeepsVerification,
    /// So does any other VERIFY.
    VerifyKeepsVerification,
    /// So does the change that it was for.
    ChangeKeepsVerification,
    /// The channel of a verification is not compared.
    AnyChannel,
    /// Nor what it was for.
    AnyOperation,
    /// Nor its end.
    NoEnd,
    /// A biometric is enough to add one.
    AddByFinger,
    /// And to set a PIN.
    PinByFinger,
    /// The count is not asked.
    GuessWhileBlocked,
    /// The budget is not asked.
    NoBudget,
    /// A new PIN begins a new budget.
    NewPinNewBudget,
    /// Any biometric key is taken for the registered one.
    AnyFinger,
    /// A biometric does not reset the count.
    FingerKeepsCount,
    /// A new PIN may name any generation.
    AnyGeneration,
    /// The possession of a new PIN's key is not asked for.
    NoPossession,
    /// The old PIN's key stays.
    KeepOldPin,
    /// The old PIN is verified beside the new one.
    OldPinToo,
    /// A new PIN takes the biometric away.
    PinForgetsFinger,
    /// What is removed, or gone, stays.
    KeepFinger,
    /// biometric-gone sets the count to zero.
    GoneResets,
    /// A right PIN does not begin a new budget.
    PinKeepsBudget,
    /// A verification for a change comes with an assertion.
    ManagedAsserted,
    /// The record is looked up by something else than the channel's key.
    AnyPhone,
    /// The count stays when a PIN is set.
    NewPinKeepsCount,
}

impl Weak {
    /// The decision of a server without that guard.
    pub fn decide(
        weak: Option<Self>,
        mut facts: Facts,
        message: &Message,
        stored: &Record,
    ) -> Decided {
        let Some(weak) = weak else {
            return decide(&facts, &message.body);
        };
        if weak == Self::AnyPhone && message.kind.line == OTHERS {
            facts.record = Some(stored.clone());
            facts.requester = owner_in(OTHERS);
        }
        let Some(record) = &mut facts.record else {
            return decide(&facts, &message.body);
        };
        match (weak, message.kind.ask, &message.body) {
            (Self::StatusKeepsVerification, Ask::Status, _) => {
                return Decided::Told(status(&facts.config, Some(record), facts.now));
            }
            (Self::AnyChannel, Ask::SetPin(..) | Ask::Add(_) | Ask::Remove, _) => {
                let channel = facts.requester.channel();
                record.verified = record.verified.map(|verified| Management {
                    channel,
                    ..verified
                });
            }
            (Self::AnyOperation, ask, _) => {
                let operation = match ask {
                    Ask::SetPin(..) => Operation::PinChange,
                    Ask::Add(_) => Operation::BiometricsAdd,
                    _ => Operation::BiometricsRemove,
                };
                record.verified = record.verified.map(|verified| Management {
                    operation,
                    ..verified
                });
            }
            (Self::NoEnd, ..) => {
                let until = UnixSeconds(u64::MAX);
                record.verified = record
                    .verified
                    .map(|verified| Management { until, ..verified });
            }
            (
                Self::AddByFinger,
                Ask::Verify(By::Finger, Errand::Change(Operation::BiometricsAdd), ..),
                Body::Verify(request),
            ) => {
                record.pin_key = cast::FINGER;
                return decide(&facts, &Body::Verify(as_pin(request)));
            }
            (Self::PinByFinger, ..) => facts.config.policy.pin_change_by_biometric = true,
            (Self::GuessWhileBlocked, ..) => facts.config.max_attempts = NonZeroU32::MAX,
            (Self::NoBudget, ..) => facts.config.policy.budget.uses = 0,
            (Self::AnyFinger, Ask::Verify(By::WrongFinger, ..), _) => {
                record.biometric = record.biometric.map(|_| cast::THIEFS_FINGER);
            }
            (Self::FingerKeepsCount, ..) => facts.config.policy.biometric_resets = false,
            (Self::AnyGeneration, Ask::SetPin(_, generation), _) => {
                record.generation = u32::from(generation) - 1;
            }
            (
                Self::NoPossession,
                Ask::SetPin(NewPin::Unpossessed, generation),
                Body::SetPin(request),
            ) => {
                let request = possessed(message.kind.line, generation, request);
                return decide(&facts, &Body::SetPin(request));
            }
            (Self::OldPinToo, Ask::Verify(By::Pin, _, _, generation), _) => {
                record.generation = generation.into();
                record.pin_key = pin_of(generation);
            }
            _ => {}
        }
        decide(&facts, &message.body)
    }

    /// What it stores in place of the record that was decided.
    pub fn stored(weak: Option<Self>, before: &Record, after: Record, message: &Message) -> Record {
        let Some(weak) = weak else { return after };
        let is_change = matches!(
            message.kind.ask,
            Ask::SetPin(..) | Ask::Add(_) | Ask::Remove
        );
        match (weak, message.kind.ask) {
            (Self::VerifyKeepsVerification, Ask::Verify(..)) => Record {
                verified: after.verified.or(before.verified),
                ..after
            },
            (Self::ChangeKeepsVerification, _) if is_change => Record {
                verified: before.verified,
                ..after
            },
            (Self::NewPinNewBudget, Ask::SetPin(..)) => Record {
                budget: Budget::Since {
                    last_pin: after.last_time,
                    uses_without_pin: 0,
                },
                ..after
            },
            (Self::AddByFinger | Self::OldPinToo, Ask::Verify(..)) => Record {
                pin_key: before.pin_key,
                generation: before.generation,
                ..after
            },
            (Self::AnyFinger, Ask::Verify(..)) | (Self::KeepFinger, Ask::Remove | Ask::Gone) => {
                Record {
                    biometric: before.biometric,
                    ..after
                }
            }
            (Self::GoneResets, Ask::Gone) => Record {
                lockout: Lockout::default(),
                ..after
            },
            (Self::PinKeepsBudget, Ask::Verify(By::Pin, ..)) => Record {
                budget: before.budget,
                ..after
            },
            (Self::KeepOldPin, Ask::SetPin(..)) => Record {
                pin_key: before.pin_key,
                ..after
            },
            (Self::PinForgetsFinger, Ask::SetPin(..)) => Record {
                biometric: None,
                ..after
            },
            (Self::NewPinKeepsCount, Ask::SetPin(..)) => Record {
                lockout: before.lockout,
                ..after
            },
            _ => after,
        }
    }
}

impl Weak {
    /// What leaves in place of what was answered.
    pub fn said(weak: Option<Self>, answer: Answer) -> Answer {
        match answer {
            Answer::Verdict(answered, verdict)
                if weak == Some(Self::ManagedAsserted) && answered.outcome == Outcome::Managed =>
            {
                let assertion = Some(Bytes(Vec::new()));
                Answer::Verdict(
                    answered,
                    Verdict {
                        assertion,
                        ..verdict
                    },
                )
            }
            answer => answer,
        }
    }
}

fn as_pin(request: &Verify) -> Verified<Verify> {
    let altered = Verify {
        factor: Factor::Pin,
        ..request.clone()
    };
    opened(cast::OWNERS_PHONE, &altered)
}

fn possessed(line: u8, generation: u8, request: &SetPin) -> Verified<SetPin> {
    let key = request.pin_key;
    let altered = SetPin {
        possession: sign(&key, &detached(&factor_key(line, generation, key), &key)),
        ..request.clone()
    };
    opened(cast::OWNERS_PHONE, &altered)
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Changes>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $bounds:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Changes::new(Bounds::$bounds, Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "change-blind-replace" BlindReplace SMALL
            "the store replaces the record without comparing its version" Broken(p::CHG_4);
        "change-answer-before-commit" AnswerBeforeCommit SMALL
            "a change and a status are answered before their commit" Broken(p::P3);
        "change-answer-after-conflict" AnswerAfterConflict SMALL
            "a change and a status are answered although their commit was in conflict" Broken(p::P3);
        "status-keeps-verification" StatusKeepsVerification SMALL
            "a status does not end the verification under way" Broken(p::P3);
        "verify-keeps-verification" VerifyKeepsVerification SMALL
            "another VERIFY does not end the verification under way" Broken(p::CHG_4);
        "change-keeps-verification" ChangeKeepsVerification FAULTY
            "a change does not use up its verification" Broken(p::CHG_4);
        "any-channel" AnyChannel SMALL
            "a change may come through another channel than its verification" Broken(p::CHG_4);
        "any-operation" AnyOperation SMALL
            "a verification is good for any change" Broken(p::CHG_4);
        "verification-without-end" NoEnd LATE
            "a verification does not end after 120 s" Broken(p::CHG_4);
        "add-by-finger" AddByFinger SMALL
            "a biometric is enough to add a biometric" Broken(p::F11);
        "pin-by-finger" PinByFinger SMALL
            "a biometric is enough to set a PIN, although the operator has not allowed it" Broken(p::F11);
        "guess-while-blocked" GuessWhileBlocked GUESSES
            "a PIN is evaluated whatever the count is" Broken(p::F8);
        "no-budget" NoBudget SMALL
            "the budget is not asked before a biometric is evaluated" Broken(p::F9);
        "new-pin-new-budget" NewPinNewBudget BY_FINGER
            "a new PIN begins a new budget, and a biometric may set one" Broken(p::F9);
        "any-finger" AnyFinger SMALL
            "any biometric key is taken for the registered one" Broken(p::F10);
        "finger-keeps-count" FingerKeepsCount SMALL
            "a biometric does not reset the count, although the operator wants it" Broken(p::F9);
        "set-any-generation" AnyGeneration FAULTY
            "a new PIN may name any generation" Broken(p::P2);
        "no-possession" NoPossession FAULTY
            "a new PIN's key need not prove its possession" Broken(p::P1);
        "keep-old-pin" KeepOldPin SMALL
            "a new PIN gets a generation, but the old one's key stays" Broken(p::P1);
        "old-pin-too" OldPinToo SMALL
            "a PIN of any generation is verified" Broken(p::P1);
        "pin-forgets-finger" PinForgetsFinger SMALL
            "a new PIN takes the biometric away" Broken(p::CHG_6);
        "keep-finger" KeepFinger SMALL
            "a biometric key that is removed or gone stays" Broken(p::CHG_6);
        "gone-resets-count" GoneResets SMALL
            "biometric-gone sets the count to zero" Broken(p::F3);
        "pin-keeps-budget" PinKeepsBudget SMALL
            "a right PIN does not begin a new budget" Broken(p::F9_EXACT);
        "managed-asserted" ManagedAsserted SMALL
            "a verification for a change comes with an assertion" Broken(p::CHG_1);
        "any-phone" AnyPhone SMALL
            "the record is not looked up by the key of the channel" Broken(p::F5);
        "new-pin-keeps-count" NewPinKeepsCount BY_FINGER
            "a new PIN leaves the count as it is, and a biometric may set one" Broken(p::F7);
    }
}
