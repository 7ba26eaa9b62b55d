//! Faults of the reference, behind a run-time switch: `countersign adapter --fault ROLE.NAME`.
//!
//! A fault is one check of the document that is not made. It is named as the cases name it that
//! are there for it (`kills`), and it is made around the crate `countersign`, whose code has no
//! switches: what a decision is given is changed so that the check has nothing to object to, or
//! what it decided is changed before it is stored.

use std::fmt;
use std::str::FromStr;

use countersign_vectors::case::Role;

use super::factor;

/// One check that is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// In the role `factor`.
    Factor(factor::Fault),
}

impl Fault {
    /// Every fault that can be switched on in `role`.
    pub fn of(role: Role) -> Vec<Fault> {
        match role {
            Role::Factor => factor::Fault::all().map(Fault::Factor).collect(),
            Role::Static | Role::Auth | Role::Device => Vec::new(),
        }
    }

    /// The role that it is a fault of.
    pub fn role(self) -> Role {
        match self {
            Self::Factor(_) => Role::Factor,
        }
    }

    /// The word for it in a case's `kills`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Factor(fault) => fault.name(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.role(), self.name())
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let mut all = Role::ALL.into_iter().flat_map(Fault::of);
        all.find(|fault| fault.to_string() == text)
            .ok_or_else(|| format!("`{text}` is not a fault that can be switched on from outside"))
    }
}
