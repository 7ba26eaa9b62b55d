//! An adapter that lies: the reference, with one thing wrong about it.
//!
//! `countersign-liar LIE [NEEDLE]`; with a needle the lie is told only about
//! requests that contain it.

use std::io::{self, BufRead, Write};
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use countersign_conformance::adapter::Adapter;
use countersign_conformance::protocol::{Reply, Request};
use countersign_vectors::case::Object;

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let lie = words.next().unwrap_or_default();
    let needle = words.next().unwrap_or_default();
    let mut adapter = Adapter::default();
    let mut leaked = false;
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let is_step = matches!(serde_json::from_str(&line), Ok(Request::Step { .. }));
        let honest = adapter.answer(&line);
        let hit = line.contains(&needle);
        match lie.as_str() {
            "echo" => {
                writeln!(out, "{line}")?;
                continue;
            }
            "hang" if hit => sleep(Duration::from_secs(3600)),
            "crash" if hit => {
                eprintln!("thread 'main' panicked: index out of bounds");
                exit(7);
            }
            "nonsense" if hit => {
                writeln!(out, "{{\"res\":\"maybe\"}}")?;
                continue;
            }
            "not-text" if hit => {
                out.write_all(b"{\xff}\n")?;
                continue;
            }
            "noise" => writeln!(out, "loading the key store")?,
            _ => {}
        }
        let id = honest.id();
        let reply = match (lie.as_str(), honest) {
            ("accept-all", Reply::Reject { .. }) => Reply::returned(id, Object::new()),
            ("reject-all", Reply::Ok { .. }) if is_step => Reply::refused(id, 107),
            ("wrongly-reject", Reply::Ok { .. }) if is_step && hit => Reply::refused(id, 107),
            ("wrong-code", Reply::Reject { .. }) if hit => Reply::refused(id, 999),
            ("wrong-id", _) if hit => Reply::done(id + 1),
            ("error", _) if hit => Reply::Error {
                id,
                detail: "out of ideas".to_owned(),
            },
            ("broken-claim", _) if hit => Reply::Unsupported {
                id,
                capability: "patience".to_owned(),
            },
            ("uppercase", Reply::Ok { values, .. }) if is_step && hit => {
                let louder = |value: serde_json::Value| {
                    value
                        .as_str()
                        .map(|text| text.to_uppercase().into())
                        .unwrap_or(value)
                };
                Reply::returned(
                    id,
                    values.into_iter().map(|(k, v)| (k, louder(v))).collect(),
                )
            }
            ("leak", _) if leaked && is_step => Reply::refused(id, 999),
            ("anything-goes", Reply::Unsupported { .. }) => Reply::done(id),
            ("claim", honest) => claiming(honest, &needle),
            (_, honest) => honest,
        };
        leaked |= is_step && hit;
        serde_json::to_writer(&mut out, &reply)?;
        writeln!(out)?;
        out.flush()?;
    }
    if lie == "stay" {
        sleep(Duration::from_secs(3600));
    }
    Ok(())
}

/// The same introduction, with other roles.
fn claiming(honest: Reply, claimed: &str) -> Reply {
    match honest {
        Reply::Ok {
            id,
            implementation,
            roles: Some(_),
            capabilities,
            out,
            events,
            values,
        } => {
            let roles = Some(claimed.split(',').map(str::to_owned).collect());
            Reply::Ok {
                id,
                implementation,
                roles,
                capabilities,
                out,
                events,
                values,
            }
        }
        other => other,
    }
}
