//! The reference answers every static case as the case expects, without a runner between.

use countersign_vectors::case::{Expect, Role as Roles, Step};

use super::statics::Functions;
use super::*;

#[test]
fn every_static_case_is_answered_as_it_expects() {
    let groups = countersign_vectors::files::embedded().unwrap();
    let mut wrong = Vec::new();
    let cases = groups.iter().flat_map(|group| &group.cases);
    for case in cases.filter(|case| case.role == Roles::Static) {
        for step in &case.steps {
            let Step::Static(step) = step else {
                panic!("{}: a static case has static steps", case.id)
            };
            let happening = Happening {
                op: step.op.clone(),
                args: Args(step.args.clone()),
                ..Happening::default()
            };
            let got = Functions.step(happening).map(|effects| effects.values);
            let right = match (&step.expect, &got) {
                (Expect::Ok(expected), Ok(values)) => expected == values,
                (Expect::Reject(codes), Err(Refusal::Reject { code, .. })) => codes.allow(*code),
                _ => false,
            };
            if !right {
                wrong.push(format!("{}: {:?}, not {got:?}", case.id, step.expect));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
