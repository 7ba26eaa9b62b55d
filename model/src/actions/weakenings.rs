//! The auth server and its store, each time without one guard.

use countersign::auth::action::{
    Answer, Challenge, ChallengeState, Limits, Pending, Prompts, Ruling, Use, Validated, Validation,
};
use countersign::auth::{Account, Commit, Credentials, Fact, FactId, Standing};
use countersign::error::{Code, Refusal};
use countersign::values::UnixSeconds;

use super::history::approved;
use super::messages::{Job, Proof, Said, Say, Shown, Signer};
use super::store::{Decided, Store, Told};
use super::world::{self, NUMBERS, OWNERS_ID, Which};
use super::{Actions, Bounds, properties as p};
use crate::weaken::Expected::Broken;
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// The store does not compare the challenge's version.
    BlindChallenge,
    /// Nor the prompts'.
    BlindPrompts,
    /// Nor the account's.
    BlindAccount,
    /// Nor whether action and challenge are there already.
    BlindStart,
    /// What is decided is told before its commit.
    TellBeforeCommit,
    /// And although its commit was in conflict.
    TellAfterConflict,
    /// `K_dev` approves where there is a `K_act`.
    DeviceKeyToo,
    /// Any user may answer.
    AnyUser,
    /// An answer may come through another channel than it was signed for.
    AnyChannel,
    /// Any number is the one expected.
    AnyNumber,
    /// A wrong number is refused, and that is all.
    GuessAgain,
    /// A cached factor is enough.
    CachedEnough,
    /// An assertion for another channel is enough.
    AnyBind,
    /// A no is taken for a yes.
    NoIsYes,
    /// The expiry of a challenge is not looked at.
    LateAnswer,
    /// A rejected, expired or cancelled challenge can still be answered.
    AnswerEnded,
    /// It can still be ended, and so can an approved one.
    EndEnded,
    /// The account's standing is not looked at.
    AnyStanding,
    /// The expiry of a token is not looked at.
    LateToken,
    /// A token is valid for any action.
    AnyAction,
    /// A token that does not match is used up.
    MismatchUsesUp,
    /// A token that another has replaced is valid.
    OldTokens,
    /// The idempotency key is not compared.
    AnyAttempt,
    /// An approval can be repeated after its token was used.
    RepeatUsed,
    /// What waits for the user's answer is not looked at.
    ForgetPrompts,
    /// Nor how often in an hour.
    NoLimit,
    /// A report of fraud is a no like any other.
    NoCalm,
    /// Any user is shown a challenge.
    ShowAnyone,
    /// An answer is taken in the phone's first channel alone.
    FirstChannel,
    /// A validation cannot be repeated.
    ValidOnce,
    /// An action has a state of its own, which no answer changes.
    OwnState,
}

/// What an answer is decided on.
pub struct Answered {
    pub(super) account: Account,
    pub(super) challenge: Option<Challenge>,
    pub(super) prompts: Option<Prompts>,
    pub(super) used: bool,
    pub(super) answer: Answer,
    pub(super) now: UnixSeconds,
    /// The challenge's version.
    pub(super) version: u64,
}

/// What the backend's end of a challenge is decided on.
pub struct Ended {
    pub(super) challenge: Challenge,
    pub(super) prompts: Prompts,
}

/// What a validation is decided on.
pub struct Validating {
    pub(super) challenge: Option<Challenge>,
    pub(super) account: Option<Account>,
    pub(super) asked: Validation,
    pub(super) now: UnixSeconds,
}

impl Weak {
    /// Whether the store does without comparing this.
    pub fn is_blind(weak: Option<Self>, fact: FactId) -> bool {
        match weak {
            Some(Self::BlindChallenge) => matches!(fact, FactId::Challenge(_)),
            Some(Self::BlindPrompts) => matches!(fact, FactId::Prompts(_)),
            Some(Self::BlindAccount) => matches!(fact, FactId::Account(_)),
            Some(Self::BlindStart) => matches!(
                fact,
                FactId::Action(_) | FactId::Challenge(_) | FactId::Prompts(_)
            ),
            _ => false,
        }
    }

    /// What the backend allows.
    pub fn limits(weak: Option<Self>, limits: Limits) -> Limits {
        match weak {
            Some(Self::NoLimit) => Limits {
                challenges_per_hour: u32::MAX,
                ..limits
            },
            _ => limits,
        }
    }

    /// The challenge that is found for a token.
    pub fn found(
        weak: Option<Self>,
        challenge: Option<&Challenge>,
        account: &Account,
    ) -> Option<Challenge> {
        let mut challenge = challenge.cloned()?;
        if weak == Some(Self::ShowAnyone) {
            challenge.user.clone_from(&account.user_name);
        }
        Some(challenge)
    }

    /// What the end of a challenge is decided on.
    ///
    /// # Errors
    /// There is no such challenge.
    pub fn ended(weak: Option<Self>, store: &Store, of: Which) -> Result<Ended, Refusal> {
        let challenge = store.about(of).ok_or(Code::ChallengeUnavailable)?;
        let prompts = store.asked(of).ok_or(Code::ChallengeUnavailable)?;
        let mut challenge = challenge.clone();
        if weak == Some(Self::EndEnded) {
            challenge.state = ChallengeState::Pending(Pending::default());
        }
        Ok(Ended {
            challenge,
            prompts: prompts.clone(),
        })
    }

    /// What an answer is decided on.
    ///
    /// # Errors
    /// There is no such account or challenge.
    pub fn answered(
        weak: Option<Self>,
        world: &Actions,
        store: &Store,
        said: Said,
        at: UnixSeconds,
    ) -> Result<Answered, Refusal> {
        let stored = store.about(said.of).ok_or(Code::ChallengeUnavailable)?;
        let owner = store.accounts.get(&OWNERS_ID);
        let answers = owner.and_then(|owner| owner.approval_key);
        let message = stored.message();
        let answer = said.answer(&message, answers);
        let account = store.account_of(&answer.key);
        let named = answer.challenge();
        let challenge = named.and_then(|id| store.challenges.get(&id)).cloned();
        let prompts = challenge
            .as_ref()
            .and_then(|it| store.prompts.get(&Credentials::id(&it.user)));
        let used = answer.assertion_id();
        let mut facts = Answered {
            account: account.ok_or(Code::CredentialMismatch)?.clone(),
            prompts: prompts.cloned(),
            used: used.is_some_and(|id| store.assertions.contains(&id)),
            challenge,
            answer,
            now: at,
            version: stored.version,
        };
        let Some(weak) = weak else { return Ok(facts) };
        let Some(challenge) = &mut facts.challenge else {
            return Ok(facts);
        };
        let needs_factor = world.needs_factor(said.of) && said.say == Say::Yes;
        let proved = Proof::For(said.via);
        let in_place = |altered: Said| altered.answer(&message, answers);
        match weak {
            Self::DeviceKeyToo if said.signer == Signer::Thief => {
                facts.account.approval_key = None;
            }
            Self::AnyUser => challenge.user.clone_from(&facts.account.user_name),
            Self::AnyChannel => facts.answer.channel = world::binding(said.signed),
            Self::AnyNumber if said.say == Say::WrongNumber => {
                if let Some(number) = &mut challenge.number {
                    number.expected = NUMBERS[1];
                }
            }
            Self::CachedEnough if needs_factor && said.proof == Proof::None => {
                facts.answer = in_place(Said {
                    proof: proved,
                    ..said
                });
            }
            Self::AnyBind if needs_factor && said.proof != Proof::None => {
                facts.answer = in_place(Said {
                    proof: proved,
                    ..said
                });
            }
            Self::NoIsYes if said.say == Say::No => {
                let yes = Said {
                    say: Say::Yes,
                    proof: world.proof(said.of, Say::Yes, said.via),
                    ..said
                };
                facts.answer = in_place(yes);
            }
            Self::LateAnswer => facts.now = UnixSeconds(at.0.min(challenge.expires.0 - 1)),
            Self::AnswerEnded => {
                let is_over = matches!(
                    challenge.state,
                    ChallengeState::Rejected(_)
                        | ChallengeState::Expired
                        | ChallengeState::Cancelled
                );
                if is_over {
                    challenge.state = ChallengeState::Pending(Pending::default());
                }
            }
            Self::FirstChannel => facts.answer.channel = world::binding(0),
            Self::AnyStanding => facts.account.standing = Standing::Active,
            Self::RepeatUsed => {
                if let ChallengeState::Approved(approved) = &mut challenge.state {
                    approved.grant.used = Use::Unused;
                }
            }
            _ => {}
        }
        Ok(facts)
    }

    /// What a validation is decided on.
    pub fn shown(
        weak: Option<Self>,
        store: &Store,
        shown: Shown,
        attempt: u8,
        at: UnixSeconds,
    ) -> Validating {
        let hash = shown.token.hash();
        let has_it = |it: &&Challenge| it.grant().is_some_and(|grant| grant.token == hash);
        let mut challenge = store.challenges.values().find(has_it).cloned();
        let mut asked = shown.asked(attempt);
        let mut now = at;
        if weak == Some(Self::OldTokens) && challenge.is_none() {
            challenge = store.about(shown.from).cloned();
            if let Some(ChallengeState::Approved(approved)) =
                challenge.as_mut().map(|it| &mut it.state)
            {
                approved.grant.token = hash;
            }
        }
        let by = challenge.as_ref().and_then(approved);
        let account = by.and_then(|by| store.accounts.get(&by.account));
        let mut account = account.cloned();
        if let (Some(Self::AnyStanding), Some(account)) = (weak, &mut account) {
            account.standing = Standing::Active;
        }
        if let (Some(Self::LateToken), Some(by)) = (weak, by) {
            now = UnixSeconds(at.0.min(by.grant.expires.0 - 1));
        }
        if let (Some(Self::AnyAction), Some(challenge)) = (weak, &challenge) {
            asked.user.clone_from(&challenge.user);
            asked.action = challenge.action;
        }
        if let (Some(Self::AnyAttempt), Some(challenge)) = (weak, &mut challenge)
            && let ChallengeState::Approved(approved) = &mut challenge.state
        {
            approved.grant.used = Use::Unused;
        }
        if weak == Some(Self::ValidOnce) && by_used(challenge.as_ref()) {
            asked.idempotency_key.clear();
        }
        Validating {
            challenge,
            account,
            asked,
            now,
        }
    }

    /// What becomes of a token that did not match, where that uses it up.
    pub fn used_up(
        weak: Option<Self>,
        facts: &Validating,
        decided: &Result<Commit<Validated>, Refusal>,
        at: UnixSeconds,
    ) -> Option<Decided> {
        let Err(Refusal(Code::TokenMismatch)) = decided else {
            return None;
        };
        let mut challenge = facts.challenge.clone()?;
        let ChallengeState::Approved(approved) = &mut challenge.state else {
            return None;
        };
        if weak != Some(Self::MismatchUsesUp) || approved.grant.used != Use::Unused {
            return None;
        }
        approved.grant.used = Use::Consumed {
            idempotency_key: facts.asked.idempotency_key.clone(),
            at,
        };
        challenge.version += 1;
        Some(Decided {
            expects: Vec::new(),
            writes: vec![Fact::Challenge(challenge)],
            told: Told::Done,
            at,
        })
    }

    /// What is stored in place of what was decided.
    pub fn alter(weak: Option<Self>, store: &Store, job: Job, decided: &mut Decided) {
        let Some(weak) = weak else { return };
        if weak == Self::GuessAgain
            && matches!(job, Job::Answer(said) if said.say == Say::WrongNumber)
        {
            decided.writes.clear();
        }
        for write in &mut decided.writes {
            match write {
                // A server without the guard would not store what made the real one overlook it.
                Fact::Challenge(challenge) => {
                    if let Some(stored) = store.challenges.get(&challenge.id) {
                        challenge.user.clone_from(&stored.user);
                        challenge.number.clone_from(&stored.number);
                    }
                }
                Fact::Prompts(prompts) if weak == Self::NoCalm => {
                    let stored = store.prompts.get(&Credentials::id(&prompts.user));
                    prompts.calm_until = stored.map_or(UnixSeconds(0), |it| it.calm_until);
                }
                Fact::Action(action) if weak == Self::OwnState => action.ruling = Ruling::Allowed,
                _ => {}
            }
        }
    }

    /// What the user was asked, as it is read.
    pub fn prompts(weak: Option<Self>, prompts: Option<&Prompts>) -> Option<Prompts> {
        let mut prompts = prompts.cloned()?;
        if weak == Some(Self::ForgetPrompts) {
            prompts.pending.clear();
        }
        Some(prompts)
    }
}

fn by_used(challenge: Option<&Challenge>) -> bool {
    let grant = challenge.and_then(Challenge::grant);
    grant.is_some_and(|grant| grant.used != Use::Unused)
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Actions>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $bounds:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Actions::new(Bounds::$bounds, Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "blind-challenge" BlindChallenge SMALL
            "the store replaces a challenge without comparing its version" Broken(p::C2);
        "blind-prompts" BlindPrompts PROMPTS
            "the store replaces what a user was asked without comparing its version" Broken(p::ACT_6);
        "blind-account" BlindAccount REVOKED
            "the store does not look whether the account is as it was read" Broken(p::S10);
        "blind-start" BlindStart LATE
            "the store does not look whether an action and its challenge are there already" Broken(p::C2);
        "grant-before-commit" TellBeforeCommit SMALL
            "a token is told before its approval is committed" Broken(p::C5);
        "valid-before-commit" TellBeforeCommit LATE
            "a token is said to be valid before it is used up" Broken(p::TOK_3);
        "grant-after-conflict" TellAfterConflict SMALL
            "a token is told although its approval was in conflict" Broken(p::C5);
        "device-key-too" DeviceKeyToo THIEF
            "K_dev approves for an account with a K_act" Broken(p::C3);
        "any-user" AnyUser USERS
            "a challenge may be answered by another user" Broken(p::C3);
        "answer-any-channel" AnyChannel THIEF
            "an answer may come through another channel than it was signed for" Broken(p::CHA_11);
        "any-number" AnyNumber SMALL
            "any number is taken for the one expected" Broken(p::C3);
        "guess-again" GuessAgain SMALL
            "a wrong number is refused, and the challenge stays pending" Broken(p::CHA_8);
        "cached-enough" CachedEnough SMALL
            "a challenge with a policy is content with a cached factor" Broken(p::A5);
        "answer-any-bind" AnyBind STOLEN
            "a factor that was verified in another channel is taken" Broken(p::A5);
        "no-is-yes" NoIsYes SMALL
            "the decision of an answer is not looked at" Broken(p::C3);
        "answer-late" LateAnswer SMALL
            "a challenge is approved after its expiry" Broken(p::CHA_6);
        "answer-ended" AnswerEnded SMALL
            "a rejected, expired or cancelled challenge can still be answered" Broken(p::C2);
        "end-ended" EndEnded SMALL
            "the backend can end a challenge that is approved" Broken(p::C2);
        "any-standing" AnyStanding REVOKED
            "whether the account is active is not looked at" Broken(p::S10);
        "token-late" LateToken LATE
            "the expiry of a token is not looked at" Broken(p::TOK_4);
        "any-action" AnyAction USERS
            "a token is valid for any action" Broken(p::C4);
        "mismatch-uses-up" MismatchUsesUp USERS
            "a token that is shown for another action is used up" Broken(p::TOK_2);
        "old-tokens" OldTokens THIEF
            "a token that another has replaced is still valid" Broken(p::TOK_2_REPLACED);
        "any-attempt" AnyAttempt LATE
            "a token that is used up is valid under another idempotency key" Broken(p::TOK_3);
        "repeat-used" RepeatUsed THIEF
            "a repeated approval gets another token although the first is used up" Broken(p::TOK_3);
        "forget-prompts" ForgetPrompts PROMPTS
            "whether another challenge waits for its user is not looked at" Broken(p::ACT_6);
        "no-hourly-limit" NoLimit LIMITED
            "how often a user was asked within the hour is not counted" Broken(p::ACT_7);
        "no-cool-down" NoCalm PROMPTS
            "a report of fraud starts no cool-down" Broken(p::ACT_8);
        "show-anyone" ShowAnyone SMALL
            "a challenge is shown to whoever has its token" Broken(p::CHA_2);
        "first-channel" FirstChannel SMALL
            "an answer is taken in the phone's first channel alone" Broken(p::C3_EXACT);
        "valid-once" ValidOnce LATE
            "a validation cannot be repeated" Broken(p::C4_EXACT);
        "own-state" OwnState LATE
            "an action has a state of its own beside its challenge's" Broken(p::TOK_1);
    }
}
