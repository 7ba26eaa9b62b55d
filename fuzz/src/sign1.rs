//! Laws of signed statements (protocol.md, section 3.3).

use countersign::cose::{CoseError, Sign1, Statement, to_sign, verify_detached};
use countersign::crypto::{P256, PublicKey, Signature};
use countersign::messages::factor::{Assertion, Voucher};
use countersign::messages::parameters::{Identity, Parameters};
use countersign::values::{Kid, ServerId};

/// Every law for one input, under the public key of [`SECRET`].
pub fn laws(bytes: &[u8]) {
    statement::<Assertion>(bytes);
    statement::<Voucher>(bytes);
    statement::<Parameters>(bytes);
    statement::<Identity>(bytes);
}

/// The secret key that signs the seeds; no secret, since it is written here.
pub const SECRET: [u8; 32] = [0x11; 32];
/// Its public key.
pub const KEY: PublicKey = PublicKey(PUBLIC);
/// For whom the seeds are signed.
pub const CONTEXT: ServerId = ServerId([0x22; 16]);
/// The factor server of the assertions among them.
const ISSUER: ServerId = ServerId([0x24; 16]);

/// A statement that names servers in its context.
pub trait ForServers: Statement + Clone + PartialEq + std::fmt::Debug {
    /// Its context when it is for `server`.
    fn for_server(server: ServerId) -> Self::Context;
}

impl ForServers for Assertion {
    fn for_server(server: ServerId) -> Self::Context {
        (server, ISSUER)
    }
}

macro_rules! for_one_server {
    ($($statement:ty),*) => {
        $(impl ForServers for $statement {
            fn for_server(server: ServerId) -> Self::Context {
                (server,)
            }
        })*
    };
}

for_one_server!(Voucher, Parameters, Identity);

fn statement<T: ForServers>(bytes: &[u8]) {
    let Ok(sign1) = Sign1::<T>::from_bytes(bytes) else {
        return;
    };
    let statement = sign1.unverified().clone();
    let (kid, signature) = (sign1.kid(), signature_of(bytes));

    // The same statement, prepared by a sender, is the same bytes. Only s may have another form.
    let rebuilt = rebuilt(&statement, kid, signature);
    let unsigned = bytes.len() - Signature::LEN;
    assert_eq!(rebuilt[..unsigned], bytes[..unsigned]);

    let verified = sign1.clone().verify(&KEY, &T::for_server(CONTEXT), &P256);
    if kid != KEY.kid() {
        assert_eq!(verified, Err(CoseError::WrongKey));
        return;
    }
    let detached = verify_detached(
        statement.clone(),
        &T::for_server(CONTEXT),
        &KEY,
        &signature,
        &P256,
    );
    assert_eq!(verified, detached);
    if let Ok(verified) = verified {
        assert_eq!(*verified, statement);
        assert_eq!(rebuilt, bytes, "a second form of a signed statement");
        let other = ServerId([0x23; 16]);
        let elsewhere = sign1.verify(&KEY, &T::for_server(other), &P256);
        assert!(elsewhere.is_err(), "one signature for two receivers");
    }
}

fn rebuilt<T: ForServers>(statement: &T, kid: Kid, signature: Signature) -> Vec<u8> {
    to_sign(statement, &T::for_server(CONTEXT), kid)
        .expect("what was decoded can be encoded, within the same limit")
        .signed(signature)
}

/// A COSE_Sign1 ends with its signature.
fn signature_of(bytes: &[u8]) -> Signature {
    Signature(*bytes.last_chunk().expect("a signature is inside"))
}

const PUBLIC: [u8; 64] = [
    0x02, 0x17, 0xe6, 0x17, 0xf0, 0xb6, 0x44, 0x39, 0x28, 0x27, 0x8f, 0x96, 0x99, 0x9e, 0x69, 0xa2,
    0x3a, 0x4f, 0x2c, 0x15, 0x2b, 0xdf, 0x6d, 0x6c, 0xdf, 0x66, 0xe5, 0xb8, 0x02, 0x82, 0xd4, 0xed,
    0x19, 0x4a, 0x7d, 0xeb, 0xcb, 0x97, 0x71, 0x2d, 0x2d, 0xda, 0x3c, 0xa8, 0x5a, 0xa8, 0x76, 0x5a,
    0x56, 0xf4, 0x5f, 0xc7, 0x58, 0x59, 0x96, 0x52, 0xf2, 0x89, 0x7c, 0x65, 0x30, 0x6e, 0x57, 0x94,
];
