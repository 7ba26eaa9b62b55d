//! The generators, one module per group of cases.
//!
//! A generator is a function from the seed to a [`Group`]. It computes what it
//! expects by its own means wherever it can, so that a case is more than a
//! recording of the reference.

mod auth;
mod credentials;
mod derive;
mod detached;
mod device;
mod encoding;
mod factor;
mod handshake;
mod keys;
mod links;
mod messages;
mod samples;
mod shape;
mod shown;
mod signatures;
mod statements;

use crate::case::Group;
use crate::seed::Seed;

/// Every group, in the order in which the groups run, which is that of their names.
pub fn all(seed: Seed) -> Vec<Group> {
    let mut all = vec![
        credentials::group(seed),
        derive::group(seed),
        encoding::group(seed),
        handshake::records(seed),
        handshake::transcripts(seed),
        keys::group(seed),
        links::group(seed),
        shown::group(seed),
        signatures::group(seed),
        detached::group(seed),
        statements::group(seed),
    ];
    all.extend(auth::groups());
    all.extend(messages::groups(seed));
    all.extend(factor::groups());
    all.extend(device::groups());
    all.sort_by(|one, other| one.group.cmp(&other.group));
    all
}
