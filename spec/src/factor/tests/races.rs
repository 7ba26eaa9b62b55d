//! Random requests at random replicas over one compare-and-swap store, against
//! the invariants of the lockout: whatever the order, the guesses are counted.

use alloc::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const REPLICAS: usize = 3;
const MAX: u32 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Right,
    Wrong,
    Malformed,
    OtherEpoch,
    OtherGeneration,
    Biometric,
}

#[derive(Clone, Debug)]
struct Ask {
    kind: Kind,
    number: u64,
    bind: u8,
}

/// A request numbered from the record's last: 0 is one too low, 1 the same again.
#[derive(Clone, Debug)]
struct Wish {
    kind: Kind,
    ahead: u64,
    bind: u8,
}

#[derive(Clone, Debug)]
enum Step {
    /// A replica reads the record and decides; what it held before is dropped, as in a crash.
    Decide {
        replica: usize,
        wish: Wish,
        clock: u64,
    },
    /// It tries to commit what it holds.
    Commit { replica: usize },
}

impl Ask {
    fn request(&self) -> Verify {
        let key = if self.kind == Kind::Wrong {
            WRONG
        } else {
            RIGHT
        };
        let mut request = Verify {
            bind: Bind([self.bind; 32]),
            ..right(self.number)
        };
        match self.kind {
            Kind::OtherEpoch => request.store_epoch += 1,
            Kind::OtherGeneration => request.generation += 1,
            Kind::Biometric => request.factor = Factor::Biometric,
            Kind::Right | Kind::Wrong | Kind::Malformed => {}
        }
        let request = sealed(request, &key);
        match self.kind {
            Kind::Malformed => Verify {
                proof: MALFORMED,
                ..request
            },
            _ => request,
        }
    }
}

fn wish() -> impl Strategy<Value = Wish> {
    let kind = prop_oneof![
        3 => Just(Kind::Right),
        8 => Just(Kind::Wrong),
        1 => Just(Kind::Malformed),
        1 => Just(Kind::OtherEpoch),
        1 => Just(Kind::OtherGeneration),
        1 => Just(Kind::Biometric),
    ];
    (kind, 0..5_u64, 0..2_u8).prop_map(|(kind, ahead, bind)| Wish { kind, ahead, bind })
}

fn step() -> impl Strategy<Value = Step> {
    let replica = 0..REPLICAS;
    prop_oneof![
        (replica.clone(), wish(), 0..1000_u64).prop_map(|(replica, wish, clock)| Step::Decide {
            replica,
            wish,
            clock
        }),
        replica.prop_map(|replica| Step::Commit { replica }),
    ]
}

/// The store, the replicas' memories, and what an omniscient observer has seen.
struct World {
    stored: Record,
    held: [Option<(Ask, Commit<Answered>)>; REPLICAS],
    wrong_since_reset: u32,
    evaluated: BTreeMap<u64, (Verify, Answered)>,
}

impl World {
    fn new() -> Self {
        let stored = Record {
            last: None,
            ..record()
        };
        Self {
            stored,
            held: [const { None }; REPLICAS],
            wrong_since_reset: 0,
            evaluated: BTreeMap::new(),
        }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Decide {
                replica,
                wish,
                clock,
            } => {
                let ask = self.ask(&wish);
                self.decide(replica, ask, NOW.plus(clock))
            }
            Step::Commit { replica } => match self.held[replica].take() {
                Some((ask, commit)) => self.commit(&ask, commit),
                None => Ok(()),
            },
        }
    }

    fn ask(&self, wish: &Wish) -> Ask {
        let number = (self.stored.last_number() + wish.ahead).saturating_sub(1);
        Ask {
            kind: wish.kind,
            number,
            bind: wish.bind,
        }
    }

    fn decide(&mut self, replica: usize, ask: Ask, now: UnixSeconds) -> Result<(), TestCaseError> {
        self.held[replica] = None;
        let request = ask.request();
        match decide_at(Some(&self.stored), &request, now) {
            Err(_) => {}
            Ok(Decision::Repeat(answered)) => {
                // F4: the same number and bytes always give the same verdict and assertion.
                prop_assert_eq!(self.evaluated.get(&ask.number), Some(&(request, answered)));
            }
            Ok(Decision::Commit(commit)) => self.held[replica] = Some((ask, commit)),
        }
        Ok(())
    }

    fn commit(&mut self, ask: &Ask, commit: Commit<Answered>) -> Result<(), TestCaseError> {
        let Write::Replace {
            expected,
            record: after,
        } = commit.write().clone()
        else {
            return Err(TestCaseError::fail("a VERIFY replaces"));
        };
        if expected != self.stored.version {
            return Ok(()); // lost the race: dropped unseen
        }
        let before = core::mem::replace(&mut self.stored, after);
        let answered = commit.committed();
        // F2: what leaves is what the committed record says.
        prop_assert_eq!(self.stored.last, Some(answered));
        // F4: each number is answered once, in order.
        prop_assert!(before.last_number() < ask.number);
        prop_assert!(
            self.evaluated
                .insert(ask.number, (ask.request(), answered))
                .is_none()
        );
        // FAC-8.
        prop_assert!(self.stored.last_time >= before.last_time);
        // F6: blocked exactly if the count is full.
        let was_blocked = self.wrong_since_reset == MAX;
        prop_assert_eq!(answered.outcome == Outcome::Blocked, was_blocked);
        match answered.outcome {
            Outcome::Blocked => {}
            Outcome::Managed => prop_assert!(false, "no change was asked for"),
            Outcome::Wrong => {
                prop_assert_eq!(ask.kind, Kind::Wrong);
                self.wrong_since_reset += 1;
            }
            Outcome::Right(Asserted { assertion, .. }) => {
                prop_assert_eq!(ask.kind, Kind::Right);
                prop_assert_eq!(assertion.bind, Bind([ask.bind; 32]));
                self.wrong_since_reset = 0;
            }
        }
        // F1, and its exact dual: the count is the number of evaluated wrong PINs.
        prop_assert!(self.wrong_since_reset <= MAX);
        prop_assert_eq!(self.stored.lockout.failed_attempts, self.wrong_since_reset);
        // F3: it falls only with a verified proof.
        let fell = self.stored.lockout.failed_attempts < before.lockout.failed_attempts;
        prop_assert!(!fell || matches!(answered.outcome, Outcome::Right(_)));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn guesses_are_counted_in_any_interleaving(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in steps {
            world.step(step)?;
        }
    }

    /// A caller that reads and decides again after each conflict: every request
    /// is answered or refused, and the store's version tells how many were answered.
    #[test]
    fn decided_again_until_committed(wishes in prop::collection::vec(wish(), 1..60)) {
        let mut world = World::new();
        let first = world.stored.version;
        for pair in wishes.chunks(2) {
            let pair: Vec<Ask> = pair.iter().map(|wish| world.ask(wish)).collect();
            // Both are decided on the same record before either commits.
            for (replica, ask) in pair.iter().enumerate() {
                world.decide(replica, ask.clone(), NOW)?;
            }
            for (replica, ask) in pair.iter().enumerate() {
                world.step(Step::Commit { replica })?;
                world.decide(replica, ask.clone(), NOW)?;
                world.step(Step::Commit { replica })?;
            }
        }
        let answered = world.evaluated.len() as u64;
        prop_assert_eq!(world.stored.version - first, answered);
    }
}
