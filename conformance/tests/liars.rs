//! Lying adapters, as real child processes: each is exposed, and each lie
//! costs only the cases about which it is told.

mod common;

use common::{LIAR, LINKS, Recorded, countersign};
use countersign_conformance::outcome::Severity;
use countersign_vectors::case::Kind;
use countersign_vectors::files;

/// In every request of the case below and of no other.
const NEEDLE: &str = "\"bytes\":\"8401";
/// The case that decodes these bytes.
const VICTIM: &str = "static.link.session-element-more";
/// A run of the chosen link cases, one after the other in one process.
fn links(options: &[&str], adapter: &[&str]) -> Recorded {
    common::run(&[LINKS, &["--jobs", "1"], options].concat(), adapter)
}

/// The lie costs exactly the victim, with this severity.
fn costs_one_case(options: &[&str], lie: &str, severity: Severity) -> Recorded {
    let honest = links(options, &[LIAR, "honest"]);
    assert_eq!(honest.ran.code, Some(0), "{}", honest.ran.stdout);

    let run = links(options, &[LIAR, lie, NEEDLE]);
    assert_eq!(run.ran.code, Some(1), "{lie}: {}", run.ran.stdout);
    let failed: Vec<&str> = run
        .failed()
        .iter()
        .map(|result| result.case.as_str())
        .collect();
    assert_eq!(failed, [VICTIM], "{lie}");
    let failure = run.failed()[0]
        .failure
        .as_ref()
        .expect("a failure says why");
    assert_eq!(failure.severity, severity, "{lie}: {failure:?}");
    assert_eq!(run.passed(), honest.passed() - 1);
    run
}

#[test]
fn a_crash_costs_one_case_and_shows_its_status_and_stderr() {
    let run = costs_one_case(&[], "crash", Severity::Crash);
    assert!(run.failed()[0].stderr.contains("index out of bounds"));
    assert!(
        run.ran.stdout.contains("exit status: 7"),
        "{}",
        run.ran.stdout
    );
    assert!(
        run.ran.stdout.contains("index out of bounds"),
        "{}",
        run.ran.stdout
    );
}

#[test]
fn a_hang_costs_one_case() {
    costs_one_case(&["--timeout", "1000"], "hang", Severity::Hang);
}

#[test]
fn nonsense_costs_one_case() {
    costs_one_case(&[], "nonsense", Severity::Malformed);
    costs_one_case(&[], "not-text", Severity::Malformed);
    costs_one_case(&[], "wrong-id", Severity::Malformed);
}

#[test]
fn an_adapter_at_a_loss_costs_one_case() {
    costs_one_case(&[], "error", Severity::AdapterError);
    costs_one_case(&[], "broken-claim", Severity::AdapterError);
}

#[test]
fn a_wrong_code_costs_one_case() {
    costs_one_case(&[], "wrong-code", Severity::WrongCode);
}

#[test]
fn accepting_everything_fails_every_negative_case() {
    let run = common::run(&[], &[LIAR, "accept-all"]);
    assert_eq!(run.ran.code, Some(1));
    let groups = files::embedded().expect("the files are good");
    let negative: Vec<&str> = groups
        .iter()
        .flat_map(|group| &group.cases)
        .filter(|case| case.kind != Kind::Positive && case.role.name() == "static")
        .map(|case| case.id.as_str())
        .collect();
    let forged: Vec<&str> = run
        .failed()
        .iter()
        .filter(|r| {
            r.failure
                .as_ref()
                .is_some_and(|f| f.severity == Severity::ForgeryAccepted)
        })
        .map(|result| result.case.as_str())
        .filter(|id| id.starts_with("static."))
        .collect();
    assert!(!negative.is_empty());
    assert_eq!(forged, negative);
    assert!(
        run.ran.stdout.contains("FORGERY ACCEPTED"),
        "{}",
        run.ran.stdout
    );
}

#[test]
fn rejecting_everything_fails_the_doctor() {
    let run = common::run(&[], &[LIAR, "reject-all"]);
    assert_eq!(run.ran.code, Some(3));
    assert!(run.record.results.is_empty());
}

#[test]
fn rejecting_what_is_good_is_wrong() {
    let run = links(&[], &[LIAR, "wrongly-reject", "\"bytes\":\"8301"]);
    assert_eq!(run.ran.code, Some(1));
    let failed = run.failed();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].case, "static.link.session");
    let failure = failed[0].failure.as_ref().expect("a failure says why");
    assert_eq!(failure.severity, Severity::WronglyRejected);
}

#[test]
fn an_answer_in_another_spelling_is_wrong() {
    let run = links(&[], &[LIAR, "uppercase", "\"bytes\":\"8301"]);
    let failed = run.failed();
    assert_eq!(failed.len(), 1);
    let failure = failed[0].failure.as_ref().expect("a failure says why");
    assert_eq!(failure.severity, Severity::WrongAnswer);
}

#[test]
fn what_survives_a_session_is_a_leak() {
    let run = links(&[], &[LIAR, "leak", "\"bytes\":\"83f93c00"]);
    assert_eq!(run.ran.code, Some(1));
    let failed = run.failed();
    // The case behind the one that leaks, and only that: then the process is a new one.
    let ids: Vec<&str> = failed.iter().map(|result| result.case.as_str()).collect();
    assert_eq!(ids, ["static.link.session-tag"]);
    let failure = failed[0].failure.as_ref().expect("a failure says why");
    assert_eq!(failure.severity, Severity::StateLeak);
}

#[test]
fn the_doctor_exposes_what_cannot_be_trusted_at_all() {
    for (lie, detail) in [
        (&["echo"][..], "malformed reply"),
        (&["hang"], "no reply within"),
        (&["crash"], "exit status: 7"),
        (&["crash"], "index out of bounds"),
        (&["nonsense"], "malformed reply"),
        (&["anything-goes"], "a role that does not exist"),
        (&["broken-claim", "\"role\":\"device\""], "which it claims"),
        (
            &["claim", "device"],
            "the role static, which it does not claim",
        ),
        (&["claim", "static,emperor"], "not a role"),
        (
            &["wrong-id", "\"id\":7"],
            "an answer to request 8, not to 7",
        ),
    ] {
        let mut args = vec!["doctor", "--timeout", "1000", "--", LIAR];
        args.extend(lie);
        let ran = countersign(&args);
        assert_eq!(ran.code, Some(3), "{lie:?}: {}", ran.stdout);
        assert!(ran.stdout.contains(detail), "{lie:?}: {}", ran.stdout);
    }
}

#[test]
fn noise_is_noted_and_changes_nothing() {
    let run = links(&[], &[LIAR, "noise"]);
    assert_eq!(run.ran.code, Some(0), "{}", run.ran.stdout);
    assert!(
        run.ran.stdout.contains("loading the key store"),
        "{}",
        run.ran.stdout
    );
}

#[test]
fn one_that_does_not_take_goodbye_for_an_answer_is_noted() {
    let ran = countersign(&["doctor", "--", LIAR, "stay"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("it had to be killed"), "{}", ran.stdout);
}
