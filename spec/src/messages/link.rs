//! Links and QR codes: how a device learns that a session or an enrolment waits
//! for it (protocol.md, section 6.1).

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::cbor::{self, DecodeError, EncodeError};
use crate::crypto::Secret;
use crate::registry::limit;
use crate::values::{Digest, ServerId, SessionId, Type};

/// The nonce of a session or enrolment, 32 bytes; it never travels towards the server.
pub type Nonce = [u8; 32];

/// What a QR code or a link says.
///
/// ```cddl
/// link = session-link / enrolment-link
/// session-link   = [1, server-id, nonce]
/// enrolment-link = [2, server-id, uri: tstr, parameters-hash: digest, nonce]
/// ```
#[derive(Debug)]
pub enum Link {
    /// A login session at a server that the device knows.
    Session(SessionLink),
    /// An enrolment at a server that it may not know yet.
    Enrolment(EnrolmentLink),
}

/// A login session.
#[derive(Debug)]
pub struct SessionLink {
    /// The auth server.
    pub server: ServerId,
    /// The session nonce: a secret of those who see the code.
    pub nonce: Secret<32>,
}

/// An enrolment.
#[derive(Debug)]
pub struct EnrolmentLink {
    /// The auth server.
    pub server: ServerId,
    /// Where it is reached.
    pub uri: String,
    /// SHA-256 of the payload of its signed parameters.
    pub parameters: Digest,
    /// The enrolment nonce.
    pub nonce: Secret<32>,
}

#[derive(Serialize, Deserialize)]
struct SessionWire(Type<1>, ServerId, #[serde(with = "nonce")] Nonce);

#[derive(Serialize, Deserialize)]
struct EnrolmentWire(
    Type<2>,
    ServerId,
    String,
    Digest,
    #[serde(with = "nonce")] Nonce,
);

impl Link {
    /// Decodes a link.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but exactly one link within [`limit::LINK`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > limit::LINK {
            return Err(DecodeError::TooLarge);
        }
        match cbor::peek_type(bytes)? {
            1 => {
                let SessionWire(_, server, nonce) = cbor::from_slice(bytes, limit::LINK)?;
                Ok(Self::Session(SessionLink {
                    server,
                    nonce: Secret::from_bytes(nonce),
                }))
            }
            2 => {
                let EnrolmentWire(_, server, uri, parameters, nonce) =
                    cbor::from_slice(bytes, limit::LINK)?;
                if uri.len() > limit::URI {
                    return Err(DecodeError::TooLarge);
                }
                let nonce = Secret::from_bytes(nonce);
                Ok(Self::Enrolment(EnrolmentLink {
                    server,
                    uri,
                    parameters,
                    nonce,
                }))
            }
            _ => Err(cbor::refusal(bytes, limit::LINK)),
        }
    }

    /// The link's bytes.
    ///
    /// # Errors
    /// [`EncodeError`] where the URI is over its limit.
    pub fn to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Enrolment(link) if link.uri.len() > limit::URI => Err(EncodeError::TooLarge),
            Self::Session(link) => {
                cbor::to_vec(&SessionWire(Type, link.server, *link.nonce.as_bytes()))
            }
            Self::Enrolment(link) => cbor::to_vec(&EnrolmentWire(
                Type,
                link.server,
                link.uri.clone(),
                link.parameters,
                *link.nonce.as_bytes(),
            )),
        }
    }

    /// The auth server that the link names.
    pub fn server(&self) -> ServerId {
        match self {
            Self::Session(link) => link.server,
            Self::Enrolment(link) => link.server,
        }
    }

    /// The QR type: 1 for a session, 2 for an enrolment.
    pub fn qr_type(&self) -> u64 {
        match self {
            Self::Session(_) => 1,
            Self::Enrolment(_) => 2,
        }
    }

    /// The nonce.
    pub fn nonce(&self) -> &Secret<32> {
        match self {
            Self::Session(link) => &link.nonce,
            Self::Enrolment(link) => &link.nonce,
        }
    }

    /// The id under which the auth server knows the session or enrolment.
    pub fn session_id(&self) -> SessionId {
        super::session_id(self.qr_type(), self.server(), self.nonce().as_bytes())
    }
}

mod nonce {
    //! A nonce as a byte string of exactly 32 bytes.

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::values::Digest;

    pub fn serialize<S: Serializer>(nonce: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(nonce)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        Digest::deserialize(deserializer).map(|digest| digest.0)
    }
}
