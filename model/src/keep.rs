//! Facts, kept once.
//!
//! A record of a store has a few hundred bytes, and a state would hold several
//! of them; yet in a whole run only some thousand different ones occur. So each
//! is kept once, and states hold references of eight bytes. Nothing is
//! abstracted away: equal facts have one place, different facts different ones.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{PoisonError, RwLock};

/// A fact of a [`Keeper`]. Two of the same keeper are equal exactly if their
/// facts are.
pub struct Kept<T: 'static>(&'static Place<T>);

struct Place<T> {
    id: u32,
    fact: T,
}

/// Keeps facts of one kind, for the life of the process.
pub struct Keeper<T: 'static> {
    places: RwLock<HashMap<&'static T, Kept<T>>>,
}

impl<T: Eq + Hash> Keeper<T> {
    /// The place of this fact.
    pub fn keep(&self, fact: T) -> Kept<T> {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = places.get(&fact) {
            return *kept;
        }
        let id = u32::try_from(places.len()).expect("fewer than 2^32 facts");
        let place: &'static Place<T> = Box::leak(Box::new(Place { id, fact }));
        places.insert(&place.fact, Kept(place));
        Kept(place)
    }
}

impl<T> Default for Keeper<T> {
    fn default() -> Self {
        Self {
            places: RwLock::default(),
        }
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kept<T> {}

impl<T> PartialEq for Kept<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl<T> Eq for Kept<T> {}

impl<T> Hash for Kept<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.fact
    }
}

impl<T: fmt::Debug> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fact.fmt(f)
    }
}
