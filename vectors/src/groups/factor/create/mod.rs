//! `factor.create.*`: vouchers, and the possession of the key that is registered.

mod possessions;
mod vouchers;

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group};

const VOUCHER: &str =
    "Records that nobody vouches for let an attacker fill the store, or register a PIN of his own.";

const POSSESSION: &str =
    "A key that its owner did not prove to hold may be another's, or from another place and time.";

/// First PINs.
pub fn group() -> Group {
    let base = positive("factor.create.first", "a record is created under a voucher")
        .why(VOUCHER)
        .requires(&["VCH-1", "VCH-2", "VCH-3", "VCH-5"])
        .plays(enrolled())
        .plays([reads(0, 0), right()]);
    let mut cases = vec![base.clone()];
    cases.extend(positives());
    cases.extend(vouchers::vouchers(&base));
    cases.extend(possessions::possessions(&base));
    cases.extend(orders(&base));
    super::steps::group(
        "factor-create",
        "First PINs: vouchers, and the possession of the key that is registered.",
        cases,
    )
}

fn positives() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.create.{id}"), title)
            .why(VOUCHER)
            .does(connects())
    };
    let under = |voucher: Value| creates(json!({ "voucher": voucher }));
    vec![
        case(
            "other-issuer",
            "a record is created under another known auth server's voucher",
        )
        .requires(&["VCH-1"])
        .plays([under(json!({ "issuer": "bank" })), right()]),
        case("within-skew", "a voucher has expired 59 seconds ago")
            .requires(&["VCH-2"])
            .plays([under(json!({ "expired_s_ago": 59 })), right()]),
        case(
            "after-refusal",
            "a voucher that was refused with a wrong proof is still good",
        )
        .requires(&["VCH-3", "ENC-13"])
        .does(device(
            "create",
            json!({ "voucher": { "id": "one" }, "possession": { "signer": "device" } }),
            json!({ "refused": 424 }),
        ))
        .plays([under(json!({ "id": "one" })), right()]),
        case(
            "two-devices",
            "two devices create records under two vouchers",
        )
        .requires(&["VCH-3"])
        .does(creates(json!({})))
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(creates(json!({ "device": "bob" })))
        .plays([right(), reads(0, 1), reads_of("bob", 0, 0)]),
        case(
            "status-after",
            "the status after CREATE shows the record in a new connection, too",
        )
        .requires(&["STA-1"])
        .does(creates(json!({})))
        .does(device(
            "connect",
            json!({ "channel": "later" }),
            json!({ "record": status(0, 0) }),
        )),
    ]
}

/// A CREATE that is refused: there is no record, and a right one after it makes one.
fn refused(base: &Case, id: &str, change: &str, code: u16, flag: &str, with: Value) -> Case {
    let why = match code {
        420..=422 => VOUCHER,
        _ => POSSESSION,
    };
    let requirement = match code {
        421 => "VCH-2",
        422 => "VCH-3",
        420 => "VCH-1",
        _ => "VCH-5",
    };
    base.but(&format!("factor.create.{id}"), change)
        .why(why)
        .requires(&[requirement])
        .flagged(&[flag])
        .does(connects())
        .does(device("create", with, json!({ "refused": code })))
        .does(reads_nothing("alice"))
        .plays([creates(json!({})), right()])
}

/// What is answered where more than one thing is wrong.
fn orders(base: &Case) -> Vec<Case> {
    let exists = |id: &str, change: &str, with: Value| {
        base.but(&format!("factor.create.exists{id}"), change)
            .why("A PIN that could be set again could be set by whoever holds a voucher.")
            .kills("record-exists")
            .requires(&["VCH-4"])
            .flagged(&["replay"])
            .plays(enrolled())
            .does(wrong(1))
            .does(device("create", with, json!({ "refused": 423 })))
            .plays([reads(1, 1), right(), reads(0, 2)])
    };
    let stranger = json!({ "voucher": { "issuer": "stranger", "expired_s_ago": 100 } });
    let both = json!({ "voucher": { "expired_s_ago": 100 }, "possession": { "signer": "device" } });
    vec![
        exists("", "the device has a record", json!({})),
        exists("-new-pin", "the device has a record, and another PIN", json!({ "pin": "9999" })),
        exists("-before-voucher", "the device has a record, and its voucher is of nobody", stranger.clone()),
        refused(base, "order-voucher-expiry", "its voucher is of nobody, and expired", 420, "key-confusion", stranger),
        refused(base, "order-expiry-possession", "its voucher is expired, and its proof wrong", 421, "replay", both),
        base.but("factor.create.order-expiry-used", "its voucher is used, and expired since")
            .requires(&["VCH-2"])
            .flagged(&["replay"])
            .does(connects())
            .does(creates(json!({ "voucher": { "id": "one", "expires_in_s": 10 } })))
            .does(later(70))
            .does(device("connect", json!({ "device": "bob" }), json!({ "record": null })))
            .does(device(
                "create",
                json!({ "device": "bob", "voucher": { "id": "one", "expired_s_ago": 60 } }),
                json!({ "refused": 421 }),
            ))
            .does(reads_nothing("bob")),
        base.but("factor.create.order-used-possession", "its voucher is used, and its proof wrong")
            .requires(&["VCH-3"])
            .flagged(&["replay"])
            .does(connects())
            .does(creates(json!({ "voucher": { "id": "one" } })))
            .does(device("connect", json!({ "device": "bob" }), json!({ "record": null })))
            .does(device(
                "create",
                json!({ "device": "bob", "voucher": { "id": "one" }, "possession": { "signer": "device" } }),
                json!({ "refused": 422 }),
            ))
            .does(reads_nothing("bob")),
    ]
}
