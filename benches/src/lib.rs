//! What the benchmarks work on: the messages of one login with a PIN.
//!
//! A login has two signatures on the device (the factor proof, message_3) and
//! one at the factor server (the assertion), each verified once by its receiver. The
//! functions here are one step each, as a device or a server takes it, with
//! the signature left out or put in by the caller; so the framing is measured
//! by itself and not as the difference of two noisy totals.

use countersign::cbor;
use countersign::cose::{Sign1, ToSign, detached_tbs, to_sign, verify_detached};
use countersign::crypto::{PublicKey, SRule, Signature, SignatureError, Verifier};
use countersign::messages::BindInput;
use countersign::messages::factor::{Assertion, FactorProof, Verify, assertion_id};
use countersign::messages::handshake::Statement;
use countersign::registry::{Decision, Factor, Purpose, limit};
use countersign::values::{
    AccountId, Bind, Bytes, Digest, Kid, Pseudonym, RecordId, Rolling, ServerId, SessionId, Type,
    UnixSeconds,
};
use p256::ecdsa::{SigningKey, signature::Signer};

/// A key pair that signs whatever a benchmark needs signed.
pub struct Key {
    /// The private key.
    pub secret: SigningKey,
    /// The public key, as the protocol has it.
    pub public: PublicKey,
    /// Its name.
    pub kid: Kid,
}

impl Key {
    /// The one key of the benchmarks.
    pub fn new() -> Self {
        let secret = SigningKey::from_slice(&[0x42; 32]).expect("below the order");
        let point = secret.verifying_key().to_sec1_point(false);
        let (_, coordinates) = point.as_bytes().split_at(1);
        let public = PublicKey(coordinates.try_into().expect("x and y"));
        let kid = public.kid();
        Self {
            secret,
            public,
            kid,
        }
    }

    /// Signs, as hardware does on a phone: the raw primitive.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.secret.sign(message);
        Signature(signature.to_bytes().into())
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

/// A verifier that looks at nothing. With it, verifying costs what the protocol
/// adds to the signature, and no more.
pub struct Unchecked;

impl Verifier for Unchecked {
    fn validate(&self, _: &PublicKey) -> Result<(), SignatureError> {
        Ok(())
    }

    fn verify(
        &self,
        _: &PublicKey,
        _: &[u8],
        _: &Signature,
        _: SRule,
    ) -> Result<(), SignatureError> {
        Ok(())
    }
}

/// Device: what the PIN key signs, from the parts of the login.
pub fn factor_proof(kid: Kid) -> (FactorProof, Vec<u8>) {
    let proof = FactorProof {
        record: RECORD,
        store_epoch: 1,
        generation: 2,
        request_number: 1000,
        purpose: Purpose::Login,
        bind: bind(),
    };
    let tbs = detached_tbs(&proof, &(), kid).expect("a proof has an encoding");
    (proof, tbs)
}

/// Device: the VERIFY that carries the proof's signature to the factor server.
pub fn verify_message(proof: &FactorProof, signature: Signature) -> Vec<u8> {
    let verify = Verify {
        ty: Type,
        request_number: proof.request_number,
        store_epoch: proof.store_epoch,
        generation: proof.generation,
        factor: Factor::Pin,
        purpose: proof.purpose,
        bind: proof.bind,
        audience: AUTH_SERVER,
        proof: signature.normalise_s(),
    };
    cbor::to_vec(&verify).expect("a VERIFY has an encoding")
}

/// Factor server: decodes a VERIFY and checks its proof.
pub fn check_proof(bytes: &[u8], key: &PublicKey, verifier: &impl Verifier) -> FactorProof {
    let verify: Verify = cbor::from_slice(bytes, limit::STATEMENT).expect("a VERIFY");
    let proof = FactorProof {
        record: RECORD,
        store_epoch: verify.store_epoch,
        generation: verify.generation,
        request_number: verify.request_number,
        purpose: verify.purpose,
        bind: verify.bind,
    };
    verify_detached(proof, &(), key, &verify.proof, verifier)
        .expect("signed by this key")
        .into_inner()
}

/// Factor server: the assertion, ready for its signature.
pub fn assertion(kid: Kid, bind: Bind) -> ToSign {
    let assertion = Assertion {
        subject: Pseudonym([5; 16]),
        bind,
        factor: Factor::Pin,
        time: NOW,
        purpose: Purpose::Login,
        expiry: NOW.plus(120),
        id: assertion_id(RECORD, 1000),
    };
    to_sign(&assertion, &(AUTH_SERVER, FACTOR_SERVER), kid).expect("within its limit")
}

/// Device: the login's statement, which travels in EAD_3, with the assertion in it.
pub fn statement(assertion: &[u8]) -> Vec<u8> {
    let statement = Statement {
        decision: Some(Decision::Confirm),
        announce: Some(ANNOUNCE),
        assertion: Some(Bytes::from(assertion)),
        counter: Some(1000),
        rolling: Some(Rolling([1; 16])),
        ..Statement::bare(Purpose::Login)
    };
    cbor::to_vec(&statement).expect("a statement has an encoding")
}

/// Auth server: decodes the statement, recomputes `bind`, and checks the
/// assertion in it against both.
pub fn check_statement(bytes: &[u8], key: &PublicKey, verifier: &impl Verifier) -> Assertion {
    let statement: Statement = cbor::from_slice(bytes, limit::STATEMENT).expect("a statement");
    let assertion = statement.assertion.expect("with its assertion");
    let assertion = Sign1::<Assertion>::from_bytes(&assertion)
        .and_then(|sign1| sign1.verify(key, &(AUTH_SERVER, FACTOR_SERVER), verifier))
        .expect("signed by this key");
    assert_eq!(assertion.bind, bind());
    assertion.into_inner()
}

/// What the login's factor is given for.
pub fn bind() -> Bind {
    BindInput {
        server: AUTH_SERVER,
        context: [7; 32],
        account: Some(AccountId([8; 16])),
        purpose: Purpose::Login,
        session: Some(SessionId([9; 32])),
        announce: Some(ANNOUNCE),
        user_input: None,
        decision: Some(Decision::Confirm),
        intent: None,
    }
    .bind()
}

const AUTH_SERVER: ServerId = ServerId([2; 16]);
const FACTOR_SERVER: ServerId = ServerId([3; 16]);
const RECORD: RecordId = RecordId([4; 16]);
const ANNOUNCE: Digest = Digest([6; 32]);
const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
