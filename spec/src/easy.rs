//! Is a PIN easy to guess? (protocol.md, section 8.1)
//!
//! A pure function for the moment in which a user chooses a PIN. It keeps
//! nothing and tells nothing but its answer.

use crate::crypto::Pin;

/// Why a PIN is easy to guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Easy {
    /// One character, or one block of characters, again and again: 7777, 1212, 123123.
    Repeat,
    /// Each digit one above, or each one below, the digit before: 2345, 8901, 4321.
    Run,
    /// Four digits that are a year from 1900 to 2099.
    Year,
    /// Among those that people choose most.
    Common,
}

/// PINs that are chosen most and that no rule above covers.
const COMMON: &[&[u8]] = &[
    b"0852",
    b"1004",
    b"1342",
    b"1397",
    b"2580",
    b"5683",
    b"6969",
    b"8520",
    b"112233",
    b"121314",
    b"123321",
    b"147258",
    b"159753",
    b"258456",
    b"456852",
    b"654123",
    b"789456",
    b"147258369",
];

/// Why `pin` is easy to guess, or `None` if none of the rules says so.
pub fn easy(pin: &Pin) -> Option<Easy> {
    let pin = pin.as_bytes();
    if is_repeat(pin) {
        Some(Easy::Repeat)
    } else if is_run(pin) {
        Some(Easy::Run)
    } else if pin.len() == 4 && (pin.starts_with(b"19") || pin.starts_with(b"20")) && digits(pin) {
        Some(Easy::Year)
    } else if COMMON.contains(&pin) {
        Some(Easy::Common)
    } else {
        None
    }
}

/// A block of at most half the length, repeated until the end.
fn is_repeat(pin: &[u8]) -> bool {
    (1..=pin.len() / 2)
        .filter(|block| pin.len().is_multiple_of(*block))
        .any(|block| {
            let first = pin.iter().cycle().take(block);
            pin.chunks(block)
                .all(|chunk| chunk.iter().eq(first.clone()))
        })
}

/// Every step is plus one, or every step is minus one; 0 follows 9.
fn is_run(pin: &[u8]) -> bool {
    let steps = |up: u8| {
        pin.iter()
            .zip(pin.iter().skip(1))
            .all(|(a, b)| (a - b'0' + up) % 10 == b - b'0')
    };
    digits(pin) && (steps(1) || steps(9))
}

fn digits(pin: &[u8]) -> bool {
    pin.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn check(pin: &str, expected: Option<Easy>) {
        let entered: Vec<u8> = pin.into();
        assert_eq!(easy(&Pin::new(entered).unwrap()), expected, "{pin}");
    }

    #[test]
    fn each_rule_and_what_it_leaves() {
        for pin in [
            "0000", "777777", "1212", "123123", "abab", "ééé", "12341234",
        ] {
            check(pin, Some(Easy::Repeat));
        }
        for pin in ["1234", "4321", "8901", "2109", "0123456789", "9876"] {
            check(pin, Some(Easy::Run));
        }
        for pin in ["1900", "1984", "2099", "2026"] {
            check(pin, Some(Easy::Year));
        }
        for pin in ["2580", "1004", "147258"] {
            check(pin, Some(Easy::Common));
        }
        for pin in [
            "1357", "1899", "2100", "20260", "12346", "12312", "7777x", "90 12", "4829",
        ] {
            check(pin, None);
        }
    }
}
