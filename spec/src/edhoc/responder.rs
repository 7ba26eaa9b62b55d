//! The responder's states: a server (RFC 9528, sections 5.2.3, 5.3.2 and 5.4.3).

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::connection::ConnectionId;
use super::credential::{Credential, IdCred};
use super::ead::Ead;
use super::error::{Refused, read_suites};
use super::established::{Established, Side};
use super::proof::{self, Message3Keys, Proof};
use super::sequence::Sequence;
use super::{EdhocError, MESSAGE_LIMIT_BYTES, METHOD, SUITE, schedule, transcript};
use crate::cbor::Reader;
use crate::crypto::{EphemeralSecret, SRule, Secret, Signature, Verifier};
use crate::values::{Bytes, Transcript};

/// Has read message_1. It holds no secret; nobody has proved anything yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message1 {
    message_1: Vec<u8>,
    g_x: [u8; 32],
    c_i: ConnectionId,
    ead_1: Option<Vec<u8>>,
}

/// Waits for the server's key to sign.
#[derive(Debug)]
pub struct Message2ToSign {
    prk: Secret<32>,
    th_2: [u8; 32],
    message_1: Vec<u8>,
    g_y: [u8; 32],
    c_i: ConnectionId,
    c_r: ConnectionId,
    compact_id_cred_r: Vec<u8>,
    cred_r: Vec<u8>,
    ead_2: Vec<u8>,
    keystream: Zeroizing<Vec<u8>>, // as long as the plaintext will be
    tbs: Vec<u8>,
}

/// Has sent message_2.
#[derive(Debug)]
pub struct AwaitMessage3 {
    prk: Secret<32>,
    th_3: [u8; 32],
    transcript: Transcript,
    c_i: ConnectionId,
    c_r: ConnectionId,
}

/// Has decrypted message_3: whoever made message_1 sent it. What it says serves
/// to find the credential to verify it with, and for nothing else.
#[derive(Debug)]
pub struct Message3Opened {
    state: AwaitMessage3,
    plaintext_3: Vec<u8>,
    proof: Proof,
}

/// Reads message_1.
///
/// An initiator may support other suites and prefer them: what counts is that
/// it selected 6, and that 6 is "the first cipher suite in SUITES_I that the
/// Responder also supports" (section 6.3.1).
///
/// # Errors
/// In this order: `TooLong`, `Malformed` or `Form` for what is no message_1 of
/// any method and suite, `Method`, `Suite`, `Form` for a G_X of another length, `Ead`.
pub fn receive(message_1: &[u8]) -> Result<Message1, EdhocError> {
    if message_1.len() > MESSAGE_LIMIT_BYTES {
        return Err(EdhocError::TooLong);
    }
    let mut reader = Reader::new(message_1);
    let method: i64 = reader.next()?;
    let suites = read_suites(&mut reader)?;
    let g_x: Bytes = reader.next()?;
    let c_i = reader.next()?;
    if method != METHOD {
        return Err(EdhocError::Method);
    }
    match suites.split_last() {
        Some((&SUITE, preferred)) if !preferred.contains(&SUITE) => {}
        _ => return Err(EdhocError::Suite),
    }
    let g_x = <[u8; 32]>::try_from(&*g_x).map_err(|_| EdhocError::Form)?;
    let ead_1 = Ead::decode(reader.rest())?.value;
    Ok(Message1 {
        message_1: message_1.to_vec(),
        g_x,
        c_i,
        ead_1,
    })
}

impl Message1 {
    /// C_I, the initiator's name for the connection.
    pub fn c_i(&self) -> ConnectionId {
        self.c_i
    }

    /// G_X, the initiator's ephemeral key.
    pub fn g_x(&self) -> &[u8; 32] {
        &self.g_x
    }

    /// The value of our item in EAD_1, not authenticated.
    pub fn ead_1(&self) -> Option<&[u8]> {
        self.ead_1.as_deref()
    }

    /// Chooses the ephemeral key, C_R, the credential and the value of our EAD
    /// item, and goes to ask for the signature. `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`EdhocError::CredentialMismatch`] if `id_cred_r` does not name `cred_r`,
    /// [`EdhocError::EphemeralKey`], [`EdhocError::TooLong`] if PLAINTEXT_2 is
    /// over 8,160 bytes.
    pub fn prepare(
        self,
        entropy: [u8; 32],
        c_r: ConnectionId,
        id_cred_r: IdCred,
        cred_r: &Credential,
        ead_2: Option<&[u8]>,
    ) -> Result<Message2ToSign, EdhocError> {
        if !id_cred_r.names(cred_r) {
            return Err(EdhocError::CredentialMismatch);
        }
        let ephemeral = EphemeralSecret::from_entropy(entropy);
        let g_y = ephemeral.public();
        let g_xy = ephemeral
            .agree(&self.g_x)
            .map_err(|_| EdhocError::EphemeralKey)?;
        let th_2 = schedule::th_2(&g_y, &self.message_1);
        let prk = schedule::prk_2e(&th_2, &g_xy);

        let (id_cred, encoded_c_r) = (id_cred_r.map(), c_r.encode());
        let (cred_r, ead_2) = (cred_r.encode(), Ead::new(ead_2).field);
        let compact_id_cred_r = id_cred_r.compact();
        let length = encoded_c_r.len() + proof::encoded_len(&compact_id_cred_r, &ead_2);
        let keystream =
            schedule::keystream_2(&prk, &th_2, length).map_err(|_| EdhocError::TooLong)?;
        let mac = schedule::mac_2(&prk, &encoded_c_r, &id_cred, &th_2, &cred_r, &ead_2);
        let tbs = schedule::to_be_signed(&id_cred, &th_2, &cred_r, &ead_2, &mac);
        Ok(Message2ToSign {
            prk,
            th_2,
            message_1: self.message_1,
            g_y,
            c_i: self.c_i,
            c_r,
            compact_id_cred_r,
            cred_r,
            ead_2,
            keystream,
            tbs,
        })
    }
}

impl Message2ToSign {
    /// What the key of `cred_r` must sign, by ECDSA with SHA-256.
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// Composes message_2. The signature is not checked: the initiator will.
    ///
    /// ```cddl
    /// message-2 = (g-y-ciphertext-2: bstr)
    /// plaintext-2 = (c-r: connection-id, proof)
    /// ```
    pub fn signed(self, signature: Signature) -> (AwaitMessage3, Vec<u8>) {
        let mut plaintext_2 = self.c_r.encode();
        plaintext_2.extend(proof::encode(
            &self.compact_id_cred_r,
            &signature,
            &self.ead_2,
        ));
        let ciphertext_2: Vec<u8> = plaintext_2
            .iter()
            .zip(self.keystream.iter())
            .map(|(byte, key)| byte ^ key)
            .collect();
        let message_2 = Sequence::new()
            .bytes_of(&[&self.g_y, &ciphertext_2])
            .into_vec();
        let state = AwaitMessage3 {
            th_3: schedule::th_next(&self.th_2, &plaintext_2, &self.cred_r),
            transcript: transcript(&self.message_1, &message_2),
            prk: self.prk,
            c_i: self.c_i,
            c_r: self.c_r,
        };
        (state, message_2)
    }
}

impl AwaitMessage3 {
    /// C_R, by which the connection is found again.
    pub fn c_r(&self) -> ConnectionId {
        self.c_r
    }

    /// SHA-256 over message_1 and message_2.
    pub fn transcript(&self) -> Transcript {
        self.transcript
    }

    /// Decrypts message_3.
    ///
    /// # Errors
    /// [`Refused`], with this state inside: only the initiator can make a
    /// message_3 that opens, and others must not be able to end its attempt.
    pub fn open(self, message_3: &[u8]) -> Result<Message3Opened, Refused<Self>> {
        match self.decrypt(message_3) {
            Ok((plaintext_3, proof)) => Ok(Message3Opened {
                state: self,
                plaintext_3,
                proof,
            }),
            Err(error) => Err(Refused {
                state: Box::new(self),
                error,
            }),
        }
    }

    fn decrypt(&self, message_3: &[u8]) -> Result<(Vec<u8>, Proof), EdhocError> {
        if message_3.len() > MESSAGE_LIMIT_BYTES {
            return Err(EdhocError::TooLong);
        }
        let mut reader = Reader::new(message_3);
        let ciphertext_3: Bytes = reader.next()?;
        reader.finish()?;
        let plaintext_3 = Message3Keys::derive(&self.prk, &self.th_3)
            .open(&ciphertext_3)
            .map_err(|_| EdhocError::Undecryptable)?;
        let proof = Proof::decode(&plaintext_3)?;
        Ok((plaintext_3, proof))
    }
}

impl Message3Opened {
    /// ID_CRED_I, not authenticated: which credential to verify with.
    pub fn id_cred_i(&self) -> &IdCred {
        &self.proof.id_cred
    }

    /// The value of our item in EAD_3, not authenticated.
    pub fn ead_3(&self) -> Option<&[u8]> {
        self.proof.ead.value.as_deref()
    }

    /// Verifies that the owner of `cred_i` sent message_3, in answer to our message_2.
    ///
    /// # Errors
    /// [`EdhocError::CredentialMismatch`] if ID_CRED_I names another credential,
    /// [`EdhocError::Signature`]. Both end the attempt: it was the initiator's own message.
    pub fn verify(
        self,
        cred_i: &Credential,
        verifier: &impl Verifier,
    ) -> Result<Established, EdhocError> {
        if !self.proof.id_cred.names(cred_i) {
            return Err(EdhocError::CredentialMismatch);
        }
        let AwaitMessage3 {
            prk,
            th_3,
            transcript,
            c_i,
            c_r,
        } = self.state;
        let encoded = cred_i.encode();
        let id_cred = self.proof.id_cred.map();
        let ead = self.proof.ead;
        let mac = schedule::mac_3(&prk, &id_cred, &th_3, &encoded, &ead.field);
        let tbs = schedule::to_be_signed(&id_cred, &th_3, &encoded, &ead.field, &mac);
        verifier.verify(&cred_i.key, &tbs, &self.proof.signature, SRule::Any)?;
        let th_4 = schedule::th_next(&th_3, &self.plaintext_3, &encoded);
        Ok(Established {
            side: Side::Responder,
            prk_out: schedule::prk_out(&prk, &th_4),
            transcript,
            c_i,
            c_r,
            peer: cred_i.clone(),
            peer_ead: ead.value,
        })
    }
}
