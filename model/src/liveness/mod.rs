//! What must come about, not only what must not.
//!
//! *p leads to q*: on every run that is fair, whenever p holds, q holds then or later. It is
//! broken if a run can stay outside of q for ever: in a cycle, or by coming to rest. So the
//! states that are reachable from p without q are searched for strongly connected components
//! in which a fair run can stay (Streett's condition: `search.rs`). Finite runs need no case of
//! their own: every state may rest for ever, unless something that has to happen is enabled in it.
//! That is also why a clock that stops at its last tick lets nothing pass wrongly: whether
//! the saturated tick is offered as a self-loop or not at all, the state rests.
//!
//! Fairness is stated per action, by the model, since the protocol promises nothing
//! about a network that loses everything or a server that crashes for ever. Each promise
//! comes with *unfair twins*, the same under less fairness, and each of them must
//! fail: otherwise that fairness is not what the promise rests on, or the check sees nothing.
//!
//! *p can reach q* is weaker and needs no fairness: from every state with p some
//! way leads to q, without the steps that nobody can count on.

mod search;

#[cfg(test)]
mod tests;

use std::hash::Hash;

use stateright::Model;

use crate::explore::Graph;
use crate::story::{Step, Story, Trace};

/// How often an action happens that could.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fairness {
    /// As it likes: never, or for ever. Users, attackers.
    Free,
    /// Actions of this class, below 64, do not stay enabled for ever without one of them being
    /// taken. A party that goes on with what it is doing.
    Weak(u8),
    /// They are not enabled again and again for ever without one of them being taken. A network
    /// in which a message that is sent again and again arrives.
    Strong(u8),
    /// It happens some times and then no more. Crashes, where the promise is about what
    /// comes after them.
    Ends,
}

/// Whether a state is meant.
pub type Condition<M> = fn(&M, &<M as Model>::State) -> bool;
/// The fairness of an action that is enabled in a state.
pub type Fair<M> = fn(&M, &<M as Model>::State, &<M as Model>::Action) -> Fairness;

/// Something that must come about.
pub struct Promise<M: Model> {
    /// Its name; begins with the invariant's number.
    pub name: &'static str,
    /// When it is promised.
    pub from: Condition<M>,
    /// What is.
    pub to: Condition<M>,
    /// In which sense.
    pub claim: Claim<M>,
}

/// In which sense something must come about.
pub enum Claim<M: Model> {
    /// On every run that is fair.
    LeadsTo {
        /// Which ones are.
        fair: Fair<M>,
        /// The same under less fairness; the promise must be broken under each.
        unfair: Vec<(&'static str, Fair<M>)>,
    },
    /// On some run, without the actions that the fairness says to end.
    CanReach {
        /// Which ones those are.
        fair: Fair<M>,
        /// The same without some more actions; it must be impossible without them.
        unfair: Vec<(&'static str, Fair<M>)>,
    },
}

/// What became of a promise.
#[derive(Clone, Debug)]
pub struct Promised {
    /// Its name.
    pub name: &'static str,
    /// In how many states it is made.
    pub premises: usize,
    /// A run that breaks it.
    pub broken: Option<Trace>,
    /// The unfair twins, each with a run that breaks it.
    pub twins: Vec<(&'static str, Option<Trace>)>,
}

/// A run that stays outside of what was promised: there, and round for ever.
struct Lasso<A> {
    /// The state at which the promise is made, by index.
    from: u32,
    /// The steps from there to where the run stays.
    there: Vec<Hop<A>>,
    /// The steps of the cycle. None: the run rests.
    round: Vec<Hop<A>>,
}

/// One step of the graph, both ends by index.
struct Hop<A> {
    before: u32,
    action: A,
    after: u32,
}

impl Promised {
    /// What is not as it should be, in sentences.
    pub fn complaints(&self) -> Vec<String> {
        let name = self.name;
        let mut out = Vec::new();
        if self.premises == 0 {
            out.push(format!("never promised: {name}"));
        }
        if self.broken.is_some() {
            out.push(format!("not kept: {name}"));
        }
        for (twin, broken) in &self.twins {
            if broken.is_none() {
                out.push(format!("kept even {twin}: {name}"));
            }
        }
        out
    }
}

impl<M> Promise<M>
where
    M: Story<State: Clone + Eq + Hash, Action: Clone>,
{
    /// Looks whether it is kept in a graph that is complete.
    pub fn look(&self, model: &M, graph: &Graph<M>) -> Promised {
        let holds = |condition: Condition<M>| -> Vec<bool> {
            let states = graph.states().iter();
            states.map(|state| condition(model, state)).collect()
        };
        let (from, to) = (holds(self.from), holds(self.to));
        let under = |fair: Fair<M>, title: &str| {
            let lasso = match self.claim {
                Claim::LeadsTo { .. } => search::fair_lasso(model, graph, &from, &to, fair),
                Claim::CanReach { .. } => search::dead_end(model, graph, &from, &to, fair),
            };
            lasso.map(|lasso| self.trace(model, graph, &lasso, title))
        };
        let (Claim::LeadsTo { fair, unfair } | Claim::CanReach { fair, unfair }) = &self.claim;
        Promised {
            name: self.name,
            premises: from.iter().filter(|from| **from).count(),
            broken: under(*fair, "not kept"),
            twins: unfair
                .iter()
                .map(|(name, fair)| (*name, under(*fair, name)))
                .collect(),
        }
    }

    fn trace(&self, model: &M, graph: &Graph<M>, lasso: &Lasso<M::Action>, title: &str) -> Trace {
        let tell = |hop: &Hop<M::Action>| -> Step {
            let states = graph.states();
            let (before, after) = (&states[hop.before as usize], &states[hop.after as usize]);
            model.tell(before, &hop.action, after)
        };
        let mut steps = graph.steps(model, lasso.from);
        steps.extend(lasso.there.iter().map(tell));
        let end = match (&self.claim, lasso.round.is_empty()) {
            (Claim::CanReach { .. }, _) => "no way leads on from here",
            (Claim::LeadsTo { .. }, true) => "and here it rests for ever",
            (Claim::LeadsTo { .. }, false) => "what follows repeats for ever",
        };
        if let Some(last) = steps.last_mut() {
            last.note = Some(match last.note.take() {
                Some(note) => format!("{note}; {end}"),
                None => end.into(),
            });
        }
        steps.extend(lasso.round.iter().map(tell));
        Trace {
            title: format!("{}: {title}", self.name),
            property: format!("not kept: {}", self.name),
            steps,
        }
    }
}
