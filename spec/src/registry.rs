//! The registry: every number and label of the protocol (protocol.md, section 1).
//!
//! `protocol.md` opens with the same table; a test compares the two.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::values::Version;

/// Defines an enum whose variants are the registered numbers of one table.
macro_rules! registered {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant = $number,)+ }

        impl $name {
            /// Every registered value, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The registered number.
            pub const fn number(self) -> u64 {
                self as u64
            }

            /// The value registered under `number`.
            pub const fn from_number(number: u64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.number())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_number(u64::deserialize(deserializer)?)
                    .ok_or_else(|| de::Error::custom(concat!("not a registered ", stringify!($name))))
            }
        }
    };
}

registered! {
    /// What a handshake, a statement or a factor proof is for.
    Purpose {
        /// Confirm or decline a login session.
        Login = 1,
        /// Create an account under an enrolment link.
        Enrol = 2,
        /// Keep the app itself logged in.
        AppLogin = 3,
        /// Create a headless account.
        Headless = 4,
        /// Upgrade a headless account.
        Upgrade = 5,
        /// Talk to the factor server.
        Factor = 6,
        /// Approve or reject an action.
        Action = 7,
        /// Change the PIN.
        PinChange = 8,
        /// Add the biometric factor.
        BiometricsAdd = 9,
        /// Remove the biometric factor.
        BiometricsRemove = 10,
        /// Open a channel for data requests.
        Data = 11,
    }
}

registered! {
    /// What the user decided.
    Decision {
        /// Yes.
        Confirm = 1,
        /// No.
        Decline = 2,
    }
}

registered! {
    /// A second factor.
    Factor {
        /// A PIN, proved under the key derived from it.
        Pin = 1,
        /// A biometric, proved under `K_bio`.
        Biometric = 2,
    }
}

registered! {
    /// Why an app session ended.
    LogoutCause {
        /// The app, or its user, wanted it.
        App = 1,
        /// The user did nothing for too long.
        Inactivity = 2,
        /// One side heard nothing of the other for too long.
        Silence = 3,
        /// The backend wanted it.
        Server = 4,
        /// Its absolute limit has come.
        Limit = 5,
        /// The account may not be granted anything any more.
        Revoked = 6,
        /// The same account has logged in again.
        Replaced = 7,
    }
}

registered! {
    /// What an account can prove.
    Level {
        /// Its device, and no user.
        Headless = 1,
        /// Its device and its user's second factor.
        Full = 2,
    }
}

registered! {
    /// The kinds of server; both speak the same handshake.
    ServerKind {
        /// Keeps accounts, sessions and actions.
        Auth = 1,
        /// Verifies second factors.
        Factor = 2,
    }
}

/// Message types. Frames travel in the open, the others inside the channel.
pub mod message_type {
    /// Frame: EDHOC message_1.
    pub const MESSAGE_1: u64 = 1;
    /// Frame: EDHOC message_2.
    pub const MESSAGE_2: u64 = 2;
    /// Frame: EDHOC message_3.
    pub const MESSAGE_3: u64 = 3;
    /// Frame: a record of the channel.
    pub const RECORD: u64 = 4;
    /// Frame: an EDHOC error message.
    pub const ERROR: u64 = 5;
    /// Channel: the sender's next record is under its next keys.
    pub const KEY_UPDATE: u64 = 8;
    /// Channel: an authenticated request was refused.
    pub const REFUSED: u64 = 9;
    /// Auth server to device: what a statement came to.
    pub const SETTLED: u64 = 16;
    /// Auth server to device: an app session began.
    pub const APP_SETTLED: u64 = 24;
    /// Auth server to device: I am here.
    pub const PING: u64 = 25;
    /// Device to auth server: so am I.
    pub const PONG: u64 = 26;
    /// Either side: the app session has ended.
    pub const LOGOUT: u64 = 27;
    /// Auth server to device: the account behind a channel for data, or what an upgrade came to.
    pub const ADMITTED: u64 = 28;
    /// Device to auth server: a request for the data service.
    pub const DATA_REQUEST: u64 = 48;
    /// Device to auth server: forget a request.
    pub const DATA_CANCEL: u64 = 49;
    /// Auth server to device: the data service's answer.
    pub const DATA_ANSWER: u64 = 50;
    /// Auth server to device: there is no answer, and why.
    pub const DATA_ERROR: u64 = 51;
    /// Device to factor server: create a record.
    pub const CREATE: u64 = 32;
    /// Device to factor server: verify a factor.
    pub const VERIFY: u64 = 33;
    /// Device to factor server: ask for the status.
    pub const ASK_STATUS: u64 = 34;
    /// Device to factor server: set a new PIN.
    pub const SET_PIN: u64 = 35;
    /// Device to factor server: add biometrics.
    pub const ADD_BIOMETRIC: u64 = 36;
    /// Device to factor server: remove biometrics.
    pub const REMOVE_BIOMETRIC: u64 = 37;
    /// Device to factor server: the phone has invalidated `K_bio`.
    pub const BIOMETRIC_GONE: u64 = 38;
    /// Factor server to device: the status of the record.
    pub const STATUS: u64 = 40;
    /// Factor server to device: the verdict on a VERIFY.
    pub const VERDICT: u64 = 41;
    /// Device to auth server: fetch a challenge.
    pub const FETCH_CHALLENGE: u64 = 64;
    /// Auth server to device: the challenge.
    pub const CHALLENGE: u64 = 65;
    /// Device to auth server: the user's answer to a challenge.
    pub const APPROVE: u64 = 66;
    /// Auth server to device: what the answer came to.
    pub const APPROVED: u64 = 67;
    /// Auth server to device: a channel for actions and credentials is open.
    pub const OPENED: u64 = 71;
    /// Device to auth server: delete this credential.
    pub const DELETE_CREDENTIAL: u64 = 72;
    /// Device to auth server: a new key in place of this one.
    pub const ROTATE: u64 = 73;
    /// Auth server to device: the credential is deleted.
    pub const CREDENTIAL_DELETED: u64 = 74;
    /// Auth server to device: the new key is the account's.
    pub const ROTATED: u64 = 75;
}

/// Labels that keep one use of a key or a hash from any other.
pub mod label {
    /// Session ids.
    pub const SESSION_ID: &str = "countersign session id";
    /// Nonce proofs in EAD_1.
    pub const NONCE_PROOF: &str = "countersign nonce proof";
    /// What a second factor is given for.
    pub const BIND: &str = "countersign bind";
    /// Server parameters under an identity key.
    pub const PARAMETERS: &str = "countersign parameters";
    /// A new identity key under the old one.
    pub const IDENTITY: &str = "countersign identity";
    /// Vouchers under `K_asv`.
    pub const VOUCHER: &str = "countersign voucher";
    /// Assertions under `K_sfa`.
    pub const ASSERTION: &str = "countersign assertion";
    /// Assertion ids.
    pub const ASSERTION_ID: &str = "countersign assertion id";
    /// Factor proofs, under `K_pin` or `K_bio`.
    pub const FACTOR_PROOF: &str = "countersign factor proof";
    /// Proofs of possession of a new factor key.
    pub const FACTOR_KEY: &str = "countersign factor key";
    /// Pseudonyms of records.
    pub const PSEUDONYM: &str = "countersign pseudonym";
    /// The PIN key's derivation, first step.
    pub const PIN: &str = "countersign pin";
    /// The PIN key's derivation, second step.
    pub const PIN_KEY: &str = "countersign pin key";
    /// Visual hashes.
    pub const VISUAL_HASH: &str = "countersign visual hash";
    /// Records of the channel.
    pub const RECORD: &str = "countersign record";
    /// Possession of `K_act` at enrolment.
    pub const ENROLMENT_PROOF: &str = "countersign enrolment proof";
    /// Answers to challenges, under `K_act` or `K_dev`.
    pub const APPROVAL: &str = "countersign approval";
    /// Possession of a new `K_dev`.
    pub const ROTATION: &str = "countersign rotation";
    /// Proofs of a live app session.
    pub const APP_SESSION_PROOF: &str = "countersign app session proof";
}

/// The EAD label of the one item of ours in each EDHOC message (private use), critical.
pub const EAD_LABEL: i64 = 32768;

/// Labels of the EDHOC exporter (private use).
pub mod exporter {
    /// The channel binding.
    pub const CHANNEL_BINDING: u64 = 32768;
    /// Key from the device to the server.
    pub const KEY_TO_SERVER: u64 = 32769;
    /// IV from the device to the server.
    pub const IV_TO_SERVER: u64 = 32770;
    /// Key from the server to the device.
    pub const KEY_TO_DEVICE: u64 = 32771;
    /// IV from the server to the device.
    pub const IV_TO_DEVICE: u64 = 32772;
    /// The key of proofs of a live app session.
    pub const APP_SESSION_PROOF: u64 = 32773;
}

/// COSE algorithm numbers.
pub mod algorithm {
    /// ECDSA on P-256 with SHA-256, fully specified: our own statements.
    pub const ESP256: i64 = -9;
    /// ECDSA with SHA-256: inside EDHOC, as cipher suite 6 has it.
    pub const ES256: i64 = -7;
    /// AES-GCM with a 128-bit key: records and message_3.
    pub const A128GCM: i64 = 1;
}

/// Versions of the auth server's line that this document describes, ascending.
pub const AUTH_VERSIONS: &[Version] = &[Version { major: 1, minor: 0 }];
/// Versions of the factor server's line, ascending; 1.2 adds the headless upgrade.
pub const FACTOR_VERSIONS: &[Version] = &[Version { major: 1, minor: 1 }, UPGRADE_VERSION];
/// The first of the factor server's versions with the headless upgrade (HEADLESS-4).
pub const UPGRADE_VERSION: Version = Version { major: 1, minor: 2 };

/// Limits: bytes unless the name says otherwise.
pub mod limit {
    /// PLAINTEXT_2, the keystream's bound.
    pub const PLAINTEXT_2: usize = 8_160;
    /// Announce info.
    pub const ANNOUNCE: usize = 6 * 1024;
    /// User input, as UTF-8.
    pub const USER_INPUT: usize = 4 * 1024;
    /// A signed statement.
    pub const STATEMENT: usize = 8 * 1024;
    /// A frame of an EDHOC message.
    pub const HANDSHAKE: usize = 64 * 1024;
    /// A data payload.
    pub const DATA: usize = 1024 * 1024;
    /// A frame: a data payload and what is around it.
    pub const FRAME: usize = DATA + 1024;
    /// A link or QR code.
    pub const LINK: usize = 1024;
    /// A URI.
    pub const URI: usize = 512;
    /// A user name.
    pub const USER_NAME: usize = 256;
    /// Versions in one list, a count.
    pub const VERSIONS: usize = 8;
    /// Identity keys in one succession, a count.
    pub const IDENTITIES: usize = 16;
    /// A PIN, as UTF-8, at least.
    pub const PIN_MIN: usize = 4;
    /// A PIN, as UTF-8, at most.
    pub const PIN_MAX: usize = 64;
    /// An action code, as UTF-8.
    pub const ACTION_CODE: usize = 64;
    /// An idempotency key, as UTF-8.
    pub const IDEMPOTENCY_KEY: usize = 64;
    /// Numbers to choose from in a challenge, a count.
    pub const NUMBER_CHOICES: usize = 8;
    /// The greatest of these numbers.
    pub const NUMBER: u8 = 99;
    /// Credentials of one user, a count.
    pub const CREDENTIALS: usize = 32;
    /// A connection identifier in a frame.
    pub const CONNECTION_ID: usize = 8;
    /// CBOR nesting, a count.
    pub const DEPTH: usize = 8;
    /// Data requests of one channel that wait for their answer, a count.
    pub const OPEN_REQUESTS: usize = 64;
}

/// Periods in seconds.
pub mod seconds {
    /// Skew allowed between two servers' clocks.
    pub const SKEW: u64 = 60;
    /// Validity of an assertion.
    pub const ASSERTION: u64 = 120;
    /// How long a verified factor allows a change of the record.
    pub const MANAGEMENT: u64 = 120;
    /// How long a server repeats its answer to identical message_3 bytes.
    pub const REPEAT: u64 = 180;
}
