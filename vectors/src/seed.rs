//! Everything random in a case comes from one seed, by name.

use sha2::{Digest, Sha256};

/// A source of reproducible bytes.
///
/// Bytes are asked for by name, so that adding a case changes no other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of the committed files.
    pub const COMMITTED: Seed = Seed(1);

    /// `N` bytes that depend on the seed and `name` alone: SHA-256 of
    /// `"countersign vectors"`, the seed, a block counter (both 8 bytes, big-endian)
    /// and the name, as many blocks as it takes.
    pub fn bytes<const N: usize>(self, name: &str) -> [u8; N] {
        let mut out = [0; N];
        for (counter, chunk) in (0_u64..).zip(out.chunks_mut(32)) {
            let block = Sha256::new()
                .chain_update(b"countersign vectors")
                .chain_update(self.0.to_be_bytes())
                .chain_update(counter.to_be_bytes())
                .chain_update(name)
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        out
    }
}
