//! What can happen next, and what it changes.

use countersign::auth::{Account, Standing, revoke};
use countersign::device::{Update, Wallet};
use countersign::error::Code;

use super::Clones;
use super::messages::{Errand, Heard, Spoken, Words};
use super::server::{self, Decided, Facts, Told, refusal, written};
use super::state::{At, COPY, Line, OWNER, Phone, Stage, State, Talk};
use super::weakenings::Weak;
use crate::keep::Kept;

/// One step of somebody. Phones, lines and replicas by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// An hour passes: two times the skew, and a second.
    Wait,
    /// Everything on the owner's phone is copied, keys included.
    Copy,
    /// A phone sends message_1, to this replica, and has message_2.
    Begin(u8, Errand, u8),
    /// It stores what it has to and sends its statement.
    Say(u8),
    /// Its app is killed, or it gives up; or it has stored, and sends nothing.
    Stop(u8),
    /// The device's words of this line arrive, and the replica decides.
    Decide(u8),
    /// It commits.
    Commit(u8),
    /// Its answer arrives.
    Hear(u8),
    /// The backend lifts the freeze, at this replica: this phone alone is left.
    Lift(u8, u8),
    /// The backend revokes the account.
    Revoke,
}

impl Clones {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        let scene = self.scene(state);
        if !scene.races
            && let Some(next) = at_once(state)
        {
            actions.push(next);
            return;
        }
        if state.hour + 1 < scene.hours {
            actions.push(Action::Wait);
        }
        if scene.copies && !state.history.copied {
            actions.push(Action::Copy);
        }
        for phone in [OWNER, COPY] {
            self.enabled_on(state, phone, actions);
        }
        for (line, talk) in state.talks() {
            match talk.stage {
                Stage::Begun => {}
                Stage::Said(_) => actions.push(Action::Decide(line)),
                Stage::Decided(..) => {
                    actions.push(Action::Commit(line));
                    if self.weak == Some(Weak::AnswerBeforeCommit) {
                        actions.push(Action::Hear(line));
                    }
                }
                Stage::Answering(_) => actions.push(Action::Hear(line)),
            }
        }
        for left in [OWNER, COPY] {
            if self.may_be_left(state, left) {
                actions.extend((0..scene.replicas).map(|replica| Action::Lift(left, replica)));
            }
        }
        if scene.revokes && state.account.standing != Standing::Revoked {
            actions.push(Action::Revoke);
        }
    }

    fn enabled_on(&self, state: &State, phone: u8, actions: &mut Vec<Action>) {
        let scene = self.scene(state);
        let Phone::Here { wallet, at } = state.phones[usize::from(phone)] else {
            return;
        };
        match at {
            At::Idle | At::Again if self.free_line(state).is_none() => {}
            At::Idle | At::Again => {
                let account = wallet.accounts.first();
                let is_rotating = account.is_some_and(|account| account.successor.is_some());
                let is_first = account.is_some_and(|account| account.key == server::FIRST_KEY);
                let errands: &[Errand] = match (at, is_rotating) {
                    (At::Again, _) => &[Errand::Rotate],
                    // "SHOULD end a rotation before it uses the account for anything else".
                    (_, true) => &[Errand::Resume],
                    _ if scene.rotates && is_first && phone == OWNER => {
                        &[Errand::Login, Errand::Rotate]
                    }
                    _ => &[Errand::Login],
                };
                for errand in errands {
                    let begin = |replica| Action::Begin(phone, *errand, replica);
                    actions.extend((0..scene.replicas).map(begin));
                }
                if at == At::Again {
                    actions.push(Action::Stop(phone));
                }
            }
            At::Begun(_) => actions.extend([Action::Say(phone), Action::Stop(phone)]),
            At::Waits(..) => actions.push(Action::Stop(phone)),
        }
    }

    /// Whether the backend may take this phone for the only one that is left. A person has
    /// looked: that takes longer than the skew, and the other one was out of use all the while.
    fn may_be_left(&self, state: &State, left: u8) -> bool {
        let gone = 1 - left;
        state.account.standing == Standing::Frozen
            && state.hour > state.history.frozen
            && state.wallet(left).is_some()
            && state
                .talks()
                .all(|(_, talk)| talk.phone != gone || talk.hour < state.hour)
    }

    fn free_line(&self, state: &State) -> Option<u8> {
        (0..self.scene(state).lines).find(|line| state.lines[usize::from(*line)] == Line::Unused)
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Wait => state.hour += 1,
            Action::Copy => {
                let wallet = state.wallet(OWNER).expect("the owner has it");
                let at = At::Idle;
                state.phones[usize::from(COPY)] = Phone::Here { wallet, at };
                state.history.copied();
            }
            Action::Begin(phone, errand, replica) => {
                let line = self.free_line(state).expect("enabled");
                state.lines[usize::from(line)] = Line::Open(Talk {
                    phone,
                    errand,
                    hour: state.hour,
                    replica,
                    stage: Stage::Begun,
                });
                self.is_about(state, phone, At::Begun(line));
            }
            Action::Say(phone) => self.say(state, phone),
            Action::Stop(phone) => self.stop(state, phone),
            Action::Decide(line) => self.decide(state, line),
            Action::Commit(line) => self.commit(state, line),
            Action::Hear(line) => self.hear(state, line),
            Action::Lift(left, replica) => self.lift(state, left, replica),
            Action::Revoke => {
                let commit = revoke(&state.account, None).expect("it is not revoked");
                let revoked = written(&commit).expect("it is stored");
                state.account = self.accounts.keep(revoked);
            }
        }
    }

    fn is_about(&self, state: &mut State, phone: u8, now: At) {
        if let Phone::Here { at, .. } = &mut state.phones[usize::from(phone)] {
            *at = now;
        }
    }

    fn store(&self, state: &mut State, phone: u8, updates: &[Update]) {
        if let Phone::Here { wallet, .. } = &mut state.phones[usize::from(phone)] {
            let mut next = Wallet::clone(wallet);
            for update in Weak::durable(self.weak, updates) {
                next.apply(update);
            }
            *wallet = self.wallets.keep(next);
        }
    }

    fn stage(&self, state: &mut State, line: u8, next: Stage) {
        if let Line::Open(talk) = &mut state.lines[usize::from(line)] {
            talk.stage = next;
        }
    }

    fn say(&self, state: &mut State, phone: u8) {
        let (At::Begun(line), Some(wallet)) = (state.at(phone), state.wallet(phone)) else {
            unreachable!("not enabled");
        };
        let talk = state.talk(line).expect("it has begun");
        let spoken = self.spoken(wallet, talk.errand, line);
        self.speak(state, phone, line, &spoken);
    }

    /// CLN-1, CRD-10: first it is stored, then it is sent.
    fn speak(&self, state: &mut State, phone: u8, line: u8, spoken: &Spoken) {
        self.store(state, phone, &spoken.updates);
        let words = self.words.keep(spoken.words.clone());
        self.stage(state, line, Stage::Said(words));
        let waits = self.waits.keep(spoken.waits.clone());
        self.is_about(state, phone, At::Waits(line, waits));
    }

    fn stop(&self, state: &mut State, phone: u8) {
        let line = match state.at(phone) {
            At::Begun(line) | At::Waits(line, _) => Some(line),
            At::Idle | At::Again => None,
        };
        if let Some(line) = line {
            let is_mute = |talk: Talk| matches!(talk.stage, Stage::Begun | Stage::Answering(_));
            if state.talk(line).is_some_and(is_mute) {
                state.lines[usize::from(line)] = Line::Done;
            }
        }
        self.is_about(state, phone, At::Idle);
    }

    /// The decision on the words of a line, as everything is now.
    pub(super) fn decision(&self, state: &State, line: u8, words: Kept<Words>) -> Kept<Decided> {
        let talk = state.talk(line).expect("there are words");
        let question = (
            state.account,
            words,
            line,
            talk.hour,
            talk.replica,
            state.hour,
        );
        let known = self.decided.get(&question);
        if let Some(decided) = known {
            return decided;
        }
        let facts = Facts {
            account: Account::clone(&state.account),
            words: Words::clone(&words),
            began: server::clock(talk.replica, talk.hour),
            now: server::clock(talk.replica, state.hour),
            line,
        };
        let decided = server::decide(&Weak::read(self.weak, facts));
        self.decided.put(question, self.decisions.keep(decided))
    }

    fn decide(&self, state: &mut State, line: u8) {
        let talk = state.talk(line).expect("enabled");
        let Stage::Said(words) = talk.stage else {
            unreachable!("not enabled");
        };
        let decided = self.decision(state, line, words);
        match &*decided {
            Decided::Commit { .. } => self.stage(state, line, Stage::Decided(words, decided)),
            Decided::Refused(code) => {
                let account = state.account;
                state.history.refused(&talk, &account, &words, *code);
                self.answering(state, line, refusal(*code));
            }
        }
    }

    /// An answer leaves; if nobody waits for it, nothing more comes of the line.
    fn answering(&self, state: &mut State, line: u8, told: Told) {
        let talk = state.talk(line).expect("it was decided");
        if state.waits_in(talk.phone, line).is_some() {
            let told = self.told.keep(told);
            self.stage(state, line, Stage::Answering(told));
        } else {
            state.lines[usize::from(line)] = Line::Done;
        }
    }

    /// Whether what a replica is about to commit will be in conflict.
    pub(super) fn is_in_conflict(&self, state: &State, decided: &Decided) -> bool {
        let Decided::Commit { expected, .. } = decided else {
            return false;
        };
        state.account.version != *expected && self.weak != Some(Weak::BlindCommit)
    }

    fn commit(&self, state: &mut State, line: u8) {
        let talk = state.talk(line).expect("enabled");
        let Stage::Decided(words, decided) = talk.stage else {
            unreachable!("not enabled");
        };
        if self.is_in_conflict(state, &decided) {
            // Dropped unseen, and decided again on what there is now.
            self.stage(state, line, Stage::Said(words));
            return;
        }
        let Decided::Commit { after, told, .. } = &*decided else {
            unreachable!("a refusal is not committed");
        };
        let before = state.account;
        if let Some(after) = after {
            let after = Weak::stored(self.weak, &before, Account::clone(after), told);
            state.account = self.accounts.keep(after);
        }
        let (after, hour) = (state.account, state.hour);
        state
            .history
            .committed(&talk, (&before, &after), told, hour);
        self.answering(state, line, told.clone());
    }

    fn hear(&self, state: &mut State, line: u8) {
        let talk = state.talk(line).expect("enabled");
        let told = match talk.stage {
            Stage::Answering(told) => Told::clone(&told),
            Stage::Decided(_, decided) => match &*decided {
                Decided::Commit { told, .. } => told.clone(),
                Decided::Refused(code) => refusal(*code),
            },
            Stage::Begun | Stage::Said(_) => unreachable!("not enabled"),
        };
        let phone = talk.phone;
        let Some(waits) = state.waits_in(phone, line) else {
            state.lines[usize::from(line)] = Line::Done;
            return;
        };
        if matches!(told, Told::Settled(_) | Told::Opened(_)) {
            state.history.answered(phone);
        }
        match &*self.heard(waits, &told, line) {
            Heard::Says(spoken) => self.speak(state, phone, line, spoken),
            Heard::Over(updates) => {
                self.store(state, phone, updates);
                self.is_about(state, phone, At::Idle);
                state.lines[usize::from(line)] = Line::Done;
            }
            Heard::Again => {
                self.is_about(state, phone, At::Again);
                state.lines[usize::from(line)] = Line::Done;
            }
        }
    }

    fn lift(&self, state: &mut State, left: u8, replica: u8) {
        let gone = 1 - left;
        self.stop(state, gone);
        state.phones[usize::from(gone)] = Phone::Absent;
        let before = Account::clone(&state.account);
        let now = server::clock(replica, state.hour);
        let lifted = Weak::lifted(self.weak, &before, now).expect("it is frozen");
        state.account = self.accounts.keep(lifted);
        state.history.lifted(state.hour, gone);
    }

    /// Whether somebody's words, said in a handshake of this phone, would be refused as late now.
    pub(super) fn is_refused_as_late(&self, state: &State, phone: u8) -> bool {
        state.talks().any(|(line, talk)| match talk.stage {
            Stage::Said(words) if talk.phone == phone => {
                let late = Decided::Refused(Code::CloneSuspected);
                *self.decision(state, line, words) == late
            }
            _ => false,
        })
    }
}

/// What follows at once, where nothing races.
fn at_once(state: &State) -> Option<Action> {
    state.talks().find_map(|(line, talk)| match talk.stage {
        Stage::Begun => Some(Action::Say(talk.phone)),
        Stage::Decided(..) => Some(Action::Commit(line)),
        Stage::Said(_) | Stage::Answering(_) => None,
    })
}
