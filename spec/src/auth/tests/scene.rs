//! The cast, and what each says unless a row has it say something else.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use p256::ecdsa::{SigningKey, signature::Signer};

use crate::auth::{
    Account, AccountLevel, AppSession, AppSessionState, AppTerms, AppUse, Config, DataTerms,
    Enrolment, EnrolmentTerms, FactorServer, Lineage, Nonce, Request, Scope, Services, Session,
    SessionTerms, Standing, Verification,
};
use crate::cose::to_sign;
use crate::crypto::{PublicKey, Signature, sha256};
use crate::messages::BindInput;
use crate::messages::factor::Assertion;
use crate::messages::handshake::{Announce, ParametersChain, Policy, Statement};
use crate::registry::{AUTH_VERSIONS, Decision, Factor, Purpose};
use crate::values::{
    AccountId, AppSessionId, AssertionId, Bind, Bytes, Digest, Kid, Pseudonym, Rolling, ServerId,
    SessionId, Transcript, UnixSeconds,
};
use crate::verified::Verified;

pub const NOW: UnixSeconds = UnixSeconds(1_000_000);
pub const SERVER: ServerId = ServerId([0xa5; 16]);
pub const FACTOR_SERVER: ServerId = ServerId([0xf5; 16]);
pub const OTHER_SERVER: ServerId = ServerId([0x05; 16]);
pub const SUBJECT: Pseudonym = Pseudonym([0x5b; 16]);
pub const CURRENT: Rolling = Rolling([1; 16]);
pub const NEXT: Rolling = Rolling([2; 16]);
pub const ENTROPY: [u8; 32] = [0xe7; 32];

/// A key pair of the cast.
pub struct Key(SigningKey);

impl Key {
    pub fn public(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        PublicKey(point.as_bytes()[1..].try_into().unwrap())
    }

    pub fn kid(&self) -> Kid {
        self.public().kid()
    }

    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        Signature(signature.to_bytes().into())
    }
}

pub fn key(seed: u8) -> Key {
    Key(SigningKey::from_slice(&[seed; 32]).unwrap())
}

pub fn device() -> Key {
    key(1)
}

pub fn other_device() -> Key {
    key(2)
}

pub fn handshake_key() -> Key {
    key(3)
}

pub fn voucher_key() -> Key {
    key(4)
}

pub fn assertion_key() -> Key {
    key(5)
}

pub fn config() -> Config {
    Config {
        server: SERVER,
        versions: AUTH_VERSIONS.to_vec(),
        epoch: 7,
        parameters: ParametersChain {
            identities: vec![],
            signed: Bytes(vec![0x70; 300]),
        },
        handshake_key: handshake_key().public(),
        voucher_key: voucher_key().public(),
        factor_server: FactorServer {
            server: FACTOR_SERVER,
            assertion_key: assertion_key().public(),
        },
        voucher_ttl_s: 600,
        services: Services::default(),
    }
}

/// The same server, with all that it may serve.
pub fn serving() -> Config {
    Config {
        services: Services {
            actions: true,
            app: Some(AppTerms {
                policy: Some(policy()),
                ping_time_s: 30,
                limit_s: 3_600,
            }),
            data: Some(DataTerms {
                policy: Some(policy()),
            }),
            headless: true,
            upgrade: true,
        },
        ..config()
    }
}

pub fn announce() -> Announce {
    let strings = [("origin".to_string(), "example.org".to_string())].into();
    Announce {
        logo: Some(Digest([9; 32])),
        strings,
    }
}

pub fn policy() -> Policy {
    Policy {
        factors: 1,
        max_age_s: 60,
        cached: false,
    }
}

pub fn session() -> Session {
    let terms = SessionTerms {
        expires: NOW.plus(300),
        announce: Some(announce()),
        preselected: None,
        policy: Some(policy()),
    };
    Session::new(SERVER, Nonce::new([0x11; 32]), terms).unwrap()
}

pub fn enrolment() -> Enrolment {
    let terms = EnrolmentTerms {
        user_name: "ada".to_string(),
        expires: NOW.plus(300),
        announce: Some(announce()),
        scope: Scope::New,
    };
    Enrolment::new(SERVER, Nonce::new([0x22; 32]), terms).unwrap()
}

pub fn account() -> Account {
    Account {
        id: AccountId([0xac; 16]),
        version: 4,
        user_name: "ada".to_string(),
        key: device().public(),
        approval_key: None,
        level: AccountLevel::Full(SUBJECT),
        standing: Standing::Active,
        lineage: Lineage::Followed(crate::auth::Followed {
            counter: 10,
            accepted_at: UnixSeconds(NOW.0 - 500),
            current: CURRENT,
            next: NEXT,
        }),
        app: None,
    }
}

pub const APP: AppSessionId = AppSessionId([0xa9; 32]);

/// [`account`], logged in to the app.
pub fn in_app() -> Account {
    Account {
        app: Some(AppUse {
            session: APP,
            refreshed: false,
        }),
        ..account()
    }
}

/// The app session of [`in_app`], with a PIN verified 20 s ago.
pub fn app_session() -> AppSession {
    AppSession {
        id: APP,
        version: 3,
        account: account().id,
        web_nonce: Digest([0x3b; 32]),
        began: UnixSeconds(NOW.0 - 20),
        ends: NOW.plus(3_000),
        ping_time_s: 30,
        last_contact: UnixSeconds(NOW.0 - 10),
        verification: Some(Verification {
            factor: Factor::Pin,
            time: UnixSeconds(NOW.0 - 20),
        }),
        state: AppSessionState::Live,
    }
}

/// A device's message_3, and the assertion in it, before they are signed.
#[derive(Clone)]
pub struct Said {
    pub statement: Statement,
    pub key: PublicKey,
    pub purpose: Purpose,
    pub session: Option<SessionId>,
    /// The account that the device means when it computes bind.
    pub account: Option<AccountId>,
    pub began: UnixSeconds,
    pub presented: Option<Presented>,
}

/// An assertion, and who signs it for whom.
#[derive(Clone)]
pub struct Presented {
    pub payload: Assertion,
    /// What it is for; computed from the statement where a row does not say.
    pub bind: Option<Bind>,
    pub signer: u8,
    pub context: (ServerId, ServerId),
}

pub const TRANSCRIPT: Transcript = Transcript([0x77; 32]);

impl Said {
    /// Yes to [`session`], by [`account`].
    pub fn login() -> Self {
        Self {
            statement: Statement {
                decision: Some(Decision::Confirm),
                announce: Some(announce().hash()),
                user_input: Some("pay 3".to_string()),
                counter: Some(11),
                rolling: Some(NEXT),
                ..Statement::bare(Purpose::Login)
            },
            key: device().public(),
            purpose: Purpose::Login,
            session: Some(session().id),
            account: Some(account().id),
            began: UnixSeconds(NOW.0 - 30),
            presented: Some(Presented::of(Purpose::Login)),
        }
    }

    /// No to [`session`], by [`account`].
    pub fn decline() -> Self {
        let mut said = Self::login();
        said.statement.decision = Some(Decision::Decline);
        said.presented = None;
        said
    }

    /// Yes to [`enrolment`].
    pub fn enrolment() -> Self {
        Self {
            statement: Statement {
                decision: Some(Decision::Confirm),
                announce: Some(announce().hash()),
                user_input: Some("phone".to_string()),
                ..Statement::bare(Purpose::Enrol)
            },
            key: device().public(),
            purpose: Purpose::Enrol,
            session: Some(enrolment().id),
            account: None,
            began: UnixSeconds(NOW.0 - 30),
            presented: Some(Presented::of(Purpose::Enrol)),
        }
    }

    /// An app login, a channel for data or an upgrade, by [`account`].
    pub fn bare(purpose: Purpose) -> Self {
        Self {
            statement: Statement {
                counter: Some(11),
                rolling: Some(NEXT),
                ..Statement::bare(purpose)
            },
            purpose,
            session: None,
            presented: Some(Presented::of(purpose)),
            ..Self::login()
        }
    }

    /// A headless account, by its device.
    pub fn headless() -> Self {
        Self {
            statement: Statement::bare(Purpose::Headless),
            account: None,
            presented: None,
            ..Self::bare(Purpose::Headless)
        }
    }

    /// What the server makes of it.
    pub fn request(&self) -> Request {
        let mut statement = self.statement.clone();
        if let Some(presented) = &self.presented {
            statement.assertion = Some(presented.signed(self.bind(TRANSCRIPT)));
        }
        Request {
            statement: Verified::attest(statement),
            key: self.key,
            purpose: self.purpose,
            session: self.session,
            transcript: TRANSCRIPT,
            began: self.began,
        }
    }

    /// What the device computes (protocol.md, section 8.2).
    pub fn bind(&self, transcript: Transcript) -> Bind {
        let hash = |text: &String| Digest(sha256(&[text.as_bytes()]));
        BindInput {
            server: SERVER,
            context: transcript.0,
            account: self.account,
            purpose: self.statement.purpose,
            session: self.session,
            announce: self.statement.announce,
            user_input: self.statement.user_input.as_ref().map(hash),
            decision: self.statement.decision,
            intent: None,
        }
        .bind()
    }

    /// The assertion, which the row wants to change.
    pub fn presented(&mut self) -> &mut Presented {
        self.presented.as_mut().unwrap()
    }
}

impl Presented {
    pub fn of(purpose: Purpose) -> Self {
        let time = UnixSeconds(NOW.0 - 5);
        Self {
            payload: Assertion {
                subject: SUBJECT,
                bind: Bind([0; 32]),
                factor: Factor::Pin,
                time,
                purpose,
                expiry: time.plus(120),
                id: AssertionId([0x1d; 16]),
            },
            bind: None,
            signer: 5,
            context: (SERVER, FACTOR_SERVER),
        }
    }

    pub fn signed(&self, computed: Bind) -> Bytes {
        let payload = Assertion {
            bind: self.bind.unwrap_or(computed),
            ..self.payload
        };
        let signer = key(self.signer);
        let to_sign = to_sign(&payload, &self.context, signer.kid()).unwrap();
        let signature = signer.sign(to_sign.tbs());
        Bytes(to_sign.signed(signature))
    }
}

/// Text of this many bytes.
pub fn text(bytes: usize) -> String {
    String::from_utf8(Vec::from_iter(core::iter::repeat_n(b'x', bytes))).unwrap()
}
