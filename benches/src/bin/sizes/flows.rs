//! The flows, and the frames that each sends.

use countersign::device::{Event, FactorResult, Outcome};
use countersign::messages::frame::Frame;
use countersign::registry::ServerKind;

use crate::cast::World;
use crate::cast::auth::PIN;

/// A login that asks for no factor and announces nothing.
pub const LOGIN: &str = "login, no factor";
/// A login that asks for the PIN and announces nothing.
pub const LOGIN_PIN: &str = "login, PIN";
/// The most that a login without announce strings may cost with the auth server.
pub const TARGET_BYTES: usize = 700;

const DIGITS: &str = "2580";
const ATTEMPTS: u32 = 5;

/// One flow's frames with one server.
pub struct Leg {
    pub flow: &'static str,
    pub with: ServerKind,
    pub round_trips: usize,
    /// Bytes of each frame, in order.
    pub message_1: Vec<usize>,
    pub message_2: Vec<usize>,
    pub message_3: Vec<usize>,
    pub records_sent: Vec<usize>,
    pub records_received: Vec<usize>,
}

impl Leg {
    /// How its row begins.
    pub fn name(&self) -> String {
        let server = match self.with {
            ServerKind::Auth => "auth",
            ServerKind::Factor => "factor",
        };
        format!("| {} | {server} |", self.flow)
    }

    pub fn sent_bytes(&self) -> usize {
        let sent = [&self.message_1, &self.message_3, &self.records_sent];
        sent.into_iter().flatten().sum()
    }

    pub fn received_bytes(&self) -> usize {
        let received = [&self.message_2, &self.records_received];
        received.into_iter().flatten().sum()
    }

    pub fn total_bytes(&self) -> usize {
        self.sent_bytes() + self.received_bytes()
    }

    fn new(flow: &'static str, with: ServerKind) -> Self {
        Self {
            flow,
            with,
            round_trips: 0,
            message_1: Vec::new(),
            message_2: Vec::new(),
            message_3: Vec::new(),
            records_sent: Vec::new(),
            records_received: Vec::new(),
        }
    }

    fn count_sent(&mut self, frame: &[u8]) {
        match Frame::from_slice(frame).expect("a frame") {
            Frame::Message1 { .. } => self.message_1.push(frame.len()),
            Frame::Message3 { .. } => self.message_3.push(frame.len()),
            Frame::Record { .. } => self.records_sent.push(frame.len()),
            other => panic!("no device sends this here: {other:?}"),
        }
    }

    fn count_received(&mut self, frame: &[u8]) {
        match Frame::from_slice(frame).expect("a frame") {
            Frame::Message2 { .. } => self.message_2.push(frame.len()),
            Frame::Record { .. } => self.records_received.push(frame.len()),
            other => panic!("no server sends this here: {other:?}"),
        }
    }
}

/// The leg of a flow with the auth server.
pub fn auth_leg<'a>(legs: &'a [Leg], flow: &str) -> &'a Leg {
    legs.iter()
        .find(|leg| leg.flow == flow && leg.with == ServerKind::Auth)
        .expect("the flow was run")
}

/// Runs every flow; each but the first with a phone that has an account and a record.
pub fn all() -> Vec<Leg> {
    let flows = [
        legs("enrolment, first PIN", &enrolled()),
        legs(LOGIN, &login_without_factor()),
        legs(LOGIN_PIN, &login(None)),
        legs("login, PIN, 20 characters shown", &login(Some(TITLE))),
        legs("decline", &decline()),
        legs("a further VERIFY, channel open", &verify_again()),
    ];
    flows.into_iter().flatten().collect()
}

/// What a login shows: one string of 20 characters under `title`.
const TITLE: &str = "Log in at my.example";

/// One row for each leg, under its heading.
pub fn table(legs: &[Leg]) -> String {
    let mut out = String::from(
        "| flow | server | round trips | from device | to device | total | message_1 | message_2 | message_3 | records from device | records to device |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for leg in legs {
        out += &format!(
            "{} {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            leg.name(),
            leg.round_trips,
            leg.sent_bytes(),
            leg.received_bytes(),
            leg.total_bytes(),
            list(&leg.message_1),
            list(&leg.message_2),
            list(&leg.message_3),
            list(&leg.records_sent),
            list(&leg.records_received),
        );
    }
    out
}

fn list(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    sizes.join(" + ")
}

/// The legs of what is on a world's wire; a server that heard nothing has none.
fn legs(flow: &'static str, world: &World) -> Vec<Leg> {
    let mut legs = Vec::new();
    for with in [ServerKind::Auth, ServerKind::Factor] {
        let mut leg = Leg::new(flow, with);
        for exchange in world.wire.iter().filter(|exchange| exchange.with == with) {
            leg.count_sent(&exchange.sent);
            if let Some(answer) = &exchange.answer {
                leg.count_received(answer);
                leg.round_trips += 1;
            }
        }
        if leg.total_bytes() > 0 {
            legs.push(leg);
        }
    }
    legs
}

/// Alice's phone, and on the wire how it enrolled.
pub fn enrolled() -> World {
    let mut world = World::new(ATTEMPTS);
    world.enrolled("alice", DIGITS);
    world
}

/// Alice's phone, and on the wire how it logs in.
pub fn login(title: Option<&str>) -> World {
    let mut world = ready();
    let code = world.ask_for(title, Some(PIN));
    world.scan(&code);
    world.confirm();
    let events = world.enter(DIGITS);
    finished(&events, |outcome| matches!(outcome, Outcome::Confirmed(_)));
    world
}

fn login_without_factor() -> World {
    let mut world = ready();
    let code = world.ask_for(None, None);
    world.scan(&code);
    let events = world.confirm();
    finished(&events, |outcome| matches!(outcome, Outcome::Confirmed(_)));
    world
}

fn decline() -> World {
    let mut world = ready();
    let code = world.ask_for(None, Some(PIN));
    world.scan(&code);
    let events = world.decline();
    finished(&events, |outcome| {
        matches!(outcome, Outcome::Declined { signed: true })
    });
    world
}

/// A PIN in a login, after one that was wrong, and only what it sends to the factor server.
fn verify_again() -> World {
    let mut world = ready();
    let code = world.ask_for(None, Some(PIN));
    world.scan(&code);
    world.confirm();
    let events = world.enter("0000");
    let failed = |event: &Event| match event {
        Event::SecondFactor(told) => told.result == FactorResult::Failed,
        _ => false,
    };
    assert!(events.iter().any(failed), "{events:?}");
    world.wire.clear();
    let events = world.enter(DIGITS);
    finished(&events, |outcome| matches!(outcome, Outcome::Confirmed(_)));
    world
        .wire
        .retain(|exchange| exchange.with == ServerKind::Factor);
    world
}

/// A flow that failed has no size worth printing.
fn finished(events: &[Event], well: impl Fn(&Outcome) -> bool) {
    let Some(Event::Finished(outcome)) = events.last() else {
        panic!("not finished: {events:?}");
    };
    assert!(well(outcome), "{outcome:?}");
}

/// Alice's phone has enrolled; the wire is empty.
fn ready() -> World {
    let mut world = enrolled();
    world.wire.clear();
    world
}
