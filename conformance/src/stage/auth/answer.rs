//! The device fetches challenges and answers them, rightly or not.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `fetch` | `on`, `challenge`, `token` (`previous` or `other`), `spoil` | `fetched` |
//! | `answer` | see [`ANSWER`] | `answered`: the decision; `token`: whether there is one |

use countersign::messages::action::{
    Approval, Approve, Approved, Challenge, FetchChallenge, Token,
};
use countersign::registry::{Decision, Purpose, label};
use countersign::values::{
    AccountId, Bytes, ChallengeId, ChallengeNonce, ChannelBinding, Digest, Kid, ServerId, Type,
};
use countersign_vectors::case::Turn;
use serde_json::{Value, json};

use super::assertion::{Subject, algorithm, assertion, is_other};
use super::channel::{Reply, encode};
use super::settled::decode;
use super::{World, on};
use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::peer::sign1::sign1;
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::{Came, same, wrong};
use crate::stage::with::With;

/// The words of an `answer`, which is right where they do not say otherwise.
///
/// | word | meaning |
/// |---|---|
/// | `on`, `challenge` | in which channel, to which challenge |
/// | `as` | the name of the token that it gets; the challenge's if it has no other |
/// | `decision` | `confirm` (by default) or `decline` |
/// | `number` | a number, or `null` |
/// | `report_fraud` | `true` |
/// | `id`, `nonce`, `hash`, `account` | `other`: of another challenge or account |
/// | `assertion` | as in a claim |
/// | `assertion_hash` | `null`, or `other` |
/// | `signer` | `K_dev`, `K_act` or `other` |
/// | `kid` | `signer`: it names the key that signs, whichever is expected; `other` |
/// | `server`, `channel` | `other`: signed for another one |
/// | `algorithm`, `label`, `high_s` | in the header, in the external_aad, of the signature |
/// | `again` | the bytes of this device's last answer |
/// | `spoil` | layers `approval` (its payload), `signed_approval`, `assertion`, `signed_assertion`, `request`, `record`, `frame` |
pub(super) const ANSWER: &[&str] = &[
    "on",
    "challenge",
    "as",
    "decision",
    "number",
    "report_fraud",
    "id",
    "nonce",
    "hash",
    "account",
    "assertion",
    "assertion_hash",
    "signer",
    "kid",
    "server",
    "channel",
    "algorithm",
    "label",
    "high_s",
    "again",
    "spoil",
];

/// The name of a challenge where a turn names none.
const TRANSFER: &str = "transfer";

impl World {
    /// What the device is shown is what the backend asked (CHA-3), and no number more.
    pub(super) fn fetch(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let with = With::of(turn, &["on", "challenge", "token", "spoil"])?;
        let on = on(with, &self.last)?.to_owned();
        let alias = with.text("challenge")?.unwrap_or(TRANSFER);
        let token = match with.text("token")? {
            None => Some(self.asked(alias)?.token),
            Some("previous") => self.asked(alias)?.previous,
            Some("other") => Some(session.entropy("another token")),
            Some(other) => return Err(Stop::Undecided(format!("no token {other}"))),
        };
        let token = token.ok_or_else(|| Stop::Undecided("it has one token".to_owned()))?;
        let fetch = FetchChallenge {
            ty: Type,
            token: Token::new(token),
        };
        let content = match self.say(&on, encode(&fetch)?, spoiler, session)? {
            Reply::Done(Some(content)) => content,
            Reply::Done(None) => return Err(wrong("a challenge", &"nothing")),
            Reply::Refused(came) => return Ok(came),
        };
        let challenge: Challenge = decode("challenge", &content)?;
        let asked = self.asked(alias)?.clone();
        let expected = Challenge {
            ty: Type,
            id: asked.id,
            nonce: challenge.nonce,
            code: asked.code,
            shown: asked.shown,
            expiry: asked.expiry,
            choices: asked.number.map(|(_, choices)| choices),
            policy: asked.policy,
        };
        same("the challenge as it was asked", &expected, &challenge)?;
        match &asked.message {
            Some(before) => same("the same challenge again", before, &challenge)?,
            None => self.draw("a new nonce", &challenge.nonce.0)?,
        }
        if let Some(asked) = self.challenges.get_mut(alias) {
            asked.message = Some(challenge);
        }
        Ok(Came::with(json!({ "fetched": true })))
    }

    /// The user has answered.
    pub(super) fn answer_challenge(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let with = With::of(turn, ANSWER)?;
        let on = on(with, &self.last)?.to_owned();
        let alias = with.text("challenge")?.unwrap_or(TRANSFER).to_owned();
        let device = self.connection(&on)?.device.clone();
        let decision = match with.text("decision")? {
            None | Some("confirm") => Decision::Confirm,
            Some("decline") => Decision::Decline,
            Some(other) => return Err(Stop::Undecided(format!("no decision {other}"))),
        };
        let message = match with.flag("again")? {
            true => self.device(&device)?.last_answer.clone(),
            false => Some(self.approve(with, &on, &alias, decision, spoiler, session)?),
        };
        let message = message.ok_or_else(|| Stop::Undecided("nothing was answered".to_owned()))?;
        if let Some(device) = self.devices.get_mut(&device) {
            device.last_answer = Some(message.clone());
        }
        let content = match self.say(&on, message, spoiler, session)? {
            Reply::Done(Some(content)) => content,
            Reply::Done(None) => return Err(wrong("approved", &"nothing")),
            Reply::Refused(came) => return Ok(came),
        };
        let approved: Approved = decode("approved", &content)?;
        same("the decision", &decision, &approved.decision)?;
        if let Some(token) = &approved.token {
            self.draw("a new token", token.as_bytes())?;
            let name = with.text("as")?.unwrap_or(&alias).to_owned();
            self.grants.insert(name, *token.as_bytes());
        }
        let decision = match decision {
            Decision::Confirm => "confirm",
            Decision::Decline => "decline",
        };
        Ok(Came::with(
            json!({ "answered": decision, "token": approved.token.is_some() }),
        ))
    }

    /// The message with the answer.
    fn approve(
        &mut self,
        with: With<'_>,
        on: &str,
        alias: &str,
        decision: Decision,
        spoiler: &Spoiler,
        session: &Session<'_, '_>,
    ) -> Result<Vec<u8>, Stop> {
        let asked = self.asked(alias)?.clone();
        let message = asked.message;
        let message = message.ok_or_else(|| Stop::Undecided(format!("{alias} is not fetched")))?;
        let account = self.account_of(on)?;
        let binding = self.talking(on)?.binding();
        let is_yes = decision == Decision::Confirm;
        let hash = match is_other(with, "hash")? {
            true => Digest(session.entropy("another challenge hash")),
            false => message.hash(),
        };
        let name = self.connection(on)?.device.clone();
        let device = self.devices.get_mut(&name);
        let device = device.ok_or_else(|| Stop::Undecided(format!("there is no device {name}")))?;
        let is_asked = is_yes && asked.policy.is_some();
        let assertion = match with.value("assertion").map_or(is_asked, Value::is_object) {
            false => None,
            true => {
                let subject = Subject {
                    context: binding.0,
                    account: Some(account),
                    purpose: Purpose::Action,
                    session: None,
                    announce: None,
                    user_input: None,
                    decision: Some(decision),
                    intent: Some(hash),
                };
                let made = assertion(
                    with,
                    &subject,
                    device,
                    &self.server,
                    session,
                    self.now,
                    spoiler,
                )?;
                Some(made)
            }
        };
        let expected = device.approval_key.clone().unwrap_or(device.key.clone());
        let signer = match with.text("signer")? {
            None => expected.clone(),
            Some("K_dev") => device.key.clone(),
            Some("K_act") => Key::from_entropy(session.entropy(&format!("{name}/K_act"))),
            Some("other") => Key::from_entropy(session.entropy("another signer")),
            Some(other) => return Err(Stop::Undecided(format!("no signer {other}"))),
        };
        let approval = Approval {
            challenge: match is_other(with, "id")? {
                true => ChallengeId(session.entropy("another challenge")),
                false => message.id,
            },
            nonce: match is_other(with, "nonce")? {
                true => ChallengeNonce(session.entropy("another nonce")),
                false => message.nonce,
            },
            hash,
            decision,
            account: match is_other(with, "account")? {
                true => AccountId(session.entropy("another account")),
                false => account,
            },
            assertion: match with.value("assertion_hash") {
                None => assertion
                    .as_ref()
                    .map(|it| Digest(countersign::crypto::sha256(&[it]))),
                Some(Value::Null) => None,
                Some(_) => Some(Digest(session.entropy("another assertion"))),
            },
            number: match with.value("number") {
                None => asked
                    .number
                    .filter(|_| is_yes)
                    .map(|(expected, _)| expected),
                Some(Value::Null) => None,
                Some(_) => with.number("number")?,
            },
        };
        let kid = match with.text("kid")? {
            None => expected.public().kid(),
            Some("signer") => signer.public().kid(),
            Some(_) => Kid(session.entropy("another kid")),
        };
        let server = match is_other(with, "server")? {
            true => ServerId(session.entropy("another server")),
            false => self.server.id(),
        };
        let binding = match is_other(with, "channel")? {
            true => ChannelBinding(session.entropy("another channel")),
            false => binding,
        };
        let payload = spoiler.at("approval", encode(&approval)?)?;
        let signed = sign1(
            with.text("label")?.unwrap_or(label::APPROVAL),
            &(server, binding),
            &payload,
            algorithm(with)?,
            kid,
            &signer,
            with.flag("high_s")?,
        )?;
        encode(&Approve {
            ty: Type,
            approval: Bytes(spoiler.at("signed_approval", signed)?),
            assertion,
            report_fraud: with.flag("report_fraud")?,
        })
    }
}
