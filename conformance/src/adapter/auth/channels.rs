//! The channels that go on after message_3, and what comes through them.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::action::{Answer, ApprovalFacts, decide_approval, fetch};
use countersign::auth::endpoint::{ActionLine, Heard, Line, Said};
use countersign::auth::{
    Account, Asked, Fact, Forward, Liveness, Proved, Reply, Request, decide_deletion,
    decide_rotation,
};
use countersign::crypto::P256;
use countersign::error::{self, Code};
use countersign::messages::credential::{DeleteCredential, Rotate};
use countersign::registry::LogoutCause;
use countersign::values::{AccountId, Bytes, UnixSeconds};
use countersign_vectors::case::Object;
use serde::Serialize;
use serde_json::json;

use super::accounts::level;
use super::lines::{answer, failed, until_committed};
use super::store::Store;
use super::{AuthServer, Moment, Setup, object};
use crate::adapter::{Args, Effects, Refusal};

/// The open channels, by the identifier that the server chose.
#[derive(Default)]
pub(super) struct Channels {
    lines: BTreeMap<Vec<u8>, Spoken>,
    /// The channels of app sessions that have ended: nothing is left but that they were.
    ended: BTreeSet<Vec<u8>>,
    actions: BTreeMap<Vec<u8>, ActionLine>,
}

/// A channel of an app session or for data, and when the server last pinged in it.
struct Spoken {
    line: Box<Line>,
    pinged: UnixSeconds,
}

impl AuthServer {
    /// A record of a device.
    pub(super) fn hear(&mut self, id: &[u8], frame: &[u8], at: Moment) -> Result<Effects, Refusal> {
        let store = &mut self.store;
        if let Some(spoken) = self.channels.lines.get_mut(id) {
            let was_app = spoken.line.app_session().is_some();
            let heard = listen(&mut spoken.line, store, frame, at);
            if was_app && spoken.line.app_session().is_none() {
                // The device has logged out, or was late: the keys are gone.
                self.channels.lines.remove(id);
                self.channels.ended.insert(id.to_vec());
            }
            return heard;
        }
        match self.channels.actions.get_mut(id) {
            Some(line) => serve(line, &self.setup, store, frame, at),
            None if self.channels.ended.contains(id) => Err(Code::NotLoggedIn.number().into()),
            None => Err(Code::UnexpectedFrame.number().into()),
        }
    }
}

impl Channels {
    /// A channel of an app session, or one for data.
    pub(super) fn open(&mut self, line: Box<Line>, now: UnixSeconds) {
        let id = line.id().as_bytes().to_vec();
        self.lines.insert(id, Spoken { line, pinged: now });
    }

    /// A channel for actions and credentials.
    pub(super) fn open_for_actions(&mut self, line: ActionLine) {
        self.actions.insert(line.id().as_bytes().to_vec(), line);
    }

    /// APP-9: the proof is made with the key of a channel that is open.
    pub(super) fn prove(&self, request: &Request) -> Option<Proved> {
        let mut lines = self.lines.values();
        lines.find_map(|spoken| spoken.line.prove(request))
    }

    /// Two pings in each ping time (APP-12).
    pub(super) fn ping(&mut self, store: &Store, now: UnixSeconds) -> Effects {
        let mut effects = Effects::default();
        for Spoken { line, pinged } in self.lines.values_mut() {
            let is_live = liveness(store, line, now) == Some(Liveness::Live);
            let Some(app) = line.app_session().and_then(|id| store.app_session(id)) else {
                continue;
            };
            let is_due = now.since(*pinged) >= u64::from(app.ping_time_s) / 2;
            if is_live
                && is_due
                && let Ok(frame) = line.ping()
            {
                *pinged = now;
                effects.out.push(("device".to_owned(), frame));
            }
        }
        effects
    }

    /// Ends the channels of app sessions that have ended: keys first, then the word (APP-7).
    pub(super) fn sweep(&mut self, store: &mut Store, now: UnixSeconds) -> Effects {
        let mut effects = Effects::default();
        let ended: Vec<_> = self
            .lines
            .iter()
            .filter_map(|(id, spoken)| match liveness(store, &spoken.line, now)? {
                Liveness::Live => None,
                Liveness::Ended(cause) => Some((id.clone(), cause)),
            })
            .collect();
        for (id, cause) in ended {
            let Some(Spoken { line, .. }) = self.lines.remove(&id) else {
                continue;
            };
            self.ended.insert(id);
            let account = line.caller().account;
            let app = line.app_session().and_then(|id| store.app_session(id));
            if let Some(app) = app.cloned() {
                store.put(Fact::AppSession(app.end(cause, now)));
            }
            // A channel that is closed has nobody to tell.
            if let Ok(frame) = line.logout(cause) {
                effects.out.push(("device".to_owned(), frame));
            }
            effects.events.push(logged_out(account, cause));
        }
        effects
    }

    /// The data service has answered.
    pub(super) fn answer(&mut self, args: &Args) -> Result<Effects, Refusal> {
        let (line, id) = self.asked(args)?;
        let frame = line.answer(id, Bytes(args.bytes("payload")?));
        said(frame)
    }

    /// The data service has failed.
    pub(super) fn fail(&mut self, args: &Args) -> Result<Effects, Refusal> {
        let (line, id) = self.asked(args)?;
        said(line.fail(id, Code::DataUnavailable))
    }

    fn asked(&mut self, args: &Args) -> Result<(&mut Line, u64), Refusal> {
        let line = self.lines.get_mut(&args.bytes("channel")?);
        let line = line.ok_or_else(|| Refusal::from(Code::ChannelClosed.number()))?;
        Ok((&mut line.line, args.uint("request_id")?))
    }
}

/// What is to be sent about a request, if anything is.
fn said(frame: Result<Option<Vec<u8>>, error::Refusal>) -> Result<Effects, Refusal> {
    let frame = frame.map_err(super::refused)?;
    Ok(frame.map(Effects::to_device).unwrap_or_default())
}

/// Whether the app session of a channel is live; nothing for a channel for data.
fn liveness(store: &Store, line: &Line, now: UnixSeconds) -> Option<Liveness> {
    let app = store.app_session(line.app_session()?);
    let account = store.account(line.caller().account);
    Some(match (app, account) {
        (Some(app), Some(account)) => app.liveness(account, now),
        _ => Liveness::Ended(LogoutCause::Revoked),
    })
}

/// A record in the channel of an app session, or in one for data.
fn listen(
    line: &mut Line,
    store: &mut Store,
    frame: &[u8],
    at: Moment,
) -> Result<Effects, Refusal> {
    let caller = line.caller().account;
    let Some(account) = store.account(caller) else {
        line.close();
        return Err(Code::AccountNotActive.number().into());
    };
    let app = line
        .app_session()
        .and_then(|id| store.app_session(id))
        .cloned();
    let heard = line.receive(frame, account, app.as_ref(), at.now);
    // Whatever it said, the device was there; what was answered 7xx was said as well.
    let was_there = match &heard {
        Ok(_) => true,
        Err(failure) => failure.frame.is_some(),
    };
    if let Some(app) = app.filter(|_| was_there) {
        let app = match heard {
            Ok(Heard::Logout(cause)) => app.end(cause, at.now),
            _ => app.contact(at.now),
        };
        store.put(Fact::AppSession(app));
    }
    let channel = hex::encode(line.id().as_bytes());
    let event = match heard.map_err(failed)? {
        Heard::Pong | Heard::Ignored | Heard::KeysRenewed => return Ok(Effects::default()),
        Heard::Logout(cause) => logged_out(caller, cause),
        Heard::Request(forward) => forwarded(&channel, &forward),
        Heard::Cancel(id) => object(json!({
            "event": "data_cancel",
            "channel": channel,
            "request_id": id,
        })),
    };
    Ok(Effects {
        events: vec![event],
        ..Effects::default()
    })
}

fn forwarded(channel: &str, forward: &Forward) -> Object {
    object(json!({
        "event": "data_request",
        "channel": channel,
        "request_id": forward.id,
        "account": hex::encode(forward.caller.account.0),
        "level": level(forward.caller.level),
        "device": hex::encode(forward.caller.device.0),
        "idempotency_key": forward.idempotency_key.map(|key| hex::encode(key.0)),
        "payload": hex::encode(&forward.payload.0),
    }))
}

fn logged_out(account: AccountId, cause: LogoutCause) -> Object {
    object(json!({
        "event": "logout",
        "account": hex::encode(account.0),
        "cause": cause.number(),
    }))
}

/// A record in a channel for actions and credentials.
fn serve(
    line: &mut ActionLine,
    setup: &Setup,
    store: &mut Store,
    frame: &[u8],
    at: Moment,
) -> Result<Effects, Refusal> {
    let said = line.receive(frame).map_err(failed)?;
    let account = line.account();
    match said {
        Said::KeysRenewed => Ok(Effects::default()),
        Said::Fetch(asked) => {
            let challenge = known(store, account)
                .and_then(|account| fetch(store.handed(asked.token.hash()), account, at.now));
            reply(line, challenge.map(Reply::Said))
        }
        Said::Answer(answer) => {
            let approved =
                until_committed(store, |store| approve(setup, store, account, &answer, at));
            reply(line, approved)
        }
        Said::Delete(asked) => {
            let deleted = until_committed(store, |store| delete(store, account, &asked));
            reply(line, deleted.map(Reply::Said))
        }
        Said::Rotate(asked) => {
            let rotated = until_committed(store, |store| rotate(store, account, &asked));
            reply(line, rotated.map(Reply::Said))
        }
    }
}

/// The account of a channel, as it is now (CRD-6).
fn known(store: &Store, account: AccountId) -> Result<&Account, error::Refusal> {
    store.account(account).ok_or(Code::AccountNotActive.into())
}

type Decided<T> = Result<countersign::auth::Commit<T>, error::Refusal>;

fn approve(
    setup: &Setup,
    store: &Store,
    account: AccountId,
    answer: &Answer,
    at: Moment,
) -> Decided<Reply<countersign::messages::action::Approved>> {
    let challenge = answer.challenge().and_then(|id| store.challenge(id));
    let facts = ApprovalFacts {
        account: known(store, account)?,
        challenge,
        prompts: challenge.and_then(|challenge| store.prompts(&challenge.user)),
        assertion_used: answer
            .assertion_id()
            .is_some_and(|id| store.has_assertion(id)),
    };
    let (config, limits) = (&setup.config, &setup.limits);
    decide_approval(config, limits, facts, answer, at.entropy, at.now, &P256)
}

fn delete(
    store: &Store,
    account: AccountId,
    asked: &Asked<DeleteCredential>,
) -> Decided<countersign::messages::credential::CredentialDeleted> {
    let account = known(store, account)?;
    decide_deletion(account, store.credentials(&account.user_name), asked)
}

fn rotate(
    store: &Store,
    account: AccountId,
    asked: &Asked<Rotate>,
) -> Decided<countersign::messages::credential::Rotated> {
    let holder = store.account_of(asked.message.key.kid());
    decide_rotation(known(store, account)?, holder, asked, &P256)
}

/// The answer to a request, or its refusal.
fn reply<T: Serialize>(
    line: &mut ActionLine,
    reply: Result<Reply<T>, error::Refusal>,
) -> Result<Effects, Refusal> {
    let reply = reply.unwrap_or_else(|error::Refusal(code)| Reply::Refused(code));
    let code = match &reply {
        Reply::Said(_) => None,
        Reply::Refused(code) => Some(*code),
    };
    let frame = line.say(&reply).map_err(super::refused)?;
    answer(code, frame)
}
