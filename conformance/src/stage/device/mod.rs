//! The stage of the device: its user, the servers that it talks to, the network and the clock.
//!
//! | who | does | with |
//! |---|---|---|
//! | device | configure | `auth_versions`, `factor_versions`, `refuse_easy_pins`; at the beginning |
//! | device | enrol | `as`, `server`, `pin`: a whole enrolment, everything right |
//! | device | accounts, restart | |
//! | user | start | see [`links`] |
//! | user | confirm, decline | `account`, `user_input` |
//! | user | pin, cancel, change_pin | `pin` |
//! | auth, factor | publish | see [`servers`]: new parameters, from now on |
//! | auth, factor | answer | see [`answer`]: message_2 |
//! | auth | settle | see [`settle`] |
//! | factor | status, verdict | see [`factor`] |
//! | auth, factor | refuse | `error`: a number, through the channel |
//! | auth, factor | say | `message`: any content, in hex, through the channel; `through`: `app` or `data` for one that stays |
//! | auth, factor | error | `number`: an EDHOC error message by anybody; whether it ends the attempt shows later |
//! | auth, factor | renew_keys, skip | `through`; the latter protects a record that is never sent |
//! | user, device, auth, network | app_login, get_data, ping and others | see [`resident`] and [`data`]: app sessions and data |
//! | network | replay, reflect | `from`: `auth` or `factor`, whose last frame comes again, or to which the last was sent |
//! | network | reconnect | the connections broke |
//! | clock | advance | `s` |
//!
//! What comes of a turn is what the app is told, by the events' names, and under `sends` what the device says, to whom.
//! A flow that ends in failure and nothing else is `failed` with its number. Servers have names: `bank` and `shop` are auth servers, `keeper` is the
//! factor server of both. Accounts have names too, which are their user names.
//!
//! The stage verifies whatever the device says: see [`answer`], [`settle`] and [`factor`].

mod answer;
mod change;
mod data;
mod evidence;
mod exchange;
mod factor;
mod links;
mod resident;
mod servers;
mod settle;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use countersign::crypto::PublicKey;
use countersign::messages::handshake::{Announce, Policy, Statement};
use countersign::registry::{AUTH_VERSIONS, Decision, FACTOR_VERSIONS, LogoutCause, Purpose};
use countersign::values::{
    AccountId, Bytes, RecordId, Rolling, SessionId, Transcript, UnixSeconds, Version,
};
use countersign_vectors::case::{Actor, Object, Role, Turn};
use serde_json::{Value, json};

use self::data::Requests;
use self::exchange::{Line, Party};
use self::factor::{Pending, Record};
use self::links::Link;
use self::resident::{Standing, Way};
use super::judge::{Came, judge, same, wrong};
use super::with::With;
use crate::outcome::{Severity, Stop};
use crate::peer::server::identity::Server;
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Session};

/// The one session of the implementation.
const SESSION: &str = "device";
/// When a case begins, in seconds since 1970.
const BEGINNING: UnixSeconds = UnixSeconds(1_750_000_000);

/// The stage of one case.
pub(super) struct Scene {
    now: UnixSeconds,
    /// The number of the turn; what the peers draw depends on it.
    turn: usize,
    is_open: bool,
    /// What the device allows: towards auth servers, and towards factor servers.
    versions: [Vec<Version>; 2],
    refuses_easy_pins: bool,
    servers: BTreeMap<String, Server>,
    links: BTreeMap<String, Link>,
    accounts: BTreeMap<String, Account>,
    records: BTreeMap<RecordId, Record>,
    /// `K_dsf`, by factor server.
    registered: BTreeMap<String, PublicKey>,
    /// The epochs of the parameters that the device has.
    epochs: BTreeMap<String, u32>,
    /// Ephemeral keys are used once (HS-7).
    ephemerals: BTreeSet<[u8; 32]>,
    /// What must not be seen on any wire: nonces and PINs.
    secrets: Vec<Vec<u8>>,
    flow: Option<Flow>,
    /// Channels that stay when a flow is over.
    standing: BTreeMap<Way, Standing>,
    /// The cause of the logout that the device says, until its app is told.
    farewell: Option<LogoutCause>,
    requests: Requests,
    /// The last frame to the device, and the last from it.
    frames: BTreeMap<Party, (Vec<u8>, Vec<u8>)>,
}

/// An account at an auth server.
#[derive(Clone, Debug)]
struct Account {
    server: String,
    id: AccountId,
    user_name: String,
    key: PublicKey,
    /// The highest counter seen.
    counter: u64,
    /// What the device was given last.
    rolling: Rolling,
    /// Whether the device knows of the account.
    is_known: bool,
    /// Whether the device knows that a fresh factor is due (APP-17, APP-18).
    factor_due: bool,
}

/// An interaction of the device with its user.
struct Flow {
    server: String,
    link: String,
    /// None where no link led here.
    session: Option<SessionId>,
    purpose: Purpose,
    lines: BTreeMap<Party, Line>,
    offer: Option<Offer>,
    /// What the user said.
    decision: Option<Decision>,
    account: Option<String>,
    user_input: Option<String>,
    /// The PIN that was entered and not proved yet.
    pin: Option<String>,
    /// The store epoch and generation of the last status.
    status: (u32, u32),
    record: Option<RecordId>,
    pending: Option<Pending>,
    assertion: Option<Bytes>,
    /// What the device signed, and whose account it is for.
    signed: Option<(Statement, PublicKey)>,
}

/// What an auth server offered in EAD_2.
struct Offer {
    transcript: Transcript,
    announce: Option<Announce>,
    account: Option<String>,
    policy: Option<Policy>,
    voucher: Option<Bytes>,
}

impl Flow {
    fn new(server: &str, link: String, session: Option<SessionId>, purpose: Purpose) -> Self {
        Self {
            server: server.to_owned(),
            link,
            session,
            purpose,
            lines: BTreeMap::new(),
            offer: None,
            decision: None,
            account: None,
            user_input: None,
            pin: None,
            status: (0, 0),
            record: None,
            pending: None,
            assertion: None,
            signed: None,
        }
    }
}

impl super::Stage for Scene {
    fn play(&mut self, turn: &Turn, session: &mut Session<'_, '_>) -> Result<(), Stop> {
        let spoiler = Spoiler::of(&turn.with)?;
        let came = self.act(turn, &spoiler, session)?;
        spoiler.finish()?;
        judge(turn, came)
    }
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            now: BEGINNING,
            turn: 0,
            is_open: false,
            versions: [AUTH_VERSIONS.to_vec(), FACTOR_VERSIONS.to_vec()],
            refuses_easy_pins: false,
            servers: BTreeMap::new(),
            links: BTreeMap::new(),
            accounts: BTreeMap::new(),
            records: BTreeMap::new(),
            registered: BTreeMap::new(),
            epochs: BTreeMap::new(),
            ephemerals: BTreeSet::new(),
            secrets: Vec::new(),
            flow: None,
            standing: BTreeMap::new(),
            farewell: None,
            requests: Requests::default(),
            frames: BTreeMap::new(),
        }
    }

    fn act(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        self.turn += 1;
        let with = |words: &[&str]| With::of(turn, words);
        if (turn.actor, turn.action.as_str()) == (Actor::Device, "configure") {
            return self.configure(with(CONFIGURE)?, session);
        }
        if !self.is_open {
            self.open(session)?;
        }
        let party = match turn.actor {
            Actor::Factor => Party::Factor,
            _ => Party::Auth,
        };
        match (turn.actor, turn.action.as_str()) {
            (Actor::Device, "enrol") => self.enrol(with(&["as", "server", "pin"])?, session),
            (Actor::Device, "accounts") => {
                with(&[])?;
                self.read_accounts(session)
            }
            (Actor::Device, "restart") => {
                with(&[])?;
                let came = self.step("restart", json!({}), session);
                self.flow = None;
                self.standing.clear();
                came
            }
            (Actor::User, "start") => self.start(with(links::START)?, spoiler, session),
            (Actor::User, "confirm") => self.decide(
                Decision::Confirm,
                with(&["account", "user_input"])?,
                session,
            ),
            (Actor::User, "decline") => {
                self.decide(Decision::Decline, with(&["account"])?, session)
            }
            (Actor::User, "pin") => self.enter(with(&["pin"])?, session),
            (Actor::User, "change_pin") => {
                with(&[])?;
                self.change_pin(session)
            }
            (Actor::User, "cancel") => {
                with(&[])?;
                self.step("cancel", json!({}), session)
            }
            (Actor::Auth | Actor::Factor, "publish") => {
                self.publish(party, with(servers::PUBLISH)?, session)
            }
            (Actor::Auth | Actor::Factor, "answer") => {
                self.answer(party, with(answer::ANSWER)?, spoiler, session)
            }
            (Actor::Auth, "settle") => self.settle(with(settle::SETTLE)?, spoiler, session),
            (Actor::Factor, "status") => self.status(with(factor::STATUS)?, spoiler, session),
            (Actor::Factor, "verdict") => self.verdict(with(factor::VERDICT)?, spoiler, session),
            (Actor::Auth | Actor::Factor, "refuse") => {
                let error = with(&["error", "spoil"])?.number("error")?.unwrap_or(0);
                self.refuse(party, error, spoiler, session)
            }
            (Actor::Auth | Actor::Factor, "say") => {
                let with = with(&["message", "through", "spoil"])?;
                let message = with.bytes("message")?.unwrap_or_default();
                let frame = self.channel(party, with)?.say_bytes(message, spoiler)?;
                self.deliver(party, frame, session)
            }
            (Actor::Auth | Actor::Factor, "error") => {
                let number = with(&["number"])?.number("number")?.unwrap_or(201);
                self.inject_error(party, number, session)
            }
            (Actor::Auth | Actor::Factor, "renew_keys") => {
                let with = with(&["through", "spoil"])?;
                let frame = self.channel(party, with)?.renew_keys(spoiler)?;
                self.deliver(party, frame, session)
            }
            (Actor::Auth | Actor::Factor, "skip") => {
                let with = with(&["through"])?;
                self.channel(party, with)?.say(&"never sent", spoiler)?;
                Ok(Came::nothing())
            }
            (Actor::Network, "replay") => {
                let party = Party::of(with(&["from"])?)?;
                let (frame, _) = self.frames_of(party)?;
                self.deliver(party, frame, session)
            }
            (Actor::Network, "reflect") => {
                let party = Party::of(with(&["from"])?)?;
                let (_, frame) = self.frames_of(party)?;
                let frame = self.talking(party)?.reflect(&frame)?;
                self.deliver(party, frame, session)
            }
            (Actor::Network, "reconnect") => {
                with(&[])?;
                self.step("reconnect", json!({}), session)
            }
            (Actor::Clock, "advance") => {
                let s = with(&["s"])?.uint("s")?.unwrap_or(0);
                self.now = self.now.plus(s);
                Ok(Came::nothing())
            }
            _ => self.reside(turn, spoiler, session),
        }
    }

    fn configure(&mut self, with: With<'_>, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        for (at, name) in ["auth_versions", "factor_versions"].into_iter().enumerate() {
            if let Some(versions) = servers::versions(with, name)? {
                self.versions[at] = versions;
            }
        }
        self.refuses_easy_pins = with.flag("refuse_easy_pins")?;
        self.open(session)?;
        Ok(Came::nothing())
    }

    fn open(&mut self, session: &mut Session<'_, '_>) -> Result<(), Stop> {
        let [auth, factor] = &self.versions;
        let list = |versions: &[Version]| -> Vec<Value> {
            let pair = |version: &Version| json!([version.major, version.minor]);
            versions.iter().map(pair).collect()
        };
        let config = object(json!({
            "versions": { "auth": list(auth), "factor": list(factor) },
            "refuse_easy_pins": self.refuses_easy_pins,
        }));
        let now_ms = Some(self.now.0 * 1000);
        match session.open(SESSION, Role::Device, config, now_ms)? {
            Answer::Done { .. } => {
                self.is_open = true;
                Ok(())
            }
            Answer::Refused { code, .. } => Err(Stop::failed(
                Severity::WronglyRejected,
                "the role opens",
                format!("refused with {code}"),
            )),
        }
    }

    /// The user says yes or no.
    fn decide(
        &mut self,
        decision: Decision,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let account = with.text("account")?;
        let user_input = with.text("user_input")?;
        let mut args = json!({});
        if let Some(name) = account {
            args["account"] = hex::encode(self.account_id(name, session).0).into();
        }
        if let Some(text) = user_input {
            args["user_input"] = text.into();
        }
        let op = match decision {
            Decision::Confirm => "confirm",
            Decision::Decline => "decline",
        };
        let answer = self.ask(op, None, args, session)?;
        if let (Answer::Done { .. }, Some(flow)) = (&answer, &mut self.flow) {
            flow.decision = Some(decision);
            flow.account = account.map(str::to_owned);
            flow.user_input = user_input.map(str::to_owned);
        }
        self.take(answer)
    }

    /// The user enters a PIN.
    fn enter(&mut self, with: With<'_>, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let pin = with.text("pin")?.unwrap_or(PIN);
        if !self.secrets.iter().any(|secret| secret == pin.as_bytes()) {
            self.secrets.push(pin.as_bytes().to_vec());
        }
        let answer = self.ask("pin", None, json!({ "pin": pin }), session)?;
        if let (Answer::Done { .. }, Some(flow)) = (&answer, &mut self.flow) {
            flow.pin = Some(pin.to_owned());
        }
        self.take(answer)
    }

    /// A whole enrolment of which every step is right.
    fn enrol(&mut self, with: With<'_>, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let server = with.text("server")?.unwrap_or(BANK);
        let name = with.text("as")?.unwrap_or(ALICE);
        let pin = with.text("pin")?.unwrap_or(PIN);
        let is_first = self.records.is_empty();
        let none = || json!({});
        let mut script = vec![
            (
                Actor::User,
                "start",
                json!({ "link": "enrol", "server": server }),
            ),
            (Actor::Auth, "answer", none()),
            (Actor::User, "confirm", none()),
            (Actor::Factor, "answer", none()),
            (Actor::Factor, "status", none()),
            (Actor::User, "pin", json!({ "pin": pin })),
            (Actor::Factor, "verdict", none()),
            (Actor::Auth, "settle", json!({ "as": name })),
        ];
        if is_first {
            script.insert(6, (Actor::Factor, "status", none()));
        }
        let mut last = Came::nothing();
        for (actor, action, with) in script {
            let turn = Turn {
                actor,
                action: action.to_owned(),
                with: object(with),
                expect: Object::new(),
            };
            last = self.act(&turn, &Spoiler::default(), session)?;
            if let Came::Refused(..) = last {
                return Ok(last);
            }
        }
        let enrolled = json!({ "finished": { "outcome": "enrolled", "account": name } });
        match last == Came::with(enrolled) {
            true => Ok(Came::nothing()),
            false => Ok(last),
        }
    }

    /// The device's list of accounts, by name.
    fn read_accounts(&mut self, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        match self.ask("accounts", None, json!({}), session)? {
            Answer::Refused { code, .. } => Ok(Came::Refused("rejected", code)),
            Answer::Done { values, .. } => {
                let listed = values.get("accounts").cloned().unwrap_or_default();
                let mut names = Vec::new();
                for account in listed.as_array().into_iter().flatten() {
                    let name = self.named(account)?;
                    let server = &self.accounts[&name].server;
                    let id = hex::encode(self.servers[server].id.0);
                    same(
                        "the account's server",
                        &Some(id.as_str()),
                        &account["server"].as_str(),
                    )?;
                    names.push(name);
                }
                names.sort();
                Ok(Came::with(json!({ "accounts": names })))
            }
        }
    }

    /// The id of an account, or one that no account has.
    fn account_id(&self, name: &str, session: &Session<'_, '_>) -> AccountId {
        match self.accounts.get(name) {
            Some(account) => account.id,
            None => AccountId(session.entropy(&format!("{name}/account"))),
        }
    }

    fn flow(&mut self) -> Result<&mut Flow, Stop> {
        self.flow
            .as_mut()
            .ok_or_else(|| Stop::Undecided("no interaction is active".to_owned()))
    }
}

/// The words of a `configure` turn.
const CONFIGURE: &[&str] = &["auth_versions", "factor_versions", "refuse_easy_pins"];
/// The auth server where a turn names none.
const BANK: &str = "bank";
/// The factor server.
const KEEPER: &str = "keeper";
/// The account that is made where a turn names none.
const ALICE: &str = "alice";
/// The PIN that is entered where a turn names none.
const PIN: &str = "258013";

fn object(value: Value) -> Object {
    serde_json::from_value(value).unwrap_or_default()
}

fn undecided(error: impl ToString) -> Stop {
    Stop::Undecided(error.to_string())
}
