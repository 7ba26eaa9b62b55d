//! Statements as a case wants them: the payload may be any bytes.

use std::collections::BTreeMap;

use countersign::cbor;
use countersign::values::{Bytes, Kid};
use serde::Serialize;

use super::keys::{Key, other_s};
use crate::outcome::Stop;

/// The algorithm of a right statement.
pub const ESP256: i64 = -9;

/// The COSE_Sign1 of `payload` by `signer`, which calls its key `kid` and its `algorithm` as it likes
/// (protocol.md, section 3.3).
///
/// # Errors
/// [`Stop::Undecided`] if the context cannot be encoded.
pub fn sign1<C: Serialize>(
    label: &str,
    context: &C,
    payload: &[u8],
    algorithm: i64,
    kid: Kid,
    signer: &Key,
    high_s: bool,
) -> Result<Vec<u8>, Stop> {
    // {1: algorithm, 4: kid}
    let mut protected = vec![0xa2, 0x01];
    protected.extend(encode(&algorithm)?);
    protected.push(0x04);
    protected.extend(encode(&kid)?);
    let protected = Bytes(protected);

    let aad = cbor::to_vec_labelled(label, context)
        .map_err(|error| Stop::Undecided(error.to_string()))?;
    let payload = Bytes(payload.to_vec());
    let tbs = encode(&("Signature1", &protected, Bytes(aad), &payload))?;
    let low = signer.sign(&tbs);
    let signature = if high_s { other_s(low) } else { low };
    let unprotected: BTreeMap<u64, u64> = BTreeMap::new();
    encode(&(protected, unprotected, payload, signature))
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, Stop> {
    cbor::to_vec(value).map_err(|error| Stop::Undecided(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::cose::{Sign1, Statement};
    use countersign::crypto::P256;
    use countersign::messages::factor::Voucher;
    use countersign::values::{ServerId, UnixSeconds, VoucherId};

    #[test]
    fn right_payloads_make_right_statements() {
        let key = Key::from_entropy([3; 32]);
        let voucher = Voucher {
            issuer: ServerId([1; 16]),
            factor_server: ServerId([2; 16]),
            id: VoucherId([3; 16]),
            expiry: UnixSeconds(4),
        };
        let context = (voucher.factor_server,);
        let payload = cbor::to_vec(&voucher).unwrap();
        let kid = key.public().kid();
        let verified = |high_s| {
            let bytes = sign1(
                Voucher::LABEL,
                &context,
                &payload,
                ESP256,
                kid,
                &key,
                high_s,
            )
            .unwrap();
            let statement = Sign1::<Voucher>::from_bytes(&bytes).unwrap();
            statement
                .verify(&key.public(), &context, &P256)
                .map(|voucher| voucher.into_inner())
        };
        assert_eq!(verified(false), Ok(voucher));
        assert!(verified(true).is_err());
    }
}
