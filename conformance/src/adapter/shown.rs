//! Functions of what a user sees: the visual hash, and what is said of a new PIN.

use countersign::crypto::Pin;
use countersign::easy::{Easy, easy};
use countersign::values::{Digest, ServerId};
use countersign::visual::VisualHash;
use countersign_vectors::case::Object;

use super::{Args, Refusal};

pub(super) fn visual_hash(args: &Args) -> Result<Object, Refusal> {
    let (parameters, server) = (
        Digest(args.array("parameters_hash")?),
        ServerId(args.array("server")?),
    );
    let hash = VisualHash::of(&parameters, server);
    Ok(Object::from_iter([
        ("hash".to_owned(), hex::encode(hash.as_bytes()).into()),
        ("words".to_owned(), hash.words().join(" ").into()),
        (
            "cells".to_owned(),
            hash.cells()
                .iter()
                .map(|row| {
                    row.map(|cell| char::from(b'0' + cell))
                        .iter()
                        .collect::<String>()
                })
                .collect::<Vec<_>>()
                .into(),
        ),
        ("palette".to_owned(), hash.palette().into()),
    ]))
}

pub(super) fn easy_pin(args: &Args) -> Result<Object, Refusal> {
    let pin = Pin::new(args.text("pin")?.as_bytes().to_vec())
        .map_err(|error| Refusal::Error(format!("`pin`: {error:?}")))?;
    let why = match easy(&pin) {
        None => "no",
        Some(Easy::Repeat) => "repeat",
        Some(Easy::Run) => "run",
        Some(Easy::Year) => "year",
        Some(Easy::Common) => "common",
    };
    Ok(Object::from_iter([("easy".to_owned(), why.into())]))
}
