//! An auth server: the shipped transition functions.

use countersign::auth::{
    EnrolmentFacts, Found, LoginFacts, Offer, Wanted, decide_enrolment, decide_login, greet,
};
use countersign::cose::to_sign;
use countersign::crypto::sha256;
use countersign::error::{Code, Refusal};
use countersign::registry::Purpose;
use countersign::values::{UnixSeconds, VoucherId};

use super::messages::{First, Opened, Said};
use super::store::{Decided, Store};
use super::weakenings::Weak;
use super::world;
use crate::cast::{self, Ideal, sign};
use crate::handshake::{IdealHandshake, transcript};

/// Answers a message_1 with the handshake that then has this place.
///
/// # Errors
/// What the shipped functions refuse.
pub fn answer(
    store: &Store,
    first: &First,
    place: u8,
    now: UnixSeconds,
    weak: Option<Weak>,
) -> Result<Opened, Refusal> {
    let config = world::config();
    let ead_1 = Weak::heard(weak, store, first);
    let greeting = greet(&config, &ead_1, &first.g_x)?;
    let found = match greeting.wanted() {
        Wanted::Session(id) => store.sessions.get(&id).map(Found::Session),
        Wanted::Enrolment(id) => store.enrolments.get(&id).map(Found::Enrolment),
        Wanted::Nothing(_) => None,
    };
    let found = found.unwrap_or(Found::Nothing);
    let offer = greeting.offer(&config, found, VoucherId([place; 16]), now)?;
    let ead_2 = match offer {
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
    let transcript = transcript(&first.ead_1, &first.g_x, &g_y, &ead_2);
    let handshake = IdealHandshake {
        signer: config.handshake_key,
        transcript,
    };
    Ok(Opened {
        first: first.clone(),
        g_y,
        sealed: handshake.seal(&ead_2),
        ead_2,
        transcript,
        purpose: greeting.purpose(),
        session: greeting.session().ok_or(Code::SessionUnavailable)?,
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
    now: UnixSeconds,
    weak: Option<Weak>,
) -> Result<Decided, Refusal> {
    let config = world::config();
    let (facts, request) = Weak::handed(weak, store, said, now);
    let entropy = entropy(store, place);
    let commit = match request.purpose {
        Purpose::Login => decide_login(
            &config,
            LoginFacts {
                session: facts.session.as_ref().ok_or(Code::SessionUnavailable)?,
                account: facts.account.as_ref().ok_or(Code::CredentialMismatch)?,
                assertion_used: facts.used,
                app: None,
                proved: None,
            },
            &request,
            entropy,
            now,
            &Ideal,
        )?,
        Purpose::Enrol => decide_enrolment(
            &config,
            EnrolmentFacts {
                enrolment: facts.enrolment.as_ref().ok_or(Code::SessionUnavailable)?,
                holder: facts.account.as_ref(),
                credentials: facts.credentials.as_ref(),
                assertion_used: facts.used,
            },
            &request,
            entropy,
            now,
            &Ideal,
        )?,
        other => unreachable!("nobody greets for {other:?}"),
    };
    let mut decided = Decided::new(commit, now);
    Weak::alter(weak, store, &mut decided);
    Ok(decided)
}

/// Fresh for every decision that can be committed: of two from one handshake and one store
/// at most one is.
fn entropy(store: &Store, place: u8) -> [u8; 32] {
    let versions = store.accounts.values().map(|account| account.version);
    let versions: u64 = versions.sum();
    sha256(&[&[place], &versions.to_be_bytes()])
}
