//! What generators write cases with.
//!
//! ```
//! use countersign_vectors::author::{ok, positive, reject, step};
//! use serde_json::json;
//!
//! let base = positive("static.link.session", "a session link is decoded")
//!     .why("A code that does not scan locks its user out.")
//!     .requires(&["ENC-1"])
//!     .does(step("cbor.decode", json!({"type": "link", "bytes": "00"}), ok(json!({"bytes": "00"}))));
//! let spoiled = base
//!     .but("static.link.session-trailing", "one byte more at the end")
//!     .kills("trailing-bytes")
//!     .requires(&["ENC-8"])
//!     .flagged(&["non-canonical"])
//!     .does(step("cbor.decode", json!({"type": "link", "bytes": "0000"}), reject(104)));
//! assert_eq!(spoiled.spoiled().map(|spoiled| spoiled.base.as_str()), Some("static.link.session"));
//! ```

use serde_json::Value;

use crate::case::{
    Actor, Case, Codes, Expect, Kind, Level, Object, Role, Spoiled, StaticStep, Step, Turn,
};

/// The version of the suite in which new cases appear.
pub const SINCE: &str = env!("CARGO_PKG_VERSION");

/// A positive case without steps yet. The first word of the id is its role;
/// one that names none is `static` here and refused by the lint.
pub fn positive(id: &str, title: &str) -> Case {
    let role = id
        .split('.')
        .next()
        .and_then(Role::from_name)
        .unwrap_or(Role::Static);
    Case {
        id: id.to_owned(),
        since: SINCE.to_owned(),
        title: title.to_owned(),
        why: String::new(),
        requirements: Vec::new(),
        level: Level::Must,
        role,
        capabilities: Vec::new(),
        kind: Kind::Positive,
        flags: Vec::new(),
        steps: Vec::new(),
    }
}

impl Case {
    /// The negative case that is this one but for `change`: same role, reason
    /// and capabilities; its requirements, flags and steps are its own.
    #[must_use]
    pub fn but(&self, id: &str, change: &str) -> Case {
        Case {
            capabilities: self.capabilities.clone(),
            kind: Kind::Negative(Spoiled {
                base: self.id.clone(),
                change: change.to_owned(),
                kills: None,
            }),
            level: self.level,
            why: self.why.clone(),
            ..positive(id, &format!("{}, but {change}", self.title))
        }
    }

    /// Names the fault that a negative case kills.
    #[must_use]
    pub fn kills(mut self, fault: &str) -> Case {
        if let Kind::Negative(spoiled) = &mut self.kind {
            spoiled.kills = Some(fault.to_owned());
        }
        self
    }

    /// Says why, in one sentence.
    #[must_use]
    pub fn why(mut self, why: &str) -> Case {
        self.why = why.to_owned();
        self
    }

    /// Adds the requirements that are exercised.
    #[must_use]
    pub fn requires(mut self, ids: &[&str]) -> Case {
        self.requirements
            .extend(ids.iter().map(|id| (*id).to_owned()));
        self
    }

    /// Adds capabilities that the case needs.
    #[must_use]
    pub fn needs(mut self, capabilities: &[&str]) -> Case {
        self.capabilities
            .extend(capabilities.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Adds flags of the dictionary.
    #[must_use]
    pub fn flagged(mut self, flags: &[&str]) -> Case {
        self.flags
            .extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Makes it a recommendation.
    #[must_use]
    pub fn recommended(mut self) -> Case {
        self.level = Level::Should;
        self
    }

    /// Adds a step.
    #[must_use]
    pub fn does(mut self, step: Step) -> Case {
        self.steps.push(step);
        self
    }
}

/// A static step. `args` is a JSON object.
pub fn step(op: &str, args: Value, expect: Expect) -> Step {
    Step::Static(StaticStep {
        op: op.to_owned(),
        args: object(args),
        expect,
    })
}

/// The expectation of exactly these fields. `fields` is a JSON object.
pub fn ok(fields: Value) -> Expect {
    Expect::Ok(object(fields))
}

/// The expectation of a refusal with exactly this number.
pub fn reject(code: u16) -> Expect {
    Expect::Reject(Codes::One(code))
}

/// The expectation of a refusal with one of these numbers.
pub fn reject_any(codes: &[u16]) -> Expect {
    Expect::Reject(Codes::AnyOf(codes.to_vec()))
}

/// A turn of a dialogue. `with` and `expect` are JSON objects.
pub fn turn(actor: Actor, action: &str, with: Value, expect: Value) -> Step {
    Step::Turn(Turn {
        actor,
        action: action.to_owned(),
        with: object(with),
        expect: object(expect),
    })
}

/// A JSON object as such; anything else becomes its only field, which no schema has.
fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => Object::from_iter([("not an object".to_owned(), other)]),
    }
}
