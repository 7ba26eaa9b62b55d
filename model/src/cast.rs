//! Who plays: parties, their keys and names, and signatures without mathematics.

use countersign::cose::{self, Statement};
use countersign::crypto::{PublicKey, SRule, Signature, SignatureError, Verifier, sha256};
use countersign::values::{ChannelBinding, Kid, ServerId};

/// The factor server.
pub const FACTOR_SERVER: ServerId = ServerId([0xf5; 16]);
/// The auth server whose users are played.
pub const AUTH_SERVER: ServerId = ServerId([0xa5; 16]);
/// An auth server that is the attacker's own, and honest towards nobody.
pub const ATTACKERS_AUTH_SERVER: ServerId = ServerId([0xae; 16]);

/// `K_dsf` of the owner's phone. Whoever holds the phone can use it.
pub const OWNERS_PHONE: PublicKey = key(1);
/// `K_dsf` of a phone that is the attacker's own.
pub const ATTACKERS_PHONE: PublicKey = key(2);
/// `K_pin` of the owner's phone and the right PIN.
pub const RIGHT_PIN: PublicKey = key(3);
/// `K_pin` of the owner's phone and a PIN that the owner mistyped.
pub const TYPO: PublicKey = key(4);
/// `K_pin` of the owner's phone and a PIN that the thief guessed wrongly.
pub const GUESS: PublicKey = key(5);
/// `K_asv` of the auth server.
pub const VOUCHERS: PublicKey = key(6);
/// `K_sfa` of the factor server.
pub const ASSERTIONS: PublicKey = key(7);
/// `K_bio` of the owner's phone: the owner's finger.
pub const FINGER: PublicKey = key(8);
/// `K_bio` that a thief would register: his own finger.
pub const THIEFS_FINGER: PublicKey = key(9);
/// `K_pin` of the owner's phone and the PIN that the owner changes to.
pub const NEW_PIN: PublicKey = key(10);
/// `K_pin` of the owner's phone and the PIN after that.
pub const NEWEST_PIN: PublicKey = key(20);
/// `K_pin` of the owner's phone and the PIN that a thief would change to.
pub const THIEFS_PIN: PublicKey = key(11);
/// `K_dev` of the owner's account.
pub const OWNERS_ACCOUNT: PublicKey = key(12);
/// `K_dev` of an account that is the attacker's own.
pub const ATTACKERS_ACCOUNT: PublicKey = key(13);
/// `K_dev` that the owner's account is rotated to.
pub const OWNERS_NEXT_ACCOUNT: PublicKey = key(14);
/// `K_act` of the owner's account, which signs answers to challenges.
pub const APPROVALS: PublicKey = key(15);
/// The identity key of the auth server, which authenticates its handshakes.
pub const AUTH_SERVERS_IDENTITY: PublicKey = key(16);
/// The identity key of the factor server.
pub const FACTOR_SERVERS_IDENTITY: PublicKey = key(17);
/// The identity key of the attacker's auth server.
pub const ATTACKERS_IDENTITY: PublicKey = key(18);
/// The key of the attacker's auth server for vouchers and statements.
pub const ATTACKERS_VOUCHERS: PublicKey = key(19);
/// `K_sfp` of the factor server.
pub const PSEUDONYMS: [u8; 32] = [8; 32];

/// The channel of the owner's phone.
pub const OWNERS_CHANNEL: ChannelBinding = ChannelBinding([0xc1; 32]);
/// The channel of the attacker's phone.
pub const ATTACKERS_CHANNEL: ChannelBinding = ChannelBinding([0xc2; 32]);

/// The owner's phone opens channels one after the other: the one with this number.
pub const fn owners_channel(number: u8) -> ChannelBinding {
    let mut binding = [0xc1; 32];
    binding[31] = number;
    ChannelBinding(binding)
}

/// What no signer makes.
pub const NO_SIGNATURE: Signature = Signature([0; 64]);

/// The ideal [`Verifier`]: a signature is a tag of key and message that only
/// [`sign`] makes, and [`sign`] is called only for those who hold the key.
///
/// It makes the checks of the real one, in its order, so that every branch
/// behind them can be reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ideal;

impl Verifier for Ideal {
    fn validate(&self, key: &PublicKey) -> Result<(), SignatureError> {
        if key.0 == [0; 64] {
            return Err(SignatureError::InvalidKey);
        }
        Ok(())
    }

    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
        _s: SRule,
    ) -> Result<(), SignatureError> {
        self.validate(key)?;
        if *signature == NO_SIGNATURE {
            return Err(SignatureError::Malformed);
        }
        if *signature != sign(key, message) {
            return Err(SignatureError::Mismatch);
        }
        Ok(())
    }
}

/// The ideal signature of `key`'s holder over `message`.
pub fn sign(key: &PublicKey, message: &[u8]) -> Signature {
    let mut half = sha256(&[&key.0, message]);
    half[0] &= 0x3f; // in range and low, as `ToSign::signed` would make it
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&half);
    bytes[32..].copy_from_slice(&half);
    Signature(bytes)
}

/// What `key` signs for a detached statement without context.
pub fn detached<T: Statement<Context = ()>>(statement: &T, key: &PublicKey) -> Vec<u8> {
    cose::detached_tbs(statement, &(), key.kid()).expect("statements are small")
}

/// The kid of [`ASSERTIONS`].
pub fn statement_kid() -> Kid {
    ASSERTIONS.kid()
}

const fn key(byte: u8) -> PublicKey {
    PublicKey([byte; 64])
}
