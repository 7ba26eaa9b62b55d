//! The adapter protocol: what the runner and an implementation under test say
//! to each other (`schema/adapter.schema.json`).
//!
//! One JSON object per line, one reply per request, bytes as lower-case hex,
//! times in milliseconds. Whether a line is noise is decided by its first
//! character alone: whatever does not begin with `{` is.
//!
//! ```text
//! > {"cmd":"hello","id":1,"protocol":1}
//! < {"res":"ok","id":1,"implementation":{"name":"acme","version":"1.2"},"roles":["device"],"capabilities":[]}
//! > {"cmd":"open","id":2,"session":"a","role":"device","config":{},"now_ms":1750000000000}
//! < {"res":"ok","id":2}
//! > {"cmd":"step","id":3,"session":"a","op":"receive","in":"d284","now_ms":1750000005000}
//! < {"res":"reject","id":3,"code":101}
//! > {"cmd":"close","id":4,"session":"a"}
//! < {"res":"ok","id":4}
//! ```

use countersign_vectors::case::Object;
use serde::{Deserialize, Serialize};

/// The version of the adapter protocol that this module describes.
pub const VERSION: u32 = 1;

/// The published description of both directions.
pub const SCHEMA: &str = include_str!("../schema/adapter.schema.json");

/// The longest line that either side may send, in bytes: a data payload of
/// 1 MiB in hex, and as much again for what is around it.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Runner to implementation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cmd", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// Who are you? Always the first.
    Hello {
        /// Names the request.
        id: u64,
        /// [`VERSION`].
        protocol: u32,
    },
    /// Begin afresh in a role, with nothing left of any session before.
    Open {
        /// Names the request.
        id: u64,
        /// Names the session until it is closed.
        session: String,
        /// `static`, `device`, `auth` or `factor`.
        role: String,
        /// What the role needs to know; empty for `static`.
        #[serde(default, skip_serializing_if = "Object::is_empty")]
        config: Object,
        /// The time, in milliseconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now_ms: Option<u64>,
    },
    /// Something happens to the session.
    Step {
        /// Names the request.
        id: u64,
        /// An open session.
        session: String,
        /// What happens.
        op: String,
        /// The bytes that arrive, if any do.
        #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
        input: Option<String>,
        /// Everything else that belongs to it.
        #[serde(default, skip_serializing_if = "Object::is_empty")]
        args: Object,
        /// 32 bytes that no other step has, for implementations that can take their randomness
        /// from outside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entropy: Option<String>,
        /// The time, in milliseconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now_ms: Option<u64>,
    },
    /// Forget the session.
    Close {
        /// Names the request.
        id: u64,
        /// An open session.
        session: String,
    },
}

/// Implementation to runner. The runner alone says crash, hang, malformed and state leak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "res", rename_all = "lowercase", deny_unknown_fields)]
pub enum Reply {
    /// Done.
    Ok {
        /// The request's id.
        id: u64,
        /// To `hello`: who answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        implementation: Option<Implementation>,
        /// To `hello`: the roles that it plays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roles: Option<Vec<String>>,
        /// To `hello`: the optional things that it can do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capabilities: Option<Vec<String>>,
        /// To `step`: messages that leave, in their order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        out: Vec<Output>,
        /// To `step`: what the app or the operator is told, in its order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        events: Vec<Object>,
        /// To `open` and `step`: what is returned.
        #[serde(default, skip_serializing_if = "Object::is_empty")]
        values: Object,
    },
    /// Refused, by the protocol's rules.
    Reject {
        /// The request's id.
        id: u64,
        /// The number from the error catalogue.
        code: u16,
        /// Messages that leave with the refusal, such as an error message.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        out: Vec<Output>,
        /// What the app or the operator is told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        events: Vec<Object>,
    },
    /// The implementation does not have this role, function or option.
    Unsupported {
        /// The request's id.
        id: u64,
        /// What it does not have.
        capability: String,
    },
    /// The adapter, not the protocol, is at a loss.
    Error {
        /// The request's id.
        id: u64,
        /// For a person.
        detail: String,
    },
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Implementation {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A message that leaves the implementation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// For whom: a role, or a party that the role's description names.
    pub to: String,
    /// The message, in hex.
    pub bytes: String,
}

impl Request {
    /// The request's id.
    pub fn id(&self) -> u64 {
        match self {
            Request::Hello { id, .. }
            | Request::Open { id, .. }
            | Request::Step { id, .. }
            | Request::Close { id, .. } => *id,
        }
    }
}

impl Reply {
    /// The id of the request that is answered.
    pub fn id(&self) -> u64 {
        match self {
            Reply::Ok { id, .. }
            | Reply::Reject { id, .. }
            | Reply::Unsupported { id, .. }
            | Reply::Error { id, .. } => *id,
        }
    }

    /// A bare `ok`.
    pub fn done(id: u64) -> Reply {
        Reply::Ok {
            id,
            implementation: None,
            roles: None,
            capabilities: None,
            out: Vec::new(),
            events: Vec::new(),
            values: Object::new(),
        }
    }

    /// An `ok` with what a function returned.
    pub fn returned(id: u64, returned: Object) -> Reply {
        let mut reply = Reply::done(id);
        if let Reply::Ok { values, .. } = &mut reply {
            *values = returned;
        }
        reply
    }

    /// A refusal with nothing but its code.
    pub fn refused(id: u64, code: u16) -> Reply {
        Reply::Reject {
            id,
            code,
            out: Vec::new(),
            events: Vec::new(),
        }
    }
}
