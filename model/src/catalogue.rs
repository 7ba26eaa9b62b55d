//! All models, behind one interface.

use std::marker::PhantomData;
use std::net::SocketAddr;

use crate::check::{self, Checked, Report, Size};
use crate::lockout::Lockout;
use crate::weaken::Outcome;

/// A model whose type does not matter any more.
pub trait Entry {
    /// Its name in the command line.
    fn name(&self) -> &'static str;
    /// What it is about.
    fn about(&self) -> &'static str;
    /// Checks it.
    fn check(&self, size: Size, progress: &mut dyn FnMut(&str, usize)) -> Report;
    /// The names of its weakenings.
    fn weakenings(&self) -> Vec<&'static str>;
    /// Runs the weakening of that name.
    fn weaken(&self, name: &str) -> Option<Outcome>;
    /// Serves stateright's explorer until the process ends.
    fn serve(&self, size: Size, address: SocketAddr);
}

/// Every model that there is.
pub fn all() -> Vec<Box<dyn Entry>> {
    vec![Box::new(Of::<Lockout>(PhantomData))]
}

struct Of<M>(PhantomData<M>);

impl<M: Checked> Entry for Of<M> {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn about(&self) -> &'static str {
        M::ABOUT
    }

    fn check(&self, size: Size, progress: &mut dyn FnMut(&str, usize)) -> Report {
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

    fn serve(&self, size: Size, address: SocketAddr) {
        let _served_until_the_end = stateright::Model::checker(M::sized(size)).serve(address);
    }
}
