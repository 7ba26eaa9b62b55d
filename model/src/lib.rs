//! Countersign, model-checked.
//!
//! The models run the transition functions of the crate `countersign`, the ones
//! that servers run, and re-implement none. Around them they put what a protocol
//! does not choose: a network that is the attacker's, replicas that race, crashes
//! at every step, clocks that disagree, and thieves. Every state that can be
//! reached within the bounds is visited, and every property looked at in each.
//!
//! ```text
//! cargo run --release -p countersign-model -- check           every model, a table of verdicts
//! cargo run --release -p countersign-model -- weaken          every guard removed, and who notices
//! cargo run --release -p countersign-model -- trace NAME      what happens without that guard
//! cargo run --release -p countersign-model -- cover           which state meets which input
//! cargo run --release -p countersign-model -- vectors FOLDER  shortest traces to all of that
//! cargo run --release -p countersign-model -- report FILE     all of it in one HTML file
//! cargo run --release -p countersign-model -- explore MODEL   states and steps in the browser
//! ```
//!
//! | shared | what it is |
//! |---|---|
//! | [`cast`] | parties, their keys and ids, ideal signatures |
//! | [`clock`] | the hours that the parties' clocks show |
//! | [`handshake`](mod@handshake) | the ideal handshake: what opens under signer and transcript |
//! | [`network`] | the set of all messages ever sent; the ideal channel |
//! | [`keep`] | facts kept once, so that a state is small |
//! | [`explore`] | an exact breadth-first search that keeps states and edges: shortest traces |
//! | [`liveness`] | what must come about under which fairness, by a search for fair cycles |
//! | [`check`] | the verdict: that search and stateright's, which must agree |
//! | [`weaken`] | parties without one of their guards, and what catches them |
//! | [`cover`] | which state meets which input, and traces to all of that |
//! | [`story`], [`svg`] | traces as text, sequence diagram and JSON |
//! | [`report`] | all of it in one HTML file |
//! | [`catalogue`] | the list of models |
//!
//! One model each: [`lockout`], [`changes`], [`identity`], [`lineage`], [`versions`], [`headless`], [`data`], [`actions`].
//!
//! # What a model looks like
//!
//! - It implements [`Checked`](check::Checked) and is one line of the [`catalogue`]; a file for each of
//!   state, steps, messages, properties, weakenings, telling.
//! - Its module opens with a table, *driven by real code | modelled | not covered*, and with the reasons
//!   why less than the world is enough. [`SOURCE`](check::Checked::SOURCE) carries it into the report.
//! - Decisions are calls of the transition functions. Destructure their types with all fields by
//!   name, and match all variants, so that whatever is added to them has to be looked at.
//! - Every name of a property begins with an invariant's or a requirement's number. Every `always` is followed
//!   by at least one `sometimes` that shows its case to be reached, and has a dual where there is one
//!   (*F6*, *F6 exact*): without it a party that refuses everything would pass.
//! - [`backs`](check::Checked::backs) names the requirements of protocol.md that stand behind each
//!   `always` and each promise. A test compares both lists, and looks for the requirements in the document.
//! - What must come about is a [`Promise`](liveness::Promise), with fairness stated per action and an unfair twin that fails.
//! - Every guard has a [`Weakened`](weaken::Weakened) party that lacks it, with a change in one
//!   sentence and the property that must fail; its shortest counterexample is a snapshot. The guard is taken away outside of the
//!   transition: in what it is handed, or in what becomes of its result.
//! - Sizes are bounds, data of the model: `small` takes seconds, `standard` minutes, `large` is run on purpose,
//!   depth-first. Counts are pinned.
//! - Only steps that change the state are offered. A [`cover`](check::Checked::cover) note says what the others come to.
//!
//! A green run shows that the properties hold for these transition functions
//! within these bounds, if signatures and channels are ideal. It does not show
//! that the cryptography is, that an endpoint hands the right bytes to the right
//! function, or that nothing else happens beyond the bounds.

pub mod actions;
pub mod cast;
pub mod catalogue;
pub mod changes;
pub mod check;
pub mod cli;
pub mod clock;
pub mod cover;
pub mod data;
pub mod explore;
pub mod handshake;
pub mod headless;
pub mod identity;
pub mod keep;
pub mod lineage;
pub mod liveness;
pub mod lockout;
pub mod memory;
pub mod network;
pub mod progress;
pub mod report;
pub mod story;
pub mod svg;
pub mod verdict;
pub mod versions;
pub mod weaken;
