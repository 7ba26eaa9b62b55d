//! What a device says, by its shipped transitions.

use countersign::auth::{
    Config, FactorServer, Found, Nonce, Offer, Services, Session, SessionTerms, Wanted, greet,
};
use countersign::crypto::{PublicKey, sha256};
use countersign::device::action::{Aim, Calling, Entering, Rotating, Turn};
use countersign::device::{
    Authenticated, Backing, Confirmed, Confirming, Expected, Greeting, Settling, Update, Wallet,
    authenticate,
};
use countersign::edhoc::IdCred;
use countersign::error::Code;
use countersign::messages::credential::Rotate;
use countersign::messages::handshake::{Ead1, Ead2, ParametersChain, Statement};
use countersign::messages::nonce_proof;
use countersign::registry::Purpose;
use countersign::values::{
    AccountId, Bytes, ChannelBinding, Transcript, UnixSeconds, Version, VoucherId,
};

use super::server::Told;
use crate::cast::{self, Ideal, sign};
use crate::clock;
use crate::handshake::{IdealHandshake, transcript};

/// The account, at the server and on the phones.
pub const ACCOUNT: AccountId = AccountId([0xac; 16]);
/// What both sides allow.
pub const VERSION: Version = Version { major: 1, minor: 0 };
/// The epoch of the server's parameters, which the phones know.
pub const EPOCH: u32 = 1;

/// What a device is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Errand {
    /// To confirm a login.
    Login,
    /// To move the account to a new key.
    Rotate,
    /// To learn, under the new key, whether the account has it.
    Resume,
}

/// What a device has said, as the replica has it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Words {
    /// EAD_3, in the handshake.
    Statement {
        /// What it says.
        statement: Statement,
        /// Who has signed it.
        key: PublicKey,
        /// Of which handshake it is.
        transcript: Transcript,
    },
    /// The request for a rotation, in the channel.
    Rotate {
        /// The message.
        message: Rotate,
        /// Who opened the channel.
        key: PublicKey,
        /// The channel.
        channel: ChannelBinding,
    },
}

/// What a device waits for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Waits {
    /// The settlement of a login.
    Settlement(Settling),
    /// The opening of a channel, and whose key was used.
    Opening(Box<Entering>, PublicKey),
    /// The outcome of a rotation.
    Rotation(Rotating),
}

/// What a device says next: all of it is durable before any of it is sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Spoken {
    /// What is stored.
    pub updates: Vec<Update>,
    /// What is sent.
    pub words: Words,
    /// What is waited for.
    pub waits: Waits,
}

/// What a device makes of an answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Heard {
    /// The flow is over.
    Over(Vec<Update>),
    /// It has more to say.
    Says(Box<Spoken>),
    /// The rotation is to be asked for again, under the old key (CRD-10).
    Again,
}

/// The handshake of this number, and the session that a login in it is for.
#[derive(Clone, Copy, Debug)]
struct Nth(u8);

/// What the device says in the handshake of this number.
pub fn spoken(wallet: &Wallet, errand: Errand, line: u8) -> Spoken {
    let nth = Nth(line);
    if errand == Errand::Login {
        return login(wallet, nth);
    }
    let aim = match errand {
        Errand::Rotate => Aim::Rotation(cast::OWNERS_NEXT_ACCOUNT),
        _ => Aim::Successor,
    };
    let calling = Calling::new(wallet, (cast::AUTH_SERVER, ACCOUNT), aim, &[VERSION]);
    let calling = calling.expect("it has the account");
    let (offer, transcript) = nth.offered(&calling.ead_1());
    let server = met(&calling.expected(wallet));
    let commit = calling.greeted(nth.sealed(&offer, transcript), &server, wallet);
    let commit = commit.expect("a good offer");
    let updates = commit.updates().to_vec();
    let entering = commit.committed();
    let (credential, _) = entering.credential();
    let key = key_of(wallet, &credential);
    Spoken {
        updates,
        words: Words::Statement {
            statement: entering.statement().clone(),
            key,
            transcript,
        },
        waits: Waits::Opening(Box::new(entering), key),
    }
}

fn login(wallet: &Wallet, nth: Nth) -> Spoken {
    let greeting = Greeting::login(wallet, cast::AUTH_SERVER, session(nth.0).id, &[VERSION]);
    let greeting = greeting.expect("it has the account");
    let proof = nonce_proof(
        nonce(nth.0).as_bytes(),
        cast::AUTH_SERVER,
        Purpose::Login,
        &nth.g_x(),
    );
    let (offer, transcript) = nth.offered(&greeting.ead_1(proof));
    let server = met(&greeting.expected(wallet));
    let commit = greeting.greeted(nth.sealed(&offer, transcript), &server, transcript, wallet);
    let asked = commit.expect("a good offer").committed();
    let Confirming::Login(asked) = asked else {
        unreachable!("it is a login");
    };
    let choice = asked.choose(None).expect("there is one account");
    let Confirmed::Answer(commit) = asked.confirm(choice, None, Backing::Nothing) else {
        unreachable!("no factor is asked for");
    };
    let updates = commit.updates().to_vec();
    let answering = commit.committed();
    Spoken {
        updates,
        words: Words::Statement {
            statement: answering.statement().clone(),
            key: answering.key(),
            transcript,
        },
        waits: Waits::Settlement(answering.sent()),
    }
}

/// What the device makes of an answer in the handshake of this number.
pub fn heard(waits: &Waits, told: &Told, line: u8) -> Heard {
    let nth = Nth(line);
    match (waits.clone(), told) {
        (Waits::Settlement(settling), Told::Settled(settled)) => {
            let commit = settling.settled(nth.said(settled), false);
            Heard::Over(commit.expect("for this account").updates().to_vec())
        }
        (Waits::Settlement(settling), Told::Refused(refused)) => {
            Heard::Over(settling.refused(&nth.said(refused)).updates().to_vec())
        }
        (Waits::Opening(entering, key), Told::Opened(said)) => {
            let commit = entering.opened(&nth.said(said), nth.channel());
            let commit = commit.expect("nothing else is needed");
            let updates = commit.updates().to_vec();
            match commit.committed() {
                Turn::Rotate(changing) => {
                    let tbs = changing.tbs().expect("small");
                    let rotating = changing.signed(sign(&cast::OWNERS_NEXT_ACCOUNT, &tbs));
                    Heard::Says(Box::new(Spoken {
                        updates,
                        words: Words::Rotate {
                            message: rotating.message().clone(),
                            key,
                            channel: nth.channel(),
                        },
                        waits: Waits::Rotation(rotating),
                    }))
                }
                _ => Heard::Over(updates),
            }
        }
        (Waits::Opening(entering, _), Told::Refused(refused)) => {
            let code = Code::from_number(refused.error).expect("of the catalogue");
            match entering.refused(code) {
                Ok((_, Aim::Rotation(_))) => Heard::Again,
                _ => Heard::Over(Vec::new()),
            }
        }
        (Waits::Rotation(rotating), Told::Rotated(rotated)) => {
            let commit = rotating.rotated(&nth.said(rotated));
            Heard::Over(commit.expect("the same key").updates().to_vec())
        }
        (Waits::Rotation(rotating), Told::Refused(refused)) => {
            Heard::Over(rotating.refused(&nth.said(refused)).updates().to_vec())
        }
        (waits, told) => unreachable!("{told:?} is no answer to {waits:?}"),
    }
}

/// The key of the wallet that message_3 names.
fn key_of(wallet: &Wallet, credential: &IdCred) -> PublicKey {
    let IdCred::Kid(kid) = credential else {
        unreachable!("an account's key goes by its kid");
    };
    let keys = wallet
        .accounts
        .iter()
        .flat_map(|account| [Some(account.key), account.successor]);
    let mut keys = keys.flatten();
    keys.find(|key| key.kid() == *kid).expect("its own key")
}

/// The login session that the handshake of this number is for: each login has its own.
pub fn session(line: u8) -> Session {
    let terms = SessionTerms {
        expires: FAR,
        announce: None,
        preselected: None,
        policy: None,
    };
    Session::new(cast::AUTH_SERVER, nonce(line), terms).expect("within its limits")
}

fn nonce(line: u8) -> Nonce {
    Nonce::new([line; 32])
}

/// What the auth server is.
pub fn config() -> Config {
    Config {
        server: cast::AUTH_SERVER,
        versions: vec![VERSION],
        epoch: EPOCH,
        // Never sent: the phones know them.
        parameters: ParametersChain {
            identities: Vec::new(),
            signed: Bytes(Vec::new()),
        },
        handshake_key: cast::AUTH_SERVERS_IDENTITY,
        voucher_key: cast::VOUCHERS,
        factor_server: FactorServer {
            server: cast::FACTOR_SERVER,
            assertion_key: cast::ASSERTIONS,
        },
        voucher_ttl_s: 600,
        services: Services {
            actions: true,
            ..Services::default()
        },
    }
}

fn met(expected: &Expected<'_>) -> Authenticated {
    authenticate(expected, None, EPOCH, clock::NOW, &Ideal).expect("it is known")
}

impl Nth {
    fn g_x(self) -> [u8; 32] {
        [self.0; 32]
    }

    fn channel(self) -> ChannelBinding {
        ChannelBinding(sha256(&[&self.g_x()]))
    }

    /// EAD_2, and the transcript of both messages.
    fn offered(self, ead_1: &Ead1) -> (Ead2, Transcript) {
        let config = config();
        let session = session(self.0);
        let greeting = greet(&config, ead_1, &self.g_x()).expect("a good EAD_1");
        let found = match greeting.wanted() {
            Wanted::Session(_) => Found::Session(&session),
            Wanted::Enrolment(_) | Wanted::Nothing(_) => Found::Nothing,
        };
        let offer = greeting.offer(&config, found, VoucherId([0; 16]), clock::NOW);
        let Ok(Offer::Login(ead_2)) = offer else {
            unreachable!("the session is there, and no voucher is needed");
        };
        let transcript = transcript(ead_1, &self.g_x(), &[0x99; 32], &ead_2);
        (ead_2, transcript)
    }

    fn sealed(self, offer: &Ead2, transcript: Transcript) -> countersign::verified::Verified<Ead2> {
        let handshake = IdealHandshake {
            signer: cast::AUTH_SERVERS_IDENTITY,
            transcript,
        };
        handshake.said(offer)
    }

    /// What the server says in the channel.
    fn said<T>(self, message: &T) -> countersign::verified::Verified<T>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        let channel = IdealHandshake {
            signer: cast::AUTH_SERVERS_IDENTITY,
            transcript: Transcript(self.channel().0),
        };
        channel.said(message)
    }
}

const FAR: UnixSeconds = UnixSeconds(clock::NOW.0 + 1_000_000);
