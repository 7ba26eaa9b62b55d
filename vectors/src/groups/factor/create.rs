//! `factor.create.*`: vouchers, and the possession of the key that is registered.

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
    cases.extend(vouchers(&base));
    cases.extend(possessions(&base));
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

fn vouchers(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, flag: &str, voucher: Value| {
        refused(
            base,
            &format!("voucher-{id}"),
            change,
            420,
            flag,
            json!({ "voucher": voucher }),
        )
    };
    let spoilt = |id: &str, change: &str, at: &str, spoil: Value| {
        let with = json!({ "spoil": and(json!({ "at": at }), spoil) });
        refused(
            base,
            &format!("voucher-{id}"),
            change,
            420,
            "structure",
            with,
        )
    };
    let expired = |id: &str, change: &str, ago: u64| {
        let with = json!({ "voucher": { "expired_s_ago": ago } });
        refused(base, id, change, 421, "replay", with).kills("voucher-expiry")
    };
    vec![
        case(
            "unknown-issuer",
            "its issuer is unknown",
            "key-confusion",
            json!({ "issuer": "stranger" }),
        )
        .kills("voucher-issuer"),
        case(
            "other-signer",
            "another known auth server signed it",
            "key-confusion",
            json!({ "signer": "bank" }),
        )
        .kills("voucher-signature"),
        case(
            "handshake-key",
            "its issuer's handshake key signed it",
            "key-confusion",
            json!({ "signer": "handshake" }),
        )
        .kills("voucher-signature"),
        case(
            "stolen-kid",
            "another auth server signed it in the name of its issuer's key",
            "key-confusion",
            json!({ "signer": "bank", "issuers_kid": true }),
        )
        .kills("voucher-signature"),
        case(
            "other-server",
            "it is for another factor server",
            "key-confusion",
            json!({ "factor_server": "elsewhere" }),
        )
        .kills("voucher-server"),
        case(
            "other-context",
            "it is signed for another factor server",
            "key-confusion",
            json!({ "context": "elsewhere" }),
        )
        .kills("voucher-signature"),
        case(
            "high-s",
            "its signature has the higher s",
            "malleable-signature",
            json!({ "high_s": true }),
        )
        .kills("low-s"),
        spoilt(
            "empty",
            "it is empty",
            "signed_voucher",
            json!({ "replace": "" }),
        ),
        spoilt(
            "trailing",
            "a byte follows it",
            "signed_voucher",
            json!({ "append": "00" }),
        ),
        spoilt(
            "payload",
            "a bit of its signed payload is flipped",
            "signed_voucher",
            json!({ "flip_bit": 300 }),
        ),
        spoilt(
            "unprotected",
            "it has an unprotected header",
            "signed_voucher",
            json!({ "path": [1], "replace": "a10127" }),
        ),
        spoilt(
            "algorithm",
            "its algorithm is not ESP256",
            "signed_voucher",
            json!({ "flip_bit": 39 }),
        ),
        spoilt(
            "no-signature",
            "it has no signature",
            "signed_voucher",
            json!({ "path": [3], "replace": "40" }),
        ),
        spoilt(
            "zero-signature",
            "its signature is zero",
            "signed_voucher",
            json!({ "path": [3], "replace": format!("5840{}", "00".repeat(64)) }),
        ),
        spoilt(
            "expiry-null",
            "its expiry is null",
            "voucher",
            json!({ "path": [3], "replace": "f6" }),
        ),
        spoilt(
            "id-short",
            "its id is a byte short",
            "voucher",
            json!({ "path": [2], "replace": format!("4f{}", "11".repeat(15)) }),
        ),
        spoilt(
            "element-more",
            "its payload has an element more",
            "voucher",
            json!({ "path": [4], "insert": "f6" }),
        ),
        expired("voucher-expired", "its skew is over by this second", 60),
        expired("voucher-long-expired", "it expired a day ago", 86_400),
        base.but(
            "factor.create.voucher-used",
            "another device used its voucher",
        )
        .kills("voucher-used")
        .requires(&["VCH-3"])
        .flagged(&["replay"])
        .does(connects())
        .does(creates(json!({ "voucher": { "id": "one" } })))
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(device(
            "create",
            json!({ "device": "bob", "voucher": { "id": "one" } }),
            json!({ "refused": 422 }),
        ))
        .plays([reads_nothing("bob"), right(), reads(0, 1)]),
        base.but(
            "factor.create.voucher-used-at-its-end",
            "another device used its voucher, which is in its skew",
        )
        .kills("voucher-remembered")
        .requires(&["VCH-3", "VCH-6"])
        .flagged(&["replay"])
        .does(connects())
        .does(creates(
            json!({ "voucher": { "id": "one", "expired_s_ago": 30 } }),
        ))
        .does(later(29))
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(device(
            "create",
            json!({ "device": "bob", "voucher": { "id": "one", "expired_s_ago": 59 } }),
            json!({ "refused": 422 }),
        ))
        .plays([reads_nothing("bob")]),
    ]
}

fn possessions(base: &Case) -> Vec<Case> {
    let proof = |id: &str, change: &str, flag: &str, possession: Value| {
        let with = json!({ "possession": possession });
        refused(base, &format!("possession-{id}"), change, 424, flag, with).kills("possession")
    };
    let bytes = |id: &str, change: &str, code, flag: &str, at: usize, value: &str| {
        let spoil = json!({ "at": "request", "path": [at], "replace": format!("5840{value}") });
        refused(base, id, change, code, flag, json!({ "spoil": spoil }))
    };
    let (zero, one, over) = ("00".repeat(32), "01".repeat(32), "ff".repeat(32));
    let generator = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                     4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    vec![
        proof(
            "other-key",
            "the device's own key proves it",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        proof(
            "generation",
            "it is proved for generation 2",
            "replay",
            json!({ "generation": 2 }),
        ),
        proof(
            "generation-zero",
            "it is proved for generation 0",
            "replay",
            json!({ "generation": 0 }),
        ),
        proof(
            "record",
            "it is proved for another device's record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        proof(
            "key",
            "it is proved for another key",
            "key-confusion",
            json!({ "key": true }),
        ),
        base.but(
            "factor.create.possession-channel",
            "it is proved for another channel",
        )
        .why(POSSESSION)
        .kills("possession")
        .requires(&["VCH-5"])
        .flagged(&["replay"])
        .does(connects())
        .does(device(
            "connect",
            json!({ "channel": "second" }),
            json!({ "record": null }),
        ))
        .does(device(
            "create",
            json!({ "possession": { "channel": "second" } }),
            json!({ "refused": 424 }),
        ))
        .does(reads_nothing("alice"))
        .plays([creates(json!({})), right()]),
        bytes(
            "pin-key-other",
            "the PIN key is another's",
            424,
            "key-confusion",
            2,
            generator,
        )
        .kills("possession"),
        refused(
            base,
            "possession-high-s",
            "its proof has the higher s",
            112,
            "malleable-signature",
            json!({ "possession": { "high_s": true } }),
        )
        .requires(&["SIG-3"])
        .kills("low-s"),
        bytes(
            "possession-zero",
            "its proof is zero",
            112,
            "zero-signature",
            3,
            &format!("{zero}{zero}"),
        )
        .requires(&["SIG-2"])
        .kills("signature-range"),
        bytes(
            "pin-key-zero",
            "the PIN key is zero",
            114,
            "invalid-point",
            2,
            &format!("{zero}{zero}"),
        )
        .requires(&["SIG-1"])
        .kills("point"),
        bytes(
            "pin-key-off-curve",
            "the PIN key is off the curve",
            114,
            "invalid-point",
            2,
            &format!("{one}{one}"),
        )
        .requires(&["SIG-1"])
        .kills("point"),
        bytes(
            "pin-key-over",
            "a coordinate of the PIN key is above p",
            114,
            "invalid-point",
            2,
            &format!("{over}{one}"),
        )
        .requires(&["SIG-1"])
        .kills("point"),
    ]
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
