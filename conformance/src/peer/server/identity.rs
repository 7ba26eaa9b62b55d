//! What a server is: its keys, and what it says of itself under them (protocol.md, section 4.3).

use countersign::cbor;
use countersign::cose::Statement;
use countersign::crypto::sha256;
use countersign::messages::handshake::ParametersChain;
use countersign::messages::parameters::{Identity, Parameters};
use countersign::registry::ServerKind;
use countersign::values::{Bytes, Digest, ServerId, UnixSeconds, Version};

use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::peer::sign1::{ESP256, sign1};
use crate::peer::spoiler::Spoiler;

/// A server of either kind.
#[derive(Clone, Debug)]
pub struct Server {
    /// The kid of its first identity key.
    pub id: ServerId,
    /// Its identity keys, oldest first: never none.
    pub identities: Vec<Key>,
    /// `K_as` or `K_sf`.
    pub handshake_key: Key,
    /// `K_asv` or `K_sfa`.
    pub statement_key: Key,
    /// What it says of itself.
    pub parameters: Parameters,
}

/// How a server tells by which identity keys it came to be what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// As the document has it: nothing with the first key, all keys from the first otherwise.
    Right,
    /// Nothing, whatever key it has.
    Missing,
    /// The second key is left out.
    Gap,
    /// Without the first key's statement about itself.
    Headless,
    /// The first key names the newest key its immediate successor.
    Bypass,
    /// The newest key says by itself that it is the successor.
    Usurped,
    /// More keys than a succession takes.
    Long,
}

impl Succession {
    /// The succession of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "missing" => Self::Missing,
            "gap" => Self::Gap,
            "headless" => Self::Headless,
            "bypass" => Self::Bypass,
            "usurped" => Self::Usurped,
            "long" => Self::Long,
            _ => return None,
        })
    }
}

impl Server {
    /// A server whose keys come from `draw`, by the names of their roles.
    pub fn new(
        kind: ServerKind,
        uri: &str,
        versions: &[Version],
        expiry: UnixSeconds,
        draw: impl Fn(&str) -> [u8; 32],
    ) -> Self {
        let [identity, handshake_key, statement_key] =
            ["identity", "handshake", "statement"].map(|role| Key::from_entropy(draw(role)));
        let id = ServerId(identity.public().kid().0);
        let parameters = Parameters {
            server: id,
            kind,
            epoch: 1,
            expiry,
            versions: versions.to_vec(),
            identity_key: identity.public(),
            handshake_key: handshake_key.public(),
            statement_key: statement_key.public(),
            uri: uri.to_owned(),
            factor_server: None,
            ping_time_s: None,
        };
        Self {
            id,
            identities: vec![identity],
            handshake_key,
            statement_key,
            parameters,
        }
    }

    /// Goes on under a new identity key.
    pub fn succeed(&mut self, entropy: [u8; 32]) {
        let key = Key::from_entropy(entropy);
        self.parameters.identity_key = key.public();
        self.identities.push(key);
    }

    /// The newest identity key.
    pub fn identity(&self) -> &Key {
        &self.identities[self.identities.len() - 1]
    }

    /// The parameters hash.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the case asks for what cannot be encoded.
    pub fn hash(&self) -> Result<Digest, Stop> {
        Ok(Digest(sha256(&[&encode(&self.parameters)?])))
    }

    /// The parameters signed by `signer`, and a succession that leads to them or does not.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the case asks for what cannot be encoded.
    pub fn chain(
        &self,
        signer: &Key,
        succession: Succession,
        spoiler: &Spoiler,
    ) -> Result<ParametersChain, Stop> {
        let payload = spoiler.at("parameters", encode(&self.parameters)?)?;
        let signed = sign1(
            Parameters::LABEL,
            &(self.id,),
            &payload,
            ESP256,
            signer.public().kid(),
            signer,
            false,
        )?;
        Ok(ParametersChain {
            identities: self.succession(succession, spoiler)?,
            signed: spoiler.at("signed_parameters", signed)?.into(),
        })
    }

    fn succession(&self, succession: Succession, spoiler: &Spoiler) -> Result<Vec<Bytes>, Stop> {
        let keys = &self.identities;
        let (first, newest) = (&keys[0], self.identity());
        // Each key with its sequence and its signer, oldest first.
        let mut steps: Vec<(u32, &Key, &Key)> = Vec::new();
        for (sequence, key) in (0..).zip(keys) {
            let signer = steps.last().map_or(first, |(_, before, _)| *before);
            steps.push((sequence, key, signer));
        }
        match succession {
            Succession::Right if keys.len() == 1 => steps.clear(),
            Succession::Right => {}
            Succession::Missing => steps.clear(),
            Succession::Gap => drop(steps.remove(1)),
            Succession::Headless => drop(steps.remove(0)),
            Succession::Bypass => steps = vec![(0, first, first), (1, newest, first)],
            Succession::Usurped => {
                if let Some(last) = steps.last_mut() {
                    last.2 = newest;
                }
            }
            Succession::Long => {
                steps = (0..17).map(|sequence| (sequence, first, first)).collect();
            }
        }
        let last = steps.len().saturating_sub(1);
        steps
            .into_iter()
            .enumerate()
            .map(|(at, (sequence, key, signer))| {
                let identity = Identity {
                    server: self.id,
                    sequence,
                    key: key.public(),
                };
                let mut payload = encode(&identity)?;
                if at == last {
                    payload = spoiler.at("identity", payload)?;
                }
                let kid = signer.public().kid();
                sign1(
                    Identity::LABEL,
                    &(self.id,),
                    &payload,
                    ESP256,
                    kid,
                    signer,
                    false,
                )
                .map(Bytes)
            })
            .collect()
    }
}

fn encode(value: &impl serde::Serialize) -> Result<Vec<u8>, Stop> {
    cbor::to_vec(value).map_err(|error| Stop::Undecided(error.to_string()))
}
