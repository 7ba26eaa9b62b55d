//! CBOR trees, right and wrong, held to `countersign_fuzz::shapes::laws`.
#![no_main]

use countersign_fuzz::shapes::{Shape, laws};

libfuzzer_sys::fuzz_target!(|shape: Shape| laws(&shape));
