//! Frames: what travels in the open between a device and a server
//! (protocol.md, section 5.1).

use alloc::vec::Vec;

use crate::cbor::{self, DecodeError, EncodeError};
use crate::registry::{limit, message_type as ty};
use crate::values::Bytes;

/// One frame, decoded down to the EDHOC message or record that it carries.
///
/// ```cddl
/// frame = message-1-frame / message-2-frame / message-3-frame / record-frame / error-frame
/// message-1-frame = [1, message_1: bstr]
/// message-2-frame = [2, c_i: bstr, message_2: bstr]
/// message-3-frame = [3, c_r: bstr, message_3: bstr]
/// record-frame    = [4, c: bstr, record: bstr .cbor COSE_Encrypt0]
/// error-frame     = [5, c: bstr, error: bstr .cborseq [int, any]]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Frame {
    /// EDHOC message_1.
    Message1 {
        /// The message.
        message: Bytes,
    },
    /// EDHOC message_2, to the device that chose `to`.
    Message2 {
        /// C_I.
        to: Bytes,
        /// The message.
        message: Bytes,
    },
    /// EDHOC message_3, to the server that chose `to`.
    Message3 {
        /// C_R.
        to: Bytes,
        /// The message.
        message: Bytes,
    },
    /// A record of the channel.
    Record {
        /// The receiver's connection identifier.
        to: Bytes,
        /// The COSE_Encrypt0.
        record: Bytes,
    },
    /// An EDHOC error message: unauthenticated, so it ends an attempt at most.
    Error {
        /// The receiver's connection identifier.
        to: Bytes,
        /// The CBOR sequence (ERR_CODE, ERR_INFO).
        error: Bytes,
    },
}

impl Frame {
    /// The frame's bytes.
    ///
    /// # Errors
    /// [`EncodeError`] where the frame is over its limit.
    pub fn to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Message1 { message } => {
                cbor::to_vec_within(&(ty::MESSAGE_1, message), limit::HANDSHAKE)
            }
            Self::Message2 { to, message } => {
                cbor::to_vec_within(&(ty::MESSAGE_2, to, message), limit::HANDSHAKE)
            }
            Self::Message3 { to, message } => {
                cbor::to_vec_within(&(ty::MESSAGE_3, to, message), limit::HANDSHAKE)
            }
            Self::Record { to, record } => {
                cbor::to_vec_within(&(ty::RECORD, to, record), limit::FRAME)
            }
            Self::Error { to, error } => {
                cbor::to_vec_within(&(ty::ERROR, to, error), limit::HANDSHAKE)
            }
        }
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but exactly one frame within its limit.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DecodeError> {
        let limit = match cbor::peek_type(bytes) {
            Ok(ty::RECORD) => limit::FRAME,
            _ => limit::HANDSHAKE,
        };
        if bytes.len() > limit {
            return Err(DecodeError::TooLarge);
        }
        match cbor::peek_type(bytes)? {
            ty::MESSAGE_1 => {
                let (_, message): (u64, Bytes) = cbor::from_slice(bytes, limit)?;
                Ok(Self::Message1 { message })
            }
            ty::MESSAGE_2 => addressed(bytes).map(|(to, message)| Self::Message2 { to, message }),
            ty::MESSAGE_3 => addressed(bytes).map(|(to, message)| Self::Message3 { to, message }),
            ty::RECORD => addressed(bytes).map(|(to, record)| Self::Record { to, record }),
            ty::ERROR => addressed(bytes).map(|(to, error)| Self::Error { to, error }),
            _ => Err(cbor::refusal(bytes, limit)),
        }
    }
}

/// The fields behind the type number: the receiver's connection identifier and what it gets.
fn addressed(bytes: &[u8]) -> Result<(Bytes, Bytes), DecodeError> {
    let (_, to, body): (u64, Bytes, Bytes) = cbor::from_slice(bytes, limit::FRAME)?;
    match to.len() {
        1..=limit::CONNECTION_ID => Ok((to, body)),
        _ => Err(DecodeError::Structure),
    }
}
