//! Why a handshake ends, and how the peer hears of it (RFC 9528, section 6).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::ead::EadError;
use super::sequence::Sequence;
use super::{METHOD, SUITE};
use crate::cbor::{DecodeError, Reader};
use crate::crypto::SignatureError;
use crate::error::{Code, Refusal};

/// Why a message of the handshake was refused, or could not be made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EdhocError {
    /// The initiator asks for another method than 0. Peer's fault.
    Method,
    /// The initiator selects another cipher suite than 6. Peer's fault.
    Suite,
    /// The bytes are not this message. Peer's fault.
    Malformed(DecodeError),
    /// SUITES_I, an ephemeral key or another part has a form that the RFC rules out. Peer's fault.
    Form,
    /// The message is longer than its limit. The fault of whoever made it.
    TooLong,
    /// The ephemeral key gives the all-zero secret. Peer's fault.
    EphemeralKey,
    /// ID_CRED_x is neither a `kid` of 16 bytes nor a credential by value. Peer's fault.
    Credential,
    /// The credential at hand is not the one that ID_CRED_x names.
    CredentialMismatch,
    /// What is, or is not, in the EAD. Peer's fault.
    Ead(EadError),
    /// message_3 cannot be decrypted: another connection's, or altered.
    Undecryptable,
    /// The peer's signature, or its key, is refused.
    Signature(SignatureError),
}

impl EdhocError {
    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        match self {
            Self::Method | Self::Suite => Code::Unsupported,
            Self::Malformed(_) | Self::Form | Self::EphemeralKey => Code::HandshakeInvalid,
            Self::Credential | Self::Undecryptable => Code::HandshakeInvalid,
            Self::TooLong => Code::TooLarge,
            Self::CredentialMismatch => Code::CredentialMismatch,
            Self::Ead(error) => error.entry(),
            Self::Signature(SignatureError::InvalidKey) => Code::InvalidKey,
            // Which of the ways a signature fails in tells a peer nothing it may know.
            Self::Signature(_) => Code::CredentialMismatch,
        }
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }

    /// What the peer is told: the suite that it should have selected, or the number.
    pub fn to_message(self) -> ErrorMessage {
        match self {
            Self::Suite => ErrorMessage::WrongSuite(alloc::vec![SUITE]),
            _ => ErrorMessage::of(self.code()),
        }
    }
}

impl From<EdhocError> for Refusal {
    fn from(error: EdhocError) -> Self {
        Self(error.entry())
    }
}

impl From<DecodeError> for EdhocError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl From<EadError> for EdhocError {
    fn from(error: EadError) -> Self {
        Self::Ead(error)
    }
}

impl From<SignatureError> for EdhocError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl fmt::Display for EdhocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => write!(f, "another method than {METHOD}"),
            Self::Suite => write!(f, "another cipher suite than {SUITE}"),
            Self::Malformed(error) => write!(f, "not this message: {error}"),
            Self::Form => f.write_str("a part of the message has a wrong form"),
            Self::TooLong => f.write_str("the message is over its limit"),
            Self::EphemeralKey => f.write_str("the ephemeral key gives no secret"),
            Self::Credential => f.write_str("no credential, and no reference to one"),
            Self::CredentialMismatch => f.write_str("another credential than was named"),
            Self::Ead(error) => error.fmt(f),
            Self::Undecryptable => f.write_str("message_3 cannot be decrypted"),
            Self::Signature(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EdhocError {}

/// A refusal after which the attempt goes on: the state comes back with it.
///
/// Anyone on the network can send bytes; only a message that passes ends the
/// waiting. An endpoint that would rather abort, as the RFC has it, drops the state.
#[derive(Debug)]
pub struct Refused<S> {
    /// The state, unchanged.
    pub state: alloc::boxed::Box<S>,
    /// What was wrong with the message.
    pub error: EdhocError,
}

/// An EDHOC error message.
///
/// ```cddl
/// error = (1, tstr) / (2, suites) / (3, true) / (err-code: int, err-info: any)
/// suites = [2* int] / int
/// ```
///
/// It is not authenticated: it may end an attempt, and changes nothing else.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ErrorMessage {
    /// 1: for the log.
    Unspecified(String),
    /// 2: the suites that the responder has.
    WrongSuite(Vec<i64>),
    /// 3: a credential was named that the receiver does not have.
    UnknownCredential,
    /// A code of another document; what it says is checked as CBOR and dropped.
    Unregistered(i64),
}

impl ErrorMessage {
    /// The length in bytes of the longest one that is read.
    pub const LIMIT_BYTES: usize = 512;

    /// The message that carries a number of the catalogue, as decimal text.
    pub fn of(code: u16) -> Self {
        Self::Unspecified(alloc::format!("{code}"))
    }

    /// The number of the catalogue that it carries, if it carries one.
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Unspecified(text) => text.parse().ok(),
            Self::WrongSuite(_) => Some(EdhocError::Suite.code()),
            Self::UnknownCredential => Some(EdhocError::CredentialMismatch.code()),
            Self::Unregistered(_) => None,
        }
    }

    /// The message. An unregistered code has `null` for its information.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Unspecified(text) => Sequence::new().int(1).text(text),
            Self::WrongSuite(suites) => encode_suites(Sequence::new().int(2), suites),
            Self::UnknownCredential => Sequence::new().int(3).encoded(&[0xf5]),
            Self::Unregistered(code) => Sequence::new().int(*code).encoded(&[0xf6]),
        }
        .into_vec()
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`EdhocError::Malformed`], [`EdhocError::Form`] for code 0 and for wrong
    /// information, [`EdhocError::TooLong`].
    pub fn decode(bytes: &[u8]) -> Result<Self, EdhocError> {
        if bytes.len() > Self::LIMIT_BYTES {
            return Err(EdhocError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        let code: i64 = reader.next()?;
        let message = match code {
            0 => return Err(EdhocError::Form), // reserved for success, never sent
            1 => Self::Unspecified(reader.next()?),
            2 => Self::WrongSuite(read_suites(&mut reader)?),
            3 => match reader.next()? {
                true => Self::UnknownCredential,
                false => return Err(EdhocError::Form),
            },
            _ => {
                reader.skip()?;
                Self::Unregistered(code)
            }
        };
        reader.finish()?;
        Ok(message)
    }
}

/// Appends suites: one as an integer, several as an array.
fn encode_suites(sequence: Sequence, suites: &[i64]) -> Sequence {
    match suites {
        [suite] => sequence.int(*suite),
        suites => suites
            .iter()
            .fold(sequence.array(suites.len()), |all, suite| all.int(*suite)),
    }
}

/// Reads suites: an integer, or an array of at least two.
///
/// # Errors
/// [`EdhocError::Malformed`], or [`EdhocError::Form`] for a shorter array.
pub(crate) fn read_suites(reader: &mut Reader<'_>) -> Result<Vec<i64>, EdhocError> {
    const ARRAY: u8 = 4; // major type
    if reader.rest().first().is_none_or(|head| head >> 5 != ARRAY) {
        return Ok(alloc::vec![reader.next()?]);
    }
    let suites: Vec<i64> = reader.next()?;
    if suites.len() < 2 {
        Err(EdhocError::Form)
    } else {
        Ok(suites)
    }
}
