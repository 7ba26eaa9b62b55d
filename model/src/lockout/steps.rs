//! What can happen next, and what it changes.

use countersign::factor::{Outcome, Record, UsedVoucher, status};

use super::Lockout;
use super::messages::{Body, Kind, Message};
use super::server::{self, Answer, Decided};
use super::state::{Backup, Replica, State, Store};
use super::weakenings::Weak;
use crate::clock;
use crate::keep::Kept;
use crate::network::MessageId;

/// One step of somebody. Replicas by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The owner enters a PIN; the device numbers and signs the request, and sends it.
    Enter(Pin),
    /// The device asks for its status, to learn which numbers are taken.
    AskStatus,
    /// A thief gets hold of the phone.
    Steal,
    /// A request arrives; the replica reads the record, and decides unless it pauses.
    Read(u8, MessageId),
    /// The same, and the store shows it an old one.
    ReadOlder(u8, MessageId),
    /// The replica decides, after a pause.
    Decide(u8),
    /// It commits what it decided.
    Commit(u8),
    /// It answers.
    Answer(u8),
    /// It crashes, and all that it has in memory is gone.
    Crash(u8),
    /// It is started again.
    Restart(u8),
    /// The store is backed up.
    BackUp,
    /// The backup is restored.
    Restore,
}

/// The record, as it was read.
type Stored = Option<Kept<Record>>;

/// What the owner enters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Pin {
    /// The PIN.
    Right,
    /// Another.
    Typo,
}

impl Lockout {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        if state.store.record.is_some() {
            if state.device.number < self.bounds.numbers {
                actions.extend([Action::Enter(Pin::Right), Action::Enter(Pin::Typo)]);
            }
            if self.learned_number(state) > state.device.number {
                actions.push(Action::AskStatus);
            }
            if !state.thief {
                actions.push(Action::Steal);
            }
        }
        if self.bounds.restores {
            self.enabled_backups(state, actions);
        }
        for (index, replica) in (0..).zip(&state.replicas) {
            self.enabled_at(index, replica, state, actions);
        }
    }

    fn enabled_backups(&self, state: &State, actions: &mut Vec<Action>) {
        let is_due = state.store.record.is_none() == (self.weak == Some(Weak::BackupBeforeRecord));
        match state.store.backup {
            Backup::Missing if is_due => actions.push(Action::BackUp),
            Backup::Made(..) => actions.push(Action::Restore),
            Backup::Missing | Backup::Restored => {}
        }
    }

    fn enabled_at(&self, index: u8, replica: &Replica, state: &State, actions: &mut Vec<Action>) {
        match replica {
            Replica::Idle => {
                for message in state.network.messages() {
                    if self.is_worth_reading(state, state.store.record, message, index) {
                        actions.push(Action::Read(index, message));
                    }
                    let older = state.store.older;
                    if older.is_some() && self.is_worth_reading(state, older, message, index) {
                        actions.push(Action::ReadOlder(index, message));
                    }
                }
                return;
            }
            Replica::Down => {
                actions.push(Action::Restart(index));
                return;
            }
            Replica::Read(..) => actions.push(Action::Decide(index)),
            Replica::Decided(_, decided) => match **decided {
                Decided::Create(_) => actions.push(Action::Commit(index)),
                Decided::Verify(_) => {
                    actions.push(Action::Commit(index));
                    if self.weak == Some(Weak::ReplyBeforeCommit) {
                        actions.push(Action::Answer(index));
                    }
                }
                Decided::Repeat(_) => actions.push(Action::Answer(index)),
                Decided::Refused(_) => unreachable!("left at once"),
            },
            Replica::Answering(..) => actions.push(Action::Answer(index)),
        }
        actions.push(Action::Crash(index));
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Enter(pin) => {
                state.device.number += 1;
                state.network.send(self.entered(pin, state.device.number));
            }
            Action::AskStatus => state.device.number = self.learned_number(state),
            Action::Steal => {
                state.thief = true;
                for (id, message) in (0..).zip(&self.messages) {
                    if message.kind.is_thiefs() {
                        state.network.send(id);
                    }
                }
            }
            Action::Read(index, message) => {
                self.read(state, index as usize, message, state.store.record);
            }
            Action::ReadOlder(index, message) => {
                self.read(state, index as usize, message, state.store.older);
            }
            Action::Decide(index) => {
                let Replica::Read(message, record) = state.replicas[index as usize] else {
                    unreachable!("not enabled");
                };
                self.decide(state, index as usize, message, record);
            }
            Action::Commit(index) => self.commit(state, index as usize),
            Action::Answer(index) => self.answer(state, index as usize),
            Action::Crash(index) => {
                let replica = &mut state.replicas[index as usize];
                *replica = match replica {
                    Replica::Answering(..) => Replica::Down,
                    _ => Replica::Idle,
                };
            }
            Action::Restart(index) => state.replicas[index as usize] = Replica::Idle,
            Action::BackUp => {
                state.store.backup = Backup::Made(state.store.record, state.store.vouchers);
            }
            Action::Restore => self.restore(state),
        }
    }

    /// The request that the device sends.
    pub(super) fn entered(&self, pin: Pin, number: u8) -> MessageId {
        self.id_of(match pin {
            Pin::Right => Kind::Right(number),
            Pin::Typo => Kind::Typo(number),
        })
    }

    /// The number below which the device does not go, after it has seen its status.
    fn learned_number(&self, state: &State) -> u8 {
        let config = self.config(state.store.epoch);
        let status = status(config, state.store.record.as_deref(), clock::NOW);
        let taken = status.record.map_or(0, |record| record.request_number);
        state
            .device
            .number
            .max(u8::try_from(taken).unwrap_or(u8::MAX))
    }

    /// Whether there will be more than a refusal. Where nothing can happen before
    /// the decision, a request that is refused leaves everything as it is.
    fn is_worth_reading(
        &self,
        state: &State,
        record: Stored,
        message: MessageId,
        index: u8,
    ) -> bool {
        self.bounds.pauses
            || !matches!(
                *self.decision(&state.store, record, message, index as usize),
                Decided::Refused(_)
            )
    }

    fn read(&self, state: &mut State, index: usize, message: MessageId, record: Stored) {
        if self.bounds.pauses {
            state.replicas[index] = Replica::Read(message, record);
        } else {
            self.decide(state, index, message, record);
        }
    }

    fn decide(&self, state: &mut State, index: usize, message: MessageId, record: Stored) {
        let decided = self.decision(&state.store, record, message, index);
        state.replicas[index] = match *decided {
            Decided::Refused(_) => Replica::Idle,
            Decided::Create(_) | Decided::Verify(_) | Decided::Repeat(_) => {
                Replica::Decided(message, decided)
            }
        };
    }

    fn commit(&self, state: &mut State, index: usize) {
        let Replica::Decided(id, decided) = state.replicas[index] else {
            unreachable!("not enabled");
        };
        let before = state.store.record;
        let message = self.message(id);
        let (written, voucher_place) = self.written(&state.store, message, &decided);
        let answer = self.answer_of(state, &decided, before.as_deref());
        let Some((record, voucher)) = written else {
            self.conflict(state, index, id, &decided, answer);
            return;
        };
        let record = Weak::stored(self.weak, before.as_deref(), record);
        let is_right = message.kind.is_right();
        state.history.replaced(before.as_deref(), &record, is_right);
        if let Decided::Verify(_) = *decided {
            let (epoch, max) = (state.store.epoch, self.max_attempts());
            state.history.answered(message, &record, epoch, max, answer);
        }
        if self.weak == Some(Weak::StaleReads) {
            state.store.older = before;
        }
        state.store.record = Some(self.records.keep(record));
        if let (Some(place), Some(voucher)) = (voucher_place, voucher) {
            state.store.vouchers[place] = Some(self.vouchers.keep(voucher));
        }
        state.replicas[index] = Replica::Answering(id, answer);
    }

    /// What the store does with the decision's write, and which voucher that is about.
    fn written(
        &self,
        store: &Store,
        message: &Message,
        decided: &Decided,
    ) -> (Option<(Record, Option<UsedVoucher>)>, Option<usize>) {
        let (write, place) = match (decided, &message.body) {
            (Decided::Create(commit), Body::Create(_, place)) => (commit.write(), Some(*place)),
            (Decided::Verify(commit), Body::Verify(_)) => (commit.write(), None),
            _ => unreachable!("not enabled"),
        };
        let voucher_used = place.is_some_and(|place| store.vouchers[place].is_some());
        let written = server::commit(store.record.as_deref(), voucher_used, write, self.weak);
        (written, place)
    }

    /// Whether what the replica is about to commit will be in conflict.
    pub(super) fn is_in_conflict(&self, state: &State, index: u8) -> bool {
        let Replica::Decided(id, decided) = state.replicas[index as usize] else {
            return false;
        };
        let (written, _) = self.written(&state.store, self.message(id), &decided);
        written.is_none()
    }

    /// LCK-2: the decision is dropped unseen. The request still is in the network.
    fn conflict(
        &self,
        state: &mut State,
        index: usize,
        id: MessageId,
        decided: &Decided,
        answer: Kept<Answer>,
    ) {
        state.replicas[index] = Replica::Idle;
        if self.weak == Some(Weak::ReplyAfterConflict) {
            state.replicas[index] = Replica::Answering(id, answer);
        }
        let is_wrong =
            matches!(&*answer, Answer::Verdict(answered, _) if answered.outcome == Outcome::Wrong);
        if self.weak == Some(Weak::ChargeConflicts)
            && is_wrong
            && matches!(decided, Decided::Verify(_))
        {
            self.charge(state, 1);
        }
    }

    fn answer(&self, state: &mut State, index: usize) {
        match state.replicas[index] {
            Replica::Answering(id, answer) => {
                state.history.left(self.message(id), &answer);
                if self.weak == Some(Weak::ChargeAfterReply) {
                    self.charge_late(state, &answer);
                }
            }
            Replica::Decided(id, decided) => {
                let before = state.store.record;
                let answer = self.answer_of(state, &decided, before.as_deref());
                state.history.left(self.message(id), &answer);
            }
            Replica::Idle | Replica::Read(..) | Replica::Down => unreachable!("not enabled"),
        }
        state.replicas[index] = Replica::Idle;
    }

    /// What the decision says, once its commit has set it free.
    fn answer_of(&self, state: &State, decided: &Decided, before: Option<&Record>) -> Kept<Answer> {
        let config = self.config(state.store.epoch);
        let answer = match decided {
            Decided::Create(commit) => Answer::Status(commit.clone().committed()),
            Decided::Verify(commit) => {
                let answered = Weak::said(self.weak, before, commit.clone().committed());
                server::answer(config, answered)
            }
            Decided::Repeat(answered) => server::answer(config, *answered),
            Decided::Refused(_) => unreachable!("a refusal has no answer to keep"),
        };
        self.answers.keep(answer)
    }

    fn restore(&self, state: &mut State) {
        let Backup::Made(record, vouchers) = state.store.backup else {
            unreachable!("not enabled");
        };
        state.store.record = record;
        state.store.vouchers = vouchers;
        state.store.backup = Backup::Restored;
        state.store.older = None;
        if self.weak != Some(Weak::RestoreInSameEpoch) {
            state.store.epoch += 1;
            if let Some(record) = record {
                state.history.restored(&record, self.max_attempts());
            }
        }
        if self.weak != Some(Weak::RestoreWhileRunning) {
            state.replicas = [Replica::Idle; super::REPLICAS];
        }
    }

    fn charge_late(&self, state: &mut State, answer: &Answer) {
        let Answer::Verdict(answered, _) = answer else {
            return;
        };
        let is_last = |record: &Kept<Record>| record.last.as_ref() == Some(answered);
        if let Some(record) = state.store.record.filter(is_last) {
            let charged = Weak::charged(&record, answered.failed_attempts);
            state.store.record = Some(self.records.keep(charged));
        }
    }

    fn charge(&self, state: &mut State, more: u32) {
        if let Some(record) = state.store.record {
            let charged = Weak::charged(&record, record.lockout.failed_attempts + more);
            state.store.record = Some(self.records.keep(charged));
        }
    }
}
