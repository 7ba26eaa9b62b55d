//! Who plays, and what there is when the model begins.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::action::{
    Action as Tracked, ActionTerms, ChallengeTerms, Limits, NumberMatch, Rule,
};
use countersign::auth::{Account, AccountLevel, Config, Credentials, Held, Lineage, Standing};
use countersign::crypto::PublicKey;
use countersign::messages::factor::pseudonym;
use countersign::messages::handshake::{Announce, Policy};
use countersign::registry::{AUTH_VERSIONS, Factor};
use countersign::values::{
    AccountId, ActionId, ChannelBinding, Digest, Pseudonym, RecordId, ServerId, UnixSeconds,
};

use super::Bounds;
use super::store::Store;
use crate::cast;
use crate::clock;
use crate::versions::edition::{self, Edition};

/// The backend's actions, by number.
pub type Which = u8;
/// An action of the owner.
pub const FIRST: Which = 0;
/// Another of the same kind: an attacker has started it.
pub const SECOND: Which = 1;
/// The attacker's own.
pub const OWN: Which = 2;
/// How many there are.
pub const ACTIONS: usize = 3;

/// A channel, by number.
pub type Channel = u8;
/// How many channels the owner's phone opens.
pub const OWNERS_CHANNELS: Channel = 2;
/// The channel that a thief opens with the owner's `K_dev`.
pub const THIEFS: Channel = OWNERS_CHANNELS;
/// The channel of the attacker's phone.
pub const ATTACKERS: Channel = OWNERS_CHANNELS + 1;

/// The number that is shown where the action was started, and one that is not.
pub const NUMBERS: [u8; 2] = [42, 17];

/// The owner's account.
pub const OWNERS_ID: AccountId = AccountId([0xac; 16]);
/// The attacker's account.
pub const ATTACKERS_ID: AccountId = AccountId([0xa7; 16]);

/// The hours, in seconds after the beginning: now; when the first challenges have expired, by
/// the clock that is ahead; when all tokens have, and the cool-down is over.
pub const HOURS_S: [u64; 3] = [0, 62, 130];

/// The auth server.
pub fn server() -> ServerId {
    edition::server()
}

/// Its configuration.
pub fn config() -> Config {
    Edition::first(AUTH_VERSIONS.to_vec()).config()
}

/// What its backend allows of challenges.
pub fn limits(bounds: &Bounds) -> Limits {
    Limits {
        challenges_per_hour: bounds.per_hour.into(),
        cool_down_s: 100,
        challenge_ttl_s: 60,
        token_ttl_s: 60,
    }
}

/// What the clock of that replica shows.
pub fn now(replica: u8, hour: u8) -> UnixSeconds {
    clock::of_replica(replica.into()).plus(HOURS_S[usize::from(hour)])
}

/// Whose action it is.
pub fn user(of: Which) -> &'static str {
    match of {
        OWN => "mallory",
        _ => "alice",
    }
}

/// Under which idempotency key its backend tells it.
fn key(of: Which) -> String {
    format!("action {of}")
}

/// Its id.
pub fn action_id(of: Which) -> ActionId {
    Tracked::id(user(of), &key(of))
}

/// What kind the actions are: all the same.
pub const CODE: &str = "transfer";

/// What the backend says of it.
pub fn terms(of: Which) -> ActionTerms {
    ActionTerms {
        user: user(of).into(),
        code: CODE.into(),
        data: Digest([of; 32]),
        idempotency_key: key(of),
    }
}

/// What its rules say: the owner's first action is asked about with all that there is.
pub fn rule(bounds: &Bounds, of: Which) -> Rule {
    let strings = [("what".to_string(), format!("transfer {of}"))].into();
    let number = NumberMatch {
        expected: NUMBERS[0],
        choices: vec![NUMBERS[1], NUMBERS[0]],
    };
    Rule::Challenge(ChallengeTerms {
        shown: Announce {
            logo: None,
            strings,
        },
        number: (bounds.number && of == FIRST).then_some(number),
        policy: (bounds.policy && of == FIRST).then_some(PIN),
    })
}

/// The PIN; and if anybody asked it would allow a cached one, which no challenge takes.
const PIN: Policy = Policy {
    factors: Factor::Pin as u8,
    max_age_s: 600,
    cached: true,
};

/// What the channel with this number is bound to.
pub fn binding(channel: Channel) -> ChannelBinding {
    match channel {
        ATTACKERS => cast::ATTACKERS_CHANNEL,
        _ => cast::owners_channel(channel),
    }
}

/// The account at the other end of a channel: its id and its `K_dev`.
pub fn peer(channel: Channel) -> (AccountId, PublicKey) {
    match channel {
        ATTACKERS => (ATTACKERS_ID, cast::ATTACKERS_ACCOUNT),
        _ => (OWNERS_ID, cast::OWNERS_ACCOUNT),
    }
}

/// What the factor server calls the owner's phone towards this server.
pub fn owners_subject() -> Pseudonym {
    subject(&cast::OWNERS_PHONE)
}

fn subject(phone: &PublicKey) -> Pseudonym {
    pseudonym(&cast::PSEUDONYMS, RecordId(phone.kid().0), server())
}

/// What is stored when the model begins: two accounts.
pub fn begin(bounds: &Bounds) -> Store {
    let approvals = bounds.approval_key.then_some(cast::APPROVALS);
    let all = [
        account(OWN, ATTACKERS, None, &cast::ATTACKERS_PHONE),
        account(FIRST, THIEFS, approvals, &cast::OWNERS_PHONE),
    ];
    let listed = |account: &Account| Credentials {
        user: account.user_name.clone(),
        version: 0,
        held: vec![Held {
            account: account.id,
            user_authentication: account.approval_key.is_some(),
        }],
    };
    let credentials = all.iter().map(listed);
    Store {
        credentials: credentials
            .map(|list| (Credentials::id(&list.user), list))
            .collect(),
        accounts: all.into_iter().map(|it| (it.id, it)).collect(),
        actions: BTreeMap::new(),
        challenges: BTreeMap::new(),
        prompts: BTreeMap::new(),
        assertions: BTreeSet::new(),
    }
}

fn account(
    of: Which,
    channel: Channel,
    approval_key: Option<PublicKey>,
    phone: &PublicKey,
) -> Account {
    let (id, key) = peer(channel);
    Account {
        id,
        version: 0,
        user_name: user(of).into(),
        key,
        approval_key,
        level: AccountLevel::Full(subject(phone)),
        standing: Standing::Active,
        lineage: Lineage::Open {
            since: UnixSeconds(0),
        },
        app: None,
    }
}
