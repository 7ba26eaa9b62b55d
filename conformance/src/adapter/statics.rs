//! The role `static`: functions of the protocol, one entry of a table each
//! (`ADAPTER.md` lists their arguments and results).

use countersign::crypto::{P256, Pin, PinKey, PublicKey, SRule, Secret, Signature, Verifier};
use countersign::messages::factor::{assertion_id, pseudonym};
use countersign::messages::{BindInput, nonce_proof, session_id};
use countersign::registry::{Decision, Purpose};
use countersign::values::{AccountId, Digest, RecordId, ServerId, SessionId};
use countersign_vectors::case::Object;

use super::function::{Function, byte_string, bytes, lookup};
use super::{Args, Effects, Happening, Refusal, Role, codec, handshake, shown, transcript};

/// Every function, by the name that cases use.
const FUNCTIONS: &[(&str, Function)] = &[
    ("cbor.decode", codec::decode),
    ("cose.verify", codec::verify),
    ("cose.detached", codec::verify_detached),
    ("signature.verify", signature_verify),
    ("key.thumbprint", key_thumbprint),
    ("session.id", session_id_of),
    ("nonce.proof", nonce_proof_of),
    ("bind", bind),
    ("pin.key", pin_key),
    ("pseudonym", pseudonym_of),
    ("assertion.id", assertion_id_of),
    ("credential.decode", handshake::credential),
    ("edhoc.transcript", transcript::transcript),
    ("channel.seal", handshake::seal),
    ("channel.open", handshake::open),
    ("visual.hash", shown::visual_hash),
    ("pin.easy", shown::easy_pin),
];

/// The role itself; it has no state.
pub(super) struct Functions;

impl Role for Functions {
    fn step(&mut self, happening: Happening) -> Result<Effects, Refusal> {
        let function = lookup(FUNCTIONS, &happening.op)?;
        Ok(Effects {
            values: function(&happening.args)?,
            ..Effects::default()
        })
    }
}

fn signature_verify(args: &Args) -> Result<Object, Refusal> {
    let rule = match args.text("s")? {
        "low" => SRule::Low,
        "any" => SRule::Any,
        other => return Err(Refusal::Error(format!("`s` is low or any, not {other}"))),
    };
    let (key, signature): (PublicKey, Signature) =
        (byte_string(args, "key")?, byte_string(args, "signature")?);
    match P256.verify(&key, &args.bytes("message")?, &signature, rule) {
        Ok(()) => Ok(Object::new()),
        Err(error) => Err(error.code().into()),
    }
}

fn key_thumbprint(args: &Args) -> Result<Object, Refusal> {
    let kid = PublicKey(args.array("key")?).kid();
    Ok(bytes([("kid", kid.as_bytes())]))
}

fn session_id_of(args: &Args) -> Result<Object, Refusal> {
    let server = ServerId(args.array("server")?);
    let id = session_id(args.uint("link_type")?, server, &args.array("nonce")?);
    Ok(bytes([("session_id", id.as_bytes())]))
}

fn nonce_proof_of(args: &Args) -> Result<Object, Refusal> {
    let (nonce, g_x) = (args.array("nonce")?, args.array("g_x")?);
    let proof = nonce_proof(
        &nonce,
        ServerId(args.array("server")?),
        purpose(args)?,
        &g_x,
    );
    Ok(bytes([("proof", proof.as_bytes())]))
}

fn bind(args: &Args) -> Result<Object, Refusal> {
    let decision =
        |args: &Args, name: &str| registered(args.uint(name)?, Decision::from_number, "decision");
    let input = BindInput {
        server: ServerId(args.array("server")?),
        context: args.array("context")?,
        account: args.optional("account", Args::array)?.map(AccountId),
        purpose: purpose(args)?,
        session: args.optional("session", Args::array)?.map(SessionId),
        announce: args.optional("announce_hash", Args::array)?.map(Digest),
        user_input: args.optional("user_input_hash", Args::array)?.map(Digest),
        decision: args.optional("decision", decision)?,
        intent: args.optional("intent_hash", Args::array)?.map(Digest),
    };
    Ok(bytes([("bind", input.bind().as_bytes())]))
}

fn pin_key(args: &Args) -> Result<Object, Refusal> {
    let pin = Pin::new(args.text("pin")?.as_bytes().to_vec())
        .map_err(|error| Refusal::Error(format!("`pin`: {error:?}")))?;
    let secret = Secret::from_bytes(args.array("d_sec")?);
    let record = RecordId(args.array("record")?);
    let key = PinKey::from_pin(&secret, &record, args.small("generation")?, &pin).public_key();
    Ok(bytes([("key", &key.0)]))
}

fn pseudonym_of(args: &Args) -> Result<Object, Refusal> {
    let (record, audience) = (
        RecordId(args.array("record")?),
        ServerId(args.array("audience")?),
    );
    let pseudonym = pseudonym(&args.array("key")?, record, audience);
    Ok(bytes([("pseudonym", pseudonym.as_bytes())]))
}

fn assertion_id_of(args: &Args) -> Result<Object, Refusal> {
    let id = assertion_id(
        RecordId(args.array("record")?),
        args.uint("request_number")?,
    );
    Ok(bytes([("assertion_id", id.as_bytes())]))
}

fn purpose(args: &Args) -> Result<Purpose, Refusal> {
    registered(args.uint("purpose")?, Purpose::from_number, "purpose")
}

fn registered<T>(number: u64, find: impl Fn(u64) -> Option<T>, what: &str) -> Result<T, Refusal> {
    find(number).ok_or_else(|| Refusal::Error(format!("{number} is no {what}")))
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn each_function_stands_in_the_table_once() {
        for (number, (name, _)) in FUNCTIONS.iter().enumerate() {
            let earlier = &FUNCTIONS[..number];
            assert!(
                earlier.iter().all(|(other, _)| other != name),
                "{name} twice"
            );
        }
    }
}
