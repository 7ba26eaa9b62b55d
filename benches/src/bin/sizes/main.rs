//! Prints how many bytes each flow costs on the wire, and each fact in a store.
//!
//! The flows are run by the endpoints of the three roles, with real keys,
//! signatures, handshakes and records, through the cast of the tutorial. What is
//! counted is the frame (protocol.md, section 5.1), as a transport gets it; what
//! HTTP, WebSocket and TLS add is not. `benches/SIZES.md` holds the last output.

#[path = "../../../../spec/tests/cast/mod.rs"]
mod cast;
mod flows;
mod states;
mod weights;

fn main() {
    let legs = flows::all();
    print!("{}\n{}\n", flows::table(&legs), weights::table(&legs));
    print!("{}", states::table());
}

#[cfg(test)]
mod tests {
    use super::flows::{self, Leg};

    const STATED: &str = include_str!("../../../SIZES.md");
    /// Where a row has its total, counted from what is before its first bar.
    const TOTAL_COLUMN: usize = 6;

    /// The bytes that SIZES.md states for a leg in all, in its newest table.
    fn stated_bytes(leg: &Leg) -> usize {
        let row = STATED.lines().find(|row| row.starts_with(&leg.name()));
        let row = row.unwrap_or_else(|| panic!("SIZES.md has no {}", leg.name()));
        let cell = row.split('|').nth(TOTAL_COLUMN).expect("a total");
        cell.trim().parse().expect("a number")
    }

    #[test]
    fn no_leg_has_grown_beyond_what_sizes_md_states() {
        let legs = flows::all();
        assert!(legs.iter().any(|leg| leg.flow == flows::LOGIN));
        for leg in &legs {
            let (total, stated) = (leg.total_bytes(), stated_bytes(leg));
            assert!(total <= stated, "{}: {total} > {stated}", leg.name());
        }
    }
}
