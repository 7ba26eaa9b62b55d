//! The phone: a keystore, a disk, and the SDK's endpoint between them.

use countersign::crypto::{P256, Pin, PublicKey, Secret, Signature};
use countersign::device::{
    Config, DeviceEndpoint, Effect, Event, KeysNeeded, KnownServer, NewKeys, OsBiometrics, Wallet,
};
use countersign::error::Refusal;
use countersign::registry::{AUTH_VERSIONS, FACTOR_VERSIONS};
use countersign::values::{Kid, Version};

use super::Key;

pub struct Phone {
    pub device: DeviceEndpoint<P256>,
    /// What survives the app.
    pub disk: Wallet,
    /// Hardware: keys go in and never come out.
    keystore: Vec<Key>,
    needed: Option<KeysNeeded>,
    factor_versions: Vec<Version>,
    /// Whether the app wants a `K_act` for its next account.
    pub wants_approval_key: bool,
    /// The keys at each use of which the OS asks its user.
    guarded: Vec<Kid>,
    /// Whether the user will cancel the OS's next prompt.
    pub unwilling: bool,
    /// What the OS says.
    biometrics: OsBiometrics,
    /// Whether the app refuses PINs that are easy to guess.
    strict: bool,
}

impl Phone {
    pub fn new() -> Self {
        Self {
            device: endpoint(Wallet::default(), FACTOR_VERSIONS, false),
            disk: Wallet::default(),
            keystore: Vec::new(),
            needed: None,
            factor_versions: FACTOR_VERSIONS.to_vec(),
            wants_approval_key: false,
            guarded: Vec::new(),
            unwilling: false,
            biometrics: OsBiometrics::Unusable,
            strict: false,
        }
    }

    /// The app is started anew from what is on the disk.
    pub fn restart(&mut self) {
        self.device = endpoint(self.disk.clone(), &self.factor_versions, self.strict);
        self.device.os_biometrics(self.biometrics);
    }

    /// The app refuses PINs that are easy to guess from now on.
    pub fn refuse_easy_pins(&mut self) {
        self.strict = true;
        self.restart();
    }

    /// The user lets the OS know a finger.
    pub fn enrol_finger(&mut self) {
        self.biometrics = OsBiometrics::Usable;
        self.device.os_biometrics(self.biometrics);
    }

    /// What the app shows; here it only remembers which keys it has to make.
    pub fn told(&mut self, event: &Event) {
        if let Event::ConfirmEnrol(question) = event {
            self.needed = Some(question.keys);
        }
    }

    /// A new key in the hardware; its public half.
    pub fn make_key(&mut self) -> PublicKey {
        let key = Key::of(0x60 + self.keystore.len() as u8);
        let public = key.public();
        self.keystore.push(key);
        public
    }

    /// The app comes with these parameters.
    pub fn trust(&mut self, server: KnownServer) {
        self.disk.servers.push(server);
        self.restart();
    }

    /// The app allows these versions from now on.
    pub fn allow_factor_versions(&mut self, versions: &[Version]) {
        self.factor_versions = versions.to_vec();
        self.restart();
    }

    pub fn make_keys(&mut self) -> NewKeys {
        let needed = self.needed.expect("the user was asked");
        let wants = self.wants_approval_key;
        let mut make = |needed: bool| needed.then(|| self.make_key());
        let (device, factor) = (make(needed.device), make(needed.factor));
        let approval = make(needed.may_approve && wants);
        self.guarded.extend(approval.map(|key| key.kid()));
        NewKeys {
            device,
            factor,
            approval,
        }
    }

    /// Whether the OS prompts for this key, and the user cancels it.
    pub fn cancels(&mut self, key: Kid) -> bool {
        let cancels = self.unwilling && self.guarded.contains(&key);
        self.unwilling &= !cancels;
        cancels
    }

    pub fn sign(&self, key: Kid, tbs: &[u8]) -> Signature {
        let mut keys = self.keystore.iter();
        let key = keys.find(|held| held.public().kid() == key);
        key.expect("the keystore has it").sign(tbs)
    }

    /// The user types a PIN. `d_sec` is unwrapped by a hardware key for this call.
    pub fn enter(&mut self, digits: &str) -> Result<Vec<Effect>, Refusal> {
        self.device.pin(pin(digits), &d_sec())
    }

    /// The same, and the app has made a `K_bio` that goes with it.
    pub fn enter_with(&mut self, digits: &str, key: PublicKey) -> Result<Vec<Effect>, Refusal> {
        self.device.pin_and_biometric(pin(digits), key, &d_sec())
    }
}

fn pin(digits: &str) -> Pin {
    Pin::new(digits.as_bytes().to_vec()).expect("four digits")
}

fn d_sec() -> Secret<32> {
    Secret::from_bytes([0xd5; 32])
}

fn endpoint(wallet: Wallet, factor_versions: &[Version], strict: bool) -> DeviceEndpoint<P256> {
    let config = Config {
        auth_versions: AUTH_VERSIONS.to_vec(),
        factor_versions: factor_versions.to_vec(),
        biometrics: true,
        pin_change_by_biometric: false,
        refuse_easy_pins: strict,
    };
    DeviceEndpoint::new(config, wallet, P256)
}
