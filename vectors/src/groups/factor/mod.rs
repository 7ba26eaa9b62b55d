//! `factor.*`: dialogues with a factor server under test.
//!
//! Each case begins with a device that has no record, and says what it does as
//! its story goes. After whatever is refused, the record is read: it must be as
//! it was.

mod biometric;
mod change;
mod channel;
mod create;
mod delay;
mod handshake;
mod pin;
mod races;
mod register;
mod request;
mod restore;
mod steps;

use crate::case::Group;

/// Every group of the role.
pub fn groups() -> Vec<Group> {
    vec![
        pin::group(),
        request::group(),
        races::group(),
        create::group(),
        handshake::group(),
        channel::group(),
        biometric::group(),
        change::group(),
        register::group(),
        delay::group(),
        restore::group(),
    ]
}
