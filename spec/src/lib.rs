//! Countersign: an open protocol by which a phone answers for its user.
//!
//! This crate is the protocol and nothing else: the message formats of
//! `protocol.md` and its state transitions, as pure functions. It reads no
//! clock, opens no socket, draws no random number and holds no private key:
//! time, entropy and signatures arrive as arguments.
#![no_std]
// No input can make this crate panic. An `expect` says what the types already guarantee.
#![deny(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

extern crate alloc;

pub mod auth;
pub mod cbor;
pub mod channel;
pub mod cose;
pub mod crypto;
pub mod device;
pub mod easy;
pub mod edhoc;
pub mod error;
pub mod factor;
pub mod messages;
pub mod registry;
#[cfg(test)]
mod table;
pub mod values;
pub mod verified;
pub mod visual;
