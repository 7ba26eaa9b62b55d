//! What is stored, in bytes.

use std::mem::size_of;

use countersign::cbor;
use countersign::device::{Account as WalletAccount, KnownServer};
use serde::Serialize;

use crate::cast::World;
use crate::cast::auth::PIN;
use crate::flows::{enrolled, login};

/// One row for each fact, as Alice's login leaves it.
pub fn table() -> String {
    let mut out = String::from(
        "| whose | fact | CBOR with names | CBOR without | `size_of` |\n|---|---|---|---|---|\n",
    );
    let mut before = enrolled();
    before.invite("bob");
    before.ask_for(None, Some(PIN));
    for session in before.auth.store.sessions.values() {
        row(&mut out, "auth server", "Session, new", session);
    }
    let after = login(None);
    for session in after.auth.store.sessions.values() {
        row(&mut out, "auth server", "Session, confirmed", session);
    }
    for enrolment in before.auth.store.enrolments.values() {
        let fact = match enrolment.user_name.as_str() {
            "bob" => "Enrolment, open",
            _ => "Enrolment, bound",
        };
        row(&mut out, "auth server", fact, enrolment);
    }
    facts_of_login(&mut out, &after);
    out
}

fn facts_of_login(out: &mut String, world: &World) {
    for account in world.auth.store.accounts.values() {
        row(out, "auth server", "Account", account);
    }
    if let Some(id) = world.auth.store.assertions.first() {
        row(out, "auth server", "used assertion", id);
    }
    for record in world.factor.records.values() {
        row(out, "factor server", "Record, PIN only", record);
    }
    for voucher in world.factor.vouchers.values() {
        row(out, "factor server", "UsedVoucher", voucher);
    }
    let wallet = &world.phone.disk;
    for server in &wallet.servers {
        let fact = match server.parameters.factor_server {
            Some(_) => "KnownServer, auth",
            None => "KnownServer, factor",
        };
        row::<KnownServer>(out, "device", fact, server);
    }
    for account in &wallet.accounts {
        row::<WalletAccount>(out, "device", "Account", account);
    }
    for registration in &wallet.registrations {
        row(out, "device", "Registration", registration);
    }
    row(out, "device", "Wallet, all of it", wallet);
}

fn row<T: Serialize>(out: &mut String, whose: &str, fact: &str, value: &T) {
    let mut named = Vec::new();
    ciborium::into_writer(value, &mut named).expect("facts have an encoding");
    // The protocol's own encoding has no place for enums that nobody numbered.
    let bare = cbor::to_vec(value).map_or("has enums".into(), |bytes| bytes.len().to_string());
    *out += &format!(
        "| {whose} | {fact} | {} | {bare} | {} |\n",
        named.len(),
        size_of::<T>()
    );
}
