//! An auth server: the real transition functions.

use countersign::auth::{
    Account, AccountLevel, Asked, Commit, Fact, FactId, Lineage, LoginFacts, Outcome, Reply,
    Request, Standing, decide_login, decide_opening, decide_rotation,
};
use countersign::device::{self, KnownServer, Trust, Wallet};
use countersign::error::{Code, Refusal};
use countersign::messages::channel::{Refused, Settled};
use countersign::messages::credential::{Opened, Rotated};
use countersign::messages::parameters::Parameters;
use countersign::registry::{Level, Purpose, ServerKind, seconds};
use countersign::values::{Digest, Pseudonym, Rolling, Transcript, Type, UnixSeconds};

use super::messages::{ACCOUNT, EPOCH, VERSION, Words, config, session};
use crate::cast::{self, Ideal};
use crate::clock;
use crate::handshake::IdealHandshake;

/// Seconds of one step of time: with these, what began in a later hour began surely later.
pub const HOUR_S: u64 = 2 * seconds::SKEW + 1;

/// A decision on a device's words.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Decided {
    /// To be committed.
    Commit {
        /// The version that the account has to have still.
        expected: u64,
        /// What is stored, if anything.
        after: Option<Box<Account>>,
        /// What may be said then.
        told: Told,
    },
    /// Refused, and nothing is stored.
    Refused(Code),
}

/// What a server says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Told {
    /// The login is settled.
    Settled(Settled),
    /// The channel is open.
    Opened(Opened),
    /// The account has the new key.
    Rotated(Rotated),
    /// No.
    Refused(Refused),
}

/// What a decision is made on.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The account, as it was read.
    pub account: Account,
    /// What the device said.
    pub words: Words,
    /// When message_1 came.
    pub began: UnixSeconds,
    /// What the replica's clock shows.
    pub now: UnixSeconds,
    /// The number of the handshake.
    pub line: u8,
}

/// What the clock of `replica` shows in this hour: the second one is behind, by as much as is allowed.
pub fn clock(replica: u8, hour: u8) -> UnixSeconds {
    let ahead = clock::NOW.plus(HOUR_S * u64::from(hour));
    UnixSeconds(ahead.0 - seconds::SKEW * u64::from(replica))
}

/// The hour in which some replica's clock shows this.
pub fn hour_of(time: UnixSeconds) -> u8 {
    let since = time.0 + seconds::SKEW - clock::NOW.0;
    (since / HOUR_S) as u8
}

/// Decides by the shipped functions.
pub fn decide(facts: &Facts) -> Decided {
    let Facts {
        account,
        words,
        began,
        now,
        line,
    } = facts;
    match words {
        Words::Statement {
            statement,
            key,
            transcript,
        } => {
            let said = IdealHandshake {
                signer: *key,
                transcript: *transcript,
            };
            let session = session(*line);
            let purpose = statement.purpose;
            let request = Request {
                statement: said.said(statement),
                key: *key,
                purpose,
                session: (purpose == Purpose::Login).then_some(session.id),
                transcript: *transcript,
                began: *began,
            };
            // No two handshakes draw the same.
            let entropy = [0xe0 + line; 32];
            if purpose == Purpose::Login {
                let facts = LoginFacts {
                    session: &session,
                    account,
                    assertion_used: false,
                    app: None,
                    proved: None,
                };
                let decided = decide_login(&config(), facts, &request, entropy, *now, &Ideal);
                decision(decided, |outcome| match outcome {
                    Outcome::Settled(settled) => Told::Settled(settled),
                    Outcome::Refused(code) => refusal(code),
                    Outcome::LoggedIn(_) | Outcome::Admitted(_) => unreachable!("it is a login"),
                })
            } else {
                let decided = decide_opening(account, &request, entropy, *now);
                decision(decided, |reply| match reply {
                    Reply::Said(opened) => Told::Opened(opened),
                    Reply::Refused(code) => refusal(code),
                })
            }
        }
        Words::Rotate {
            message,
            key,
            channel,
        } => {
            let said = IdealHandshake {
                signer: *key,
                transcript: Transcript(channel.0),
            };
            let asked = Asked {
                message: said.said(message),
                key: *key,
                channel: *channel,
            };
            decision(
                decide_rotation(account, None, &asked, &Ideal),
                Told::Rotated,
            )
        }
    }
}

fn decision<O>(decided: Result<Commit<O>, Refusal>, told: impl Fn(O) -> Told) -> Decided {
    let commit = match decided {
        Ok(commit) => commit,
        Err(Refusal(code)) => return Decided::Refused(code),
    };
    let expects = commit.expects().iter();
    let mut versions = expects.filter(|expect| expect.fact == FactId::Account(ACCOUNT));
    let expected = versions.next().and_then(|expect| expect.version);
    Decided::Commit {
        expected: expected.expect("every one reads the account"),
        after: written(&commit).map(Box::new),
        told: told(commit.committed()),
    }
}

/// The account that a commit stores.
pub fn written<O>(commit: &Commit<O>) -> Option<Account> {
    commit.writes().iter().find_map(|write| match write {
        Fact::Account(account) => Some(account.clone()),
        _ => None,
    })
}

/// A refusal, as the device hears it.
pub fn refusal(code: Code) -> Told {
    Told::Refused(Refused {
        ty: Type,
        error: code.number(),
    })
}

/// The account after its enrolment.
pub fn enrolled() -> Account {
    Account {
        id: ACCOUNT,
        version: 0,
        user_name: "ada".into(),
        key: cast::OWNERS_ACCOUNT,
        approval_key: None,
        level: AccountLevel::Full(Pseudonym([5; 16])),
        standing: Standing::Active,
        // By the clock that is ahead: the first statement may come to the other one.
        lineage: Lineage::begin(FIRST, clock(0, 0)),
        app: None,
    }
}

/// The wallet of the device that has enrolled.
pub fn owners_wallet() -> Wallet {
    let parameters = Parameters {
        server: cast::AUTH_SERVER,
        kind: ServerKind::Auth,
        epoch: EPOCH,
        expiry: clock::NOW.plus(1_000_000),
        versions: vec![VERSION],
        identity_key: cast::AUTH_SERVERS_IDENTITY,
        handshake_key: cast::AUTH_SERVERS_IDENTITY,
        statement_key: cast::VOUCHERS,
        uri: "https://a.example".into(),
        factor_server: None,
        ping_time_s: None,
    };
    Wallet {
        servers: vec![KnownServer {
            parameters,
            hash: Digest([0; 32]),
            sequence: 0,
            trust: Trust::Link,
        }],
        accounts: vec![device::Account {
            server: cast::AUTH_SERVER,
            id: ACCOUNT,
            user_name: "ada".into(),
            level: Level::Full,
            key: cast::OWNERS_ACCOUNT,
            approval_key: None,
            successor: None,
            counter: 0,
            rolling: FIRST,
            factor_due: false,
        }],
        ..Wallet::default()
    }
}

/// The key that the account has in the beginning.
pub const FIRST_KEY: countersign::crypto::PublicKey = cast::OWNERS_ACCOUNT;
const FIRST: Rolling = Rolling([1; 16]);
