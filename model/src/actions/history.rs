//! What has happened, as somebody would note it who sees everything. Nobody acts on it.
//!
//! It keeps the rules of section 16 a second time, in other words than the code: not by what a
//! decision checks, but by who has said what, where and when.

use countersign::auth::action::{Approved, Challenge, ChallengeState, Use, Validated, Why};
use countersign::auth::{Reply, Standing};
use countersign::error::Code;
use countersign::values::{AccountId, UnixSeconds};

use super::Actions;
use super::messages::{Job, Proof, Said, Say, Shown, Signer};
use super::store::{Decided, Store, Told};
use super::world::{self, ACTIONS, OWN, Which};

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    /// How often each challenge was handed out.
    pub hands: [u8; ACTIONS],
    /// How many tokens each approved challenge got.
    pub grants: [u8; ACTIONS],
    /// Of which challenges a token was told, a bit for each.
    pub tokens_told: u8,
    /// Under which attempt the backend was told that the action is its to carry out.
    pub valid: [Option<u8>; ACTIONS],
    /// At which challenges a wrong number was tried, a bit for each.
    wrong: u8,
    /// How many challenges the owner was asked.
    pub made: u8,
    /// Until when nobody asks the owner.
    pub calm_until: Option<UnixSeconds>,
    faults: u32,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u32)]
pub enum Fault {
    /// What a challenge came to changed.
    LeftTwice = 1,
    /// What was shown is not what is stored.
    Altered = 1 << 1,
    /// An approval that its user has not given.
    NotTheUsers = 1 << 2,
    /// A token was given in another channel than its yes was signed for.
    OtherChannel = 1 << 3,
    /// An approval without the factor that was asked for, fresh and for it.
    NoFactor = 1 << 4,
    /// An approval after the expiry.
    LateAnswer = 1 << 5,
    /// Something was granted to an account that is not active.
    NotActive = 1 << 6,
    /// A token was used up after its expiry.
    LateToken = 1 << 7,
    /// For another action or user.
    OtherAction = 1 << 8,
    /// Although another had replaced it.
    Replaced = 1 << 9,
    /// Valid for two attempts.
    TwoAttempts = 1 << 10,
    /// A second try for a number.
    SecondTry = 1 << 11,
    /// Two challenges of one user and kind.
    TwoPrompts = 1 << 12,
    /// A challenge in the cool-down.
    NotCalm = 1 << 13,
    /// A token was used up without a word to the backend.
    UsedUp = 1 << 14,
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u32 != 0
    }

    /// Whether a wrong number was tried at the challenge about `of`.
    pub fn has_wrong(&self, of: Which) -> bool {
        self.wrong & 1 << of != 0
    }

    /// A commit brought the store from `before` to `after`.
    pub fn committed(
        &mut self,
        world: &Actions,
        job: Job,
        decided: &Decided,
        before: &Store,
        after: &Store,
    ) {
        if let Job::Start(of) = job {
            self.hands[usize::from(of)] += 1;
        }
        if let Job::Answer(said) = job {
            self.tried(world, &said, decided);
        }
        for of in world.whiches() {
            match (before.about(of), after.about(of)) {
                (None, None) => {}
                (None, Some(made)) => self.made(of, made, decided.at, before),
                (Some(_), None) => self.note(true, Fault::LeftTwice),
                (Some(was), Some(is)) => self.moved(world, job, of, was, is, decided, before),
            }
        }
        if let Some(ChallengeState::Rejected(rejected)) = changed(before, after)
            && rejected.why == Why::Fraud
        {
            let until = decided.at.plus(world::limits(&world.bounds).cool_down_s);
            self.calm_until = self.calm_until.max(Some(until));
        }
    }

    /// A number was compared.
    fn tried(&mut self, world: &Actions, said: &Said, decided: &Decided) {
        let is_wrong = decided.told == Told::Answer(Reply::Refused(Code::WrongNumber));
        let is_right = world.needs_number(said.of)
            && matches!(&decided.told, Told::Answer(Reply::Said(it)) if it.token.is_some());
        self.note(
            (is_wrong || is_right) && self.has_wrong(said.of),
            Fault::SecondTry,
        );
        if is_wrong {
            self.wrong |= 1 << said.of;
        }
    }

    fn made(&mut self, of: Which, made: &Challenge, at: UnixSeconds, before: &Store) {
        if of == OWN {
            return;
        }
        let waits = |other: &Challenge| {
            other.user == made.user
                && other.code == made.code
                && matches!(other.state, ChallengeState::Pending(_))
                && at < other.expires
        };
        self.note(before.challenges.values().any(waits), Fault::TwoPrompts);
        self.note(Some(at) < self.calm_until, Fault::NotCalm);
        self.made += 1;
    }

    #[expect(clippy::too_many_arguments, reason = "all that there is to a commit")]
    fn moved(
        &mut self,
        world: &Actions,
        job: Job,
        of: Which,
        was: &Challenge,
        is: &Challenge,
        decided: &Decided,
        before: &Store,
    ) {
        let at = decided.at;
        let altered = (was.message(), &was.user, was.action, &was.number)
            != (is.message(), &is.user, is.action, &is.number);
        self.note(altered, Fault::Altered);
        let is_left = !matches!(was.state, ChallengeState::Pending(_));
        let is_other = std::mem::discriminant(&was.state) != std::mem::discriminant(&is.state);
        self.note(is_left && is_other, Fault::LeftTwice);
        let (had, has) = (approved(was), approved(is));
        let Some(has) = has else { return };
        if had.map(|had| had.grant.token) != Some(has.grant.token) && has.grant.used == Use::Unused
        {
            self.grants[usize::from(of)] += 1;
            self.note(is_off(before, has.account), Fault::NotActive);
            self.note(is.expires <= at, Fault::LateAnswer);
            if let Job::Answer(said) = job {
                self.granted(world, of, &said);
            } else {
                self.note(true, Fault::NotTheUsers);
            }
        }
        let is_used = |it: &Approved| it.grant.used != Use::Unused;
        if is_used(has) && !had.is_some_and(is_used) {
            self.note(is_off(before, has.account), Fault::NotActive);
            self.note(has.grant.expires <= at, Fault::LateToken);
            match (job, &decided.told) {
                (Job::Validate(shown, _), Told::Validated(_)) => {
                    let live = had.map(|had| had.grant.token);
                    self.note(live != Some(shown.token.hash()), Fault::Replaced);
                    self.note(shown.about != of, Fault::OtherAction);
                }
                _ => self.note(true, Fault::UsedUp),
            }
        }
    }

    /// This answer was taken for a yes to `of`.
    fn granted(&mut self, world: &Actions, of: Which, said: &Said) {
        let is_users = match said.signer {
            Signer::Owner => of != OWN,
            Signer::Attacker => of == OWN,
            Signer::Thief => false,
        };
        self.note(
            !is_users || said.say != Say::Yes || said.of != of,
            Fault::NotTheUsers,
        );
        self.note(said.signed != said.via, Fault::OtherChannel);
        let is_proved = said.proof == Proof::For(said.via);
        self.note(world.needs_factor(of) && !is_proved, Fault::NoFactor);
    }

    /// The backend was told that a token is valid.
    pub fn validated(&mut self, shown: &Shown, attempt: u8, told: &Validated) {
        let about = shown.about;
        let is_own = told.action == Some(world::action_id(about)) && shown.from == about;
        self.note(!is_own, Fault::OtherAction);
        let valid = &mut self.valid[usize::from(about)];
        let is_second = valid.is_some_and(|first| first != attempt);
        *valid = valid.or(Some(attempt));
        self.note(is_second, Fault::TwoAttempts);
    }

    fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u32;
        }
    }
}

/// What an approved challenge has.
pub fn approved(challenge: &Challenge) -> Option<&Approved> {
    match &challenge.state {
        ChallengeState::Approved(approved) => Some(approved),
        ChallengeState::Pending(_)
        | ChallengeState::Rejected(_)
        | ChallengeState::Expired
        | ChallengeState::Cancelled => None,
    }
}

/// Whether the account may be granted nothing.
fn is_off(store: &Store, account: AccountId) -> bool {
    let account = store.accounts.get(&account);
    account.is_none_or(|account| account.standing != Standing::Active)
}

/// What the challenge is now that a commit has changed.
fn changed<'a>(before: &Store, after: &'a Store) -> Option<&'a ChallengeState> {
    let mut all = after.challenges.values();
    all.find(|it| before.challenges.get(&it.id) != Some(it))
        .map(|it| &it.state)
}
