//! The error catalogue (protocol.md, section 11).
//!
//! One number per reason, the same in code, vectors and reports. The peer and
//! the app learn the number; the log learns the rest.

/// Who has to change something so that the error does not come again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Blame {
    /// The sender of the message, whichever party that is.
    Sender,
    /// The device, or whoever pretends to be one.
    Device,
    /// The server.
    Server,
    /// The user.
    User,
    /// Whoever carries the bytes, or nobody.
    Network,
}

/// One entry of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// The number.
    pub code: Code,
    /// The name.
    pub name: &'static str,
    /// Who erred.
    pub blame: Blame,
    /// Whether it counts as a failed attempt of the user.
    pub counts: bool,
    /// Whether it is final: the same attempt cannot succeed any more.
    pub is_final: bool,
    /// What the app should do.
    pub advice: &'static str,
}

macro_rules! catalogue {
    ($($variant:ident = $number:literal, $name:literal, $blame:ident, $counts:literal, $final:literal, $advice:literal;)+) => {
        /// A number of the catalogue.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum Code { $(#[doc = $name] $variant = $number,)+ }

        /// The whole catalogue, ascending.
        pub const CATALOGUE: &[Entry] = &[$(Entry {
            code: Code::$variant,
            name: $name,
            blame: Blame::$blame,
            counts: $counts,
            is_final: $final,
            advice: $advice,
        },)+];

        impl Code {
            /// The number.
            pub const fn number(self) -> u16 {
                self as u16
            }

            /// The code of a number, if the catalogue has it.
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// The catalogue's name for it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

catalogue! {
    Malformed = 100, "malformed", Sender, false, true, "report a defect of the sender";
    NotDeterministic = 101, "not deterministic", Sender, false, true, "report a defect of the sender";
    ForbiddenItem = 102, "forbidden item", Sender, false, true, "report a defect of the sender";
    InvalidUtf8 = 103, "invalid UTF-8", Sender, false, true, "report a defect of the sender";
    TrailingBytes = 104, "trailing bytes", Sender, false, true, "report a defect of the sender";
    TooDeep = 105, "too deep", Sender, false, true, "report a defect of the sender";
    TooLarge = 106, "too large", Sender, false, true, "shorten what is sent";
    Structure = 107, "wrong structure", Sender, false, true, "report a defect of the sender";
    CoseHeader = 110, "wrong COSE header", Sender, false, true, "report a defect of the sender";
    WrongKey = 111, "wrong key id", Sender, false, true, "report a defect of the sender";
    SignatureMalformed = 112, "malformed signature", Sender, false, true, "report a defect of the sender";
    SignatureMismatch = 113, "signature does not verify", Sender, false, true, "do not retry with the same keys";
    InvalidKey = 114, "invalid public key", Sender, false, true, "report a defect of the sender";
    DecryptionFailed = 115, "decryption failed", Network, false, true, "start again";

    Unsupported = 200, "unsupported method or suite", Device, false, true, "use method 0 and suite 6";
    HandshakeInvalid = 201, "invalid handshake message", Network, false, true, "start again";
    NoCommonVersion = 202, "no common version", Device, false, true, "update the app";
    WrongVersion = 203, "wrong version chosen", Server, false, true, "warn: a downgrade was tried";
    ServerNotAuthenticated = 204, "server not authenticated", Server, false, true, "warn: show nothing of this server";
    ParametersExpired = 205, "parameters expired", Server, false, true, "try later";
    EpochTooLow = 206, "epoch too low", Server, false, true, "warn: old parameters were replayed";
    ParametersMismatch = 207, "parameters unlike the link's", Server, false, true, "ask for a new link";
    WrongServer = 208, "another server", Device, false, true, "start again";
    EadRefused = 209, "EAD items refused", Device, false, true, "report a defect of the sender";
    PurposeRefused = 210, "purpose refused", Device, false, true, "report a defect of the sender";
    CredentialMismatch = 211, "credential does not verify", Device, false, true, "enrol again";
    UnexpectedFrame = 212, "unexpected frame", Network, false, false, "ignore it, or start again";

    SessionUnavailable = 300, "session unavailable", User, false, true, "ask for a new code";
    SessionFinished = 302, "session finished", User, false, true, "ask for a new code";
    WrongAccount = 303, "wrong account", User, false, false, "choose the account that is asked for";
    AnnounceMismatch = 304, "announce info mismatch", Device, false, true, "start again";
    DecisionMissing = 305, "decision missing or undefined", Device, false, true, "report a defect of the sender";
    NoAccount = 306, "no account", User, false, true, "enrol at this server first";
    FlowActive = 307, "a flow is active", User, false, false, "finish or cancel the active one";
    NotAsked = 308, "not asked for", Device, false, false, "wait for the request";

    FactorRequired = 400, "second factor required", Device, false, true, "verify the factor, start again";
    AssertionInvalid = 401, "invalid assertion", Device, false, true, "start again";
    AssertionSubject = 403, "assertion of another subject", Device, false, true, "start again";
    AssertionBind = 404, "assertion for something else", Device, false, true, "start again";
    AssertionUsed = 405, "assertion already used", Device, false, true, "verify the factor again";
    AssertionExpired = 406, "assertion expired", User, false, true, "verify the factor again";
    AssertionTooOld = 407, "verified too long ago", User, false, true, "verify the factor again";
    FactorNotAllowed = 408, "factor not allowed", User, false, true, "use the PIN";
    AssertionPurpose = 409, "assertion for another purpose", Device, false, true, "start again";
    WrongFactor = 410, "wrong factor", User, true, false, "ask again, show the attempts left";
    Blocked = 411, "blocked", User, false, true, "use biometrics, or ask for a reset";
    Delayed = 412, "too early", User, false, false, "wait as long as the status says";
    NumberTooLow = 413, "request number too low", Device, false, true, "ask for the status";
    NumberReused = 414, "request number used for other bytes", Device, false, true, "ask for the status";
    StoreEpoch = 415, "another store epoch", Device, false, true, "ask for the status";
    Generation = 416, "another generation", Device, false, true, "ask for the status";
    UnknownRecord = 417, "no record", Device, false, true, "set a first PIN";
    NotVerified = 419, "not verified for this", Device, false, false, "verify the factor again";
    VoucherInvalid = 420, "invalid voucher", Server, false, true, "start again";
    VoucherExpired = 421, "voucher expired", User, false, true, "start again";
    VoucherUsed = 422, "voucher already used", Device, false, true, "start again";
    RecordExists = 423, "record exists", Device, false, false, "verify the PIN instead";
    PossessionInvalid = 424, "possession not proved", Device, false, true, "report a defect of the sender";
    FactorNotRegistered = 425, "factor not registered", Device, false, true, "use the PIN";
    WrongBiometric = 426, "wrong biometric", User, false, false, "use the PIN";
    PinNeeded = 427, "PIN needed", User, false, false, "use the PIN";
    Stopped = 428, "not listening for a factor", User, false, false, "wait for the request";
    Cancelled = 429, "cancelled", User, false, true, "nothing";
    PinTooEasy = 430, "PIN too easy", User, false, false, "ask for another PIN";
    BiometricsClosed = 431, "biometrics closed while blocked", User, false, true, "ask for a reset";

    EnrolmentTaken = 501, "enrolment bound to another key", User, false, true, "ask for a new link";
    AccountNotActive = 502, "account not active", User, false, true, "ask the server's operator";
    CloneSuspected = 503, "clone suspected", Device, false, true, "ask the server's operator";
    KeyInUse = 504, "key in use", Device, false, true, "create a new key";
    ScopeMissing = 505, "scope missing", User, false, true, "ask for a link that adds authenticators";
    UpgradeUnsupported = 506, "upgrade not supported", Server, false, true, "allow factor server version 1.2, or wait until it is offered";
    FullAccount = 507, "account is full already", User, false, true, "nothing";
    TooManyCredentials = 508, "too many credentials", User, false, true, "delete one first";
    HeadlessAccount = 509, "headless account", User, false, true, "upgrade the account first";

    ChannelClosed = 600, "channel closed", Network, false, true, "start again";
    RecordGap = 601, "record missing", Network, false, true, "start again";
    RecordDropped = 602, "record seen before", Network, false, false, "ignore it";
    RecordInvalid = 603, "record does not verify", Network, false, true, "start again";
    KeyLimit = 604, "key used up", Device, false, true, "renew the keys earlier";
    NotLoggedIn = 605, "not logged in", User, false, true, "log in to the app again";
    AppProofInvalid = 606, "app session proof does not verify", Device, false, true, "verify the factor, start again";
    LoggedIn = 607, "logged in already", User, false, false, "log out first";

    RequestIdTooLow = 700, "request id not above the last", Device, false, true, "report a defect of the sender";
    OutcomeUnknown = 701, "outcome unknown", Network, false, true, "ask again if asking twice does no harm";
    TooManyRequests = 702, "too many open requests", User, false, false, "wait for an answer";
    DataUnavailable = 703, "data service unavailable", Server, false, false, "try later";
    NoDataChannel = 704, "no channel for data", User, false, false, "log in, or open a channel";

    ChallengeUnavailable = 800, "challenge unavailable", User, false, true, "start the action again";
    AllowForbidden = 801, "allow not permitted", Server, false, true, "ask for a challenge instead";
    ChallengeFinished = 802, "challenge finished", User, false, true, "start the action again";
    ApprovalMismatch = 803, "approval of something else", Device, false, true, "fetch the challenge again";
    WrongNumber = 804, "wrong number", User, false, true, "start the action again";
    TokenInvalid = 805, "invalid token", Sender, false, true, "do not carry the action out";
    TokenMismatch = 806, "token for something else", Sender, false, true, "name the action and user of the token";
    TokenExpired = 807, "token expired", User, false, true, "start the action again";
    TokenConsumed = 808, "already consumed", Sender, false, true, "do not carry the action out again";
    ChallengePending = 809, "a challenge is pending", User, false, false, "answer or cancel that one first";
    TooManyChallenges = 810, "too many challenges", User, false, false, "try later";
    CoolingDown = 811, "cooling down", User, false, false, "try later";
    PromptCancelled = 812, "prompt cancelled", User, false, false, "ask again; the challenge is still open";
    ActionMismatch = 813, "idempotency key of another action", Sender, false, true, "use a new key";
    ActionClosed = 814, "action decided", Sender, false, true, "read the action's state";

    Conflict = 900, "store conflict", Server, false, false, "read again and decide again";
    StoreUnavailable = 901, "store unavailable", Server, false, false, "try later";
}

/// Refused: nothing stored has changed. The log may say more than the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Refusal(pub Code);

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {}", self.0.number(), self.0.name())
    }
}

impl core::error::Error for Refusal {}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self(code)
    }
}
