mod pin;
mod primitives;
mod signature;

/// Bytes written as hex, with or without spaces.
pub(super) fn hex<const N: usize>(text: &str) -> [u8; N] {
    hex_vec(text).try_into().unwrap()
}

pub(super) fn hex_vec(text: &str) -> alloc::vec::Vec<u8> {
    hex::decode(text.replace([' ', '\n'], "")).unwrap()
}
