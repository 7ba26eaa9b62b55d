//! Frames: what travels in the open between a device and a server
//! (protocol.md, section 5.1).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::cbor::{self, DecodeError, EncodeError};
use crate::registry::{limit, message_type as ty};
use crate::values::{Bytes, Type};

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

#[derive(Serialize, Deserialize)]
struct First<const N: u64>(Type<N>, Bytes);

#[derive(Serialize, Deserialize)]
struct Addressed<const N: u64>(Type<N>, Bytes, Bytes);

impl Frame {
    /// The frame's bytes.
    ///
    /// # Errors
    /// [`EncodeError`] where the frame is over [`limit::FRAME`].
    pub fn to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        fn addressed<const N: u64>(to: &Bytes, body: &Bytes) -> Result<Vec<u8>, EncodeError> {
            cbor::to_vec(&Addressed::<N>(Type, to.clone(), body.clone()))
        }
        match self {
            Self::Message1 { message } => {
                cbor::to_vec(&First::<{ ty::MESSAGE_1 }>(Type, message.clone()))
            }
            Self::Message2 { to, message } => addressed::<{ ty::MESSAGE_2 }>(to, message),
            Self::Message3 { to, message } => addressed::<{ ty::MESSAGE_3 }>(to, message),
            Self::Record { to, record } => addressed::<{ ty::RECORD }>(to, record),
            Self::Error { to, error } => addressed::<{ ty::ERROR }>(to, error),
        }
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but exactly one frame within its limit.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DecodeError> {
        fn addressed<const N: u64>(
            bytes: &[u8],
            limit: usize,
        ) -> Result<(Bytes, Bytes), DecodeError> {
            let Addressed::<N>(_, to, body) = cbor::from_slice(bytes, limit)?;
            Ok((to, body))
        }
        if bytes.len() > limit::FRAME {
            return Err(DecodeError::TooLarge);
        }
        match cbor::peek_type(bytes)? {
            ty::MESSAGE_1 => {
                let First::<{ ty::MESSAGE_1 }>(_, message) =
                    cbor::from_slice(bytes, limit::HANDSHAKE)?;
                Ok(Self::Message1 { message })
            }
            ty::MESSAGE_2 => addressed::<{ ty::MESSAGE_2 }>(bytes, limit::HANDSHAKE)
                .map(|(to, message)| Self::Message2 { to, message }),
            ty::MESSAGE_3 => addressed::<{ ty::MESSAGE_3 }>(bytes, limit::HANDSHAKE)
                .map(|(to, message)| Self::Message3 { to, message }),
            ty::RECORD => addressed::<{ ty::RECORD }>(bytes, limit::FRAME)
                .map(|(to, record)| Self::Record { to, record }),
            ty::ERROR => addressed::<{ ty::ERROR }>(bytes, limit::HANDSHAKE)
                .map(|(to, error)| Self::Error { to, error }),
            _ => Err(DecodeError::Structure),
        }
    }
}
