//! The shards of one run, put together.

use std::collections::BTreeSet;

use super::who;
use crate::events::{Event, Record, Summary, Took};

/// One event stream from those of all shards.
///
/// # Errors
/// If they are not shards of one run: another suite, seed or implementation,
/// or a case that two of them have.
pub fn merge(records: Vec<Record>) -> Result<String, String> {
    let mut records = records.into_iter();
    let mut whole = records.next().ok_or("there is nothing to merge")?;
    let mut seen: BTreeSet<String> = whole.results.iter().map(|r| r.case.clone()).collect();
    for record in records {
        let same = whole.run.suite == record.run.suite
            && whole.run.seed == record.run.seed
            && whole.run.implementation == record.run.implementation
            && whole.run.roles == record.run.roles
            && whole.run.capabilities == record.run.capabilities;
        if !same {
            return Err(format!(
                "these are not shards of one run: suite {}, seed {}, {}; suite {}, seed {}, {}",
                whole.run.suite,
                whole.run.seed,
                who(&whole),
                record.run.suite,
                record.run.seed,
                who(&record)
            ));
        }
        if let Some(twice) = record.results.iter().find(|r| !seen.insert(r.case.clone())) {
            return Err(format!("{} is in two of the streams", twice.case));
        }
        for check in record.checks {
            if !whole.checks.contains(&check) {
                whole.checks.push(check);
            }
        }
        whole.run.cases += record.run.cases;
        whole.run.time.unix_ms = whole.run.time.unix_ms.min(record.run.time.unix_ms);
        whole.summary.time.us += record.summary.time.us;
        whole.results.extend(record.results);
    }
    whole.run.shard = None;
    whole.results.sort_by(|a, b| a.case.cmp(&b.case));
    let time = Took {
        us: whole.summary.time.us,
    };
    let summary = Summary {
        time,
        ..Summary::of(&whole.results)
    };

    let mut events = vec![Event::Run(whole.run)];
    events.extend(whole.checks.into_iter().map(Event::Doctor));
    for result in whole.results {
        events.push(Event::Start {
            case: result.case.clone(),
        });
        events.push(Event::Result(result));
    }
    events.push(Event::Summary(summary));
    let mut text = String::new();
    for event in &events {
        text += &serde_json::to_string(event).map_err(|error| error.to_string())?;
        text.push('\n');
    }
    Ok(text)
}
