//! The handshake up to message_2: what the device asks, and what it is offered.

use std::collections::BTreeMap;

use countersign::cbor;
use countersign::cose::Statement;
use countersign::edhoc::Credential;
use countersign::messages::factor::Voucher;
use countersign::messages::handshake::{Announce, Claim, Ead1, Ead2, Policy};
use countersign::messages::nonce_proof;
use countersign::registry::{Purpose, limit};
use countersign::values::{Version, VoucherId};
use serde_json::Value;

use super::evidence::Evidence;
use super::exchange::{Line, Party};
use super::{Offer, Scene, same, undecided, wrong};
use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::peer::server::identity::Succession;
use crate::peer::server::{self, Heard};
use crate::peer::sign1::{ESP256, sign1};
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Session};
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of an [`answer`](Scene::answer) turn.
pub(super) const ANSWER: &[&str] = &[
    "announce",
    "announce_length",
    "account",
    "policy",
    "voucher",
    "version",
    "epoch",
    "chain",
    "succession",
    "parameters_signer",
    "signer",
    "by",
    "to",
    "ead_2",
    "spoil",
];
/// The PIN, verified within the last minute.
const PIN_POLICY: Policy = Policy {
    factors: 1,
    max_age_s: 60,
    cached: false,
};

impl Scene {
    /// Verifies a message_1: its EAD_1 is exactly what the link and the device's memory make of it.
    pub(super) fn hello(&mut self, to: Party, frame: &[u8]) -> Result<&'static str, Stop> {
        let heard = server::hear(frame)?;
        if !self.ephemerals.insert(*heard.g_x()) {
            return Err(wrong("a new ephemeral key (HS-7)", &heard.g_x()));
        }
        let auth = self.flow()?.server.clone();
        let name = match to {
            Party::Auth => auth,
            Party::Factor => self.factor_server_of(&auth)?,
        };
        let [auth_versions, factor_versions] = self.versions.clone();
        let epoch = self.epochs.get(&name).copied();
        let server = self.servers[&name].id;
        let link = self.flow()?.link.clone();
        let link = self.links.get(&link).map(|link| link.nonce);
        let flow = self.flow()?;
        let expected = match to {
            Party::Auth => Ead1 {
                versions: auth_versions,
                purpose: flow.purpose,
                server,
                epoch,
                claim: link.zip(flow.session).map(|(nonce, session)| Claim {
                    session,
                    proof: nonce_proof(&nonce, server, flow.purpose, heard.g_x()),
                }),
            },
            Party::Factor => Ead1 {
                versions: factor_versions,
                purpose: Purpose::Factor,
                server,
                epoch,
                claim: None,
            },
        };
        same("EAD_1", &expected, heard.ead_1())?;
        let is_due = match to {
            Party::Auth if flow.purpose == Purpose::PinChange => false,
            Party::Auth => flow.offer.is_none() && !flow.lines.contains_key(&to),
            Party::Factor if flow.purpose == Purpose::PinChange => true,
            Party::Factor => self.evidence()? == Evidence::Assertion,
        };
        if !is_due {
            return Err(wrong("no message_1 now", &to));
        }
        self.flow()?.lines.insert(to, Line::Heard(heard));
        Ok("hello")
    }

    /// Answers message_1 with an offer: `announce`, an object of texts, or one of `announce_length` bytes; the pre-selected
    /// `account`; a `policy` (null for none); `voucher`: false to leave it out, true to have one in a login.
    ///
    /// Wrong in one way: another `version` or `epoch`; `chain`: whether parameters come along; a [`Succession`]; `parameters_signer`,
    /// `first` identity or `other` key; `signer` of message_2, `other`, `identity` or `statement` key; `by` another server; `to` another
    /// connection (`other`); without `ead_2`.
    pub(super) fn answer(
        &mut self,
        party: Party,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let auth = self.flow()?.server.clone();
        let name = match (party, with.text("by")?) {
            (_, Some(other)) => other.to_owned(),
            (Party::Auth, None) => auth,
            (Party::Factor, None) => self.factor_server_of(&auth)?,
        };
        let heard = match self.flow()?.lines.get(&party) {
            Some(Line::Heard(heard) | Line::Waiting(heard, _)) => heard.clone(),
            _ => return Err(undecided("there is no message_1 to answer")),
        };
        let me = self.server(&name, session);
        let other = Key::from_entropy(session.entropy("other key"));
        let signer = match with.text("signer")? {
            None => &me.handshake_key,
            Some("identity") => me.identity(),
            Some("statement") => &me.statement_key,
            Some(_) => &other,
        };
        let mut offer = match party {
            Party::Auth => self.offer(with, &heard, &name, spoiler, session)?,
            Party::Factor => Ead2 {
                version: Version { major: 1, minor: 2 },
                epoch: 0,
                announce: announce(with)?,
                account: None,
                policy: policy(with, None)?,
                voucher: None,
                parameters: None,
            },
        };
        offer.version = self.version(with, &heard, &name)?;
        offer.epoch = with.number("epoch")?.unwrap_or(me.parameters.epoch);
        let is_new = heard
            .ead_1()
            .epoch
            .is_none_or(|known| known < me.parameters.epoch);
        if with
            .value("chain")
            .and_then(Value::as_bool)
            .unwrap_or(is_new)
        {
            let by = match with.text("parameters_signer")? {
                None => me.identity(),
                Some("first") => &me.identities[0],
                Some(_) => &other,
            };
            let succession = match with.text("succession")? {
                None => Succession::Right,
                Some(name) => {
                    Succession::from_name(name).ok_or_else(|| undecided("no such succession"))?
                }
            };
            offer.parameters = Some(me.chain(by, succession, spoiler)?);
        }
        let ead_2 = match with.has("ead_2") {
            true => None,
            false => Some(cbor::to_vec(&offer).map_err(undecided)?),
        };
        let answer = server::Answer {
            entropy: session.entropy(&format!("message_2 {}", self.turn)),
            credential: &Credential::server(me.id, me.handshake_key.public()),
            signer,
            ead_2,
            to: with
                .has("to")
                .then(|| session.entropy::<8>("another connection").to_vec()),
        };
        let (waiting, frame) = heard.answer(answer, spoiler)?;
        let transcript = waiting.transcript();
        let answer = self.arrive(party, frame, session)?;
        if let Answer::Done { .. } = answer {
            if offer.parameters.is_some() && !has_failed(&answer) {
                self.epochs.insert(name, me.parameters.epoch);
            }
            let account = with.text("account")?.map(str::to_owned);
            let flow = self.flow()?;
            flow.lines.insert(party, Line::Waiting(heard, waiting));
            if party == Party::Auth {
                flow.offer = Some(Offer {
                    transcript,
                    announce: offer.announce,
                    account,
                    policy: offer.policy,
                    voucher: offer.voucher,
                });
            }
        }
        self.take(answer)
    }

    /// What an auth server offers, but for version, epoch and parameters.
    fn offer(
        &mut self,
        with: With<'_>,
        heard: &Heard,
        name: &str,
        spoiler: &Spoiler,
        session: &Session<'_, '_>,
    ) -> Result<Ead2, Stop> {
        let is_enrolment = heard.ead_1().purpose == Purpose::Enrol;
        let has_voucher = with.value("voucher").and_then(Value::as_bool);
        let voucher = match has_voucher.unwrap_or(is_enrolment) {
            true => Some(self.voucher(name, spoiler, session)?.into()),
            false => None,
        };
        Ok(Ead2 {
            version: Version { major: 1, minor: 0 },
            epoch: 0,
            announce: announce(with)?,
            account: with
                .text("account")?
                .map(|name| self.account_id(name, session)),
            policy: policy(with, Some(PIN_POLICY))?,
            voucher,
            parameters: None,
        })
    }

    /// A voucher of an auth server for its factor server.
    fn voucher(
        &mut self,
        name: &str,
        spoiler: &Spoiler,
        session: &Session<'_, '_>,
    ) -> Result<Vec<u8>, Stop> {
        let keeper = self.factor_server_of(name)?;
        let factor_server = self.server(&keeper, session).id;
        let me = self.server(name, session);
        let voucher = Voucher {
            issuer: me.id,
            factor_server,
            id: VoucherId(session.entropy(&format!("voucher {}", self.turn))),
            expiry: self.now.plus(600),
        };
        let payload = cbor::to_vec(&voucher).map_err(undecided)?;
        let payload = spoiler.at("voucher", payload)?;
        let key = &me.statement_key;
        sign1(
            Voucher::LABEL,
            &(factor_server,),
            &payload,
            ESP256,
            key.public().kid(),
            key,
            false,
        )
    }

    /// The version to choose: the highest that both allow (VER-2).
    fn version(&self, with: With<'_>, heard: &Heard, name: &str) -> Result<Version, Stop> {
        if let Some(value) = with.value("version") {
            let [major, minor] = serde_json::from_value(value.clone()).map_err(undecided)?;
            return Ok(Version { major, minor });
        }
        let allowed = &self.servers[name].parameters.versions;
        let offered = &heard.ead_1().versions;
        let common = offered.iter().filter(|version| allowed.contains(version));
        common
            .max()
            .copied()
            .ok_or_else(|| undecided("no common version"))
    }
}

fn announce(with: With<'_>) -> Result<Option<Announce>, Stop> {
    let of = |strings: BTreeMap<String, String>| Announce {
        logo: None,
        strings,
    };
    if let Some(length) = with.number::<usize>("announce_length")? {
        // [null, {"title": text}] has 12 bytes beside the text, if that has 256 or more.
        let text = "x".repeat(length.saturating_sub(12));
        return Ok(Some(of(BTreeMap::from([("title".to_owned(), text)]))));
    }
    match with.value("announce") {
        None => Ok(None),
        Some(value) => {
            let announce = of(serde_json::from_value(value.clone()).map_err(undecided)?);
            let encoded = cbor::to_vec(&announce).map_err(undecided)?;
            match encoded.len() <= limit::ANNOUNCE {
                true => Ok(Some(announce)),
                false => Err(undecided("use `announce_length` for long ones")),
            }
        }
    }
}

fn policy(with: With<'_>, default: Option<Policy>) -> Result<Option<Policy>, Stop> {
    match with.value("policy") {
        None => Ok(default),
        Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = |name: &str| value.get(name).and_then(Value::as_u64);
            let factors = number("factors").and_then(|factors| u8::try_from(factors).ok());
            let max_age_s = number("max_age_s").and_then(|age| u32::try_from(age).ok());
            let cached = value.get("cached").and_then(Value::as_bool);
            Ok(Some(Policy {
                factors: factors.unwrap_or(PIN_POLICY.factors),
                max_age_s: max_age_s.unwrap_or(PIN_POLICY.max_age_s),
                cached: cached.unwrap_or(PIN_POLICY.cached),
            }))
        }
    }
}

/// Whether the app was told that the flow has failed.
fn has_failed(answer: &Answer) -> bool {
    match answer {
        Answer::Done { events, .. } => events.iter().any(|event| event.contains_key("code")),
        Answer::Refused { .. } => true,
    }
}
