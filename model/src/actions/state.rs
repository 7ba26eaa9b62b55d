//! What there is at one moment.

use countersign::messages::action::Token;

use super::history::History;
use super::messages::{Job, Say};
use super::store::{Decided, Store};
use super::world::{ACTIONS, Channel, Which};
use crate::keep::Kept;

/// How many replicas serve.
pub const REPLICAS: usize = 2;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// Durable, shared by all replicas.
    pub store: Kept<Store>,
    /// What each replica has in memory.
    pub replicas: [Replica; REPLICAS],
    /// The hour, by the number of its offset.
    pub hour: u8,
    /// What the owner's app and phone have of each action.
    pub asked: [Asked; ACTIONS],
    /// The tokens of approved challenges that a device was ever told.
    pub tokens: Kept<Vec<(Which, Token)>>,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// A replica, which does one thing at a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Replica {
    /// It waits.
    Idle,
    /// Its commit was in conflict: it has to decide again.
    Again(Job),
    /// It has decided, and is to commit.
    Decided(Job, Kept<Decided>),
    /// It has committed, and may tell.
    Committed(Job, Kept<Decided>),
}

/// What the owner's app and phone have of an action.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Asked {
    /// Nothing.
    Nothing,
    /// The token that the app was handed, for the device.
    Handed(Kept<Token>),
    /// The challenge is shown, and waits for the user.
    Shown,
    /// The user has said this, and it was sent through the channels up to this one.
    Said(Say, Channel),
}
