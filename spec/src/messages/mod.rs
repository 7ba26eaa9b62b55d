//! The messages, each a struct that is its wire form (protocol.md, sections 5 to 9).
//!
//! A message is a CBOR array with fixed positions: the fields of the struct in
//! their order, `null` for what is absent. Inside the channel it begins with
//! its [`Type`](crate::values::Type) number. Nothing here decides anything;
//! what a message *means* is in `device`, `auth` and `factor`.

pub mod action;
pub mod app;
pub mod channel;
pub mod credential;
pub mod data;
pub mod factor;
pub mod frame;
pub mod handshake;
pub mod link;
pub mod parameters;

mod bind;
mod bounds;

pub use bind::{
    BindInput, app_session_proof, app_session_proof_matches, nonce_proof, nonce_proof_matches,
    session_id,
};
pub(crate) use bounds::are_choices;
