//! Countersign, model-checked.
//!
//! The models run the transition functions of the crate `countersign`, the ones
//! that servers run, and re-implement none. Around them they put what a protocol
//! does not choose: a network that is the attacker's, replicas that race, crashes
//! at every step, clocks that disagree, and thieves. Every state that can be
//! reached within the bounds is visited, and every property looked at in each.
//!
//! ```text
//! cargo run --release -p countersign-model -- check          every model, a table of verdicts
//! cargo run --release -p countersign-model -- weaken         every guard removed, and who notices
//! cargo run --release -p countersign-model -- trace NAME     what happens without that guard
//! cargo run --release -p countersign-model -- explore MODEL  states and steps in the browser
//! ```
//!
//! | shared | what it is |
//! |---|---|
//! | [`cast`] | parties, their keys and ids, ideal signatures |
//! | [`clock`] | the hours that the parties' clocks show |
//! | [`network`] | the set of all messages ever sent; the ideal channel |
//! | [`keep`] | facts kept once, so that a state is small |
//! | [`explore`] | an exact breadth-first search that keeps states and edges: shortest traces |
//! | [`check`] | the verdict: that search and stateright's, which must agree |
//! | [`weaken`] | parties without one of their guards, and what catches them |
//! | [`story`] | traces as text, sequence diagram and JSON |
//!
//! One model each: [`lockout`].
//!
//! A green run shows that the properties hold for these transition functions
//! within these bounds, if signatures and channels are ideal. It does not show
//! that the cryptography is, that an endpoint hands the right bytes to the right
//! function, or that nothing else happens beyond the bounds.

pub mod cast;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod clock;
pub mod explore;
pub mod keep;
pub mod lockout;
pub mod network;
pub mod story;
pub mod weaken;
