//! What an app does that is logged in, or that asks for data; and the time.

use countersign::auth::Resolved;
use countersign::device::data::{Completed, Completion};
use countersign::device::{AccountName, Event, Outcome};
use countersign::messages::app::WebNonce;
use countersign::values::{Bytes, IdempotencyKey, Kid};

use super::World;

impl World {
    /// Time passes, for the servers and for the phone, awake or not.
    pub fn wait(&mut self, seconds: u32) -> Vec<Event> {
        self.now = self.now.plus(u64::from(seconds));
        self.clock = self.clock.plus_s(seconds);
        let effects = self.phone.device.tick(self.clock);
        self.run(Ok(effects))
    }

    /// The same, but the phone sleeps and its app with it.
    pub fn sleep(&mut self, seconds: u32) {
        self.now = self.now.plus(u64::from(seconds));
        self.clock = self.clock.plus_s(seconds);
    }

    /// The app wants to be logged in; out again after so many idle seconds.
    pub fn app_login(&mut self, who: &AccountName, inactivity_s: Option<u32>) -> Vec<Event> {
        let (server, entropy) = (self.auth.id(), self.entropy.draw());
        let effects =
            self.phone
                .device
                .start_app_login(server, who.id, inactivity_s, entropy, self.clock);
        self.run(effects)
    }

    /// The whole app login.
    pub fn logged_in(&mut self, who: &AccountName, inactivity_s: Option<u32>, digits: &str) {
        self.app_login(who, inactivity_s);
        let told = self.enter(digits);
        let expected = Event::Finished(Outcome::LoggedIn(who.clone()));
        assert_eq!(told.last(), Some(&expected));
    }

    pub fn app_logout(&mut self) -> Vec<Event> {
        let effects = self.phone.device.log_out(self.clock);
        self.run(effects)
    }

    /// The user touches the screen.
    pub fn touch(&mut self) -> Vec<Event> {
        let effects = self.phone.device.activity(self.clock);
        self.run(Ok(effects))
    }

    /// What the app can hand to its backend.
    pub fn web_nonce(&self) -> Option<WebNonce> {
        self.phone.device.web_nonce(self.clock).ok().cloned()
    }

    pub fn user_name(&self) -> Option<&str> {
        self.phone.device.user_name(self.clock).ok()
    }

    /// What the backend learns of a web nonce.
    pub fn resolve(&self, web_nonce: &WebNonce) -> Option<Resolved> {
        self.auth.resolve(web_nonce, self.now)
    }

    /// The auth server pings every phone.
    pub fn ping(&mut self) -> Vec<Event> {
        let pings = self.auth.ping();
        self.arrive(pings)
    }

    /// The same, but the pings get lost.
    pub fn lose_ping(&mut self) {
        self.auth.ping();
    }

    /// The app drops the flow that is active.
    pub fn abandon(&mut self) -> Vec<Event> {
        let effects = self.phone.device.abandon();
        self.run(Ok(effects))
    }

    /// The backend ends the app session of a web nonce.
    pub fn end(&mut self, web_nonce: &WebNonce) -> Vec<Event> {
        let frames = self.auth.end(web_nonce, self.now);
        self.arrive(frames)
    }

    /// The same, but the phone does not hear of it.
    pub fn auth_end_unheard(&mut self, web_nonce: &WebNonce) {
        self.auth.end(web_nonce, self.now);
    }

    /// The backend revokes an account.
    pub fn revoke(&mut self, who: &AccountName) -> Vec<Event> {
        let frames = self.auth.revoke(who.id, self.now);
        self.arrive(frames)
    }

    /// The app asks for data; the request, and what it was told at once.
    pub fn get(&mut self, payload: &[u8], key: Option<IdempotencyKey>) -> (u64, Vec<Event>) {
        let (server, entropy) = (self.auth.id(), self.entropy.draw());
        let payload = payload.to_vec();
        let (id, effects) = self
            .phone
            .device
            .get_data(server, payload, key, entropy, self.clock);
        (id, self.run(Ok(effects)))
    }

    pub fn cancel(&mut self, request: u64) -> Vec<Event> {
        let effects = self.phone.device.cancel(request, self.clock);
        self.run(Ok(effects))
    }

    /// The app makes the key of a headless account.
    pub fn make_key(&mut self) -> Vec<Event> {
        let (key, entropy) = (self.phone.make_key(), self.entropy.draw());
        let effects = self.phone.device.made_key(key, entropy);
        self.run(effects)
    }

    pub fn open_data(&mut self, who: &AccountName) -> Vec<Event> {
        let (server, entropy) = (self.auth.id(), self.entropy.draw());
        let effects = self
            .phone
            .device
            .open_data(server, who.id, entropy, self.clock);
        self.run(effects)
    }

    /// The transport of the channel for data breaks.
    pub fn break_data(&mut self) -> Vec<Event> {
        let effects = self.phone.device.close_data();
        self.run(Ok(effects))
    }

    /// The transport of the app session breaks, and there is another one.
    pub fn resume(&mut self) -> Vec<Event> {
        let effects = self.phone.device.resume(self.clock);
        self.run(effects)
    }

    /// The data service answers the `nth` request that it got.
    pub fn serve(&mut self, nth: usize, payload: &[u8]) -> Vec<Event> {
        let id = self.auth.forwarded[nth].id;
        let frame = self.auth.answer(id, payload.to_vec());
        self.arrive(frame)
    }

    /// Frames of the auth server that answer nothing.
    fn arrive(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<Event> {
        let mut events = Vec::new();
        for frame in frames {
            let effects = self.phone.device.receive(&frame, self.now);
            events.extend(self.run(effects));
        }
        events
    }

    /// The key that an account has here.
    pub fn kid(&self, who: &AccountName) -> Kid {
        let mut accounts = self.phone.disk.accounts.iter();
        let account = accounts.find(|account| account.id == who.id);
        account.expect("here").key.kid()
    }
}

/// How a request ended.
pub fn completed(id: u64, with: Completion) -> Event {
    Event::Data(Completed { id, with })
}

/// With an answer.
pub fn data(id: u64, payload: &[u8]) -> Event {
    completed(id, Completion::Data(Bytes(payload.to_vec())))
}
