//! Writing a case down.
//!
//! ```
//! use countersign_vectors::draft::{bad, good};
//! use serde_json::json;
//!
//! let base = good("static.example.one", "one is doubled")
//!     .why("Nobody trusts a calculator that is wrong.")
//!     .by(&["ENC-1"])
//!     .ask("double", json!({ "number": 1 }))
//!     .gives(json!({ "number": 2 }));
//! let spoiled = bad("static.example.text", &base.id, "the number is a text")
//!     .why("Nobody trusts a calculator that guesses.")
//!     .by(&["ENC-12"])
//!     .kills("type")
//!     .ask("double", json!({ "number": "1" }))
//!     .refused(107);
//! assert_eq!(spoiled.title, "the number is a text");
//! ```

use serde_json::{Value, json};

use crate::case::{Case, Codes, Expect, Kind, Level, Object, Role, Spoiled, StaticStep, Step};

/// A static case in the making.
pub struct Draft(Case);

/// A question of a static case that waits for its right answer.
pub struct Question {
    case: Case,
    op: String,
    args: Object,
}

/// Begins a positive case.
pub fn good(id: impl Into<String>, title: impl Into<String>) -> Draft {
    Draft(Case {
        id: id.into(),
        since: "0.1.0".to_owned(),
        title: title.into(),
        why: String::new(),
        requirements: Vec::new(),
        level: Level::Must,
        role: Role::Static,
        capabilities: Vec::new(),
        kind: Kind::Positive,
        flags: Vec::new(),
        steps: Vec::new(),
    })
}

/// Begins a negative case: `base` but for one `change`, which is its title too.
pub fn bad(id: impl Into<String>, base: &str, change: impl Into<String>) -> Draft {
    let Draft(mut case) = good(id, change);
    case.kind = Kind::Negative(Spoiled {
        base: base.to_owned(),
        change: case.title.clone(),
        kills: None,
    });
    Draft(case)
}

impl Draft {
    /// Says what goes wrong for users where the case fails.
    pub fn why(mut self, why: &str) -> Self {
        self.0.why = why.to_owned();
        self
    }

    /// Cites requirements.
    pub fn by(mut self, requirements: &[&str]) -> Self {
        self.0.requirements = requirements.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    /// Adds a flag of the dictionary.
    pub fn flag(mut self, flag: &str) -> Self {
        self.0.flags.push(flag.to_owned());
        self
    }

    /// Names the check without which the reference accepts the case.
    pub fn kills(mut self, check: &str) -> Self {
        if let Kind::Negative(spoiled) = &mut self.0.kind {
            spoiled.kills = Some(check.to_owned());
        }
        self
    }

    /// Asks a function.
    pub fn ask(self, op: &str, args: Value) -> Question {
        Question { case: self.0, op: op.to_owned(), args: object(args) }
    }
}

impl Question {
    /// The answer, exactly.
    pub fn gives(self, values: Value) -> Case {
        let expect = Expect::Ok(object(values));
        self.expect(expect)
    }

    /// Refused, with this number.
    pub fn refused(self, code: u16) -> Case {
        self.expect(Expect::Reject(Codes::One(code)))
    }

    fn expect(mut self, expect: Expect) -> Case {
        let step = StaticStep { op: self.op, args: self.args, expect };
        self.case.steps.push(Step::Static(step));
        self.case
    }
}

/// The object that `json!({...})` makes.
fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => object(json!({ "value": other })),
    }
}
