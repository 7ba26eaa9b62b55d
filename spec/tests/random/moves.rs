//! What can happen next.

use proptest::prelude::*;

/// One thing that happens. Numbers choose among what there is at that moment.
#[derive(Clone, Copy, Debug)]
pub enum Move {
    /// The user, or the app for them, answers what is asked, or begins something.
    User(u8),
    /// The user does what nobody has asked for.
    Untimely(u8),
    /// The backend of the auth server does something.
    Backend(u8),
    /// The network delivers the frame that has waited longest, and so on until none waits.
    Calm,
    /// It delivers any frame that waits.
    Deliver(u8),
    /// It loses one.
    Drop(u8),
    /// It delivers one, and keeps it to be delivered again.
    Twice(u8),
    /// It delivers one with a bit changed.
    Flip(u8, u16),
    /// It delivers a frame of long ago again.
    Replay(u16),
    /// The same, as if it belonged to the connection of another.
    Misroute(u16, u16),
    /// Time passes for all, in seconds.
    Wait(u16),
    /// The servers' clocks jump, in seconds; the phone's monotonic clock does not.
    Skew(i16),
    /// The app is killed and started again.
    Restart,
    /// The phone finds that a transport has broken, and takes another.
    Reconnect,
}

/// Mostly things that get somewhere.
pub fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        24 => any::<u8>().prop_map(Move::User),
        1 => any::<u8>().prop_map(Move::Untimely),
        3 => any::<u8>().prop_map(Move::Backend),
        22 => Just(Move::Calm),
        6 => any::<u8>().prop_map(Move::Deliver),
        2 => any::<u8>().prop_map(Move::Drop),
        2 => any::<u8>().prop_map(Move::Twice),
        2 => any::<(u8, u16)>().prop_map(|(which, bit)| Move::Flip(which, bit)),
        2 => any::<u16>().prop_map(Move::Replay),
        1 => any::<(u16, u16)>().prop_map(|(what, to)| Move::Misroute(what, to)),
        2 => (0..400_u16).prop_map(Move::Wait),
        1 => (-300..300_i16).prop_map(Move::Skew),
        1 => Just(Move::Restart),
        3 => Just(Move::Reconnect),
    ]
}
