//! The parties that the runner plays, built from the floors of the protocol.
//!
//! A peer makes every message from right defaults, and lets a case override
//! or spoil any layer of it. It does not use the endpoints of
//! `countersign`, which cannot misbehave.

pub mod device;
pub mod keys;
pub mod server;
pub mod sign1;
pub mod spoiler;
