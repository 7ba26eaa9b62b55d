//! `device.change.*`: another PIN, and PINs that are easy to guess.

use serde_json::json;

use super::*;
use crate::author::positive;

/// The PIN that takes the place of the first.
const NEW: &str = "741852";

fn asks_to_verify(result: &str) -> Step {
    keeper("status", none(), asks("pin_change_verify", 0, result))
}

fn chooses(pin: &str) -> Step {
    user("pin", json!({ "pin": pin }), sends("set_pin to factor"))
}

fn told(news: &str) -> Value {
    json!({
        "factors": news,
        "second_factor": second_factor("pin_change_set", 0, "success"),
        "finished": { "outcome": "managed" },
    })
}

/// A PIN change that succeeds.
fn change() -> Vec<Step> {
    vec![
        enrolled(),
        user("change_pin", none(), sends("hello to factor")),
        keeper_answers(),
        asks_to_verify("failed"),
        enters(),
        keeper("verdict", none(), asks("pin_change_set", 0, "failed")),
        chooses(NEW),
        keeper("status", none(), told("new_pin")),
    ]
}

/// Steps of [`change`].
mod step {
    pub const STATUS: usize = 3;
    pub const VERDICT: usize = 5;
    pub const CHOOSE: usize = 6;
    pub const CHANGED: usize = 7;
}

/// A login with the new PIN.
fn login_with_new() -> [Step; 6] {
    [
        confirms(),
        keeper_answers(),
        keeper_asks(),
        user("pin", json!({ "pin": NEW }), sends("verify to factor")),
        passed(),
        settles(),
    ]
}

/// PIN changes, and easy PINs.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-change",
        "Another PIN: verified first, set then, and never in doubt.",
    );
    let why = "A user who does not know which PIN is live locks himself out.";
    let base = positive(
        "device.change.pin",
        "the user changes the PIN, and logs in with it",
    )
    .why(why)
    .requires(&["CHG-2", "CHG-5", "DEV-6", "DEV-15", "DEV-19"])
    .needs(&["pin-change"])
    .turns(&change())
    .turns(&[starts_login(), offers_login()])
    .turns(&login_with_new());
    let steps = change();
    let good = |id: &str, title: &str, requires: &[&str], more: &[Step]| {
        positive(&format!("device.change.{id}"), title)
            .why(why)
            .requires(requires)
            .needs(&["pin-change"])
            .turns(more)
    };
    let reconnects = || network("reconnect", none(), sends("hello to factor"));
    let lost = |name: &str| keeper(name, json!({ "lost": true }), none());
    let to = |end: usize, more: &[Step]| [&steps[..end], more].concat();
    #[rustfmt::skip]
    group.cases.extend([
        good("verdict-lost", "the verdict on the present PIN is lost", &["DEV-18"],
            &to(step::VERDICT, &[lost("verdict"), reconnects(), keeper_answers(), asks_to_verify("error")]).into_iter().chain(steps[4..].iter().cloned()).collect::<Vec<_>>()),
        good("status-lost", "the new PIN is live, and the status that says so is lost", &["DEV-19"],
            &to(step::CHANGED, &[lost("status"), reconnects(), keeper_answers(), keeper("status", none(), told("new_pin"))])),
        good("killed", "the app is killed before it learns that the new PIN is live", &["DEV-19"],
            &to(step::CHANGED, &[lost("status"), device("restart", none(), none()), starts_login(), offers_login(), confirms(), keeper_answers(),
                keeper("status", none(), json!({ "factors": "new_pin", "second_factor": second_factor("verify", 0, "failed") })),
                user("pin", json!({ "pin": NEW }), sends("verify to factor")), passed(), settles()])),
        good("killed-early", "the app is killed, and the new PIN never arrived", &["DEV-19"],
            &to(step::CHANGED, &[device("restart", none(), none()), starts_login(), offers_login(), confirms(), keeper_answers(),
                keeper("status", none(), json!({ "factors": "old_pin", "second_factor": second_factor("verify", 0, "failed") })), enters(), passed(), settles()])),
        good("wrong-pin", "the present PIN is wrong at first", &["DEV-6", "LCK-6"],
            &[&steps[..4], &[user("pin", json!({ "pin": "999999" }), sends("verify to factor")), keeper("verdict", none(), asks("pin_change_verify", 1, "failed"))], &steps[4..]].concat()),
        positive("device.change.easy-allowed", "a PIN that is easy to guess is set where the app allows it").why(why).requires(&["PIN-4"]).needs(&["easy-pins"])
            .does(device("enrol", json!({ "pin": "111111" }), none())),
    ]);
    let but = |id: &str, change: &str, requirement: &str, kills: &str| {
        base.but(&format!("device.change.{id}"), change)
            .requires(&[requirement])
            .kills(kills)
    };
    let easy = || user("pin", json!({ "pin": "111111" }), rejected(430));
    #[rustfmt::skip]
    group.cases.extend([
        but("assertion", "the verdict has an assertion", "DEV-15", "device.verdict-has-assertion").turns(&to(step::VERDICT, &[keeper("verdict", json!({ "assertion": true }), failed(107))])),
        but("not-changed", "the status does not show the change", "DEV-19", "device.change-shown")
            .turns(&to(step::CHANGED, &[keeper("status", json!({ "generation": 1 }), failed(107)), starts_login()])),
        but("not-verified", "set-pin is refused because the verification has ended", "CHG-4", "device.asks-again")
            .turns(&to(step::CHANGED, &[keeper("refuse", json!({ "error": 419 }), sends("ask_status to factor"))])),
        but("easy", "the new PIN is easy to guess", "PIN-4", "device.easy-pin-refused").needs(&["easy-pins"])
            .does(device("configure", json!({ "refuse_easy_pins": true }), none())).turns(&to(step::CHOOSE, &[easy()])).turns(&steps[step::CHOOSE..]),
        but("easy-first", "the first PIN is easy to guess", "PIN-4", "device.easy-pin-refused").needs(&["easy-pins"])
            .does(device("configure", json!({ "refuse_easy_pins": true }), none())).turns(&super::enrol::first_pin().steps[..5]).does(easy()).turns(&super::enrol::first_pin().steps[5..]),
        but("while-logging-in", "a login is under way", "DEV-2", "device.one-flow").turns(&login()[..at::PIN]).does(user("change_pin", none(), rejected(307))).turns(&login()[at::PIN..]),
        but("unmet", "the device has never met the factor server", "DEV-6", "device.registration-exists").turns(&[user("change_pin", none(), rejected(417)), has(&[])]),
        but("cancelled", "the user cancels instead of choosing", "DEV-8", "device.cancel-ends").turns(&to(step::CHOOSE, &[user("cancel", none(), failed(429)), starts_login()])),
        but("choose-early", "a PIN comes before the status", "DEV-7", "device.pin-when-asked").turns(&to(step::STATUS, &[user("pin", none(), rejected(428))])).turns(&steps[step::STATUS..]),
    ]);
    group.cases.insert(0, base);
    group
}
