//! Questions to pure functions, each asked once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// The answers so far.
pub struct Asked<Q, A>(RwLock<HashMap<Q, A>>);

impl<Q, A> Default for Asked<Q, A> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<Q: Eq + Hash, A: Copy> Asked<Q, A> {
    /// The answer, if it was asked before.
    pub fn get(&self, question: &Q) -> Option<A> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(question).copied()
    }

    /// Keeps the answer.
    pub fn put(&self, question: Q, answer: A) -> A {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(question, answer);
        answer
    }
}
