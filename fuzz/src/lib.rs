//! What must hold for every input, as functions that panic where it does not.
//!
//! The fuzz targets are one call each; the laws are here, so that a finding is
//! replayed by calling the same function.
//!
//! * [`decode::laws`]: decoding and encoding again gives the same bytes, and
//!   ciborium, which shares no code with the decoder, agrees about what is accepted.
//! * [`shapes::laws`]: the same for bytes built from a structure, of which it is known by
//!   construction whether they are deterministic.
//! * [`sign1::laws`]: a signed statement has one form, and verifies for one context.
//!
//! [`samples`] are valid encodings to begin from.

pub mod decode;
pub mod samples;
pub mod shapes;
pub mod sign1;
