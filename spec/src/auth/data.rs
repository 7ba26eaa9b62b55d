//! Data requests, between a channel and the data service (protocol.md, section 13).

use alloc::collections::BTreeSet;

use super::account::Account;
use super::app_session::AppSession;
use super::assertion::SecondFactor;
use super::cached::Proved;
use super::commit::{Commit, Outcome};
use super::config::Config;
use super::draw::Draw;
use super::evidence::{Evidence, settle_factor};
use super::follow::{Trace, follow};
use super::request::Request;
use super::statement;
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::app::Admitted;
use crate::registry::{Level, Purpose, limit};
use crate::values::{AccountId, Bytes, IdempotencyKey, Kid, Type, UnixSeconds};

/// For whom a request comes, as the data service is told (DATA-9).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// What it can prove.
    pub level: Level,
    /// The kid of `K_dev`, which opened the channel.
    pub device: Kid,
}

/// A request for the data service. Its id reaches the service once (DATA-4).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Forward {
    /// For whom.
    pub caller: Caller,
    /// Names it within its channel.
    pub id: u64,
    /// By which the service recognises a request that is made again.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The app's bytes.
    pub payload: Bytes,
}

/// The requests of one channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Desk {
    last: Option<u64>,
    open: BTreeSet<u64>,
}

impl Desk {
    /// Takes a request.
    ///
    /// # Errors
    /// 700 for an id that is not above the last (DATA-3), 702 for one request too many
    /// (DATA-6). The id of either is used up as if it had been answered.
    pub fn take(&mut self, id: u64) -> Result<(), Code> {
        if self.last.is_some_and(|last| id <= last) {
            return Err(Code::RequestIdTooLow);
        }
        self.last = Some(id);
        if self.open.len() >= limit::OPEN_REQUESTS {
            return Err(Code::TooManyRequests);
        }
        self.open.insert(id);
        Ok(())
    }

    /// Completes a request, by an answer, an error or a cancel. Whether it was open: what
    /// comes for another id is ignored (DATA-5).
    pub fn complete(&mut self, id: u64) -> bool {
        self.open.remove(&id)
    }

    /// How many wait for their answer.
    pub fn open(&self) -> usize {
        self.open.len()
    }
}

/// What the opening of a channel for data reads.
#[derive(Clone, Copy, Debug)]
pub struct DataFacts<'a> {
    /// The account whose key verified Signature_3.
    pub account: &'a Account,
    /// The app session that the account names, if the store still has it.
    pub app: Option<&'a AppSession>,
    /// That the statement's app session proof is right, if it is.
    pub proved: Option<Proved>,
    /// Whether the store has the request's assertion id.
    pub assertion_used: bool,
}

/// Decides whether a full account may open a channel for data. `entropy` is 32 fresh
/// random bytes.
///
/// The commit reads and writes the account, and the assertion id if there is one, and reads
/// the account's app session; or it is the account's freeze.
///
/// # Errors
/// A [`Refusal`], which stores nothing: as
/// [`decide_app_login`](super::decide_app_login), and 509 for a headless account, whose
/// channel is that of purpose headless.
pub fn decide_data(
    config: &Config,
    facts: DataFacts<'_>,
    request: &Request,
    entropy: [u8; 32],
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<Commit, Refusal> {
    let DataFacts {
        account,
        app,
        proved,
        assertion_used,
    } = facts;
    statement::key(account, request)?;
    statement::active(account)?;
    statement::purpose(request, Purpose::Data)?;
    let rolling = Draw::from_entropy(entropy).rolling();
    let lineage = match follow(account, request, rolling, now)? {
        Trace::Diverged(freeze) => return Ok(freeze),
        Trace::Follows(lineage) => lineage,
    };
    statement::undecided(&request.statement)?;
    statement::subject(account)?;
    let terms = config.services.data.as_ref().ok_or(Code::PurposeRefused)?;
    let evidence = Evidence::of(request, account, app, proved, assertion_used);
    let factor = evidence.second_factor(config, terms.policy, now, verifier)?;
    let admitted = Admitted {
        ty: Type,
        account: account.id,
        user_name: account.user_name.clone(),
        level: account.level.level(),
        rolling,
    };
    let commit = Commit::new(Outcome::Admitted(admitted));
    let commit = settle_factor(commit, &evidence, &factor, lineage, now);
    Ok(match &factor {
        SecondFactor::Accepted(accepted) => commit.using_up(accepted),
        SecondFactor::NotAsked | SecondFactor::Cached(_) => commit,
    })
}
