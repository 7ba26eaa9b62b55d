//! The format of a conformance case.
//!
//! Two kinds of steps exist. A *static* step is bytes in, bytes or a refusal
//! out, and its expectation is exact. A *turn* of a dialogue names who acts;
//! the runner plays everyone but the implementation under test.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON object: arguments, results, what a turn brings with it.
///
/// Bytes are lower-case hex strings, times are milliseconds.
pub type Object = Map<String, Value>;

/// One file of `cases/`: cases about one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Where the schema of this file is, for editors.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// The file's name without `.json`.
    pub group: String,
    /// What the cases have in common, in one sentence.
    pub about: String,
    /// The cases, in the order in which they run.
    pub cases: Vec<Case>,
}

impl Group {
    /// An empty group that will become the file `NAME.json`.
    pub fn new(name: &str, about: &str) -> Self {
        Self {
            schema: "../schema/cases.schema.json".to_owned(),
            group: name.to_owned(),
            about: about.to_owned(),
            cases: Vec::new(),
        }
    }
}

/// One conformance case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "record::Flat", into = "record::Flat")]
pub struct Case {
    /// Stable, dotted and never reused, such as `static.cbor.non-shortest-head`.
    pub id: String,
    /// The version of the suite in which the case appeared.
    pub since: String,
    /// What is done, as one would say it.
    pub title: String,
    /// One sentence: what goes wrong for users if an implementation fails here.
    pub why: String,
    /// Ids of the requirements that are exercised, such as `ENC-3`.
    pub requirements: Vec<String>,
    /// How binding the requirements are.
    pub level: Level,
    /// Who is under test.
    pub role: Role,
    /// What the implementation must have claimed for the case to apply.
    pub capabilities: Vec<String>,
    /// Whether the case is correct, or a correct one with one thing spoiled.
    pub kind: Kind,
    /// Entries of the dictionary in [`crate::flags`].
    pub flags: Vec<String>,
    /// What happens.
    pub steps: Vec<Step>,
}

impl Case {
    /// How the case differs from its positive base, if it is a negative one.
    pub fn spoiled(&self) -> Option<&Spoiled> {
        match &self.kind {
            Kind::Positive => None,
            Kind::Negative(spoiled) => Some(spoiled),
        }
    }
}

/// How binding a requirement is, in the words of RFC 2119.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Missing it is not conformant.
    Must,
    /// Missing it is reported, and conformant.
    Should,
}

/// The part that the implementation under test plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Functions without a state: encode, decode, derive, verify.
    Static,
    /// The SDK inside an app.
    Device,
    /// The party that holds accounts and sessions.
    Auth,
    /// The party that verifies the second factor.
    Factor,
}

impl Role {
    /// Every role, in the order of reports.
    pub const ALL: [Role; 4] = [Role::Static, Role::Device, Role::Auth, Role::Factor];

    /// The word for it on the wire, in case files and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Role::Static => "static",
            Role::Device => "device",
            Role::Auth => "auth",
            Role::Factor => "factor",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Whether everything in a case is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A conforming implementation goes along with it.
    Positive,
    /// A conforming implementation refuses.
    Negative(Spoiled),
}

/// What makes a negative case negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoiled {
    /// The id of the positive case that this one is, but for one change.
    pub base: String,
    /// The one thing that was changed.
    pub change: String,
    /// The fault that the case kills: with only that check switched off, the
    /// reference accepts the case. Absent where no single check stands alone.
    pub kills: Option<String>,
}

/// One step of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// Bytes in, bytes or a refusal out.
    Static(StaticStep),
    /// Someone's turn in a dialogue.
    Turn(Turn),
}

/// One call of a static function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticStep {
    /// The function, such as `cbor.decode`.
    pub op: String,
    /// Its arguments.
    pub args: Object,
    /// Its only right answer.
    pub expect: Expect,
}

/// The right answer of a static function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// Exactly these fields, with exactly these values.
    Ok(Object),
    /// A refusal.
    Reject(Codes),
}

/// The numbers from the error catalogue with which a refusal is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Codes {
    /// This one only.
    One(u16),
    /// Any of these, where the document leaves the order of checks open.
    AnyOf(Vec<u16>),
}

impl Codes {
    /// Whether a refusal with `code` is right.
    pub fn allow(&self, code: u16) -> bool {
        match self {
            Codes::One(one) => *one == code,
            Codes::AnyOf(codes) => codes.contains(&code),
        }
    }
}

impl std::fmt::Display for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Codes::One(code) => write!(f, "{code}"),
            Codes::AnyOf(codes) => {
                let words: Vec<String> = codes.iter().map(u16::to_string).collect();
                f.write_str(&words.join(" or "))
            }
        }
    }
}

/// Someone's turn in a dialogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// Who acts.
    pub actor: Actor,
    /// What they do.
    #[serde(rename = "do")]
    pub action: String,
    /// What it is done with.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub with: Object,
    /// What must come of it.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub expect: Object,
}

/// Those who act in a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// The SDK inside an app.
    Device,
    /// The party that holds accounts and sessions.
    Auth,
    /// The party that verifies the second factor.
    Factor,
    /// The person.
    User,
    /// The relying party's own server.
    Backend,
    /// Time passes, or goes wrong.
    Clock,
    /// Messages are lost, repeated, reordered or spoiled.
    Network,
}

/// The flat form in which a case stands in its file.
mod record {
    use super::{Case, Kind, Level, Role, Spoiled, Step};
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Flat {
        id: String,
        since: String,
        title: String,
        why: String,
        requirements: Vec<String>,
        level: Level,
        role: Role,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        capabilities: Vec<String>,
        kind: Word,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        flags: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kills: Option<String>,
        steps: Vec<Step>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Positive,
        Negative,
    }

    impl From<Case> for Flat {
        fn from(case: Case) -> Flat {
            let (kind, base, change, kills) = match case.kind {
                Kind::Positive => (Word::Positive, None, None, None),
                Kind::Negative(spoiled) => (
                    Word::Negative,
                    Some(spoiled.base),
                    Some(spoiled.change),
                    spoiled.kills,
                ),
            };
            Flat {
                id: case.id,
                since: case.since,
                title: case.title,
                why: case.why,
                requirements: case.requirements,
                level: case.level,
                role: case.role,
                capabilities: case.capabilities,
                kind,
                flags: case.flags,
                base,
                change,
                kills,
                steps: case.steps,
            }
        }
    }

    impl TryFrom<Flat> for Case {
        type Error = String;

        fn try_from(flat: Flat) -> Result<Case, String> {
            let kind = match (flat.kind, flat.base, flat.change, flat.kills) {
                (Word::Positive, None, None, None) => Kind::Positive,
                (Word::Negative, Some(base), Some(change), kills) => Kind::Negative(Spoiled {
                    base,
                    change,
                    kills,
                }),
                (Word::Positive, ..) => {
                    return Err(format!(
                        "{}: a positive case has no base, change or fault",
                        flat.id
                    ));
                }
                (Word::Negative, ..) => {
                    return Err(format!(
                        "{}: a negative case names its base and its change",
                        flat.id
                    ));
                }
            };
            Ok(Case {
                id: flat.id,
                since: flat.since,
                title: flat.title,
                why: flat.why,
                requirements: flat.requirements,
                level: flat.level,
                role: flat.role,
                capabilities: flat.capabilities,
                kind,
                flags: flat.flags,
                steps: flat.steps,
            })
        }
    }
}
