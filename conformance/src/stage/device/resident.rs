//! App sessions, and channels for data: what stays when a flow is over.
//!
//! | who | does | with |
//! |---|---|---|
//! | user | app_login | `account`, `inactivity_s` |
//! | user | activity, log_out | |
//! | user | open_data | `account` |
//! | device | tick | its timers are looked at |
//! | device | app_session | what the app can still read of it |
//! | network | resume | there is another transport for the app session |
//! | network | lose_data | the transport of the channel for data broke |
//! | auth | log_in | app-settled: `ping_time_s`, `limit_s`, `account`, `user_name`, `lost` |
//! | auth | admit | admitted: `level`, `account`, `user_name` |
//! | auth | ping, logout | `cause` |
//!
//! The stage verifies that nothing is said in a session that has ended, but for the farewell (APP-7).

use countersign::cbor;
use countersign::messages::app::{Admitted, AppSettled, Logout, Ping, Pong, WebNonce};
use countersign::messages::channel::KeyUpdate;
use countersign::registry::{Level, LogoutCause, Purpose, limit, message_type as ty};
use countersign::values::{AppSessionId, Rolling, Type};
use countersign_vectors::case::{Actor, Object, Turn};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::exchange::{Line, Party};
use super::{ALICE, Flow, Scene, same, undecided, wrong};
use crate::outcome::Stop;
use crate::peer::server::Talking;
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Session};
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of a [`log_in`](Scene::log_in) turn.
const LOG_IN: &[&str] = &[
    "ping_time_s",
    "limit_s",
    "account",
    "user_name",
    "lost",
    "spoil",
];
/// Timers where a turn does not say, in seconds.
const PING_TIME_S: u32 = 60;
const LIMIT_S: u32 = 3_600;

/// Which of the channels that stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    App,
    Data,
}

/// The server's end of one of them.
pub(super) struct Standing {
    pub(super) account: String,
    pub(super) talking: Talking,
    /// The app session; nothing in a channel for data.
    pub(super) session: AppSessionId,
    web_nonce: [u8; 32],
    /// When a factor was verified for it, at the latest, in seconds since 1970.
    pub(super) factor_at: Option<u64>,
    pub(super) is_live: bool,
    /// Whether the server has refused what leant on it (APP-18).
    pub(super) is_doubted: bool,
    /// The id of its last data request (DATA-3).
    pub(super) last_request: Option<u64>,
}

impl Scene {
    /// The turns of this module and of [`data`](super::data).
    pub(super) fn reside(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let with = |words: &[&str]| With::of(turn, words);
        let bare = || with(&[]).map(drop);
        match (turn.actor, turn.action.as_str()) {
            (Actor::User, "app_login") => {
                let with = with(&["account", "inactivity_s"])?;
                self.enter_as("app_login", Purpose::AppLogin, with, session)
            }
            (Actor::User, "open_data") => {
                let with = with(&["account"])?;
                self.enter_as("open_data", Purpose::Data, with, session)
            }
            (Actor::User, op @ ("activity" | "log_out"))
            | (Actor::Device, op @ "tick")
            | (Actor::Network, op @ "resume") => {
                bare()?;
                self.step(op, json!({}), session)
            }
            (Actor::Network, "lose_data") => {
                bare()?;
                let came = self.step("close_data", json!({}), session);
                self.standing.remove(&Way::Data);
                came
            }
            (Actor::Device, "app_session") => {
                bare()?;
                self.read_app_session(session)
            }
            (Actor::Auth, "log_in") => self.log_in(with(LOG_IN)?, spoiler, session),
            (Actor::Auth, "admit") => {
                let with = with(&["level", "account", "user_name", "spoil"])?;
                self.admit(with, spoiler, session)
            }
            (Actor::Auth, "ping") => {
                with(&["spoil"])?;
                let frame = self.channel_of(Way::App)?.say(&Ping::default(), spoiler)?;
                self.deliver(Party::Auth, frame, session)
            }
            (Actor::Auth, "logout") => {
                let cause = with(&["cause", "spoil"])?.uint("cause")?.unwrap_or(4);
                let cause = LogoutCause::from_number(cause)
                    .ok_or_else(|| undecided("there is no such cause"))?;
                let logout = Logout { ty: Type, cause };
                let frame = self.channel_of(Way::App)?.say(&logout, spoiler)?;
                self.deliver(Party::Auth, frame, session)
            }
            _ => self.serve_data(turn, spoiler, session),
        }
    }

    /// A handshake that no link leads to.
    fn enter_as(
        &mut self,
        op: &str,
        purpose: Purpose,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let name = with.text("account")?.unwrap_or(ALICE);
        let account = self.accounts.get(name).map(|it| it.server.clone());
        let server = account.unwrap_or_else(|| super::BANK.to_owned());
        let id = self.account_id(name, session);
        let mut args = json!({
            "server": hex::encode(self.server(&server, session).id.0),
            "account": hex::encode(id.0),
        });
        if let Some(inactivity_s) = with.uint("inactivity_s")? {
            args["inactivity_s"] = inactivity_s.into();
        }
        let answer = self.ask(op, None, args, session)?;
        if let Answer::Done { .. } = answer {
            self.flow = Some(Flow {
                account: Some(name.to_owned()),
                ..Flow::new(&server, String::new(), None, purpose)
            });
        }
        self.take(answer)
    }

    fn log_in(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let (name, has_assertion) = self.entered()?;
        let rolling = Rolling(session.entropy(&format!("rolling {}", self.turn)));
        let (id, web_nonce) = (
            session.entropy(&format!("app session {}", self.turn)),
            session.entropy(&format!("web nonce {}", self.turn)),
        );
        self.secrets.push(web_nonce.to_vec());
        let settled = AppSettled {
            ty: Type,
            account: self.account_id(with.text("account")?.unwrap_or(&name), session),
            user_name: with.text("user_name")?.unwrap_or(&name).to_owned(),
            rolling,
            session: AppSessionId(id),
            web_nonce: WebNonce::new(web_nonce),
            ping_time_s: with.number("ping_time_s")?.unwrap_or(PING_TIME_S),
            limit_s: with.number("limit_s")?.unwrap_or(LIMIT_S),
        };
        let frame = self.talking(Party::Auth)?.say(&settled, spoiler)?;
        if with.flag("lost")? {
            return Ok(Came::nothing());
        }
        let factor_at = has_assertion.then_some(self.now.0);
        self.stand(Way::App, &name, settled.session, web_nonce, factor_at)?;
        let came = self.deliver(Party::Auth, frame, session)?;
        if !self.has_entered(Way::App, &came) {
            return Ok(came);
        }
        if let Some(account) = self.accounts.get_mut(&name) {
            account.rolling = rolling;
            account.factor_due = true;
        }
        Ok(came)
    }

    fn admit(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let (name, has_assertion) = self.entered()?;
        let rolling = Rolling(session.entropy(&format!("rolling {}", self.turn)));
        let level = match with.text("level")? {
            None | Some("full") => Level::Full,
            Some(_) => Level::Headless,
        };
        let admitted = Admitted {
            ty: Type,
            account: self.account_id(with.text("account")?.unwrap_or(&name), session),
            user_name: with.text("user_name")?.unwrap_or(&name).to_owned(),
            level,
            rolling,
        };
        let frame = self.talking(Party::Auth)?.say(&admitted, spoiler)?;
        self.stand(Way::Data, &name, AppSessionId([0; 32]), [0; 32], None)?;
        let came = self.deliver(Party::Auth, frame, session)?;
        if self.has_entered(Way::Data, &came) {
            if let Some(account) = self.accounts.get_mut(&name) {
                account.rolling = rolling;
            }
            self.accepted(&name, has_assertion);
        }
        Ok(came)
    }

    /// Whose statement waits for its settlement, and whether it has an assertion.
    fn entered(&mut self) -> Result<(String, bool), Stop> {
        let flow = self.flow()?;
        match (&flow.account, &flow.signed) {
            (Some(name), Some((statement, _))) => Ok((name.clone(), statement.assertion.is_some())),
            _ => Err(undecided("there is no statement to settle")),
        }
    }

    /// The channel of the flow goes on after it.
    fn stand(
        &mut self,
        way: Way,
        account: &str,
        session: AppSessionId,
        web_nonce: [u8; 32],
        factor_at: Option<u64>,
    ) -> Result<(), Stop> {
        let Some(Line::Talking(talking)) = self.flow()?.lines.remove(&Party::Auth) else {
            return Err(undecided("there is no channel"));
        };
        let standing = Standing {
            account: account.to_owned(),
            talking,
            session,
            web_nonce,
            factor_at,
            is_live: true,
            is_doubted: false,
            last_request: None,
        };
        self.standing.insert(way, standing);
        Ok(())
    }

    /// Whether the flow has ended as it should. Otherwise nothing stays.
    fn has_entered(&mut self, way: Way, came: &Came) -> bool {
        let is_finished = |facts: &Object| {
            facts
                .get("finished")
                .is_some_and(|it| !it["account"].is_null())
        };
        let has = matches!(came, Came::Accepted(facts) if is_finished(facts));
        if !has {
            self.standing.remove(&way);
        }
        has
    }

    /// The channel of a turn: one that stays if it says `through` which, otherwise the flow's.
    pub(super) fn channel(&mut self, party: Party, with: With<'_>) -> Result<&mut Talking, Stop> {
        match with.text("through")? {
            None => self.talking(party),
            Some("app") => self.channel_of(Way::App),
            Some("data") => self.channel_of(Way::Data),
            Some(_) => Err(undecided("`through` is `app` or `data`")),
        }
    }

    pub(super) fn channel_of(&mut self, way: Way) -> Result<&mut Talking, Stop> {
        let standing = self.standing.get_mut(&way);
        let standing = standing.ok_or_else(|| undecided("there is no such channel"))?;
        Ok(&mut standing.talking)
    }

    /// What the device says in a channel that stays.
    pub(super) fn through(&mut self, to: &[u8], frame: &[u8]) -> Result<&'static str, Stop> {
        let mut all = self.standing.iter_mut();
        let Some((way, standing)) = all.find(|(_, it)| it.talking.is(to)) else {
            return Err(wrong(
                "a record in a channel that is open",
                &hex::encode(to),
            ));
        };
        let way = *way;
        if !standing.is_live {
            return Err(wrong("nothing of a session that has ended (APP-7)", &way));
        }
        let content = standing.talking.hear(frame)?;
        self.hides(&content)?;
        match (way, cbor::peek_type(&content)) {
            (_, Ok(ty::KEY_UPDATE)) => {
                read::<KeyUpdate>(&content)?;
                self.channel_of(way)?.renewed()?;
                Ok("key_update")
            }
            (Way::App, Ok(ty::PONG)) => read::<Pong>(&content).map(|_| "pong"),
            (Way::App, Ok(ty::LOGOUT)) => {
                if let Some(app) = self.standing.get_mut(&way) {
                    app.is_live = false;
                }
                self.farewell = Some(read::<Logout>(&content)?.cause);
                Ok("logout")
            }
            (_, Ok(ty::DATA_REQUEST)) => self.requested(way, &read(&content)?),
            (_, Ok(ty::DATA_CANCEL)) => self.cancelled(&read(&content)?),
            (_, other) => Err(wrong("a message of this channel", &other)),
        }
    }

    /// The end of the app session, of which nothing is left.
    pub(super) fn logged_out(&mut self, event: &Object) -> Result<Value, Stop> {
        let name = self.name_of(event.get("account").unwrap_or(&Value::Null))?;
        let farewell = self.farewell.take();
        let cause = event.get("cause").and_then(Value::as_u64);
        match (self.standing.get_mut(&Way::App), farewell) {
            (Some(app), Some(said)) => {
                same("the account", &app.account, &name)?;
                same("the cause", &Some(said.number()), &cause)?;
            }
            (Some(app), None) if app.is_live => {
                same("the account", &app.account, &name)?;
                app.is_live = false;
            }
            _ => return Err(wrong("no logout without an app session", event)),
        }
        Ok(json!({ "account": name, "cause": cause }))
    }

    /// What the app reads of its session.
    fn read_app_session(&mut self, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let answer = self.ask("app_session", None, json!({}), session)?;
        let Answer::Done { values, .. } = &answer else {
            return self.take(answer);
        };
        let Some(app) = self.standing.get(&Way::App).filter(|app| app.is_live) else {
            return Err(wrong("nothing of a session that has ended (APP-7)", values));
        };
        let text = |name: &str| values.get(name).and_then(Value::as_str);
        let web_nonce = hex::encode(app.web_nonce);
        same(
            "the web nonce",
            &Some(web_nonce.as_str()),
            &text("web_nonce"),
        )?;
        same(
            "the user name",
            &Some(app.account.as_str()),
            &text("user_name"),
        )?;
        Ok(Came::with(json!({ "account": app.account })))
    }
}

fn read<T: DeserializeOwned>(content: &[u8]) -> Result<T, Stop> {
    cbor::from_slice(content, limit::FRAME)
        .map_err(|error| wrong("a message", &(error, hex::encode(content))))
}
