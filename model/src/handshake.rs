//! The handshake, ideal.
//!
//! EDHOC lets a party use its peer's EAD only if the peer's key signed it together
//! with all that was said before. So an ideal one seals EAD under signer and
//! transcript, and opens nothing else. Whoever holds a key seals what he likes;
//! what was sealed for one handshake opens in no other.

use countersign::cbor;
use countersign::channel::{ChannelError, Opening, open_verified};
use countersign::crypto::{PublicKey, SRule, Signature, Verifier, sha256};
use countersign::messages::handshake::{Ead1, Ead2};
use countersign::registry::limit;
use countersign::values::Transcript;
use countersign::verified::Verified;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cast::{Ideal, sign};

/// The ideal side of EDHOC's Signature_2 and Signature_3, and of the channel behind them.
#[derive(Clone, Copy, Debug)]
pub struct IdealHandshake {
    /// Whose signature it has to be.
    pub signer: PublicKey,
    /// What it has to be for.
    pub transcript: Transcript,
}

impl IdealHandshake {
    /// What the signer seals.
    pub fn seal<T: Serialize>(&self, message: &T) -> Vec<u8> {
        let plaintext = cbor::to_vec(message).expect("small");
        let signature = sign(&self.signer, &self.signed(&plaintext));
        [&signature.0[..], &plaintext].concat()
    }

    /// What was sealed, if it was by this signer for this transcript.
    pub fn unseal<T: DeserializeOwned>(mut self, sealed: &[u8]) -> Option<Verified<T>> {
        open_verified(&mut self, sealed, limit::FRAME).ok()
    }

    /// Has the signer say this, and unseals it.
    pub fn said<T: Serialize + DeserializeOwned>(self, message: &T) -> Verified<T> {
        self.unseal(&self.seal(message))
            .expect("sealed by its signer")
    }

    fn signed(&self, plaintext: &[u8]) -> Vec<u8> {
        [self.transcript.as_bytes(), plaintext].concat()
    }
}

impl Opening for IdealHandshake {
    fn open(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let (signature, plaintext) = record.split_first_chunk().ok_or(ChannelError::Tag)?;
        let signed = self.signed(plaintext);
        Ideal
            .verify(&self.signer, &signed, &Signature(*signature), SRule::Any)
            .map_err(|_| ChannelError::Tag)?;
        Ok(plaintext.to_vec())
    }
}

/// The transcript of messages 1 and 2 with these contents: different wherever anything in
/// them is.
pub fn transcript(ead_1: &Ead1, g_x: &[u8; 32], g_y: &[u8; 32], ead_2: &Ead2) -> Transcript {
    let ead_1 = cbor::to_vec(ead_1).expect("small");
    let ead_2 = cbor::to_vec(ead_2).expect("small");
    Transcript(sha256(&[g_x, &ead_1, g_y, &ead_2]))
}
