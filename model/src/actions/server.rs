//! An auth server: the shipped transition functions.

use countersign::auth::action::{
    ActionFacts, ApprovalFacts, TokenFacts, cancel, decide_action, decide_approval, expire, fetch,
    validate,
};
use countersign::auth::{Credentials, revoke};
use countersign::crypto::sha256;
use countersign::error::{Code, Refusal};
use countersign::messages::action::{Challenge, Token};

use super::messages::{Job, Said, Shown};
use super::store::{Decided, Store, Told};
use super::weakenings::Weak;
use super::world::{self, Channel, OWNERS_ID, Which};
use super::{Actions, Bounds};
use crate::cast::Ideal;

/// Decides on what is asked, by what the store has now.
///
/// # Errors
/// What the shipped functions refuse.
pub fn decide(
    world: &Actions,
    store: &Store,
    job: Job,
    replica: u8,
    hour: u8,
) -> Result<Decided, Refusal> {
    let weak = world.weak;
    let mut decided = match job {
        Job::Start(of) => start(&world.bounds, store, of, replica, hour, weak),
        Job::Answer(said) => answer(world, store, said, replica, hour),
        Job::Validate(shown, attempt) => validated(store, shown, attempt, replica, hour, weak),
        Job::Cancel(of) => {
            let facts = Weak::ended(weak, store, of)?;
            let at = world::now(replica, hour);
            cancel(&facts.challenge, &facts.prompts)
                .map(|commit| Decided::new(commit, |()| Told::Done, at))
        }
        Job::Expire(of) => {
            let facts = Weak::ended(weak, store, of)?;
            let at = world::now(replica, hour);
            expire(&facts.challenge, &facts.prompts, at)
                .map(|commit| Decided::new(commit, |()| Told::Done, at))
        }
        Job::Revoke => {
            let account = store.accounts.get(&OWNERS_ID);
            let account = account.ok_or(Code::AccountNotActive)?;
            let listed = store.credentials.get(&Credentials::id(&account.user_name));
            let commit = revoke(account, listed).map_err(|_| Code::AccountNotActive)?;
            let at = world::now(replica, hour);
            Ok(Decided::new(commit, |()| Told::Done, at))
        }
    }?;
    Weak::alter(weak, store, job, &mut decided);
    Ok(decided)
}

/// The challenge that a device is shown for a token, through this channel.
///
/// # Errors
/// What the shipped function refuses.
pub fn show(
    store: &Store,
    token: &Token,
    channel: Channel,
    replica: u8,
    hour: u8,
    weak: Option<Weak>,
) -> Result<Challenge, Refusal> {
    let hash = token.hash();
    let challenge = store.challenges.values().find(|it| it.handed == hash);
    let (id, _) = world::peer(channel);
    let account = store.accounts.get(&id).ok_or(Code::CredentialMismatch)?;
    let challenge = Weak::found(weak, challenge, account);
    fetch(challenge.as_ref(), account, world::now(replica, hour))
}

fn start(
    bounds: &Bounds,
    store: &Store,
    of: Which,
    replica: u8,
    hour: u8,
    weak: Option<Weak>,
) -> Result<Decided, Refusal> {
    let prompts = Weak::prompts(weak, store.asked(of));
    let facts = ActionFacts {
        action: store.actions.get(&world::action_id(of)),
        challenge: store.about(of),
        credentials: store.credentials.get(&Credentials::id(world::user(of))),
        prompts: prompts.as_ref(),
    };
    let version = store.about(of).map_or(0, |it| it.version + 1);
    let entropy = sha256(&[b"start", &[of], &version.to_be_bytes()]);
    let limits = Weak::limits(weak, world::limits(bounds));
    let at = world::now(replica, hour);
    let rule = world::rule(bounds, of);
    let commit = decide_action(&limits, facts, world::terms(of), rule, entropy, at)?;
    Ok(Decided::new(commit, Told::Started, at))
}

fn answer(
    world: &Actions,
    store: &Store,
    said: Said,
    replica: u8,
    hour: u8,
) -> Result<Decided, Refusal> {
    let at = world::now(replica, hour);
    let facts = Weak::answered(world.weak, world, store, said, at)?;
    let entropy = sha256(&[b"answer", &[said.of, replica], &facts.version.to_be_bytes()]);
    let commit = decide_approval(
        &world.config,
        &world::limits(&world.bounds),
        ApprovalFacts {
            account: &facts.account,
            challenge: facts.challenge.as_ref(),
            prompts: facts.prompts.as_ref(),
            assertion_used: facts.used,
        },
        &facts.answer,
        entropy,
        facts.now,
        &Ideal,
    )?;
    Ok(Decided::new(commit, Told::Answer, at))
}

fn validated(
    store: &Store,
    shown: Shown,
    attempt: u8,
    replica: u8,
    hour: u8,
    weak: Option<Weak>,
) -> Result<Decided, Refusal> {
    let at = world::now(replica, hour);
    let facts = Weak::shown(weak, store, shown, attempt, at);
    let token = TokenFacts {
        challenge: facts.challenge.as_ref(),
        account: facts.account.as_ref(),
    };
    let decided = validate(token, &facts.asked, facts.now);
    if let Some(decided) = Weak::used_up(weak, &facts, &decided, at) {
        return Ok(decided);
    }
    Ok(Decided::new(decided?, Told::Validated, at))
}
