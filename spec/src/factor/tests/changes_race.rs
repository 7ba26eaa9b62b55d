//! Random factors, changes, statuses and crashes at random replicas over one compare-and-swap
//! store: F1, F8, F9, P1 and P2 in whatever order.

use proptest::prelude::*;

use super::*;
use crate::messages::BindInput;
use crate::messages::factor::{FactorKey, SetPin, Status};

const REPLICAS: usize = 3;
const MAX: u32 = 3;
const USES: u32 = 2;

/// The PIN of each generation.
fn pin(generation: u32) -> PublicKey {
    PublicKey([0x40 + (generation % 64) as u8; 64])
}

/// One of two channels of the device.
fn through(channel: u8) -> Requester {
    Requester::new(DEVICE, ChannelBinding([channel; 32]))
}

fn policy() -> Config {
    Config {
        policy: Policy {
            budget: BudgetPolicy {
                uses: USES,
                seconds: 0,
            },
            pin_change_by_biometric: true,
            ..Policy::default()
        },
        ..config()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ask {
    Right,
    Wrong,
    Biometric,
    /// A VERIFY for a new PIN.
    ForChange(Factor),
    SetPin,
    Status,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A replica reads and decides; what it held is gone, as in a crash.
    Decide {
        replica: usize,
        channel: u8,
        ask: Ask,
        /// On the record of the generation before, as a late request is.
        late: bool,
    },
    Commit {
        replica: usize,
    },
}

enum Held {
    Verify(Ask, Commit<Answered>),
    Set(u8, Commit<Status>),
    Status(Commit<Status>),
}

fn step() -> impl Strategy<Value = Step> {
    let ask = prop_oneof![
        2 => Just(Ask::Right),
        6 => Just(Ask::Wrong),
        4 => Just(Ask::Biometric),
        3 => Just(Ask::ForChange(Factor::Pin)),
        2 => Just(Ask::ForChange(Factor::Biometric)),
        5 => Just(Ask::SetPin),
        1 => Just(Ask::Status),
    ];
    let decide = (0..REPLICAS, 0..2_u8, ask, prop::bool::weighted(0.1));
    prop_oneof![
        decide.prop_map(|(replica, channel, ask, late)| Step::Decide {
            replica,
            channel,
            ask,
            late
        }),
        (0..REPLICAS).prop_map(|replica| Step::Commit { replica }),
    ]
}

/// The store, the replicas' memories, and what an omniscient observer has seen.
struct World {
    stored: Record,
    held: [Option<Held>; REPLICAS],
    wrong_since_reset: u32,
    wrong_since_pin: u32,
    uses_since_pin: u32,
    /// The channel of a verification for a new PIN that nothing has ended.
    verified: Option<u8>,
}

impl World {
    fn new() -> Self {
        let stored = Record {
            pin_key: pin(2),
            biometric: Some(BIO),
            ..record()
        };
        Self {
            stored,
            held: [const { None }; REPLICAS],
            wrong_since_reset: 0,
            wrong_since_pin: 0,
            uses_since_pin: 0,
            verified: None,
        }
    }

    fn decide(&self, channel: u8, ask: Ask, late: bool) -> Option<Held> {
        let generation = self.stored.generation - u32::from(late);
        let requester = through(channel);
        let stored = Some(&self.stored);
        let verify = |factor, purpose, key: PublicKey| {
            let input = BindInput::management(SERVER, requester.channel(), purpose);
            let request = Verify {
                request_number: self.stored.last_number() + 1,
                generation,
                factor,
                purpose,
                bind: input.bind(),
                audience: SERVER,
                ..right(0)
            };
            let request = Verified::attest(sealed(request, &key));
            match decide_verify(
                &policy(),
                stored,
                &requester,
                &request,
                SUBJECT,
                NOW,
                &Ideal,
            ) {
                Ok(Decision::Commit(commit)) => Some(Held::Verify(ask, commit)),
                _ => None,
            }
        };
        match ask {
            Ask::Right => verify(Factor::Pin, Purpose::Login, pin(generation)),
            Ask::Wrong => verify(Factor::Pin, Purpose::Login, WRONG),
            Ask::Biometric => verify(Factor::Biometric, Purpose::Login, BIO),
            Ask::ForChange(Factor::Pin) => verify(Factor::Pin, Purpose::PinChange, pin(generation)),
            Ask::ForChange(Factor::Biometric) => verify(Factor::Biometric, Purpose::PinChange, BIO),
            Ask::SetPin => {
                let key = pin(generation + 1);
                let statement = FactorKey {
                    record: requester.record(),
                    generation: generation + 1,
                    key,
                    channel: requester.channel(),
                };
                let tbs = cose::detached_tbs(&statement, &(), key.kid()).unwrap();
                let request = Verified::attest(SetPin {
                    ty: Type,
                    generation: generation + 1,
                    pin_key: key,
                    possession: sign(&key, &tbs),
                    biometric: None,
                });
                let set = decide_set_pin(&policy(), stored, &requester, &request, NOW, &Ideal);
                set.ok().map(|commit| Held::Set(channel, commit))
            }
            Ask::Status => match decide_status(&policy(), stored, &requester, NOW).unwrap() {
                Decision::Commit(commit) => Some(Held::Status(commit)),
                Decision::Repeat(_) => None,
            },
        }
    }

    fn commit(&mut self, held: Held) -> Result<(), TestCaseError> {
        let write = match &held {
            Held::Verify(_, commit) => commit.write(),
            Held::Set(_, commit) | Held::Status(commit) => commit.write(),
        };
        let Write::Replace { expected, record } = write.clone() else {
            return Err(TestCaseError::fail("nothing is inserted"));
        };
        if expected != self.stored.version {
            return Ok(()); // lost the race: dropped unseen
        }
        let before = core::mem::replace(&mut self.stored, record);
        match held {
            Held::Verify(ask, commit) => self.answered(ask, commit.committed())?,
            Held::Set(channel, _) => {
                // P2: once per verification, in its channel, and nothing came between.
                prop_assert_eq!(self.verified.take(), Some(channel));
                prop_assert_eq!(self.stored.generation, before.generation + 1);
                self.wrong_since_reset = 0;
            }
            Held::Status(_) => self.verified = None,
        }
        // P1: the generation says which PIN is live, and there is one.
        prop_assert_eq!(self.stored.pin_key, pin(self.stored.generation));
        prop_assert!(self.stored.generation >= before.generation);
        prop_assert_eq!(self.stored.verified.is_some(), self.verified.is_some());
        // F1, and its exact dual.
        prop_assert_eq!(self.stored.lockout.failed_attempts, self.wrong_since_reset);
        prop_assert!(self.wrong_since_reset <= MAX);
        // F8.
        prop_assert!(self.uses_since_pin <= USES);
        prop_assert!(self.wrong_since_pin <= MAX * (1 + USES));
        Ok(())
    }

    fn answered(&mut self, ask: Ask, answered: Answered) -> Result<(), TestCaseError> {
        let was_blocked = self.wrong_since_reset == MAX;
        self.verified = None;
        match (ask, answered.outcome) {
            (Ask::Wrong, Outcome::Wrong) => {
                prop_assert!(!was_blocked);
                self.wrong_since_reset += 1;
                self.wrong_since_pin += 1;
            }
            (_, Outcome::Blocked) => prop_assert!(was_blocked),
            (Ask::Right, Outcome::Right(_)) | (Ask::ForChange(Factor::Pin), Outcome::Managed) => {
                prop_assert!(!was_blocked); // F6
                (self.wrong_since_reset, self.wrong_since_pin) = (0, 0);
                self.uses_since_pin = 0;
            }
            // F9: it unblocks, within its budget.
            (Ask::Biometric, Outcome::Right(_))
            | (Ask::ForChange(Factor::Biometric), Outcome::Managed) => {
                self.wrong_since_reset = 0;
                self.uses_since_pin += 1;
            }
            other => prop_assert!(false, "{:?}", other),
        }
        if answered.outcome == Outcome::Managed {
            let channel = self.stored.verified.map(|verified| verified.channel.0[0]);
            self.verified = channel;
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_pin_lives_and_guesses_are_bounded(steps in prop::collection::vec(step(), 1..200)) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Decide { replica, channel, ask, late } => {
                    world.held[replica] = world.decide(channel, ask, late);
                }
                Step::Commit { replica } => {
                    if let Some(held) = world.held[replica].take() {
                        world.commit(held)?;
                    }
                }
            }
        }
    }
}
