//! Statements that a peer signs: COSE_Sign1 put together by hand, so that each
//! part can be wrong (protocol.md, section 3.3).

use countersign::cbor;
use countersign::values::{Bytes, Kid, ServerId};

use super::keys::{Key, other_s};
use crate::outcome::Stop;

/// How a payload is signed.
#[derive(Clone, Debug)]
pub struct Signing<'a> {
    /// The label that opens the external_aad.
    pub label: &'a str,
    /// The server id that follows it.
    pub context: ServerId,
    /// The algorithm in the header: -9 unless the case is about it.
    pub algorithm: i8,
    /// The key id in the header.
    pub kid: Kid,
    /// Who signs.
    pub key: &'a Key,
    /// Whether s is the higher one.
    pub high_s: bool,
}

impl Signing<'_> {
    /// The COSE_Sign1 around `payload`.
    ///
    /// # Errors
    /// [`Stop::Undecided`] for an algorithm outside of -24 to 23.
    pub fn sign(&self, payload: Vec<u8>) -> Result<Vec<u8>, Stop> {
        let undecided = |error: cbor::EncodeError| Stop::Undecided(error.to_string());
        let protected = Bytes(self.protected()?);
        let aad = Bytes(cbor::to_vec(&(self.label, self.context)).map_err(undecided)?);
        let payload = Bytes(payload);
        let tbs = cbor::to_vec(&("Signature1", &protected, &aad, &payload)).map_err(undecided)?;
        let low = self.key.sign(&tbs);
        let signature = if self.high_s { other_s(low) } else { low };
        // [protected, {}, payload, signature]
        let mut out = vec![0x84];
        out.extend(cbor::to_vec(&protected).map_err(undecided)?);
        out.push(0xa0);
        out.extend(cbor::to_vec(&payload).map_err(undecided)?);
        out.extend(cbor::to_vec(&signature).map_err(undecided)?);
        Ok(out)
    }

    /// `{1: algorithm, 4: kid}`
    fn protected(&self) -> Result<Vec<u8>, Stop> {
        let algorithm = match self.algorithm {
            number @ 0..=23 => number.unsigned_abs(),
            number @ -24..=-1 => 0x20 | (number.unsigned_abs() - 1),
            number => return Err(Stop::Undecided(format!("no algorithm {number}"))),
        };
        let mut out = vec![0xa2, 0x01, algorithm, 0x04, 0x50];
        out.extend(self.kid.0);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::cose::Sign1;
    use countersign::crypto::P256;
    use countersign::messages::factor::Voucher;
    use countersign::registry::label;
    use countersign::values::{UnixSeconds, VoucherId};

    #[test]
    fn what_is_signed_by_hand_verifies() {
        let key = Key::from_entropy([3; 32]);
        let voucher = Voucher {
            issuer: ServerId([1; 16]),
            factor_server: ServerId([2; 16]),
            id: VoucherId([3; 16]),
            expiry: UnixSeconds(4),
        };
        let signing = Signing {
            label: label::VOUCHER,
            context: voucher.factor_server,
            algorithm: -9,
            kid: key.public().kid(),
            key: &key,
            high_s: false,
        };
        let verifies = |signing: &Signing<'_>| {
            let signed = signing.sign(cbor::to_vec(&voucher).expect("encodes"));
            Sign1::<Voucher>::from_bytes(&signed.expect("signed"))
                .and_then(|it| it.verify(&key.public(), &(voucher.factor_server,), &P256))
                .is_ok_and(|it| *it == voucher)
        };
        assert!(verifies(&signing));
        let wrong = [
            Signing {
                algorithm: -7,
                ..signing.clone()
            },
            Signing {
                high_s: true,
                ..signing.clone()
            },
            Signing {
                kid: Kid([0; 16]),
                ..signing.clone()
            },
            Signing {
                context: ServerId([0; 16]),
                ..signing.clone()
            },
            Signing {
                label: label::ASSERTION,
                ..signing.clone()
            },
        ];
        for signing in wrong {
            assert!(!verifies(&signing), "{signing:?}");
        }
    }
}
