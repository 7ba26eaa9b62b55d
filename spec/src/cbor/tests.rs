//! What is accepted, what is refused and why, against an independent CBOR.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panic"
)]

mod codec;
mod malformed;
mod oracle;
mod reading;
