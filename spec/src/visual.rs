//! The visual hash: a server's parameters as words and as a picture
//! (protocol.md, section 4.4).
//!
//! A user compares it by eye with one that was published, so a forger would
//! have to find parameters that look the same: 66 bits of words, each try made
//! slow. It costs 100 to 300 ms on a phone, and nothing where it is not called.

#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;

use hmac::Hmac;
use sha2::Sha256;

use crate::cbor;
use crate::registry::label;
use crate::values::{Digest, ServerId};

/// Iterations of PBKDF2, fixed for auth server version 1.0.
pub const ITERATIONS: u32 = 1 << 19;
/// Words shown; 11 bits each.
pub const WORDS: usize = 6;
/// Side of the picture in cells; the right half mirrors the left.
pub const CELLS: usize = 8;

/// The list that the words are from, `wordlist.txt`: 2,048 lines (BIP-39, English).
const LIST: &str = include_str!("../wordlist.txt");
/// What a cell of value 1 to 3 is filled with, by the picture's palette; 0 stays empty.
const PALETTES: [[&str; 3]; 8] = [
    ["#e69f00", "#0072b2", "#1b1b1b"],
    ["#56b4e9", "#d55e00", "#1b1b1b"],
    ["#009e73", "#cc79a7", "#1b1b1b"],
    ["#f0e442", "#0072b2", "#1b1b1b"],
    ["#0072b2", "#e69f00", "#1b1b1b"],
    ["#d55e00", "#56b4e9", "#1b1b1b"],
    ["#cc79a7", "#009e73", "#1b1b1b"],
    ["#999999", "#d55e00", "#1b1b1b"],
];

/// 32 bytes to look at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct VisualHash([u8; 32]);

impl VisualHash {
    /// Computes it from the parameters hash: PBKDF2-HMAC-SHA256, 2^19 iterations, salt
    /// CBOR ["countersign visual hash", server id], 32 bytes.
    pub fn of(parameters: &Digest, server: ServerId) -> Self {
        Self::with_iterations(parameters, server, ITERATIONS)
    }

    fn with_iterations(parameters: &Digest, server: ServerId, iterations: u32) -> Self {
        // Text and 16 bytes always encode.
        let salt = cbor::to_vec(&(label::VISUAL_HASH, server)).unwrap_or_default();
        let mut out = [0; 32];
        pbkdf2::pbkdf2::<Hmac<Sha256>>(&parameters.0, &salt, iterations, &mut out)
            .expect("HMAC takes a key of any length");
        Self(out)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Six words: the first 66 bits, 11 at a time, big-endian.
    pub fn words(&self) -> [&'static str; WORDS] {
        core::array::from_fn(|word| {
            let number = (0..11).fold(0, |number, bit| number << 1 | self.bit(word * 11 + bit));
            LIST.lines().nth(number).unwrap_or_default()
        })
    }

    /// The number of the picture's palette: byte 16 modulo 8.
    pub fn palette(&self) -> usize {
        usize::from(self.0.get(16).copied().unwrap_or(0)) % PALETTES.len()
    }

    /// The picture's cells, row by row: 0 is empty, 1 to 3 are colours of the palette.
    ///
    /// From byte 17 on, two bits fill each cell of the left half; the right half mirrors it.
    pub fn cells(&self) -> [[u8; CELLS]; CELLS] {
        core::array::from_fn(|row| {
            core::array::from_fn(|column| {
                let left = column.min(CELLS - 1 - column);
                let bit = 17 * 8 + 2 * (row * CELLS / 2 + left);
                (self.bit(bit) << 1 | self.bit(bit + 1)) as u8
            })
        })
    }

    /// The picture, as a self-contained SVG of 8 x 8 cells.
    pub fn svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {CELLS} {CELLS}\" \
             shape-rendering=\"crispEdges\" role=\"img\"><title>{}</title>\
             <rect width=\"{CELLS}\" height=\"{CELLS}\" fill=\"#ffffff\"/>",
            self.words().join(" ")
        );
        let palette = PALETTES.get(self.palette());
        for (y, row) in self.cells().iter().enumerate() {
            for (x, cell) in row.iter().enumerate() {
                let shade = usize::from(*cell).checked_sub(1);
                if let Some(fill) = shade.and_then(|shade| palette?.get(shade)) {
                    svg += &format!(
                        "<rect x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\" fill=\"{fill}\"/>"
                    );
                }
            }
        }
        svg + "</svg>"
    }

    /// The bit with this number, counted from the first byte's highest.
    fn bit(&self, number: usize) -> usize {
        let byte = self.0.get(number / 8).copied().unwrap_or(0);
        usize::from(byte >> (7 - number % 8) & 1)
    }
}
