//! What is accepted, what is refused and why, against an independent CBOR.

mod codec;
mod malformed;
mod oracle;
