//! Every state of a record takes every request (protocol.md, sections 8.3 to 8.9).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;

use super::change::{NEW, possession};
use super::create::create;
use super::*;
use crate::factor::endpoint::Request;
use crate::messages::BindInput;
use crate::messages::factor::{
    AddBiometric, Biometric, BiometricGone, Create, RemoveBiometric, SetPin,
};
use crate::table::{Machine, table};

/// One replica, and the device that asks it.
#[derive(Clone, PartialEq, Debug)]
struct Server {
    config: Config,
    record: Option<Record>,
    used: Option<UsedVoucher>,
    requester: Requester,
    now: UnixSeconds,
    /// What the device has sent last.
    sent: Option<Verify>,
}

type Input = fn(&Server) -> Option<Request>;

impl Machine for Server {
    type Input = Input;

    fn state(&self) -> String {
        let Some(record) = &self.record else {
            let none = if self.used.is_some() {
                "none, voucher used"
            } else {
                "none"
            };
            return none.to_owned();
        };
        let config = &self.config;
        let mut parts = Vec::new();
        match record.store_epoch.cmp(&config.store_epoch) {
            core::cmp::Ordering::Less => parts.push("older epoch".to_owned()),
            core::cmp::Ordering::Equal => {}
            core::cmp::Ordering::Greater => parts.push("later epoch".to_owned()),
        }
        parts.push(match record.lockout.failed_attempts {
            0 => "open".to_owned(),
            _ if record.lockout.is_blocked(config.max_attempts) => "blocked".to_owned(),
            failed => format!("{failed} wrong"),
        });
        if config.policy.delay_s(record.lockout, self.now) > 0 {
            parts.push("delayed".to_owned());
        }
        if record.biometric.is_some() {
            let closed = record.pin_needed(config, self.now);
            parts.push(if closed { "bio closed" } else { "bio" }.to_owned());
        }
        if let Some(verified) = record.verified {
            let operation = verified.operation;
            parts.push(match verified.factor {
                _ if verified.channel != self.requester.channel() => {
                    format!("{operation:?} elsewhere")
                }
                _ if verified.until <= self.now => format!("{operation:?} too late"),
                factor => format!("{operation:?} by {factor:?}"),
            });
        }
        parts.join(", ")
    }

    fn take(&mut self, input: Input) -> Option<Result<String, Code>> {
        let request = input(self)?;
        let said = self.decide(&request).map_err(|refusal| refusal.0);
        if let (Ok(_), Request::Verify(verify)) = (&said, &request) {
            self.sent = Some((**verify).clone());
        }
        Some(said)
    }
}

impl Server {
    fn new() -> Self {
        let policy = Policy {
            delays: vec![DelayRound {
                failures: 2,
                wait_s: 30,
            }],
            ..Policy::default()
        };
        Self {
            config: Config { policy, ..config() },
            record: None,
            used: None,
            requester: device(),
            now: NOW,
            sent: None,
        }
    }

    /// The real decision on the facts, and the commit of what it writes.
    fn decide(&mut self, request: &Request) -> Result<String, Refusal> {
        let Self {
            config,
            record,
            used,
            requester,
            now,
            ..
        } = &*self;
        let (record, now) = (record.as_ref(), *now);
        let status = |_| "status".to_owned();
        match request {
            Request::Create(it) => {
                let used = used.as_ref();
                let commit = decide_create(config, record, used, requester, it, now, &Ideal)?;
                Ok(status(self.store(commit)))
            }
            Request::Verify(it) => {
                let decision = decide_verify(config, record, requester, it, SUBJECT, now, &Ideal)?;
                Ok(match self.settle(decision).outcome {
                    Outcome::Right(_) => "right",
                    Outcome::Managed => "managed",
                    Outcome::Wrong => "wrong",
                    Outcome::Blocked => "blocked",
                }
                .to_owned())
            }
            Request::AskStatus => {
                let decision = decide_status(config, record, requester, now)?;
                Ok(status(self.settle(decision)))
            }
            Request::SetPin(it) => {
                let commit = decide_set_pin(config, record, requester, it, now, &Ideal)?;
                Ok(status(self.store(commit)))
            }
            Request::AddBiometric(it) => {
                let commit = decide_add_biometric(config, record, requester, it, now, &Ideal)?;
                Ok(status(self.store(commit)))
            }
            Request::RemoveBiometric(it) => {
                let commit = decide_remove_biometric(config, record, requester, it, now)?;
                Ok(status(self.store(commit)))
            }
            Request::BiometricGone(it) => {
                let decision = decide_biometric_gone(config, record, requester, it, now)?;
                Ok(status(self.settle(decision)))
            }
        }
    }

    fn settle<R>(&mut self, decision: Decision<R>) -> R {
        match decision {
            Decision::Repeat(reply) => reply,
            Decision::Commit(commit) => self.store(commit),
        }
    }

    fn store<R>(&mut self, commit: Commit<R>) -> R {
        match commit.write().clone() {
            Write::Insert { record, voucher } => {
                assert!(self.record.is_none(), "nothing is inserted over a record");
                (self.record, self.used) = (Some(record), Some(voucher));
            }
            Write::Replace { expected, record } => {
                assert_eq!(self.record.as_ref().map(|it| it.version), Some(expected));
                self.record = Some(record);
            }
        }
        commit.committed()
    }

    /// Goes on with an input that has to be accepted.
    fn then(mut self, input: Input) -> Self {
        self.take(input).expect("an input").expect("accepted");
        self
    }

    fn later(mut self, seconds: u64) -> Self {
        self.now = self.now.plus(seconds);
        self
    }

    fn set(mut self, change: impl Fn(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    fn elsewhere(mut self) -> Self {
        self.requester = super::change::other_channel();
        self
    }

    fn generation(&self) -> u32 {
        self.record.as_ref().map_or(1, |record| record.generation)
    }

    /// The next VERIFY of a device that knows its record, before its proof.
    fn verify(&self) -> Verify {
        let number = self.record.as_ref().map_or(0, Record::last_number) + 1;
        Verify {
            store_epoch: self.config.store_epoch,
            generation: self.generation(),
            ..right(number)
        }
    }

    fn managing(&self, purpose: Purpose, factor: Factor) -> Verify {
        let input = BindInput::management(SERVER, self.requester.channel(), purpose);
        Verify {
            purpose,
            factor,
            audience: SERVER,
            bind: input.bind(),
            ..self.verify()
        }
    }

    fn possession(&self, generation: u32, key: &PublicKey) -> Signature {
        possession(generation, key, &self.requester)
    }

    fn set_pin(&self, generation: u32) -> SetPin {
        SetPin {
            ty: Type,
            generation,
            pin_key: NEW,
            possession: self.possession(generation, &NEW),
            biometric: None,
        }
    }
}

fn said(request: Verify, key: &PublicKey) -> Option<Request> {
    Some(Request::Verify(Verified::attest(sealed(request, key))))
}

fn pin_key(server: &Server) -> PublicKey {
    server.record.as_ref().map_or(RIGHT, |it| it.pin_key)
}

fn manage(server: &Server, purpose: Purpose, factor: Factor) -> Option<Request> {
    let key = match factor {
        Factor::Pin => pin_key(server),
        Factor::Biometric => BIO,
    };
    said(server.managing(purpose, factor), &key)
}

fn biometric(server: &Server) -> Verify {
    Verify {
        factor: Factor::Biometric,
        ..server.verify()
    }
}

fn is_right(server: &Server) -> Option<Request> {
    said(server.verify(), &pin_key(server))
}

fn is_wrong(server: &Server) -> Option<Request> {
    said(server.verify(), &WRONG)
}

fn is_biometric(server: &Server) -> Option<Request> {
    said(biometric(server), &BIO)
}

fn creates(_: &Server) -> Option<Request> {
    Some(Request::Create(Verified::attest(create())))
}

fn adds(server: &Server) -> Option<Request> {
    Some(Request::AddBiometric(Verified::attest(AddBiometric {
        ty: Type,
        key: BIO,
        possession: server.possession(server.generation(), &BIO),
    })))
}

const TO_CHANGE: Input = |it| manage(it, Purpose::PinChange, Factor::Pin);
const TO_ADD: Input = |it| manage(it, Purpose::BiometricsAdd, Factor::Pin);
const TO_REMOVE: Input = |it| manage(it, Purpose::BiometricsRemove, Factor::Pin);

const PIN: &[(&str, Input)] = &[
    ("right PIN", is_right),
    ("wrong PIN", is_wrong),
    ("PIN, no signature", |it| {
        let request = Verify {
            proof: MALFORMED,
            ..it.verify()
        };
        Some(Request::Verify(Verified::attest(request)))
    }),
    ("the last again", |it| {
        let request = it.sent.clone()?;
        Some(Request::Verify(Verified::attest(request)))
    }),
    ("its number, other bytes", |it| {
        let request_number = it.sent.as_ref()?.request_number;
        let request = Verify {
            request_number,
            bind: Bind([0xb2; 32]),
            ..it.verify()
        };
        said(request, &WRONG)
    }),
    ("a number before", |it| {
        let last = it.record.as_ref().map_or(0, Record::last_number);
        let request = Verify {
            request_number: last.saturating_sub(1),
            ..it.verify()
        };
        said(request, &WRONG)
    }),
];

const STALE: &[(&str, Input)] = &[
    ("PIN of another generation", |it| {
        let generation = it.generation() + 1;
        let request = Verify {
            generation,
            ..it.verify()
        };
        said(request, &WRONG)
    }),
    ("PIN of the epoch before", |it| {
        let request = Verify {
            store_epoch: it.config.store_epoch - 1,
            ..it.verify()
        };
        said(request, &WRONG)
    }),
    ("biometric", is_biometric),
    ("wrong biometric", |it| said(biometric(it), &WRONG)),
    ("PIN change, bind of a login", |it| {
        let request = Verify {
            bind: it.verify().bind,
            ..it.managing(Purpose::PinChange, Factor::Pin)
        };
        said(request, &RIGHT)
    }),
];

const MANAGE: &[(&str, Input)] = &[
    ("PIN to change it", TO_CHANGE),
    ("biometric to change the PIN", |it| {
        manage(it, Purpose::PinChange, Factor::Biometric)
    }),
    ("PIN to add", TO_ADD),
    ("biometric to add", |it| {
        manage(it, Purpose::BiometricsAdd, Factor::Biometric)
    }),
    ("PIN to remove", TO_REMOVE),
    ("biometric to remove", |it| {
        manage(it, Purpose::BiometricsRemove, Factor::Biometric)
    }),
];

const CHANGE: &[(&str, Input)] = &[
    ("status", |_| Some(Request::AskStatus)),
    ("CREATE", creates),
    ("CREATE, no voucher", |_| {
        let request = Create {
            voucher: crate::values::Bytes(vec![0x80]),
            ..create()
        };
        Some(Request::Create(Verified::attest(request)))
    }),
    ("set-pin", |it| {
        let request = it.set_pin(it.generation() + 1);
        Some(Request::SetPin(Verified::attest(request)))
    }),
    ("set-pin, with biometric", |it| {
        let generation = it.generation() + 1;
        let possession = it.possession(generation, &BIO);
        let request = SetPin {
            biometric: Some(Biometric {
                key: BIO,
                possession,
            }),
            ..it.set_pin(generation)
        };
        Some(Request::SetPin(Verified::attest(request)))
    }),
    ("set-pin, same generation", |it| {
        let request = it.set_pin(it.generation());
        Some(Request::SetPin(Verified::attest(request)))
    }),
];

const BIOMETRICS: &[(&str, Input)] = &[
    ("add-biometric", adds),
    ("add-biometric, unproved", |it| {
        Some(Request::AddBiometric(Verified::attest(AddBiometric {
            ty: Type,
            key: BIO,
            possession: it.possession(it.generation(), &WRONG),
        })))
    }),
    ("remove-biometric", |_| {
        let request = RemoveBiometric::default();
        Some(Request::RemoveBiometric(Verified::attest(request)))
    }),
    ("biometric-gone", |_| {
        let request = BiometricGone::default();
        Some(Request::BiometricGone(Verified::attest(request)))
    }),
];

const EPOCH: u32 = 8;
const DAYS_30: u64 = 30 * 24 * 60 * 60;

/// Each is reached from no record by requests, time, and what an operator does.
fn states() -> Vec<Server> {
    let none = Server::new();
    let open = none.clone().then(creates);
    let erased = Server {
        record: None,
        ..open.clone()
    };
    let bio = open.clone().then(TO_ADD).then(adds);
    let one = bio.clone().then(is_wrong);
    let two = one.clone().then(is_wrong);
    let waited = two.clone().later(30);
    let blocked = waited.clone().then(is_wrong);
    let calm = blocked.clone().later(30);
    let closing = |config: &mut Config| config.policy.biometrics_closed_while_blocked = true;
    let changing = bio.clone().then(TO_CHANGE);
    let by_biometric: Input = |it| manage(it, Purpose::BiometricsRemove, Factor::Biometric);
    vec![
        none,
        erased,
        open.clone().then(is_right),
        bio.clone().then(is_biometric),
        bio.clone().later(DAYS_30),
        one.clone(),
        two.clone(),
        waited,
        blocked,
        calm.clone(),
        calm.clone().set(closing),
        open.clone().later(60).then(TO_CHANGE),
        changing.clone(),
        changing.clone().later(120),
        changing.clone().elsewhere(),
        open.then(TO_ADD),
        bio.clone().then(TO_REMOVE),
        bio.clone().then(by_biometric),
        changing.clone().set(|config| config.store_epoch = EPOCH),
        one.set(|config| config.store_epoch = EPOCH),
        calm.set(|config| config.store_epoch = EPOCH),
        changing.set(|config| config.store_epoch = EPOCH - 2),
    ]
}

#[test]
fn every_state_takes_every_request() {
    insta::assert_snapshot!(table(&states(), &[PIN, STALE, MANAGE, CHANGE, BIOMETRICS]));
}
