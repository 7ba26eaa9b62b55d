//! The decision on an enrolment's statement (protocol.md, sections 6.3 and 7).

use alloc::string::String;

use super::account::{Account, AccountLevel, Standing};
use super::assertion::{Required, accept};
use super::commit::{Commit, Fact, FactId, Outcome};
use super::config::Config;
use super::credentials::Credentials;
use super::draw::Draw;
use super::enrolment::{Enrolment, EnrolmentState, Open};
use super::lineage::Lineage;
use super::request::Request;
use super::rotation::unproved;
use super::statement;
use crate::cose::verify_detached;
use crate::crypto::{PublicKey, Verifier};
use crate::error::{Code, Refusal};
use crate::messages::channel::Settled;
use crate::messages::credential::ApprovalKey;
use crate::registry::{Decision, Purpose};
use crate::values::{Rolling, Type, UnixSeconds};

/// What an enrolment's decision reads.
#[derive(Clone, Copy, Debug)]
pub struct EnrolmentFacts<'a> {
    /// The enrolment that the request names.
    pub enrolment: &'a Enrolment,
    /// The account that has the request's key already, if one has.
    pub holder: Option<&'a Account>,
    /// The credentials of the enrolment's user, if there ever were any.
    pub credentials: Option<&'a Credentials>,
    /// Whether the store has the request's assertion id.
    pub assertion_used: bool,
}

/// Decides on an enrolment. `entropy` is 32 fresh random bytes.
///
/// The commit reads and writes the enrolment, the account (absent, where it is
/// new) and the assertion id; it is a settlement.
///
/// # Errors
/// A [`Refusal`], which stores nothing. The checks are made in the order of STM-9.
pub fn decide_enrolment(
    config: &Config,
    facts: EnrolmentFacts<'_>,
    request: &Request,
    entropy: [u8; 32],
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<Commit, Refusal> {
    let EnrolmentFacts {
        enrolment,
        assertion_used,
        ..
    } = facts;
    if request.session != Some(enrolment.id) {
        return Err(Code::SessionUnavailable.into());
    }
    statement::purpose(request, Purpose::Enrol)?;
    confirmed(request)?;
    statement::announce(&request.statement, enrolment.announce_hash())?;
    let user_input = statement::user_input(&request.statement)?;
    fields(request)?;
    statement::unexpired(enrolment.expires, now)?;
    let next = move_on(facts, request)?;
    let approval_key = approval_key(config, request, verifier)?;
    if let Move::Repeat(account) = next
        && account.approval_key != approval_key
    {
        return Err(Code::EnrolmentTaken.into());
    }
    let assertion = request
        .statement
        .assertion
        .as_ref()
        .ok_or(Code::FactorRequired)?;
    let required = Required {
        purpose: Purpose::Enrol,
        bind: statement::bind(config.server, request, None),
        subject: match next {
            Move::Create(_) => None,
            Move::Repeat(account) => statement::subject(account).map(Some)?,
        },
        policy: Enrolment::POLICY,
    };
    let accepted = accept(config, assertion, &required, assertion_used, now, verifier)?;
    let draw = Draw::from_entropy(entropy);
    let commit = match next {
        Move::Create(open) => {
            let account = Account {
                id: draw.account_id(),
                version: 0,
                user_name: enrolment.user_name.clone(),
                key: request.key,
                approval_key,
                level: AccountLevel::Full(accepted.subject()),
                standing: Standing::Active,
                lineage: Lineage::begin(draw.rolling(), now),
                app: None,
            };
            let listed = Credentials::admit(facts.credentials, &account, enrolment.scope)?;
            create(facts, open, account, user_input.cloned(), &draw)
                .expecting(
                    FactId::Credentials(Credentials::id(&enrolment.user_name)),
                    facts.credentials.map(|list| list.version),
                )
                .writing(Fact::Credentials(listed))
        }
        Move::Repeat(account) => repeat(enrolment, account, &draw),
    };
    Ok(commit.using_up(&accepted))
}

/// What a statement does.
#[derive(Clone)]
enum Move<'a> {
    /// Makes the account.
    Create(Open),
    /// Gets the account again (ENR-2).
    Repeat(&'a Account),
}

/// STM-1: "an enrolment's decision is confirm".
fn confirmed(request: &Request) -> Result<(), Refusal> {
    match statement::decision(&request.statement)? {
        Decision::Confirm => Ok(()),
        Decision::Decline => Err(Code::DecisionMissing.into()),
    }
}

/// STM-8: the fields that an enrolment's statement has, and no others.
fn fields(request: &Request) -> Result<(), Refusal> {
    let statement = &request.statement;
    statement::unused(&[
        statement.app_session_proof.is_some(),
        statement.counter.is_some(),
        statement.rolling.is_some(),
    ])
}

/// CRD-1: the approval key, if there is one, whose possession is proved.
fn approval_key(
    config: &Config,
    request: &Request,
    verifier: &impl Verifier,
) -> Result<Option<PublicKey>, Refusal> {
    let Some(proof) = &request.statement.enrolment_proof else {
        return Ok(None);
    };
    let proved = ApprovalKey {
        server: config.server,
        transcript: request.transcript,
        device: request.key.kid(),
    };
    if proof.key == request.key {
        return Err(Code::KeyInUse.into());
    }
    verify_detached(proved, &(), &proof.key, &proof.signature, verifier)
        .map(|_| Some(proof.key))
        .map_err(unproved)
}

/// What the state of the enrolment lets this key do: ENR-1 to ENR-3, ENR-6 and ENR-7.
fn move_on<'a>(facts: EnrolmentFacts<'a>, request: &Request) -> Result<Move<'a>, Refusal> {
    match (&facts.enrolment.state, facts.holder) {
        (EnrolmentState::Bound(bound), _) if bound.key != request.key => {
            Err(Code::EnrolmentTaken.into())
        }
        (EnrolmentState::Bound(bound), Some(holder)) if holder.id == bound.account => {
            statement::active(holder)?;
            // The account can be the same only if what the backend was told is.
            if bound.user_input != request.statement.user_input {
                return Err(Code::SessionFinished.into());
            }
            Ok(Move::Repeat(holder))
        }
        // Its account is gone, or has another key by now.
        (EnrolmentState::Bound(_), _) => Err(Code::AccountNotActive.into()),
        // A key that answers for two accounts would make the kid ambiguous.
        (EnrolmentState::Open(_), Some(_)) => Err(Code::KeyInUse.into()),
        (EnrolmentState::Open(open), None) => Ok(Move::Create(open.clone())),
    }
}

/// Makes the account, and gives the enrolment to its key.
fn create(
    facts: EnrolmentFacts<'_>,
    open: Open,
    account: Account,
    user_input: Option<String>,
    draw: &Draw,
) -> Commit {
    let enrolment = facts.enrolment;
    let bound = open.bind(account.key, account.id, user_input);
    Commit::new(settled(&account, draw.rolling()))
        .expecting(FactId::Enrolment(enrolment.id), Some(enrolment.version))
        .expecting(FactId::Account(account.id), None)
        .expecting(FactId::AccountOf(account.key.kid()), None)
        .writing(Fact::Enrolment(enrolment.clone().at(bound)))
        .writing(Fact::Account(account))
}

/// Gives the same account again, and its next rolling value.
fn repeat(enrolment: &Enrolment, account: &Account, draw: &Draw) -> Commit {
    let rolling = account.lineage.told_again(draw.rolling());
    let lineage = account.lineage.clone();
    Commit::new(settled(account, rolling))
        .expecting(FactId::Enrolment(enrolment.id), Some(enrolment.version))
        .expecting(FactId::Account(account.id), Some(account.version))
        .writing(Fact::Account(account.clone().at(lineage)))
}

fn settled(account: &Account, rolling: Rolling) -> Outcome {
    Outcome::Settled(Settled {
        ty: Type,
        decision: Decision::Confirm,
        account: account.id,
        user_name: account.user_name.clone(),
        rolling,
    })
}
