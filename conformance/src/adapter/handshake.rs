//! Static functions of handshake and channel.

use countersign::cbor;
use countersign::channel::recompute::{self, Place};
use countersign::channel::{ChannelError, Direction};
use countersign::crypto::{P256, Secret, Verifier};
use countersign::edhoc::Credential;
use countersign::registry::limit;
use countersign_vectors::case::Object;

use super::function::bytes;
use super::{Args, Refusal};

/// {bytes} -> {key, server?}
pub(super) fn credential(args: &Args) -> Result<Object, Refusal> {
    let encoded = args.bytes("bytes")?;
    let credential = Credential::decode(&encoded)
        .map_err(|_| cbor::refusal(&encoded, limit::HANDSHAKE).code())?;
    P256.validate(&credential.key)
        .map_err(|error| error.code())?;
    let mut values = bytes([("key", credential.key.as_bytes())]);
    if let Some(server) = &credential.subject {
        values.extend(bytes([("server", server.as_bytes())]));
    }
    Ok(values)
}

/// {prk_out, direction, generation, sequence, plaintext} -> {record}
pub(super) fn seal(args: &Args) -> Result<Object, Refusal> {
    let record = recompute::seal(&prk_out(args)?, place(args)?, &args.bytes("plaintext")?);
    Ok(bytes([("record", &record.map_err(refused)?)]))
}

/// {prk_out, direction, generation, sequence, record} -> {plaintext}
pub(super) fn open(args: &Args) -> Result<Object, Refusal> {
    let plaintext = recompute::open(&prk_out(args)?, place(args)?, &args.bytes("record")?);
    Ok(bytes([("plaintext", &plaintext.map_err(refused)?)]))
}

fn prk_out(args: &Args) -> Result<Secret<32>, Refusal> {
    Ok(Secret::from_bytes(args.array("prk_out")?))
}

fn place(args: &Args) -> Result<Place, Refusal> {
    Ok(Place {
        direction: match args.text("direction")? {
            "to_server" => Direction::ToResponder,
            "to_device" => Direction::ToInitiator,
            other => return Err(Refusal::Error(format!("`direction`: {other}"))),
        },
        generation: args.small("generation")?,
        sequence: args.uint("sequence")?,
    })
}

fn refused(error: ChannelError) -> Refusal {
    error.code().into()
}
