//! Random values out of the entropy that an operation was given.

use crate::crypto::{Secret, hkdf_expand_secret};
use crate::messages::action::Token;
use crate::messages::app::WebNonce;
use crate::values::{AccountId, AppSessionId, ChallengeId, ChallengeNonce, Rolling, VoucherId};

/// 32 fresh random bytes, expanded into what one operation has to draw. The
/// labels stay inside this server: nobody else sees or repeats the expansion.
pub(super) struct Draw(Secret<32>);

impl Draw {
    pub(super) fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Secret::from_bytes(entropy))
    }

    pub(super) fn rolling(&self) -> Rolling {
        Rolling(self.bytes("rolling value"))
    }

    pub(super) fn account_id(&self) -> AccountId {
        AccountId(self.bytes("account id"))
    }

    pub(super) fn app_session_id(&self) -> AppSessionId {
        AppSessionId(self.bytes("app session id"))
    }

    pub(super) fn web_nonce(&self) -> WebNonce {
        WebNonce::new(self.bytes("web nonce"))
    }

    pub(super) fn voucher_id(&self) -> VoucherId {
        VoucherId(self.bytes("voucher id"))
    }

    pub(super) fn challenge_id(&self) -> ChallengeId {
        ChallengeId(self.bytes("challenge id"))
    }

    pub(super) fn challenge_nonce(&self) -> ChallengeNonce {
        ChallengeNonce(self.bytes("challenge nonce"))
    }

    pub(super) fn token(&self) -> Token {
        Token::new(self.bytes("token"))
    }

    pub(super) fn connection_id(&self) -> [u8; 8] {
        self.bytes("connection id")
    }

    pub(super) fn ephemeral_key(&self) -> [u8; 32] {
        self.bytes("ephemeral key")
    }

    fn bytes<const N: usize>(&self, what: &str) -> [u8; N] {
        *hkdf_expand_secret::<N>(&self.0, what.as_bytes()).as_bytes()
    }
}
