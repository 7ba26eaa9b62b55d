//! Clone detection: CLN-3, CLN-4, CLN-6.

use super::scene::{CURRENT, NEXT, NOW, account};
use crate::auth::{Finding, Followed, Lineage, Step};
use crate::registry::seconds;
use crate::values::{Rolling, UnixSeconds};

const DRAWN: Rolling = Rolling([3; 16]);
const STRANGE: Rolling = Rolling([0x99; 16]);
const ACCEPTED: u64 = NOW.0 - 500;
const LIFTED: Lineage = Lineage::Open {
    since: UnixSeconds(ACCEPTED),
};

fn check(counter: u64, rolling: Rolling, began: u64, finding: Finding) {
    let step = Step {
        counter,
        rolling,
        began: UnixSeconds(began),
    };
    assert_eq!(
        account().lineage.judge(step, DRAWN, NOW),
        finding,
        "{step:?}"
    );
}

fn follows(counter: u64, current: Rolling) -> Finding {
    let accepted_at = NOW;
    let followed = Followed {
        counter,
        accepted_at,
        current,
        next: DRAWN,
    };
    Finding::Follows(Lineage::Followed(followed))
}

#[test]
fn next_becomes_current() {
    check(11, NEXT, NOW.0, follows(11, NEXT));
}

#[test]
fn after_a_lost_answer_current_stays() {
    check(11, CURRENT, NOW.0, follows(11, CURRENT));
}

#[test]
fn a_counter_may_skip() {
    // Statements that never arrived were counted too (CLN-1).
    check(u64::MAX, NEXT, NOW.0, follows(u64::MAX, NEXT));
}

#[test]
fn another_rolling_value_is_a_copy() {
    check(11, STRANGE, NOW.0, Finding::Diverged);
    // Also of a handshake that began long ago: its counter is above all that were accepted.
    check(11, STRANGE, ACCEPTED - 1, Finding::Diverged);
}

#[test]
fn a_used_counter_is_a_copy_if_its_handshake_began_after() {
    check(10, NEXT, ACCEPTED + 61, Finding::Diverged);
    check(9, CURRENT, ACCEPTED + 61, Finding::Diverged);
    check(0, NEXT, ACCEPTED + 61, Finding::Diverged);
}

#[test]
fn a_used_counter_is_late_if_its_handshake_began_before() {
    // Within 60 s the servers' clocks may disagree on which came first.
    check(10, NEXT, ACCEPTED + 60, Finding::Late);
    check(10, NEXT, ACCEPTED, Finding::Late);
    check(10, NEXT, ACCEPTED - 1, Finding::Late);
    check(9, STRANGE, ACCEPTED - 1, Finding::Late);
}

#[test]
fn a_first_value_counts_as_received_or_lost() {
    let first = Lineage::begin(CURRENT, UnixSeconds(ACCEPTED));
    let step = |counter, rolling| Step {
        counter,
        rolling,
        began: NOW,
    };
    assert_eq!(
        first.judge(step(1, CURRENT), DRAWN, NOW),
        follows(1, CURRENT)
    );
    assert_eq!(first.judge(step(1, STRANGE), DRAWN, NOW), Finding::Diverged);
    assert_eq!(first.judge(step(0, CURRENT), DRAWN, NOW), Finding::Diverged);
}

/// ENR-2, HEADLESS-2: "the rolling value that its next statement follows on from".
#[test]
fn what_is_told_again_is_what_was_told() {
    let Lineage::Followed(last) = account().lineage else {
        panic!()
    };
    assert_eq!(account().lineage.told_again(DRAWN), last.next);
    assert_eq!(LIFTED.told_again(DRAWN), DRAWN);
}

#[test]
fn a_lifted_freeze_takes_the_next_statement_as_it_comes() {
    let step = Step {
        counter: 2,
        rolling: STRANGE,
        // By a clock that is behind.
        began: UnixSeconds(ACCEPTED - seconds::SKEW),
    };
    let Finding::Follows(lineage) = LIFTED.judge(step, DRAWN, NOW) else {
        panic!()
    };
    assert_eq!(Finding::Follows(lineage.clone()), follows(2, STRANGE));
    // From then on there is one device again.
    let copy = Step {
        counter: 12,
        rolling: NEXT,
        began: NOW,
    };
    assert_eq!(lineage.judge(copy, DRAWN, NOW), Finding::Diverged);
}

#[test]
fn what_was_under_way_at_the_freeze_is_late_after_its_lift() {
    let step = Step {
        counter: u64::MAX,
        rolling: NEXT,
        began: UnixSeconds(ACCEPTED - seconds::SKEW - 1),
    };
    assert_eq!(LIFTED.judge(step, DRAWN, NOW), Finding::Late);
}

#[test]
fn the_time_of_acceptance_never_falls() {
    let step = Step {
        counter: 11,
        rolling: NEXT,
        began: UnixSeconds(0),
    };
    let finding = account()
        .lineage
        .judge(step, DRAWN, UnixSeconds(ACCEPTED - 100));
    let Finding::Follows(Lineage::Followed(last)) = finding else {
        panic!()
    };
    assert_eq!(last.accepted_at, UnixSeconds(ACCEPTED));
}
