//! Which cases a run consists of.

use std::str::FromStr;

use countersign_vectors::case::{Case, Group, Role};

/// What the command line asks for; empty lists ask for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Cases of these roles.
    pub roles: Vec<Role>,
    /// Cases whose id matches one of these patterns (`*` and `?`).
    pub only: Vec<String>,
    /// Cases that exercise one of these requirements, or of these areas (`ENC`).
    pub requirements: Vec<String>,
    /// One of several equal parts.
    pub shard: Option<Shard>,
}

/// Part `index` of `count`, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From one to `count`.
    pub index: usize,
    /// At least one.
    pub count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parse = |part: &str| part.parse().ok();
        match text.split_once('/').map(|(i, n)| (parse(i), parse(n))) {
            Some((Some(index), Some(count))) if 1 <= index && index <= count => {
                Ok(Shard { index, count })
            }
            _ => Err(format!("`{text}` is not a shard such as 1/4")),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Selection {
    /// The chosen cases, in their order.
    pub fn of<'a>(&self, groups: &'a [Group]) -> Vec<&'a Case> {
        groups
            .iter()
            .flat_map(|group| &group.cases)
            .filter(|case| self.wants(case))
            .enumerate()
            .filter(|(number, _)| {
                self.shard
                    .is_none_or(|shard| number % shard.count == shard.index - 1)
            })
            .map(|(_, case)| case)
            .collect()
    }

    fn wants(&self, case: &Case) -> bool {
        let any_or_empty = |list: &[String], test: &dyn Fn(&str) -> bool| {
            list.is_empty() || list.iter().any(|entry| test(entry))
        };
        let exercises = |wanted: &str| {
            case.requirements.iter().any(|id| {
                id == wanted || id.rsplit_once('-').is_some_and(|(area, _)| area == wanted)
            })
        };
        (self.roles.is_empty() || self.roles.contains(&case.role))
            && any_or_empty(&self.only, &|pattern| matches(pattern, &case.id))
            && any_or_empty(&self.requirements, &exercises)
    }
}

/// Whether `text` matches a pattern in which `*` stands for any characters and `?` for one.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on if the characters that the last star took were too few.
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, t));
            }
            Some(&symbol) if symbol == b'?' || symbol == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after_star, taken)) => {
                    p = after_star;
                    t = taken + 1;
                    retry = Some((after_star, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&symbol| symbol == b'*')
}

/// The existing ids most like one that does not exist, best first.
pub fn nearest<'a>(wanted: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(usize, &str)> = ids
        .into_iter()
        .map(|id| (distance(wanted, id), id))
        .collect();
    scored.sort();
    let limit = (wanted.len() / 2).max(3);
    scored
        .into_iter()
        .filter(|(score, _)| *score <= limit)
        .map(|(_, id)| id)
        .take(3)
        .collect()
}

/// How many characters must be added, dropped or replaced.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("static.*", "static.cbor.x", true),
            ("*.x", "static.cbor.x", true),
            ("st*c*r.?", "static.cbor.x", true),
            ("static", "static.cbor", false),
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "axxbyybzzc", true),
            ("a*b*c", "axxbyybzz", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn near_ids() {
        let ids = [
            "static.key.kid-1",
            "static.cbor.float",
            "device.login.confirm",
        ];
        assert_eq!(nearest("static.key.kid1", ids), ["static.key.kid-1"]);
        assert!(nearest("zzz", ids).is_empty());
    }

    #[test]
    fn shards() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
