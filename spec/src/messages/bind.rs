//! The derivations that tie messages together: session ids, nonce proofs, app
//! session proofs and `bind` (protocol.md, sections 6.1, 8.2 and 12.3).

use serde::Serialize;

use crate::cbor;
use crate::crypto::{Secret, hmac_matches, hmac_sha256, sha256};
use crate::registry::{Decision, Purpose, label};
use crate::values::{
    AccountId, AppSessionId, Bind, ChannelBinding, Digest, ServerId, SessionId, Transcript,
};

/// The id of a session (`qr_type` 1) or enrolment (2): it names the nonce without revealing it.
///
/// SHA-256(CBOR ["countersign session id", QR type, server id, nonce]).
pub fn session_id(qr_type: u64, server: ServerId, nonce: &[u8; 32]) -> SessionId {
    SessionId(hash(&(label::SESSION_ID, qr_type, server, Digest(*nonce))))
}

/// The proof that the sender of message_1 knows the nonce.
///
/// HMAC-SHA256(nonce, CBOR ["countersign nonce proof", server id, purpose, G_X]).
pub fn nonce_proof(nonce: &[u8; 32], server: ServerId, purpose: Purpose, g_x: &[u8; 32]) -> Digest {
    Digest(hmac_sha256(nonce, &[&proof_input(server, purpose, g_x)]))
}

/// Whether `proof` is the nonce's, in constant time.
pub fn nonce_proof_matches(
    nonce: &[u8; 32],
    server: ServerId,
    purpose: Purpose,
    g_x: &[u8; 32],
    proof: &Digest,
) -> bool {
    hmac_matches(nonce, &[&proof_input(server, purpose, g_x)], &proof.0)
}

/// The proof that the device whose handshake `transcript` names is in a live app session.
///
/// HMAC-SHA256(key, CBOR ["countersign app session proof", app session id, transcript]) under
/// the 32 bytes that the channel of that session exports under label 32773.
pub fn app_session_proof(
    key: &Secret<32>,
    session: AppSessionId,
    transcript: Transcript,
) -> Digest {
    let input = encode(&(label::APP_SESSION_PROOF, session, transcript));
    Digest(hmac_sha256(key.as_bytes(), &[&input]))
}

/// Whether `proof` is that session's, in constant time.
pub fn app_session_proof_matches(
    key: &Secret<32>,
    session: AppSessionId,
    transcript: Transcript,
    proof: &Digest,
) -> bool {
    let input = encode(&(label::APP_SESSION_PROOF, session, transcript));
    hmac_matches(key.as_bytes(), &[&input], &proof.0)
}

/// All that a second factor is given for.
///
/// ```cddl
/// bind-input = ["countersign bind", server-id, bstr .size 32, account-id / null, purpose,
///               session-id / null, announce-hash: digest / null, user-input-hash: digest / null,
///               decision / null, intent-hash: digest / null]
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BindInput {
    /// The server that will accept the assertion.
    pub server: ServerId,
    /// The transcript, or the channel binding once there is a channel.
    pub context: [u8; 32],
    /// The account, if it exists already.
    pub account: Option<AccountId>,
    /// What for.
    pub purpose: Purpose,
    /// The session or enrolment.
    pub session: Option<SessionId>,
    /// SHA-256 of the announce info.
    pub announce: Option<Digest>,
    /// SHA-256 of the user input's UTF-8.
    pub user_input: Option<Digest>,
    /// What the user decided.
    pub decision: Option<Decision>,
    /// SHA-256 of what an action is about.
    pub intent: Option<Digest>,
}

impl BindInput {
    /// What a factor is given for when the record itself is to be changed: the factor server and
    /// its channel, so both sides compute it.
    pub fn management(server: ServerId, channel: ChannelBinding, purpose: Purpose) -> Self {
        Self {
            server,
            context: channel.0,
            account: None,
            purpose,
            session: None,
            announce: None,
            user_input: None,
            decision: None,
            intent: None,
        }
    }

    /// `bind` = SHA-256 of the array above.
    pub fn bind(&self) -> Bind {
        Bind(hash(&(
            label::BIND,
            self.server,
            Digest(self.context),
            self.account,
            self.purpose,
            self.session,
            self.announce,
            self.user_input,
            self.decision,
            self.intent,
        )))
    }
}

fn proof_input(server: ServerId, purpose: Purpose, g_x: &[u8; 32]) -> alloc::vec::Vec<u8> {
    encode(&(label::NONCE_PROOF, server, purpose, Digest(*g_x)))
}

fn hash(input: &impl Serialize) -> [u8; 32] {
    sha256(&[&encode(input)])
}

/// Encodes a value of fixed shape, which the encoder cannot refuse: every part
/// is of bounded size and of a type that CBOR has.
fn encode(input: &impl Serialize) -> alloc::vec::Vec<u8> {
    cbor::to_vec(input).unwrap_or_default()
}
