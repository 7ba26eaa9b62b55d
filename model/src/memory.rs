//! How much memory a search may take: asked before it starts, not found out by its death.

use std::fs;

/// What stateright's depth-first search keeps per state, in bytes: a fingerprint in a
/// set that is between 7/16 and 7/8 full and is copied when it grows.
pub const FINGERPRINT_BYTES: u64 = 40;
/// What the exact search keeps per state, in bytes, with its steps; measured per model and
/// shown by `check`. This is the most that one of them takes.
pub const EXACT_BYTES: u64 = 500;

/// Bytes that this process could still use, if the system tells: the smaller of the machine's
/// available memory and of what is left to its control group.
pub fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok()?;
    let machine = from_meminfo(&machine)?;
    Some(control_group().map_or(machine, |group| group.min(machine)))
}

/// Whether a search of so many states fits.
///
/// # Errors
/// It does not, with the reason in a sentence.
pub fn fits(states: usize, bytes_per_state: u64, available: Option<u64>) -> Result<(), String> {
    let needed = (states as u64).saturating_mul(bytes_per_state);
    match available {
        Some(available) if needed > available => Err(format!(
            "it would need about {} GiB for {states} states, and {} GiB are available",
            gibibytes(needed),
            gibibytes(available)
        )),
        _ => Ok(()),
    }
}

fn from_meminfo(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn control_group() -> Option<u64> {
    let read = |name| fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok();
    let most: u64 = read("memory.max")?.trim().parse().ok()?; // "max" is no limit
    let used: u64 = read("memory.current")?.trim().parse().ok()?;
    Some(most.saturating_sub(used))
}

fn gibibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1024_f64.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_in_bytes() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(from_meminfo(text), Some(2 << 20));
        assert_eq!(from_meminfo("MemTotal: 1 kB"), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_the_unknown_is_not() {
        assert!(fits(1000, FINGERPRINT_BYTES, Some(40_000)).is_ok());
        assert!(fits(1001, FINGERPRINT_BYTES, Some(40_000)).is_err());
        assert!(fits(usize::MAX, EXACT_BYTES, None).is_ok());
    }
}
