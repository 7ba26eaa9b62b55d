//! The initiator's states: the device (RFC 9528, sections 5.2.2, 5.3.3 and 5.4.2).

use alloc::vec::Vec;

use serde::de::DeserializeOwned;

use super::connection::ConnectionId;
use super::credential::{Credential, IdCred};
use super::ead::Ead;
use super::established::{Established, Side, decode_verified};
use super::proof::{self, Message3Keys, Proof};
use super::sequence::Sequence;
use super::{
    EdhocError, MESSAGE_2_LIMIT_BYTES, MESSAGE_LIMIT_BYTES, METHOD, SUITE, schedule, transcript,
};
use crate::cbor::Reader;
use crate::crypto::{EphemeralSecret, SRule, Secret, Signature, TAG_BYTES, Verifier};
use crate::values::{Bytes, Transcript};
use crate::verified::Verified;

/// The head of a byte string of up to 2^32 bytes.
const MAX_HEAD_BYTES: usize = 5;

/// Has an ephemeral key, and has sent nothing: what goes into EAD_1 may depend on G_X.
#[derive(Debug)]
pub struct Initiator {
    ephemeral: EphemeralSecret,
    g_x: [u8; 32],
}

/// Has sent message_1.
#[derive(Debug)]
pub struct AwaitMessage2 {
    ephemeral: EphemeralSecret,
    c_i: ConnectionId,
    message_1: Vec<u8>,
}

/// Has decrypted message_2. Anybody may have sent it: what it says serves to
/// find the credential to verify it with, and for nothing else.
#[derive(Debug)]
pub struct Message2Opened {
    prk: Secret<32>,
    th_2: [u8; 32],
    plaintext_2: Vec<u8>,
    proof: Proof,
    transcript: Transcript,
    c_i: ConnectionId,
    c_r: ConnectionId,
}

/// Knows the responder.
#[derive(Debug)]
pub struct Message2Verified {
    prk: Secret<32>,
    th_3: [u8; 32],
    transcript: Transcript,
    c_i: ConnectionId,
    c_r: ConnectionId,
    peer: Credential,
    ead_2: Option<Vec<u8>>,
}

/// Waits for the device's key to sign. This may take as long as its user does.
#[derive(Debug)]
pub struct Message3ToSign {
    verified: Message2Verified,
    tbs: Vec<u8>,
    compact_id_cred_i: Vec<u8>,
    cred_i: Vec<u8>,
    ead_3: Vec<u8>,
}

/// Composes message_1 in one step. `entropy` is 32 fresh random bytes.
///
/// # Errors
/// As [`Initiator::message_1`].
pub fn initiate(
    entropy: [u8; 32],
    c_i: ConnectionId,
    ead_1: Option<&[u8]>,
) -> Result<(AwaitMessage2, Vec<u8>), EdhocError> {
    Initiator::from_entropy(entropy).message_1(c_i, ead_1)
}

impl Initiator {
    /// Makes the ephemeral key of 32 fresh random bytes.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        let ephemeral = EphemeralSecret::from_entropy(entropy);
        Self {
            g_x: ephemeral.public(),
            ephemeral,
        }
    }

    /// G_X, the ephemeral public key.
    pub fn g_x(&self) -> &[u8; 32] {
        &self.g_x
    }

    /// Composes message_1; `ead_1` is the value of our EAD item.
    ///
    /// ```cddl
    /// message-1 = (0, 6, g-x: bstr .size 32, c-i: connection-id, ? ead-1)
    /// ```
    ///
    /// # Errors
    /// [`EdhocError::TooLong`].
    pub fn message_1(
        self,
        c_i: ConnectionId,
        ead_1: Option<&[u8]>,
    ) -> Result<(AwaitMessage2, Vec<u8>), EdhocError> {
        let message_1 = Sequence::new()
            .int(METHOD)
            .int(SUITE)
            .bytes(&self.g_x)
            .encoded(&c_i.encode())
            .encoded(&Ead::new(ead_1).field)
            .into_vec();
        if message_1.len() > MESSAGE_LIMIT_BYTES {
            return Err(EdhocError::TooLong);
        }
        let state = AwaitMessage2 {
            ephemeral: self.ephemeral,
            c_i,
            message_1: message_1.clone(),
        };
        Ok((state, message_1))
    }
}

impl AwaitMessage2 {
    /// C_I, by which the connection is found again.
    pub fn c_i(&self) -> ConnectionId {
        self.c_i
    }

    /// Decrypts message_2, without finding out who sent it.
    ///
    /// One message_1 gets one message_2: an ephemeral key serves a single
    /// agreement, so a refusal ends the attempt (section 5.3.3).
    ///
    /// # Errors
    /// Any [`EdhocError`] but `Method`, `Suite`, `Signature`, `CredentialMismatch`
    /// and `Undecryptable`: KEYSTREAM_2 has no tag, so altered bytes show as
    /// malformed here or as a bad signature later.
    pub fn open(self, message_2: &[u8]) -> Result<Message2Opened, EdhocError> {
        if message_2.len() > MESSAGE_2_LIMIT_BYTES {
            return Err(EdhocError::TooLong);
        }
        let mut reader = Reader::new(message_2);
        let content: Bytes = reader.next()?;
        reader.finish()?;
        let (g_y, ciphertext_2) = content.split_first_chunk().ok_or(EdhocError::Form)?;

        let g_xy = self
            .ephemeral
            .agree(g_y)
            .map_err(|_| EdhocError::EphemeralKey)?;
        let th_2 = schedule::th_2(g_y, &self.message_1);
        let prk = schedule::prk_2e(&th_2, &g_xy);
        let keystream = schedule::keystream_2(&prk, &th_2, ciphertext_2.len())
            .map_err(|_| EdhocError::TooLong)?;
        let plaintext_2: Vec<u8> = ciphertext_2
            .iter()
            .zip(keystream.iter())
            .map(|(byte, key)| byte ^ key)
            .collect();

        let mut reader = Reader::new(&plaintext_2);
        let c_r = reader.next()?;
        let proof = Proof::decode(reader.rest())?;
        Ok(Message2Opened {
            transcript: transcript(&self.message_1, message_2),
            prk,
            th_2,
            proof,
            plaintext_2,
            c_i: self.c_i,
            c_r,
        })
    }
}

impl Message2Opened {
    /// C_R, not authenticated.
    pub fn c_r(&self) -> ConnectionId {
        self.c_r
    }

    /// ID_CRED_R, not authenticated: which credential to verify with.
    pub fn id_cred_r(&self) -> &IdCred {
        &self.proof.id_cred
    }

    /// The value of our item in EAD_2, not authenticated: it may carry the
    /// parameters that say which credential is right, and which prove themselves.
    pub fn ead_2(&self) -> Option<&[u8]> {
        self.proof.ead.value.as_deref()
    }

    /// SHA-256 over message_1 and message_2, whoever sent the latter.
    pub fn transcript(&self) -> Transcript {
        self.transcript
    }

    /// Verifies that the owner of `cred_r` sent message_2, in answer to our message_1.
    ///
    /// # Errors
    /// [`EdhocError::CredentialMismatch`] if ID_CRED_R names another credential,
    /// [`EdhocError::Signature`].
    pub fn verify(
        self,
        cred_r: &Credential,
        verifier: &impl Verifier,
    ) -> Result<Message2Verified, EdhocError> {
        if !self.proof.id_cred.names(cred_r) {
            return Err(EdhocError::CredentialMismatch);
        }
        let encoded = cred_r.encode();
        let (id_cred, c_r) = (self.proof.id_cred.map(), self.c_r.encode());
        let ead = self.proof.ead;
        let mac = schedule::mac_2(&self.prk, &c_r, &id_cred, &self.th_2, &encoded, &ead.field);
        let tbs = schedule::to_be_signed(&id_cred, &self.th_2, &encoded, &ead.field, &mac);
        verifier.verify(&cred_r.key, &tbs, &self.proof.signature, SRule::Any)?;
        Ok(Message2Verified {
            th_3: schedule::th_next(&self.th_2, &self.plaintext_2, &encoded),
            prk: self.prk,
            transcript: self.transcript,
            c_i: self.c_i,
            c_r: self.c_r,
            peer: cred_r.clone(),
            ead_2: ead.value,
        })
    }
}

impl Message2Verified {
    /// SHA-256 over message_1 and message_2.
    pub fn transcript(&self) -> Transcript {
        self.transcript
    }

    /// The responder's credential, which it has proved to own.
    pub fn peer(&self) -> &Credential {
        &self.peer
    }

    /// What the responder said in EAD_2.
    ///
    /// # Errors
    /// [`EdhocError::Ead`]: `Missing`, or `Content` if it is no `T` of at most `limit` bytes.
    pub fn ead_2<T: DeserializeOwned>(&self, limit: usize) -> Result<Verified<T>, EdhocError> {
        decode_verified(self.ead_2.as_deref(), limit)
    }

    /// Says who we are and what our EAD item's value is, and goes to ask for the signature.
    ///
    /// # Errors
    /// [`EdhocError::CredentialMismatch`] if `id_cred_i` does not name `cred_i`,
    /// [`EdhocError::TooLong`].
    pub fn prepare(
        self,
        id_cred_i: IdCred,
        cred_i: &Credential,
        ead_3: Option<&[u8]>,
    ) -> Result<Message3ToSign, EdhocError> {
        if !id_cred_i.names(cred_i) {
            return Err(EdhocError::CredentialMismatch);
        }
        let (id_cred, cred_i) = (id_cred_i.map(), cred_i.encode());
        let ead_3 = Ead::new(ead_3).field;
        let compact_id_cred_i = id_cred_i.compact();
        let around = MAX_HEAD_BYTES + TAG_BYTES;
        if proof::encoded_len(&compact_id_cred_i, &ead_3) + around > MESSAGE_LIMIT_BYTES {
            return Err(EdhocError::TooLong);
        }
        let mac = schedule::mac_3(&self.prk, &id_cred, &self.th_3, &cred_i, &ead_3);
        let tbs = schedule::to_be_signed(&id_cred, &self.th_3, &cred_i, &ead_3, &mac);
        Ok(Message3ToSign {
            verified: self,
            tbs,
            compact_id_cred_i,
            cred_i,
            ead_3,
        })
    }
}

impl Message3ToSign {
    /// What the key of `cred_i` must sign, by ECDSA with SHA-256.
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// Composes message_3. The signature is not checked: the responder will.
    pub fn signed(self, signature: Signature) -> (Established, Vec<u8>) {
        let Message2Verified {
            prk,
            th_3,
            transcript,
            c_i,
            c_r,
            peer,
            ead_2,
        } = self.verified;
        let plaintext_3 = proof::encode(&self.compact_id_cred_i, &signature, &self.ead_3);
        let ciphertext_3 = Message3Keys::derive(&prk, &th_3).seal(&plaintext_3);
        let th_4 = schedule::th_next(&th_3, &plaintext_3, &self.cred_i);
        let established = Established {
            side: Side::Initiator,
            prk_out: schedule::prk_out(&prk, &th_4),
            transcript,
            c_i,
            c_r,
            peer,
            peer_ead: ead_2,
        };
        (established, Sequence::new().bytes(&ciphertext_3).into_vec())
    }
}
