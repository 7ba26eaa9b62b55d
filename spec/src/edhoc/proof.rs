//! What ends PLAINTEXT_2 and is all of PLAINTEXT_3: who is speaking, the
//! signature, and the EAD (RFC 9528, sections 5.3.2 and 5.4.2).

use alloc::vec::Vec;

use super::EdhocError;
use super::credential::IdCred;
use super::ead::Ead;
use super::schedule;
use super::sequence::Sequence;
use crate::cbor::Reader;
use crate::crypto::{AeadError, Secret, Signature, open_a128gcm, seal_a128gcm};

/// (ID_CRED_x, Signature_or_MAC_x, ? EAD_x), decrypted and not yet verified.
///
/// ```cddl
/// proof = (id-cred / bstr, signature: bstr .size 64, ? ead)
/// ```
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) id_cred: IdCred,
    pub(crate) signature: Signature,
    pub(crate) ead: Ead,
}

impl Proof {
    /// Reads a proof to the end of the plaintext.
    ///
    /// # Errors
    /// As its parts.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, EdhocError> {
        let (id_cred, rest) = IdCred::split(bytes)?;
        let mut reader = Reader::new(rest);
        let signature = reader.next()?;
        Ok(Self {
            id_cred,
            signature,
            ead: Ead::decode(reader.rest())?,
        })
    }
}

/// The encoding of a proof; `compact_id_cred` and `ead` are encoded already.
pub(crate) fn encode(compact_id_cred: &[u8], signature: &Signature, ead: &[u8]) -> Vec<u8> {
    Sequence::new()
        .encoded(compact_id_cred)
        .bytes(signature.as_bytes())
        .encoded(ead)
        .into_vec()
}

/// The length in bytes of what [`encode`] returns.
pub(crate) fn encoded_len(compact_id_cred: &[u8], ead: &[u8]) -> usize {
    const HEAD_BYTES: usize = 2;
    compact_id_cred.len() + HEAD_BYTES + Signature::LEN + ead.len()
}

/// The key, nonce and associated data of message_3.
pub(crate) struct Message3Keys {
    k_3: Secret<16>,
    iv_3: Secret<12>,
    a_3: Vec<u8>,
}

impl Message3Keys {
    /// Derives them.
    pub(crate) fn derive(prk: &Secret<32>, th_3: &[u8; 32]) -> Self {
        Self {
            k_3: schedule::k_3(prk, th_3),
            iv_3: schedule::iv_3(prk, th_3),
            a_3: schedule::a_3(th_3),
        }
    }

    /// CIPHERTEXT_3. Consumes the keys: they encrypt one message.
    pub(crate) fn seal(self, plaintext_3: &[u8]) -> Vec<u8> {
        seal_a128gcm(
            self.k_3.as_bytes(),
            self.iv_3.as_bytes(),
            &self.a_3,
            plaintext_3,
        )
    }

    /// PLAINTEXT_3.
    pub(crate) fn open(&self, ciphertext_3: &[u8]) -> Result<Vec<u8>, AeadError> {
        open_a128gcm(
            self.k_3.as_bytes(),
            self.iv_3.as_bytes(),
            &self.a_3,
            ciphertext_3,
        )
    }
}
