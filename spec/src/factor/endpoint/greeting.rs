//! From message_1 to the channel.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Connection, Rejected, unencodable};
use crate::cbor;
use crate::crypto::{PublicKey, Secret, Signature, Verifier, hkdf_expand_secret, sha256};
use crate::edhoc::{
    self, AwaitMessage3, ConnectionId, Credential, Established, IdCred, Message1, Message3Opened,
};
use crate::error::{Code, Refusal};
use crate::factor::{Record, Requester};
use crate::messages::factor::Status;
use crate::messages::frame::Frame;
use crate::messages::handshake::{Ead1, Ead2, ParametersChain, Statement};
use crate::registry::{Purpose, limit};
use crate::values::{Bytes, Digest, RecordId, ServerId, UnixSeconds, Version};

/// What this server says of itself in handshakes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Offer {
    /// This factor server.
    pub server: ServerId,
    /// The versions that it allows.
    pub versions: Vec<Version>,
    /// The epoch of its parameters.
    pub epoch: u32,
    /// Its signed parameters.
    pub parameters: ParametersChain,
    /// The public key of `K_sf`.
    pub handshake_key: PublicKey,
}

/// message_1 was read; anybody may have sent it.
#[derive(Debug)]
pub struct Greeting {
    message_1: Message1,
    version: Version,
    /// Whether the device knows the parameters of the current epoch.
    knows: bool,
}

/// message_2 but for the signature of `K_sf`.
#[derive(Debug)]
pub struct Message2ToSign {
    message_2: edhoc::Message2ToSign,
    c_i: ConnectionId,
    c_r: ConnectionId,
}

/// message_2 is sent; the device's message_3 is awaited.
#[derive(Debug)]
pub struct Greeted {
    handshake: AwaitMessage3,
    c_i: ConnectionId,
}

/// message_3 was not the one awaited, and the connection still waits for it:
/// others on the network must not be able to end it.
#[derive(Debug)]
pub struct Unopened {
    /// The connection as it was.
    pub greeted: Box<Greeted>,
    /// What was wrong.
    pub refusal: Refusal,
}

/// message_3 was decrypted. Who sent it is claimed, and not verified yet.
#[derive(Debug)]
pub struct Opened {
    message_3: Message3Opened,
    digest: Digest,
    c_i: ConnectionId,
}

/// It is known who is at the other end. What it hears first is its status.
#[derive(Debug)]
pub struct Authenticated {
    established: Established,
    requester: Requester,
    digest: Digest,
}

impl Greeting {
    /// Reads message_1.
    ///
    /// # Errors
    /// [`Rejected`] with what EDHOC refuses (HS-1 to HS-3) or EAD_1's decoding, then in this
    /// order: [`Code::WrongServer`] (HS-8), [`Code::PurposeRefused`] (HS-9),
    /// [`Code::Structure`] for a number of versions outside of its limit,
    /// [`Code::EadRefused`] for a claim (HS-11), [`Code::NoCommonVersion`] (VER-2).
    pub fn receive(offer: &Offer, message_1: &[u8]) -> Result<Self, Rejected> {
        let message_1 = edhoc::receive(message_1).map_err(Rejected::silently)?;
        match choose(offer, message_1.ead_1()) {
            Ok((version, knows)) => Ok(Self {
                message_1,
                version,
                knows,
            }),
            Err(refusal) => Err(Rejected::in_handshake(message_1.c_i(), refusal)),
        }
    }

    /// Makes message_2 but for its signature. `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Rejected`]: the device's ephemeral key is refused, or this server's
    /// parameters are over the limit of message_2.
    pub fn answer(self, offer: &Offer, entropy: [u8; 32]) -> Result<Message2ToSign, Rejected> {
        let c_i = self.message_1.c_i();
        let ead_2 = Ead2 {
            version: self.version,
            epoch: offer.epoch,
            announce: None,
            account: None,
            policy: None,
            voucher: None,
            parameters: (!self.knows).then(|| offer.parameters.clone()), // PAR-6
        };
        let ead_2 = cbor::to_vec(&ead_2)
            .map_err(|error| Rejected::in_handshake(c_i, unencodable(error)))?;
        let credential = Credential::server(offer.server, offer.handshake_key);
        let entropy = Secret::from_bytes(entropy);
        let ephemeral: Secret<32> = hkdf_expand_secret(&entropy, b"ephemeral key");
        let c_r: Secret<8> = hkdf_expand_secret(&entropy, b"connection identifier");
        let c_r = ConnectionId::new(c_r.as_bytes()).unwrap_or_default(); // 8 bytes are one
        let message_2 = self
            .message_1
            .prepare(
                *ephemeral.as_bytes(),
                c_r,
                IdCred::Kid(credential.kid()), // CRED-K2
                &credential,
                Some(&ead_2),
            )
            .map_err(|error| Rejected::in_handshake(c_i, error))?;
        Ok(Message2ToSign {
            message_2,
            c_i,
            c_r,
        })
    }
}

impl Message2ToSign {
    /// The bytes for `K_sf` to sign.
    pub fn tbs(&self) -> &[u8] {
        self.message_2.tbs()
    }

    /// The connection's identifier, under which the caller keeps it.
    pub fn connection(&self) -> ConnectionId {
        self.c_r
    }

    /// The connection that awaits message_3, and the frame with message_2.
    ///
    /// # Errors
    /// [`Code::TooLarge`], which a message_2 cannot be.
    pub fn signed(self, signature: Signature) -> Result<(Greeted, Vec<u8>), Refusal> {
        let (handshake, message_2) = self.message_2.signed(signature);
        let frame = Frame::Message2 {
            to: self.c_i.as_bytes().into(),
            message: Bytes(message_2),
        };
        let frame = frame.to_vec().map_err(unencodable)?;
        Ok((
            Greeted {
                handshake,
                c_i: self.c_i,
            },
            frame,
        ))
    }
}

impl Greeted {
    /// Decrypts message_3.
    ///
    /// # Errors
    /// [`Unopened`], with the connection inside.
    pub fn open(self, message_3: &[u8]) -> Result<Opened, Unopened> {
        let c_i = self.c_i;
        match self.handshake.open(message_3) {
            Ok(opened) => Ok(Opened {
                message_3: opened,
                digest: Digest(sha256(&[message_3])),
                c_i,
            }),
            Err(refused) => Err(Unopened {
                greeted: Box::new(Self {
                    handshake: *refused.state,
                    c_i,
                }),
                refusal: refused.error.into(),
            }),
        }
    }
}

impl Opened {
    /// The record to read: the one of the key that message_3 claims to be by.
    pub fn record(&self) -> RecordId {
        match self.message_3.id_cred_i() {
            IdCred::Kid(kid) => RecordId(kid.0),
            IdCred::Value(credential) => RecordId(credential.kid().0),
        }
    }

    /// Verifies who sent message_3 and what for. `record` is what the store has under
    /// [`record`](Self::record).
    ///
    /// # Errors
    /// [`Rejected`]: [`Code::CredentialMismatch`] (HS-13), also for a key by
    /// reference that has no record, and for a server's credential;
    /// [`Code::InvalidKey`]; [`Code::PurposeRefused`] (HS-14); [`Code::Structure`] (STM-8).
    pub fn authenticate<V: Verifier>(
        self,
        record: Option<&Record>,
        verifier: &V,
    ) -> Result<Authenticated, Rejected> {
        let Self {
            message_3,
            digest,
            c_i,
        } = self;
        let reject = |refusal: Refusal| Rejected::in_handshake(c_i, refusal);
        let credential = claimed(message_3.id_cred_i(), record).map_err(reject)?;
        let established = message_3
            .verify(&credential, verifier)
            .map_err(|error| reject(error.into()))?;
        let statement = established
            .peer_ead::<Statement>(limit::STATEMENT)
            .map_err(|error| reject(error.into()))?;
        check_statement(&statement).map_err(reject)?;
        let requester = Requester::new(credential.key, established.channel_binding());
        Ok(Authenticated {
            established,
            requester,
            digest,
        })
    }
}

impl Authenticated {
    /// Who is at the other end: whose record to read, and whose status to decide.
    pub fn requester(&self) -> &Requester {
        &self.requester
    }

    /// Opens the channel with the `status` that
    /// [`decide_status`](crate::factor::decide_status) gave and, if it asked for that, the store
    /// has committed (STA-1). The second value is the frame to send.
    ///
    /// # Errors
    /// [`Rejected`]: a channel whose first record does not fit, which does not occur.
    pub fn welcome(
        self,
        status: &Status,
        now: UnixSeconds,
    ) -> Result<(Connection, Vec<u8>), Rejected> {
        let c_i = self.established.c_i();
        Connection::open(self.established, self.requester, self.digest, status, now)
            .map_err(|refusal| Rejected::in_handshake(c_i, refusal))
    }

    /// Ends the handshake where there is no status to open the channel with.
    pub fn refuse(self, refusal: Refusal) -> Rejected {
        Rejected::in_handshake(self.established.c_i(), refusal)
    }
}

/// What EAD_1 asks for, if this server serves it: the version, and whether the
/// device knows the current parameters.
fn choose(offer: &Offer, ead_1: Option<&[u8]>) -> Result<(Version, bool), Refusal> {
    let ead_1: Ead1 = cbor::from_slice(ead_1.ok_or(Code::EadRefused)?, limit::HANDSHAKE)?;
    if ead_1.server != offer.server {
        return Err(Code::WrongServer.into());
    }
    if ead_1.purpose != Purpose::Factor {
        return Err(Code::PurposeRefused.into());
    }
    if !(1..=limit::VERSIONS).contains(&ead_1.versions.len()) {
        return Err(Code::Structure.into());
    }
    if ead_1.claim.is_some() {
        return Err(Code::EadRefused.into());
    }
    let common = ead_1
        .versions
        .iter()
        .filter(|version| offer.versions.contains(version));
    let version = common.max().copied().ok_or(Code::NoCommonVersion)?;
    Ok((version, ead_1.epoch == Some(offer.epoch)))
}

/// The credential that message_3 claims to be by: its own, or that of the record.
fn claimed(id_cred: &IdCred, record: Option<&Record>) -> Result<Credential, Refusal> {
    match id_cred {
        IdCred::Value(credential) if credential.subject.is_none() => Ok(credential.clone()),
        IdCred::Value(_) => Err(Code::CredentialMismatch.into()),
        IdCred::Kid(kid) => record
            .filter(|record| record.id.0 == kid.0)
            .map(|record| Credential::device(record.device))
            .ok_or(Code::CredentialMismatch.into()),
    }
}

/// A factor server is told the purpose, and nothing else.
fn check_statement(statement: &Statement) -> Result<(), Refusal> {
    if statement.purpose != Purpose::Factor {
        return Err(Code::PurposeRefused.into());
    }
    if *statement != Statement::bare(Purpose::Factor) {
        return Err(Code::Structure.into());
    }
    Ok(())
}
