//! The decision on a user's answer to a challenge (protocol.md, section 16.2).

use super::super::account::Account;
use super::super::assertion::{Required, SecondFactor, accept, presented_id};
use super::super::commit::{Commit, Fact, FactId, Reply};
use super::super::config::Config;
use super::super::draw::Draw;
use super::super::statement;
use super::Limits;
use super::challenge::{
    Approved, Challenge, ChallengeState, Grant, Pending, Use, Why, leave, leave_calmly,
};
use super::prompts::Prompts;
use crate::cose::Sign1;
use crate::crypto::{PublicKey, Verifier, sha256};
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::action::{self as message, Approval, Approve, Token};
use crate::messages::handshake::Policy;
use crate::registry::{Decision, Purpose};
use crate::values::{
    AssertionId, Bind, ChallengeId, ChannelBinding, Digest, ServerId, Type, UnixSeconds,
};
use crate::verified::Verified;

/// An answer that came through a channel. Its signature is still to be verified.
///
/// It can be decided on any number of times, as a conflict in the store demands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answer {
    /// The message.
    pub approve: Verified<Approve>,
    /// The key that authenticated the channel.
    pub key: PublicKey,
    /// The channel.
    pub channel: ChannelBinding,
}

/// What the decision reads.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalFacts<'a> {
    /// The account whose key authenticated the channel.
    pub account: &'a Account,
    /// The challenge that the answer names ([`Answer::challenge`]), if there is one.
    pub challenge: Option<&'a Challenge>,
    /// What the challenge's user was asked lately.
    pub prompts: Option<&'a Prompts>,
    /// Whether the store has the answer's assertion id ([`Answer::assertion_id`]).
    pub assertion_used: bool,
}

impl Answer {
    /// The challenge that the answer names, to be looked up before the decision.
    /// Nobody has vouched for it.
    pub fn challenge(&self) -> Option<ChallengeId> {
        let signed = Sign1::<Approval>::from_bytes(&self.approve.approval).ok()?;
        Some(signed.unverified().challenge)
    }

    /// The id of the assertion that came along, to be looked up likewise.
    pub fn assertion_id(&self) -> Option<AssertionId> {
        presented_id(self.approve.assertion.as_ref()?)
    }
}

/// Decides on an answer. `entropy` is 32 fresh random bytes, out of which a token is
/// drawn; only its hash is stored.
///
/// The commit is an approval, a rejection, or, with a refusal as its outcome, the
/// end of a challenge by time (802) or by a wrong number (804).
///
/// # Errors
/// A [`Refusal`], which stores nothing. The checks are made in the order of CHA-9.
pub fn decide_approval(
    config: &Config,
    limits: &Limits,
    facts: ApprovalFacts<'_>,
    answer: &Answer,
    entropy: [u8; 32],
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<Commit<Reply<message::Approved>>, Refusal> {
    let account = facts.account;
    if account.key != answer.key {
        return Err(Code::CredentialMismatch.into());
    }
    statement::active(account)?;
    let signed = Sign1::<Approval>::from_bytes(&answer.approve.approval)?;
    let (Some(challenge), Some(prompts)) = (facts.challenge, facts.prompts) else {
        return Err(Code::ChallengeUnavailable.into());
    };
    if challenge.user != account.user_name {
        return Err(Code::ChallengeUnavailable.into());
    }
    let asked = Asked { challenge, prompts };
    let approval = verify(signed, config.server, account, answer, verifier)?;
    about(challenge, account, answer, &approval)?;
    fields(challenge, answer, &approval)?;
    let pending = match &challenge.state {
        ChallengeState::Approved(approved) => {
            let again = approved.clone().again(challenge, &approval, now)?;
            let factor = match signature_digest(answer) == again.approval {
                // The very same bytes: what came with them was accepted already.
                true => SecondFactor::NotAsked,
                false => fresh_factor(
                    config,
                    facts,
                    challenge.policy,
                    answer,
                    &approval,
                    now,
                    verifier,
                )?,
            };
            let token = Draw::from_entropy(entropy).token();
            return Ok(grant_again(
                limits, facts, challenge, again, factor, token, now,
            ));
        }
        _ => challenge.pending()?,
    };
    if challenge.expires <= now {
        return Ok(asked.end(pending.expire(), Code::ChallengeFinished));
    }
    if approval.decision == Decision::Decline {
        return Ok(asked.reject(limits, pending, &approval, answer.approve.report_fraud, now));
    }
    if challenge.number.as_ref().map(|number| number.expected) != approval.number {
        let rejected = pending.reject(&approval, Why::WrongNumber, now);
        return Ok(asked.end(rejected, Code::WrongNumber));
    }
    let factor = fresh_factor(
        config,
        facts,
        challenge.policy,
        answer,
        &approval,
        now,
        verifier,
    )?;
    let token = Draw::from_entropy(entropy).token();
    let approved = pending.approve(
        &approval,
        signature_digest(answer),
        &factor,
        Grant::of(token, limits, now),
        now,
    );
    let commit = leave(challenge, prompts, approved, granted(token));
    Ok(with_grounds(commit, account, &factor))
}

/// A challenge, and the prompts that it is one of.
#[derive(Clone, Copy)]
struct Asked<'a> {
    challenge: &'a Challenge,
    prompts: &'a Prompts,
}

impl Asked<'_> {
    /// CHA-6, CHA-8: it ends, and the answer to that is a refusal.
    fn end(self, to: ChallengeState, code: Code) -> Commit<Reply<message::Approved>> {
        leave(self.challenge, self.prompts, to, Reply::Refused(code))
    }

    /// The user said no; after a report of fraud nobody asks for a while (ACT-8).
    fn reject(
        self,
        limits: &Limits,
        pending: Pending,
        approval: &Verified<Approval>,
        is_fraud: bool,
        now: UnixSeconds,
    ) -> Commit<Reply<message::Approved>> {
        let without = self.prompts.without(self.challenge.id);
        let (why, prompts) = match is_fraud {
            true => (Why::Fraud, without.calm(limits, now)),
            false => (Why::Declined, without),
        };
        let told = message::Approved {
            ty: Type,
            decision: Decision::Decline,
            token: None,
        };
        let rejected = pending.reject(approval, why, now);
        leave_calmly(
            self.challenge,
            self.prompts,
            prompts,
            rejected,
            Reply::Said(told),
        )
    }
}

/// CRD-4: by `K_act` where the account has one, and by nothing else then.
fn verify(
    signed: Sign1<Approval>,
    server: ServerId,
    account: &Account,
    answer: &Answer,
    verifier: &impl Verifier,
) -> Result<Verified<Approval>, Refusal> {
    let key = account.approval_key.unwrap_or(account.key);
    Ok(signed.verify(&key, &(server, answer.channel), verifier)?)
}

/// CHA-7: the answer is to this challenge, as it was shown, by this account, with this assertion.
fn about(
    challenge: &Challenge,
    account: &Account,
    answer: &Answer,
    approval: &Approval,
) -> Result<(), Refusal> {
    let brought = answer.approve.assertion.as_ref();
    let assertion = brought.map(|assertion| Digest(sha256(&[assertion])));
    let same = approval.challenge == challenge.id
        && approval.nonce == challenge.nonce
        && approval.hash == challenge.message().hash()
        && approval.account == account.id
        && approval.assertion == assertion;
    match same {
        true => Ok(()),
        false => Err(Code::ApprovalMismatch.into()),
    }
}

/// CHA-10: the fields that this answer has, and no others.
fn fields(challenge: &Challenge, answer: &Answer, approval: &Approval) -> Result<(), Refusal> {
    let is_yes = approval.decision == Decision::Confirm;
    let needs_number = is_yes && challenge.number.is_some();
    let needs_factor = is_yes && challenge.policy.is_some();
    if approval.number.is_some() != needs_number {
        return Err(Code::Structure.into());
    }
    statement::unused(&[
        approval.assertion.is_some() && !needs_factor,
        answer.approve.report_fraud && is_yes,
    ])
}

/// ACT-10: the factor that the challenge demands, verified for this very channel.
fn fresh_factor(
    config: &Config,
    facts: ApprovalFacts<'_>,
    policy: Option<Policy>,
    answer: &Answer,
    approval: &Approval,
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<SecondFactor, Refusal> {
    let Some(policy) = policy else {
        return Ok(SecondFactor::NotAsked);
    };
    let assertion = answer.approve.assertion.as_ref();
    let required = Required {
        purpose: Purpose::Action,
        bind: bind(config.server, answer.channel, approval),
        subject: Some(statement::subject(facts.account)?),
        policy,
    };
    let assertion = assertion.ok_or(Code::FactorRequired)?;
    let accepted = accept(
        config,
        assertion,
        &required,
        facts.assertion_used,
        now,
        verifier,
    )?;
    Ok(SecondFactor::Accepted(accepted))
}

/// What the factor was given for: the approval of what was shown, in this channel.
fn bind(server: ServerId, channel: ChannelBinding, approval: &Approval) -> Bind {
    BindInput {
        server,
        context: channel.0,
        account: Some(approval.account),
        purpose: Purpose::Action,
        session: None,
        announce: None,
        user_input: None,
        decision: Some(approval.decision),
        intent: Some(approval.hash),
    }
    .bind()
}

impl Approved {
    /// CHA-11: the same yes of the same account, before expiry and the token's use.
    fn again(
        self,
        challenge: &Challenge,
        approval: &Approval,
        now: UnixSeconds,
    ) -> Result<Self, Refusal> {
        let expected = challenge.number.as_ref().map(|number| number.expected);
        let same = approval.decision == Decision::Confirm
            && approval.account == self.account
            && approval.number == expected
            && now < challenge.expires;
        match (same, &self.grant.used) {
            (false, _) => Err(Code::ChallengeFinished.into()),
            (true, Use::Consumed { .. }) => Err(Code::TokenConsumed.into()),
            (true, Use::Unused) => Ok(self),
        }
    }
}

/// Another token in place of the last one, which its app may never have seen.
fn grant_again(
    limits: &Limits,
    facts: ApprovalFacts<'_>,
    challenge: &Challenge,
    approved: Approved,
    factor: SecondFactor,
    token: Token,
    now: UnixSeconds,
) -> Commit<Reply<message::Approved>> {
    let approved = Approved {
        grant: Grant::of(token, limits, now),
        ..approved
    };
    let next = challenge.clone().at(ChallengeState::Approved(approved));
    let commit = Commit::new(granted(token))
        .expecting(FactId::Challenge(challenge.id), Some(challenge.version))
        .writing(Fact::Challenge(next));
    with_grounds(commit, facts.account, &factor)
}

impl Grant {
    fn of(token: Token, limits: &Limits, now: UnixSeconds) -> Self {
        Self {
            token: token.hash(),
            expires: now.plus(limits.token_ttl_s),
            used: Use::Unused,
        }
    }
}

/// What an approval rests on: the account as it is, and the assertion, used up (AST-8).
fn with_grounds<T>(commit: Commit<T>, account: &Account, factor: &SecondFactor) -> Commit<T> {
    let commit = commit.expecting(FactId::Account(account.id), Some(account.version));
    let SecondFactor::Accepted(accepted) = factor else {
        return commit;
    };
    commit
        .expecting(FactId::Assertion(accepted.id()), None)
        .writing(Fact::Assertion(accepted.id()))
}

fn granted(token: Token) -> Reply<message::Approved> {
    Reply::Said(message::Approved {
        ty: Type,
        decision: Decision::Confirm,
        token: Some(token),
    })
}

fn signature_digest(answer: &Answer) -> Digest {
    Digest(sha256(&[&answer.approve.approval]))
}
