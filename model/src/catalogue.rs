//! All models, behind one interface.

use std::marker::PhantomData;
use std::net::SocketAddr;

use stateright::Expectation;

use crate::actions::Actions;
use crate::changes::Changes;
use crate::check::{self, Checked, Size};
use crate::cover::{self, Coverage, Covering};
use crate::data::Data;
use crate::headless::Headless;
use crate::identity::Identity;
use crate::lineage::Clones;
use crate::lockout::Lockout;
use crate::report::Backs;
use crate::verdict::Report;
use crate::versions::Versions;
use crate::weaken::Outcome;

/// What is told how far a search is: its name, and how many states there are so far.
pub type Tell<'a> = &'a mut dyn FnMut(&str, usize);

/// A model whose type does not matter any more.
pub trait Entry {
    /// Its name in the command line.
    fn name(&self) -> &'static str;
    /// What it is about.
    fn about(&self) -> &'static str;
    /// Its source, which begins with its documentation.
    fn source(&self) -> &'static str;
    /// Checks it.
    ///
    /// # Errors
    /// It would not fit in memory.
    fn check(&self, size: Size, progress: Tell<'_>) -> Result<Report, String>;
    /// The names of its weakenings.
    fn weakenings(&self) -> Vec<&'static str>;
    /// Runs the weakening of that name.
    fn weaken(&self, name: &str) -> Option<Outcome>;
    /// The names of its `always` properties and promises.
    fn claims(&self) -> Vec<&'static str>;
    /// The requirements that they back.
    fn backs(&self) -> &'static [Backs];
    /// What its graph reaches.
    fn cover(&self, size: Size, progress: Tell<'_>) -> Coverage;
    /// Traces that reach all of it.
    fn traces(&self, size: Size, progress: Tell<'_>) -> Vec<Covering>;
    /// Serves stateright's explorer until the process ends.
    fn serve(&self, size: Size, address: SocketAddr);
}

/// Every model that there is.
pub fn all() -> Vec<Box<dyn Entry>> {
    vec![
        of::<Lockout>(),
        of::<Changes>(),
        of::<Identity>(),
        of::<Actions>(),
        of::<Clones>(),
        of::<Versions>(),
        of::<Data>(),
        of::<Headless>(),
    ]
}

fn of<M: Checked>() -> Box<dyn Entry> {
    Box::new(Of::<M>(PhantomData))
}

struct Of<M>(PhantomData<M>);

impl<M: Checked> Entry for Of<M> {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn about(&self) -> &'static str {
        M::ABOUT
    }

    fn source(&self) -> &'static str {
        M::SOURCE
    }

    fn check(&self, size: Size, progress: Tell<'_>) -> Result<Report, String> {
        check::check::<M>(size, progress)
    }

    fn weakenings(&self) -> Vec<&'static str> {
        M::weakened().iter().map(|weakened| weakened.name).collect()
    }

    fn weaken(&self, name: &str) -> Option<Outcome> {
        let all = M::weakened();
        let weakened = all.iter().find(|weakened| weakened.name == name)?;
        Some(weakened.run())
    }

    fn claims(&self) -> Vec<&'static str> {
        let properties = M::sized(Size::Standard).properties();
        let always = properties
            .iter()
            .filter(|property| property.expectation == Expectation::Always)
            .map(|property| property.name);
        always
            .chain(M::promises().iter().map(|promise| promise.name))
            .collect()
    }

    fn backs(&self) -> &'static [Backs] {
        M::backs()
    }

    fn cover(&self, size: Size, progress: Tell<'_>) -> Coverage {
        cover::cover::<M>(size, progress)
    }

    fn traces(&self, size: Size, progress: Tell<'_>) -> Vec<Covering> {
        cover::traces::<M>(size, progress)
    }

    fn serve(&self, size: Size, address: SocketAddr) {
        let _served_until_the_end = stateright::Model::checker(M::sized(size)).serve(address);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENT: &str = include_str!("../../spec/protocol.md");

    #[test]
    fn every_claim_says_which_requirements_it_backs() {
        for entry in all() {
            let backed: BTreeSet<_> = entry.backs().iter().map(|(claim, _)| *claim).collect();
            let claims: BTreeSet<_> = entry.claims().into_iter().collect();
            assert_eq!(backed, claims, "{}", entry.name());
        }
    }

    #[test]
    fn every_requirement_that_is_backed_is_in_the_document() {
        for entry in all() {
            for (claim, requirements) in entry.backs() {
                for requirement in *requirements {
                    let stated = format!("- **{requirement}** ");
                    assert!(DOCUMENT.contains(&stated), "{claim}: {requirement}");
                }
            }
        }
    }

    #[test]
    fn no_two_weakenings_have_one_name() {
        let mut names = BTreeSet::new();
        for name in all().iter().flat_map(|entry| entry.weakenings()) {
            assert!(names.insert(name), "{name}");
        }
    }
}
