//! An auth server: the shipped transition functions.

use countersign::auth::{
    Found, HeadlessFacts, Offer, UpgradeFacts, decide_headless, decide_upgrade, greet,
};
use countersign::cose::to_sign;
use countersign::crypto::sha256;
use countersign::error::{Code, Refusal};
use countersign::registry::Purpose;
use countersign::values::VoucherId;

use super::messages::{First, Opened, Said};
use super::state::replica;
use super::store::{Decided, Store};
use super::weakenings::Weak;
use super::world;
use crate::cast::{self, Ideal, sign};
use crate::clock;
use crate::handshake::{IdealHandshake, transcript};

/// Answers a message_1 with the handshake that then has this place.
///
/// # Errors
/// What the shipped functions refuse.
pub fn answer(first: &First, place: u8) -> Result<Opened, Refusal> {
    let config = world::config();
    let now = clock::of_replica(replica(place));
    let greeting = greet(&config, &first.ead_1, &first.g_x)?;
    let voucher = VoucherId([place; 16]);
    let ead_2 = match greeting.offer(&config, Found::Nothing, voucher, now)? {
        Offer::Login(ead_2) => ead_2,
        Offer::Enrolment(offer) => {
            let context = (config.factor_server.server,);
            let to_sign = to_sign(offer.voucher(), &context, cast::VOUCHERS.kid());
            let to_sign = to_sign.expect("small");
            let signature = sign(&cast::VOUCHERS, to_sign.tbs());
            offer.vouched(to_sign.signed(signature))
        }
    };
    // Fresh, as HS-7 has it: no two handshakes have one place.
    let g_y = [0x80 + place; 32];
    let handshake = IdealHandshake {
        signer: config.handshake_key,
        transcript: transcript(&first.ead_1, &first.g_x, &g_y, &ead_2),
    };
    Ok(Opened {
        first: first.clone(),
        g_y,
        sealed: handshake.seal(&ead_2),
        ead_2,
        transcript: handshake.transcript,
        purpose: greeting.purpose(),
        began: now,
    })
}

/// Decides on a statement that came in the handshake at this place.
///
/// # Errors
/// What the shipped functions refuse.
pub fn decide(
    store: &Store,
    said: &Said,
    place: u8,
    weak: Option<Weak>,
) -> Result<Decided, Refusal> {
    let config = world::config();
    let now = clock::of_replica(replica(place));
    let (account, request) = Weak::handed(weak, store, said);
    let entropy = entropy(store, place);
    let commit = match request.purpose {
        Purpose::Headless => {
            let facts = HeadlessFacts {
                holder: account.as_ref(),
            };
            decide_headless(&config, facts, &request, entropy, now)?
        }
        Purpose::Upgrade => {
            let used = request.assertion_id();
            let facts = UpgradeFacts {
                account: account.as_ref().ok_or(Code::CredentialMismatch)?,
                assertion_used: used.is_some_and(|id| store.assertions.contains(&id)),
            };
            decide_upgrade(&config, facts, &request, entropy, now, &Ideal)?
        }
        other => unreachable!("nobody greets for {other:?}"),
    };
    let mut decided = Decided::new(commit);
    Weak::alter(weak, store, &mut decided, entropy);
    Ok(decided)
}

/// Fresh for every decision that can be committed: of two from one handshake and one store
/// at most one is.
fn entropy(store: &Store, place: u8) -> [u8; 32] {
    let versions = store.accounts.values().map(|account| account.version);
    let versions: u64 = versions.sum();
    let count = store.accounts.len() as u64;
    sha256(&[&[place], &versions.to_be_bytes(), &count.to_be_bytes()])
}
