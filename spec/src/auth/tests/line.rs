//! The channel of an app session, from the server's side (protocol.md, sections 12 and 13).

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use super::peer::{Peer, greeted, heard};
use super::scene::{ENTROPY, NOW, Said, account, serving};
use super::store::Store;
use crate::auth::endpoint::{Heard, Line};
use crate::auth::{Account, AppLoginFacts, AppSession, decide_app_login};
use crate::cbor;
use crate::channel::Channel;
use crate::crypto::{P256, Secret};
use crate::error::Code;
use crate::messages::app::{AppSettled, Logout, Ping, Pong};
use crate::messages::app_session_proof;
use crate::messages::data::{DataAnswer, DataCancel, DataError, DataRequest};
use crate::messages::frame::Frame;
use crate::registry::{Level, LogoutCause, Purpose, exporter, limit};
use crate::values::{Bytes, Digest, Type};

/// Both ends of a channel, and what the store has of it.
struct Scene {
    device: Channel,
    key: Secret<32>,
    line: Box<Line>,
    account: Account,
    app: AppSession,
}

fn scene() -> Scene {
    let peer = Peer {
        said: Said::bare(Purpose::AppLogin),
        ..Peer::login()
    };
    let (awaiting, verified, _) = greeted(&peer);
    let statement = peer.statement(&verified);
    let (established, frame) = peer.message_3(verified, awaiting.id(), Some(&statement));
    let key = established.exported(exporter::APP_SESSION_PROOF);
    let mut device = Channel::new(established);
    let opened = awaiting.receive(&frame).unwrap();
    let deciding = opened.verify(Some(&account()), &P256).unwrap();
    let facts = AppLoginFacts {
        account: &account(),
        app: None,
        assertion_used: false,
    };
    let commit =
        decide_app_login(&serving(), facts, deciding.request(), ENTROPY, NOW, &P256).unwrap();
    let mut store = Store::default();
    store.accounts.insert(account().id, account());
    let outcome = store.apply(commit).unwrap();
    let (_, line, frame) = deciding.connected(outcome, NOW).unwrap();
    let settled: AppSettled = heard(&mut device, &frame);
    Scene {
        device,
        key,
        line: line.unwrap(),
        account: store.accounts[&account().id].clone(),
        app: store.app_sessions[&settled.session].clone(),
    }
}

impl Scene {
    fn frame(&mut self, message: &impl Serialize) -> Vec<u8> {
        let record = self.device.seal(&cbor::to_vec(message).unwrap()).unwrap();
        let frame = Frame::Record {
            to: self.line.id().as_bytes().into(),
            record: Bytes(record),
        };
        frame.to_vec().unwrap()
    }

    /// What the server hears, or the number that it refuses with and what it sends.
    fn say(&mut self, message: &impl Serialize) -> Result<Heard, (Code, Option<Vec<u8>>)> {
        let frame = self.frame(message);
        self.line
            .receive(&frame, &self.account, Some(&self.app), NOW)
            .map_err(|failure| (failure.code, failure.frame))
    }
}

fn request(id: u64) -> DataRequest {
    DataRequest {
        ty: Type,
        id,
        idempotency_key: None,
        payload: Bytes(vec![]),
    }
}

#[test]
fn a_ping_is_answered_and_a_logout_closes() {
    let mut scene = scene();
    let ping = scene.line.ping().unwrap();
    heard::<Ping>(&mut scene.device, &ping);
    assert_eq!(scene.say(&Pong::default()), Ok(Heard::Pong));
    let logout = Logout {
        ty: Type,
        cause: LogoutCause::Inactivity,
    };
    let cause = LogoutCause::Inactivity;
    assert_eq!(scene.say(&logout), Ok(Heard::Logout(cause)));
    assert!(scene.line.is_closed());
    assert!(scene.line.ping().is_err());
    assert_eq!(
        scene.say(&Pong::default()),
        Err((Code::ChannelClosed, None))
    );
}

#[test]
fn nothing_is_accepted_in_a_session_that_has_ended() {
    let ends: [fn(&mut Scene); 4] = [
        |scene| scene.app = scene.app.clone().end(LogoutCause::Server, NOW),
        |scene| scene.app.ends = NOW,
        |scene| scene.account = scene.account.clone().revoke(),
        |scene| scene.account.app = None,
    ];
    for end in ends {
        let mut scene = scene();
        end(&mut scene);
        assert_eq!(scene.say(&request(1)), Err((Code::NotLoggedIn, None)));
        assert!(scene.line.is_closed());
    }
}

#[test]
fn requests_are_forwarded_once_and_answered_once() {
    let mut scene = scene();
    for id in [4, 9] {
        let Ok(Heard::Request(forward)) = scene.say(&request(id)) else {
            panic!("forwarded");
        };
        assert_eq!((forward.id, forward.caller.level), (id, Level::Full));
        assert_eq!(forward.caller.account, scene.account.id);
        assert_eq!(forward.caller.device, scene.account.key.kid());
    }
    // The same id again is answered by an error, and not forwarded.
    let Err((Code::RequestIdTooLow, Some(frame))) = scene.say(&request(9)) else {
        panic!("refused");
    };
    let error: DataError = heard(&mut scene.device, &frame);
    assert_eq!((error.id, error.error), (9, Code::RequestIdTooLow.number()));

    // In any order; too long an answer fails its own request alone.
    let long = Bytes(vec![0; limit::DATA + 1]);
    let frame = scene.line.answer(9, long).unwrap().unwrap();
    let error: DataError = heard(&mut scene.device, &frame);
    assert_eq!((error.id, error.error), (9, Code::TooLarge.number()));
    let most = Bytes(vec![0; limit::DATA]);
    let frame = scene.line.answer(4, most.clone()).unwrap().unwrap();
    let answer: DataAnswer = heard(&mut scene.device, &frame);
    assert_eq!((answer.id, answer.payload), (4, most.clone()));
    for finished in [4, 9, 5] {
        assert_eq!(scene.line.answer(finished, most.clone()), Ok(None));
    }

    // After a cancel nothing is delivered.
    scene.say(&request(10)).unwrap();
    let cancel = DataCancel { ty: Type, id: 10 };
    assert_eq!(scene.say(&cancel), Ok(Heard::Cancel(10)));
    assert_eq!(scene.line.answer(10, Bytes(vec![1])), Ok(None));
    assert_eq!(scene.say(&cancel), Ok(Heard::Ignored));
}

#[test]
fn a_proof_is_of_this_session_and_that_handshake() {
    let mut scene = scene();
    let proof = |scene: &Scene, spoil: u8| {
        let mut said = Said::login();
        let transcript = said.request().transcript;
        let mut proof = app_session_proof(&scene.key, scene.app.id, transcript);
        proof.0[31] ^= spoil;
        said.presented = None;
        said.statement.app_session_proof = Some(proof);
        said.request()
    };
    assert!(scene.line.prove(&proof(&scene, 0)).is_some());
    assert_eq!(scene.line.prove(&proof(&scene, 1)), None);
    let mut other = proof(&scene, 0);
    other.transcript.0[0] ^= 1;
    assert_eq!(scene.line.prove(&other), None);
    let mut none = Said::login();
    none.statement.app_session_proof = Some(Digest([0; 32]));
    assert_eq!(scene.line.prove(&none.request()), None);
    // The key goes with the session.
    let right = proof(&scene, 0);
    scene.line.close();
    assert_eq!(scene.line.prove(&right), None);
}
