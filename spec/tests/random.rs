//! Random users, networks and clocks, against the real endpoints of all three roles.
//!
//! A run is a list of moves: the user does something, the network delivers, drops, doubles,
//! reorders, spoils or replays a frame, the clock jumps, the app is killed. After each of
//! them [`rules::Rules`] looks at the stores, at what was forwarded and at what the app was
//! told. A failing run is shrunk to the moves that matter.
//!
//! The runs are the same each time. More of them, and others:
//!
//! ```text
//! COUNTERSIGN_RUNS=1000 COUNTERSIGN_SEED=7 cargo test -p countersign --test random
//! ```

#[path = "cast/mod.rs"]
mod cast;
#[path = "random/moves.rs"]
mod moves;
#[path = "random/rules.rs"]
mod rules;
#[path = "random/sim.rs"]
mod sim;

use std::cell::RefCell;
use std::env;

use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use rules::Seen;
use sim::Sim;

/// Runs, unless the environment says otherwise.
const RUNS: u32 = 64;
/// Moves in a run.
const MOVES: usize = 120;

#[test]
fn no_run_breaks_a_rule() {
    let runs = of_environment("COUNTERSIGN_RUNS").unwrap_or(RUNS);
    let seed = of_environment("COUNTERSIGN_SEED").unwrap_or(0);
    let config = Config {
        cases: runs,
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let seen = RefCell::new(Seen::default());
    let run = |moves: Vec<moves::Move>| -> Result<(), TestCaseError> {
        let mut sim = Sim::new();
        for next in moves {
            sim.make(next);
            sim.check().map_err(TestCaseError::fail)?;
        }
        seen.borrow_mut().add(sim.seen());
        Ok(())
    };
    let result = runner.run(&vec(moves::any_move(), MOVES), run);
    if let Err(error) = result {
        panic!("{error}");
    }
    // A rule that nothing could break has not been tested.
    let seen = seen.into_inner();
    println!("{seen:?}");
    assert_eq!(seen.missing(), Vec::<&str>::new(), "{seen:?}");
}

fn of_environment(name: &str) -> Option<u32> {
    env::var(name).ok()?.parse().ok()
}
