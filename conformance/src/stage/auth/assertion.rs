//! The factor server, as far as an auth server hears of it: its assertions,
//! right or forged.

use countersign::cbor;
use countersign::messages::BindInput;
use countersign::messages::factor::Assertion;
use countersign::registry::{Decision, Factor, Purpose, label, seconds};
use countersign::values::{
    AccountId, AssertionId, Bind, Bytes, Digest, Kid, Pseudonym, ServerId, SessionId, UnixSeconds,
};
use serde_json::Value;

use super::device::Device;
use super::server::Server;
use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::peer::sign1::{ESP256, sign1};
use crate::peer::spoiler::Spoiler;

use crate::session::Session;
use crate::stage::with::With;

/// The words of an `assertion`:
///
/// | word | instead of the right value |
/// |---|---|
/// | `issuer`, `audience`, `subject` | `other`: somebody else's |
/// | `purpose`, `factor` | a number |
/// | `bind` | an object: the bind input, with these positions changed |
/// | `age_s`, `ahead_s` | how long ago, or from now, the factor was verified |
/// | `expires_in_s` | the expiry, from now; otherwise 120 s after the time |
/// | `id` | `again`: that of the device's last assertion |
/// | `again` | the device's last assertion as a whole |
/// | `signer` | `handshake`, `voucher`, `device` or `other`: another key |
/// | `kid` | `other`: the handshake key's id in the header |
/// | `algorithm`, `label` | in the header, in the external_aad |
/// | `high_s` | the higher s |
const WORDS: &[&str] = &[
    "issuer",
    "audience",
    "subject",
    "purpose",
    "factor",
    "bind",
    "age_s",
    "ahead_s",
    "expires_in_s",
    "id",
    "again",
    "signer",
    "kid",
    "algorithm",
    "label",
    "high_s",
];

/// What a `bind` can be wrong in.
const BIND: &[&str] = &[
    "server",
    "transcript",
    "account",
    "purpose",
    "session",
    "announce",
    "user_input",
    "decision",
    "intent",
];

/// What a statement says, as far as an assertion is about it.
pub(super) struct Subject<'a> {
    /// The transcript, or the channel binding.
    pub(super) context: [u8; 32],
    pub(super) account: Option<AccountId>,
    pub(super) purpose: Purpose,
    pub(super) session: Option<SessionId>,
    pub(super) announce: Option<Digest>,
    pub(super) user_input: Option<&'a str>,
    pub(super) decision: Option<Decision>,
    pub(super) intent: Option<Digest>,
}

/// The assertion of a turn, as a COSE_Sign1.
///
/// # Errors
/// [`Stop::Undecided`] if the case asks for what cannot be made.
pub(super) fn assertion(
    with: With<'_>,
    subject: &Subject<'_>,
    device: &mut Device,
    server: &Server,
    session: &Session<'_, '_>,
    now: UnixSeconds,
    spoiler: &Spoiler,
) -> Result<Bytes, Stop> {
    let with = with.object("assertion", WORDS)?;
    if with.flag("again")? {
        return device
            .last_assertion
            .clone()
            .ok_or_else(|| Stop::Undecided("there is no earlier assertion".to_owned()));
    }
    let time = match with.uint("ahead_s")? {
        Some(ahead) => now.plus(ahead),
        None => UnixSeconds(now.0.saturating_sub(with.uint("age_s")?.unwrap_or(0))),
    };
    let payload = Assertion {
        subject: match is_other(with, "subject")? {
            true => Pseudonym(session.entropy("another subject")),
            false => device.subject,
        },
        bind: bind(with, subject, server, session)?,
        factor: registered(with, "factor", Factor::from_number)?.unwrap_or(Factor::Pin),
        time,
        purpose: registered(with, "purpose", Purpose::from_number)?.unwrap_or(subject.purpose),
        expiry: match with.uint("expires_in_s")? {
            Some(seconds) => now.plus(seconds),
            None => time.plus(seconds::ASSERTION),
        },
        id: assertion_id(with, device, session)?,
    };
    let payload = cbor::to_vec(&payload).map_err(|error| Stop::Undecided(error.to_string()))?;
    let payload = spoiler.at("assertion", payload)?;
    let key = match with.text("signer")? {
        None => server.factor_key.clone(),
        Some("handshake") => server.handshake_key(),
        Some("voucher") => server.statement_key(),
        Some("device") => device.key.clone(),
        Some("other") => Key::from_entropy(session.entropy("another K_sfa")),
        Some(other) => return Err(Stop::Undecided(format!("no signer {other}"))),
    };
    // A forger names the key that the server expects.
    let kid = match is_other(with, "kid")? {
        true => Kid(session.entropy("another kid")),
        false => server.factor_key.public().kid(),
    };
    let signed = sign1(
        with.text("label")?.unwrap_or(label::ASSERTION),
        &(
            server_id(with, "audience", server.id(), session)?,
            server_id(with, "issuer", server.factor_server, session)?,
        ),
        &payload,
        algorithm(with)?,
        kid,
        &key,
        with.flag("high_s")?,
    )?;
    let signed = Bytes(spoiler.at("signed_assertion", signed)?);
    device.last_assertion = Some(signed.clone());
    Ok(signed)
}

fn bind(
    with: With<'_>,
    subject: &Subject<'_>,
    server: &Server,
    session: &Session<'_, '_>,
) -> Result<Bind, Stop> {
    let with = with.object("bind", BIND)?;
    let digest = |name: &str| Digest(session.entropy(name));
    let hash = |text: &str| Digest(countersign::crypto::sha256(&[text.as_bytes()]));
    let input = BindInput {
        server: server_id(with, "server", server.id(), session)?,
        context: match is_other(with, "transcript")? {
            true => session.entropy("another transcript"),
            false => subject.context,
        },
        account: match with.value("account") {
            None => subject.account,
            Some(Value::Null) => None,
            Some(_) => Some(AccountId(session.entropy("another account"))),
        },
        purpose: registered(with, "purpose", Purpose::from_number)?.unwrap_or(subject.purpose),
        session: match with.value("session") {
            None => subject.session,
            Some(Value::Null) => None,
            Some(_) => Some(SessionId(session.entropy("another session"))),
        },
        announce: match with.value("announce") {
            None => subject.announce,
            Some(Value::Null) => None,
            Some(_) => Some(digest("another announce info")),
        },
        user_input: match with.value("user_input") {
            None => subject.user_input.map(hash),
            Some(Value::Null) => None,
            Some(text) => text.as_str().map(hash),
        },
        decision: match with.value("decision") {
            None => subject.decision,
            Some(Value::Null) => None,
            Some(_) => registered(with, "decision", Decision::from_number)?,
        },
        intent: match with.value("intent") {
            None => subject.intent,
            Some(Value::Null) => None,
            Some(_) => Some(digest("an intent")),
        },
    };
    Ok(input.bind())
}

fn assertion_id(
    with: With<'_>,
    device: &mut Device,
    session: &Session<'_, '_>,
) -> Result<AssertionId, Stop> {
    match with.text("id")? {
        None => device.assertions += 1,
        Some("again") => {}
        Some(other) => return Err(Stop::Undecided(format!("no id {other}"))),
    }
    let name = format!("{}/assertion {}", device.name, device.assertions);
    Ok(AssertionId(session.entropy(&name)))
}

fn server_id(
    with: With<'_>,
    name: &str,
    right: ServerId,
    session: &Session<'_, '_>,
) -> Result<ServerId, Stop> {
    Ok(match is_other(with, name)? {
        true => ServerId(session.entropy("another server")),
        false => right,
    })
}

pub(super) fn algorithm(with: With<'_>) -> Result<i64, Stop> {
    match with.value("algorithm") {
        None => Ok(ESP256),
        Some(value) => value
            .as_i64()
            .ok_or_else(|| Stop::Undecided(format!("no algorithm {value}"))),
    }
}

/// Whether the word says `other`; it may say nothing else.
pub(super) fn is_other(with: With<'_>, name: &str) -> Result<bool, Stop> {
    match with.text(name)? {
        None => Ok(false),
        Some("other") => Ok(true),
        Some(word) => Err(Stop::Undecided(format!("`{name}` cannot be {word}"))),
    }
}

/// A registered number under that name, if there is one.
pub(super) fn registered<T>(
    with: With<'_>,
    name: &str,
    find: impl Fn(u64) -> Option<T>,
) -> Result<Option<T>, Stop> {
    let Some(number) = with.uint(name)? else {
        return Ok(None);
    };
    match find(number) {
        Some(found) => Ok(Some(found)),
        None => Err(Stop::Undecided(format!(
            "{number} is no {name}: spoil the encoding"
        ))),
    }
}
