//! Decoding and verifying by the name of a rule of `protocol.cddl`.

use countersign::cbor::{self, DecodeError};
use countersign::cose::{CoseError, Sign1, Statement, verify_detached as detached};
use countersign::crypto::{P256, PublicKey};
use countersign::messages::action::{Approval, Approve, Approved, Challenge, FetchChallenge};
use countersign::messages::app::{Admitted, AppSettled, Logout, Ping, Pong};
use countersign::messages::channel::{KeyUpdate, Refused, Settled};
use countersign::messages::credential::{
    ApprovalKey, CredentialDeleted, DeleteCredential, Opened, Rotate, Rotated, Rotation,
};
use countersign::messages::data::{DataAnswer, DataCancel, DataError, DataRequest};
use countersign::messages::factor::{
    AddBiometric, AskStatus, Assertion, BiometricGone, Create, FactorKey, FactorProof,
    RemoveBiometric, SetPin, Status, Verdict, Verify, Voucher,
};
use countersign::messages::frame::Frame;
use countersign::messages::handshake;
use countersign::messages::handshake::{Announce, Ead1, Ead2, ParametersChain, Policy};
use countersign::messages::link::Link;
use countersign::messages::parameters::{Identity, Parameters};
use countersign::registry::limit;
use countersign_vectors::case::Object;
use serde::{Serialize, de::DeserializeOwned};

use super::function::{Function, byte_string, bytes, lookup, not_encoded};
use super::{Args, Refusal};

/// Bytes in, the same bytes out, or a refusal.
type Codec = fn(&[u8]) -> Result<Vec<u8>, Refusal>;

/// Every message, by its rule.
const MESSAGES: &[(&str, Codec)] = &[
    ("frame", |bytes| {
        again(Frame::from_slice(bytes), Frame::to_vec)
    }),
    ("link", |bytes| again(Link::from_slice(bytes), Link::to_vec)),
    ("ead-1", within::<Ead1, { limit::PLAINTEXT_2 }>),
    ("ead-2", within::<Ead2, { limit::PLAINTEXT_2 }>),
    (
        "parameters-chain",
        within::<ParametersChain, { limit::PLAINTEXT_2 }>,
    ),
    ("announce", within::<Announce, { limit::ANNOUNCE }>),
    ("policy", within::<Policy, { limit::PLAINTEXT_2 }>),
    (
        "statement",
        within::<handshake::Statement, { limit::STATEMENT }>,
    ),
    ("parameters", within::<Parameters, { limit::STATEMENT }>),
    ("identity", within::<Identity, { limit::STATEMENT }>),
    ("voucher", within::<Voucher, { limit::STATEMENT }>),
    ("assertion", within::<Assertion, { limit::STATEMENT }>),
    ("factor-proof", within::<FactorProof, { limit::STATEMENT }>),
    ("factor-key", within::<FactorKey, { limit::STATEMENT }>),
    ("key-update", within::<KeyUpdate, { limit::FRAME }>),
    ("refused", within::<Refused, { limit::FRAME }>),
    ("settled", within::<Settled, { limit::FRAME }>),
    ("app-settled", within::<AppSettled, { limit::FRAME }>),
    ("ping", within::<Ping, { limit::FRAME }>),
    ("pong", within::<Pong, { limit::FRAME }>),
    ("logout", within::<Logout, { limit::FRAME }>),
    ("admitted", within::<Admitted, { limit::FRAME }>),
    ("data-request", within::<DataRequest, { limit::FRAME }>),
    ("data-cancel", within::<DataCancel, { limit::FRAME }>),
    ("data-answer", within::<DataAnswer, { limit::FRAME }>),
    ("data-error", within::<DataError, { limit::FRAME }>),
    ("create", within::<Create, { limit::FRAME }>),
    ("verify", within::<Verify, { limit::FRAME }>),
    ("ask-status", within::<AskStatus, { limit::FRAME }>),
    ("set-pin", within::<SetPin, { limit::FRAME }>),
    ("add-biometric", within::<AddBiometric, { limit::FRAME }>),
    (
        "remove-biometric",
        within::<RemoveBiometric, { limit::FRAME }>,
    ),
    ("biometric-gone", within::<BiometricGone, { limit::FRAME }>),
    ("status", within::<Status, { limit::FRAME }>),
    ("verdict", within::<Verdict, { limit::FRAME }>),
    (
        "fetch-challenge",
        within::<FetchChallenge, { limit::FRAME }>,
    ),
    ("challenge", within::<Challenge, { limit::FRAME }>),
    ("approve", within::<Approve, { limit::FRAME }>),
    ("approved", within::<Approved, { limit::FRAME }>),
    ("opened", within::<Opened, { limit::FRAME }>),
    (
        "delete-credential",
        within::<DeleteCredential, { limit::FRAME }>,
    ),
    ("rotate", within::<Rotate, { limit::FRAME }>),
    (
        "credential-deleted",
        within::<CredentialDeleted, { limit::FRAME }>,
    ),
    ("rotated", within::<Rotated, { limit::FRAME }>),
    ("approval-key", within::<ApprovalKey, { limit::STATEMENT }>),
    ("rotation", within::<Rotation, { limit::STATEMENT }>),
    ("approval", within::<Approval, { limit::STATEMENT }>),
];

/// Every statement that travels, by the rule of its payload.
const STATEMENTS: &[(&str, Function)] = &[
    ("parameters", verify_one::<Parameters>),
    ("identity", verify_one::<Identity>),
    ("voucher", verify_one::<Voucher>),
    ("assertion", verify_one::<Assertion>),
];

/// Every statement of which only the signature travels.
const DETACHED: &[(&str, Function)] = &[
    ("factor-proof", verify_one_detached::<FactorProof>),
    ("factor-key", verify_one_detached::<FactorKey>),
    ("approval-key", verify_one_detached::<ApprovalKey>),
    ("rotation", verify_one_detached::<Rotation>),
];

/// Decodes a message and encodes it again.
pub(super) fn decode(args: &Args) -> Result<Object, Refusal> {
    let codec = lookup(MESSAGES, args.text("type")?)?;
    Ok(bytes([("bytes", &codec(&args.bytes("bytes")?)?)]))
}

/// Verifies a COSE_Sign1 and gives its payload.
pub(super) fn verify(args: &Args) -> Result<Object, Refusal> {
    lookup(STATEMENTS, args.text("type")?)?(args)
}

/// Verifies a signature over a statement that does not travel.
pub(super) fn verify_detached(args: &Args) -> Result<Object, Refusal> {
    lookup(DETACHED, args.text("type")?)?(args)
}

fn within<T: Serialize + DeserializeOwned, const LIMIT: usize>(
    bytes: &[u8],
) -> Result<Vec<u8>, Refusal> {
    again(cbor::from_slice::<T>(bytes, LIMIT), |message| {
        cbor::to_vec(message)
    })
}

fn again<T>(
    decoded: Result<T, DecodeError>,
    encode: impl FnOnce(&T) -> Result<Vec<u8>, cbor::EncodeError>,
) -> Result<Vec<u8>, Refusal> {
    encode(&decoded.map_err(|error| error.code())?).map_err(not_encoded)
}

fn verify_one<T>(args: &Args) -> Result<Object, Refusal>
where
    T: Statement<Context: DeserializeOwned>,
{
    let key = PublicKey(args.array("key")?);
    let context = own(args, "context")?;
    let statement = Sign1::<T>::from_bytes(&args.bytes("bytes")?)
        .and_then(|sign1| sign1.verify(&key, &context, &P256))
        .map_err(refused)?;
    let payload = cbor::to_vec(&*statement).map_err(not_encoded)?;
    Ok(bytes([("payload", &payload)]))
}

fn verify_one_detached<T>(args: &Args) -> Result<Object, Refusal>
where
    T: Statement<Context: DeserializeOwned>,
{
    let key = PublicKey(args.array("key")?);
    let context = match args.0.get("context") {
        Some(_) => own(args, "context")?,
        None => empty_context()?,
    };
    let statement: T = own(args, "payload")?;
    let signature = byte_string(args, "signature")?;
    detached(statement, &context, &key, &signature, &P256).map_err(refused)?;
    Ok(Object::new())
}

/// Something that the verifier knows by itself; that it does not decode is the asker's mistake.
fn own<T: DeserializeOwned>(args: &Args, name: &str) -> Result<T, Refusal> {
    cbor::from_slice(&args.bytes(name)?, limit::FRAME)
        .map_err(|error| Refusal::Error(format!("`{name}`: {error}")))
}

fn empty_context<T: DeserializeOwned>() -> Result<T, Refusal> {
    const EMPTY_ARRAY: &[u8] = &[0x80];
    cbor::from_slice(EMPTY_ARRAY, EMPTY_ARRAY.len())
        .map_err(|error| Refusal::Error(format!("`context` is missing: {error}")))
}

fn refused(error: CoseError) -> Refusal {
    match error {
        CoseError::Encode(error) => not_encoded(error),
        error => error.code().into(),
    }
}
