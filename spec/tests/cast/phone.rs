//! The phone: a keystore, a disk, and the SDK's endpoint between them.

use countersign::crypto::{P256, Pin, Secret, Signature};
use countersign::device::{Config, DeviceEndpoint, Effect, Event, KeysNeeded, NewKeys, Wallet};
use countersign::error::Refusal;
use countersign::registry::{AUTH_VERSIONS, FACTOR_VERSIONS};
use countersign::values::Kid;

use super::Key;

pub struct Phone {
    pub device: DeviceEndpoint<P256>,
    /// What survives the app.
    pub disk: Wallet,
    /// Hardware: keys go in and never come out.
    keystore: Vec<Key>,
    needed: Option<KeysNeeded>,
}

impl Phone {
    pub fn new() -> Self {
        Self {
            device: endpoint(Wallet::default()),
            disk: Wallet::default(),
            keystore: Vec::new(),
            needed: None,
        }
    }

    /// The app is started anew from what is on the disk.
    pub fn restart(&mut self) {
        self.device = endpoint(self.disk.clone());
    }

    /// What the app shows; here it only remembers which keys it has to make.
    pub fn told(&mut self, event: &Event) {
        if let Event::ConfirmEnrol(question) = event {
            self.needed = Some(question.keys);
        }
    }

    pub fn make_keys(&mut self) -> NewKeys {
        let needed = self.needed.expect("the user was asked");
        let mut make = |needed: bool| {
            needed.then(|| {
                let key = Key::of(0x60 + self.keystore.len() as u8);
                let public = key.public();
                self.keystore.push(key);
                public
            })
        };
        NewKeys {
            device: make(needed.device),
            factor: make(needed.factor),
        }
    }

    pub fn sign(&self, key: Kid, tbs: &[u8]) -> Signature {
        let mut keys = self.keystore.iter();
        let key = keys.find(|held| held.public().kid() == key);
        key.expect("the keystore has it").sign(tbs)
    }

    /// The user types a PIN. `d_sec` is unwrapped by a hardware key for this call.
    pub fn enter(&mut self, digits: &str) -> Result<Vec<Effect>, Refusal> {
        let pin = Pin::new(digits.as_bytes().to_vec()).expect("four digits");
        let d_sec = Secret::from_bytes([0xd5; 32]);
        self.device.pin(pin, &d_sec)
    }
}

fn endpoint(wallet: Wallet) -> DeviceEndpoint<P256> {
    let config = Config {
        auth_versions: AUTH_VERSIONS.to_vec(),
        factor_versions: FACTOR_VERSIONS.to_vec(),
    };
    DeviceEndpoint::new(config, wallet, P256)
}
