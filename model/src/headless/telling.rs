//! The steps of this model in the document's words.

use countersign::auth::{AccountLevel, Outcome};
use countersign::registry::{Level, Purpose};

use super::messages::{First, Party, Reply, Said};
use super::state::{Phone, Stage, State, replica};
use super::store::Store;
use super::{Action, Headless, world};
use crate::story::{Step, Story};

const DEVICE: &str = "Device";
const OWNER: &str = "Owner";
const THIEF: &str = "Thief";
const FACTOR: &str = "Factor server";
const STORE: &str = "Store";
const BACKEND: &str = "Backend";
const SERVERS: [&str; 2] = ["Auth server A", "Auth server B"];

/// The action in a few words.
pub(super) fn name(action: Action) -> String {
    let nth = |place: u8| format!("handshake {}", place + 1);
    match action {
        Action::AskForData => "asks for data".into(),
        Action::BeginUpgrade => "asks for the upgrade".into(),
        Action::Answer(first) => first_of(&first),
        Action::Hear(place) => format!("message_2 of {}", nth(place)),
        Action::Equip => "has its `K_dsf`".into(),
        Action::Create => "CREATE, with the first PIN".into(),
        Action::Prove => "the right PIN, and the assertion for it".into(),
        Action::Send => "signs message_3 and sends it".into(),
        Action::Learn => "hears the answer".into(),
        Action::GiveUp => "crashes, or gives up".into(),
        Action::Steal => "gets hold of the device".into(),
        Action::Read(place, said) => format!("message_3 of {}: {}", nth(place), statement(&said)),
        Action::Commit(place) => format!("commit of {}", nth(place)),
        Action::Reply(place) => format!("answers {}", nth(place)),
        Action::Crash(server) => format!("{} crashes", SERVERS[server as usize]),
        Action::Revoke => "revokes the account".into(),
    }
}

fn first_of(first: &First) -> String {
    let what = match first.ead_1.purpose {
        Purpose::Headless => "a headless account",
        _ => "an upgrade",
    };
    match first.by {
        Party::Thief => format!("message_1 of the thief for {what}"),
        Party::Device => format!("message_1 of flow {} for {what}", first.flow + 1),
    }
}

/// What is said, in a few words.
pub(super) fn statement(said: &Said) -> String {
    let (purpose, whose) = (said.request.purpose, party(said.by).to_lowercase());
    if purpose == Purpose::Headless {
        return format!("the {whose}'s key for a headless account");
    }
    let proof = match said.proof {
        None => "without an assertion",
        Some(proof) if proof.payload.purpose != purpose => "with an assertion of another purpose",
        Some(proof) if proof.audience != world::server() => {
            "with an assertion for another auth server"
        }
        Some(_) => "with an assertion of the PIN",
    };
    let elsewhere = said.proof.is_some_and(|proof| {
        let ours = said.by == Party::Device;
        !ours && is_elsewhere(said, proof.payload.bind)
    });
    let elsewhere = if elsewhere {
        " for another handshake"
    } else {
        ""
    };
    format!("the {whose}'s upgrade {proof}{elsewhere}")
}

fn is_elsewhere(said: &Said, bind: countersign::values::Bind) -> bool {
    let ids = [world::ACCOUNT];
    let right = ids.map(|id| super::messages::bind(said.request.transcript, id));
    said.request.key == world::KEY && !right.contains(&bind)
}

fn party(by: Party) -> &'static str {
    match by {
        Party::Device => DEVICE,
        Party::Thief => THIEF,
    }
}

impl Story for Headless {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let server = |place: u8| SERVERS[replica(place)];
        let (from, to) = match *action {
            Action::AskForData | Action::BeginUpgrade => (OWNER, DEVICE),
            Action::Answer(first) => (party(first.by), server(before.line_count())),
            Action::Hear(place) => (server(place), DEVICE),
            Action::Create => (DEVICE, FACTOR),
            Action::Prove => (FACTOR, DEVICE),
            Action::Equip | Action::Send | Action::GiveUp => (DEVICE, DEVICE),
            Action::Learn => match before.phone {
                Phone::Admitting(place, _) | Phone::Settling(place, _) => (server(place), DEVICE),
                _ => (SERVERS[0], DEVICE),
            },
            Action::Steal => (THIEF, DEVICE),
            Action::Read(place, said) => (party(said.by), server(place)),
            Action::Commit(place) => (server(place), STORE),
            Action::Reply(place) => (server(place), party(before.line(place).opened.first.by)),
            Action::Crash(index) => (SERVERS[index as usize], SERVERS[index as usize]),
            Action::Revoke => (BACKEND, STORE),
        };
        let text = match *action {
            Action::Commit(place) => format!("{}: {}", name(*action), self.end(before, place)),
            Action::Reply(place) => match after.line(place).reply.as_deref() {
                Some(reply) => format!("{}: {}", name(*action), told(reply)),
                None => name(*action),
            },
            _ => name(*action),
        };
        let note = (before.store != after.store).then(|| stored(&after.store));
        Step {
            from,
            to,
            text,
            note,
        }
    }
}

impl Headless {
    fn end(&self, state: &State, place: u8) -> String {
        let Stage::Decided(_, decided) = state.line(place).stage else {
            unreachable!("not enabled");
        };
        let (expects, writes) = (&decided.expects, &decided.writes);
        if state.store.after(expects, writes, self.weak).is_none() {
            return "conflict".into();
        }
        match &decided.outcome {
            Outcome::Admitted(admitted) => told(&Reply::Admitted(admitted.clone())),
            Outcome::Refused(code) => told(&Reply::Refused(*code)),
            Outcome::Settled(_) | Outcome::LoggedIn(_) => "another outcome".into(),
        }
    }
}

/// An answer, in a few words.
pub(super) fn told(reply: &Reply) -> String {
    match reply {
        Reply::Admitted(admitted) => match admitted.level {
            Level::Headless => "admitted, headless".into(),
            Level::Full => "admitted, full".into(),
        },
        Reply::Refused(code) => format!("refused, {}", code.number()),
    }
}

/// The store, in a line.
fn stored(store: &Store) -> String {
    let one = |account: &countersign::auth::Account| {
        let level = match account.level {
            AccountLevel::Headless => "headless",
            AccountLevel::Full(_) => "full",
        };
        let standing = format!("{:?}", account.standing).to_lowercase();
        format!("an account is {level} and {standing}")
    };
    let all: Vec<_> = store.accounts.values().map(one).collect();
    all.join(", ")
}
