//! Credentials and what names them (RFC 9528, section 3.5; protocol.md, section 5).

use alloc::vec::Vec;

use super::EdhocError;
use super::sequence::Sequence;
use crate::crypto::PublicKey;
use crate::values::{Kid, ServerId};

/// CRED_x: a P-256 key, and for servers whose it is, as a CWT Claims Set.
///
/// ```cddl
/// credential = {
///   ? 2: tstr .size 32,                    ; sub: the server id, as hex in lower case
///   8: {1: {1: 2, -1: 1,                   ; cnf, COSE_Key: EC2, P-256
///           -2: bstr .size 32,             ; x
///           -3: bstr .size 32}}            ; y
/// }
/// ```
///
/// Nothing else may be inside, so a credential has one encoding. Whether the
/// key is a point is found out where its signature is checked.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Credential {
    /// The server; absent for devices.
    pub subject: Option<ServerId>,
    /// The authentication key.
    pub key: PublicKey,
}

/// ID_CRED_x: which credential the sender means, or the credential itself.
///
/// ```cddl
/// id-cred = {4: kid} / {14: credential}    ; 4 = kid, 14 = kccs
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum IdCred {
    /// By reference: the key's id. The receiver has the credential.
    Kid(Kid),
    /// By value: on enrolment and headless creation, where the server meets the key.
    Value(Credential),
}

// The encodings are constants but for subject, x and y. Reading them is
// comparing them: any other encoding of the same claims is refused with the rest.
const CLAIMS_OF_DEVICE: &[u8] = &[0xa1];
const CLAIMS_OF_SERVER: &[u8] = &[0xa2, 0x02, 0x78, 0x20];
const CONFIRMATION_TO_X: &[u8] = &[
    0x08, 0xa1, 0x01, 0xa4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20,
];
const X_TO_Y: &[u8] = &[0x22, 0x58, 0x20];
const MAP_OF_KID: &[u8] = &[0xa1, 0x04];
const MAP_OF_VALUE: &[u8] = &[0xa1, 0x0e];
const KID_HEAD: &[u8] = &[0x50];

impl Credential {
    /// The credential of a device.
    pub fn device(key: PublicKey) -> Self {
        Self { subject: None, key }
    }

    /// The credential of a server.
    pub fn server(subject: ServerId, key: PublicKey) -> Self {
        Self {
            subject: Some(subject),
            key,
        }
    }

    /// The id of the key.
    pub fn kid(&self) -> Kid {
        self.key.kid()
    }

    /// The one encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        match &self.subject {
            None => out.extend(CLAIMS_OF_DEVICE),
            Some(subject) => {
                out.extend(CLAIMS_OF_SERVER);
                out.extend(
                    subject
                        .0
                        .iter()
                        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]),
                );
            }
        }
        out.extend(CONFIRMATION_TO_X);
        out.extend(self.key.x());
        out.extend(X_TO_Y);
        out.extend(self.key.y());
        out
    }

    /// Reads the one encoding, with nothing behind it.
    ///
    /// # Errors
    /// [`EdhocError::Credential`].
    pub fn decode(bytes: &[u8]) -> Result<Self, EdhocError> {
        match Self::split(bytes) {
            Some((credential, [])) => Ok(credential),
            _ => Err(EdhocError::Credential),
        }
    }

    /// Reads a credential off the front.
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (subject, rest) = match bytes.strip_prefix(CLAIMS_OF_SERVER) {
            Some(rest) => {
                let (hex, rest) = rest.split_first_chunk::<32>()?;
                (Some(server_id(hex)?), rest)
            }
            None => (None, bytes.strip_prefix(CLAIMS_OF_DEVICE)?),
        };
        let (x, rest) = rest
            .strip_prefix(CONFIRMATION_TO_X)?
            .split_first_chunk::<32>()?;
        let (y, rest) = rest.strip_prefix(X_TO_Y)?.split_first_chunk::<32>()?;
        let mut key = [0; 64];
        key.iter_mut()
            .zip(x.iter().chain(y))
            .for_each(|(to, from)| *to = *from);
        Some((
            Self {
                subject,
                key: PublicKey(key),
            },
            rest,
        ))
    }
}

impl IdCred {
    /// Whether it means this credential.
    pub fn names(&self, credential: &Credential) -> bool {
        match self {
            Self::Kid(kid) => *kid == credential.kid(),
            Self::Value(value) => value == credential,
        }
    }

    /// The header map, as it is hashed and signed.
    pub(crate) fn map(&self) -> Vec<u8> {
        match self {
            Self::Kid(kid) => Sequence::new()
                .encoded(MAP_OF_KID)
                .bytes(kid.as_bytes())
                .into_vec(),
            Self::Value(value) => Sequence::new()
                .encoded(MAP_OF_VALUE)
                .encoded(&value.encode())
                .into_vec(),
        }
    }

    /// What travels: a `kid` without its map (section 3.5.3.2), anything else
    /// as it is. A `kid` has 16 bytes here, so the form of one integer never occurs.
    pub(crate) fn compact(&self) -> Vec<u8> {
        match self {
            Self::Kid(kid) => Sequence::new().bytes(kid.as_bytes()).into_vec(),
            Self::Value(_) => self.map(),
        }
    }

    /// Reads what travels off the front of a plaintext.
    ///
    /// # Errors
    /// [`EdhocError::Credential`], also for a `kid` that kept its map.
    pub(crate) fn split(bytes: &[u8]) -> Result<(Self, &[u8]), EdhocError> {
        if let Some(rest) = bytes.strip_prefix(KID_HEAD) {
            let (kid, rest) = rest.split_first_chunk().ok_or(EdhocError::Credential)?;
            return Ok((Self::Kid(Kid(*kid)), rest));
        }
        bytes
            .strip_prefix(MAP_OF_VALUE)
            .and_then(Credential::split)
            .map(|(credential, rest)| (Self::Value(credential), rest))
            .ok_or(EdhocError::Credential)
    }
}

/// A hexadecimal digit for a value below 16.
fn digit(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'a' + (value - 10)
    }
}

/// Reads 32 digits in lower case.
fn server_id(hex: &[u8; 32]) -> Option<ServerId> {
    let mut id = [0; 16];
    for (byte, pair) in id.iter_mut().zip(hex.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        });
        *byte = high? << 4 | low?;
    }
    Some(ServerId(id))
}
