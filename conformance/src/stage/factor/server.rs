//! The factor server under test, as the runner has configured it, and what all
//! of its words are held to.

use countersign::cose::Sign1;
use countersign::crypto::P256;
use countersign::edhoc::Credential;
use countersign::messages::factor::{Assertion, Status, Verdict, assertion_id, pseudonym};
use countersign::messages::handshake::Ead2;
use countersign::messages::parameters::Parameters;
use countersign::registry::{Factor, Purpose, ServerKind, seconds};
use countersign::values::{Bind, RecordId, ServerId, UnixSeconds, Version};
use countersign_vectors::case::Object;
use serde_json::{Value, json};

use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::session::Session;
use crate::stage::judge::{same, wrong};
use crate::stage::with::With;

/// Where the factor server is said to be.
const URI: &str = "https://factor.example";
/// How long its parameters are valid after the case began, in seconds.
const PARAMETERS_S: u64 = 86_400;
/// The auth servers that it knows.
pub(super) const ISSUERS: [&str; 2] = ["shop", "bank"];

/// The factor server, with all of its secrets.
pub(super) struct Server {
    identity_key: [u8; 32],
    statement_key: [u8; 32],
    handshake_key: [u8; 32],
    pseudonym_key: [u8; 32],
    pub(super) parameters: Parameters,
    pub(super) store_epoch: u32,
    pub(super) max_attempts: u32,
    policy: Object,
    issuers: Vec<(ServerId, Key)>,
}

/// A VERIFY as its device sent it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) record: RecordId,
    pub(super) number: u64,
    pub(super) factor: Factor,
    pub(super) purpose: Purpose,
    pub(super) bind: Bind,
    pub(super) audience: ServerId,
}

impl Server {
    /// The words of a turn that [configures](Self::of) it.
    pub(super) const WORDS: &'static [&'static str] =
        &["max_attempts", "store_epoch", "epoch", "versions", "policy"];

    /// A server with these settings; what is not set is as in most cases.
    pub(super) fn of(
        with: With<'_>,
        began: UnixSeconds,
        session: &Session<'_, '_>,
    ) -> Result<Self, Stop> {
        let secret = |name: &str| session.entropy(&format!("factor server/{name}"));
        let public = |name: &str| Key::from_entropy(secret(name)).public();
        let versions = with
            .versions()?
            .unwrap_or_else(|| vec![Version { major: 1, minor: 1 }]);
        Ok(Self {
            identity_key: secret("identity"),
            statement_key: secret("statement"),
            handshake_key: secret("handshake"),
            pseudonym_key: secret("pseudonym"),
            parameters: Parameters {
                server: ServerId(public("identity").kid().0),
                kind: ServerKind::Factor,
                epoch: with.number("epoch")?.unwrap_or(3),
                expiry: began.plus(PARAMETERS_S),
                versions,
                identity_key: public("identity"),
                handshake_key: public("handshake"),
                statement_key: public("statement"),
                uri: URI.to_owned(),
                factor_server: None,
                ping_time_s: None,
            },
            store_epoch: with.number("store_epoch")?.unwrap_or(7),
            max_attempts: with.number("max_attempts")?.unwrap_or(3),
            policy: policy(with)?,
            issuers: ISSUERS.map(|name| issuer(name, session)).to_vec(),
        })
    }

    /// The configuration for `open`.
    pub(super) fn config(&self) -> Object {
        let versions: Vec<[u16; 2]> = self
            .parameters
            .versions
            .iter()
            .map(|version| [version.major, version.minor])
            .collect();
        let issuer = |(id, key): &(ServerId, Key)| {
            json!({
                "id": hex::encode(id.0),
                "statement_key": hex::encode(key.public().0),
            })
        };
        let issuers: Vec<Value> = self.issuers.iter().map(issuer).collect();
        let config = json!({
            "identity_key": hex::encode(self.identity_key),
            "handshake_key": hex::encode(self.handshake_key),
            "statement_key": hex::encode(self.statement_key),
            "pseudonym_key": hex::encode(self.pseudonym_key),
            "uri": self.parameters.uri,
            "epoch": self.parameters.epoch,
            "expiry_s": self.parameters.expiry.0,
            "versions": versions,
            "store_epoch": self.store_epoch,
            "max_attempts": self.max_attempts,
            "policy": self.policy,
            "issuers": issuers,
        });
        serde_json::from_value(config).unwrap_or_default()
    }

    pub(super) fn id(&self) -> ServerId {
        self.parameters.server
    }

    /// Its credential in handshakes.
    pub(super) fn credential(&self) -> Credential {
        Credential::server(self.id(), self.parameters.handshake_key)
    }

    /// VER-2, HS-11, PAR-6: the version, and the parameters where they are due and only there.
    pub(super) fn check_ead_2(
        &self,
        ead_2: &Ead2,
        offered: &[Version],
        known_epoch: Option<u32>,
    ) -> Result<(), Stop> {
        let allowed = &self.parameters.versions;
        let common = offered.iter().filter(|version| allowed.contains(version));
        same(
            "the highest common version",
            &common.max(),
            &Some(&ead_2.version),
        )?;
        same(
            "the epoch of the parameters",
            &self.parameters.epoch,
            &ead_2.epoch,
        )?;
        let said = (
            &ead_2.announce,
            &ead_2.account,
            &ead_2.policy,
            &ead_2.voucher,
        );
        same(
            "null where a factor server has nothing to say",
            &(&None, &None, &None, &None),
            &said,
        )?;
        let due = known_epoch != Some(self.parameters.epoch);
        match &ead_2.parameters {
            None => same("parameters", &due, &false),
            Some(chain) => {
                same("parameters", &due, &true)?;
                same(
                    "no succession before the second identity key",
                    &0,
                    &chain.identities.len(),
                )?;
                let parameters = Sign1::<Parameters>::from_bytes(&chain.signed)
                    .and_then(|sign1| {
                        sign1.verify(&self.parameters.identity_key, &(self.id(),), &P256)
                    })
                    .map_err(|error| wrong("parameters signed by the identity key", &error))?;
                same("the configured parameters", &self.parameters, &*parameters)
            }
        }
    }

    /// What the status says of the record, after a check of everything else in it.
    pub(super) fn facts_of_status(&self, status: &Status) -> Result<Value, Stop> {
        same("the store's epoch", &self.store_epoch, &status.store_epoch)?;
        same("maxAttempts", &self.max_attempts, &status.max_attempts)?;
        let Some(record) = &status.record else {
            return Ok(json!({ "record": null }));
        };
        let mut facts = json!({
            "generation": record.generation,
            "request_number": record.request_number,
            "failed_attempts": record.failed_attempts,
            "blocked": record.blocked,
        });
        if record.biometrics {
            facts["biometrics"] = true.into();
        } else {
            same(
                "the PIN is needed where no biometric is registered",
                &true,
                &record.pin_needed,
            )?;
        }
        unusual(&mut facts, record.delay_s, record.pin_needed);
        Ok(json!({ "record": facts }))
    }

    /// What the verdict comes to, after a check of everything else in it. The second value is
    /// the assertion; its signature was verified, its content was not looked at.
    pub(super) fn facts_of_verdict(
        &self,
        verdict: &Verdict,
        asked: &Asked,
    ) -> Result<(Value, Option<Assertion>), Stop> {
        same(
            "the request's number",
            &asked.number,
            &verdict.request_number,
        )?;
        same("maxAttempts", &self.max_attempts, &verdict.max_attempts)?;
        same(
            "an assertion on success, only then, and not for a change of the record (CHG-1)",
            &(verdict.outcome == 0 && !is_change(asked.purpose)),
            &verdict.assertion.is_some(),
        )?;
        let mut facts = json!({
            "outcome": verdict.outcome,
            "failed_attempts": verdict.failed_attempts,
            "blocked": verdict.blocked,
        });
        unusual(&mut facts, verdict.delay_s, verdict.pin_needed);
        let Some(signed) = &verdict.assertion else {
            return Ok((facts, None));
        };
        let key = &self.parameters.statement_key;
        let assertion = Sign1::<Assertion>::from_bytes(signed)
            .and_then(|sign1| sign1.verify(key, &(asked.audience, self.id()), &P256))
            .map_err(|error| wrong("an assertion signed by K_sfa for the audience", &error))?;
        Ok((facts, Some(assertion.into_inner())))
    }

    /// The assertion that a right answer to `asked`, decided at `time`, contains (section 8.6).
    pub(super) fn assertion(&self, asked: &Asked, time: UnixSeconds) -> Assertion {
        Assertion {
            subject: pseudonym(&self.pseudonym_key, asked.record, asked.audience),
            bind: asked.bind,
            factor: asked.factor,
            time,
            purpose: asked.purpose,
            expiry: time.plus(seconds::ASSERTION),
            id: assertion_id(asked.record, asked.number),
        }
    }
}

/// An auth server: its id, and `K_asv`. One that is not among [`ISSUERS`] is unknown to the factor server.
pub(super) fn issuer(name: &str, session: &Session<'_, '_>) -> (ServerId, Key) {
    let key = |role: &str| Key::from_entropy(session.entropy(&format!("{name}/{role}")));
    (ServerId(key("identity").public().kid().0), key("statement"))
}

/// The purposes for which a verification stays in the record.
fn is_change(purpose: Purpose) -> bool {
    use Purpose::{BiometricsAdd, BiometricsRemove, PinChange};
    matches!(purpose, PinChange | BiometricsAdd | BiometricsRemove)
}

/// A delay and leave for biometrics are facts only where there are any, as in few cases.
fn unusual(facts: &mut Value, delay_s: u32, pin_needed: bool) {
    if delay_s > 0 {
        facts["delay"] = delay_s.into();
    }
    if !pin_needed {
        facts["pin_needed"] = false.into();
    }
}

/// The default policy of section 8.7, but for what the turn says.
fn policy(with: With<'_>) -> Result<Object, Stop> {
    let mut policy = json!({
        "budget": { "uses": 30, "seconds": 2_592_000 },
        "delays": [],
        "biometric_resets": true,
        "biometrics_closed_while_blocked": false,
        "pin_change_by_biometric": false,
    });
    let words: Vec<String> = match policy.as_object() {
        Some(policy) => policy.keys().cloned().collect(),
        None => Vec::new(),
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = with.object("policy", &words)?;
    for word in words {
        match (word, said.value(word)) {
            (_, None) => {}
            ("budget", Some(_)) => {
                let budget = said.object("budget", &["uses", "seconds"])?;
                for limit in ["uses", "seconds"] {
                    if let Some(number) = budget.uint(limit)? {
                        policy["budget"][limit] = number.into();
                    }
                }
            }
            (word, Some(value)) => policy[word] = value.clone(),
        }
    }
    Ok(serde_json::from_value(policy).unwrap_or_default())
}
