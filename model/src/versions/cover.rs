//! Which device meets which message_2, and what it comes to.

use super::state::{Device, State};
use super::{Versions, edition, telling};
use crate::cover::Pair;

impl Versions {
    /// Each message_2 that could come now.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        let Device::Greeting(facts, answering) = state.device else {
            return;
        };
        let known = match state.wallet.server(edition::server()) {
            None => "nothing".into(),
            Some(known) => {
                let (epoch, sequence) = (known.parameters.epoch, known.sequence);
                format!("epoch {epoch}, identity key {sequence}")
            }
        };
        for origin in self.origins(state, answering) {
            let outcome = match self.receive(state, &facts, origin) {
                Ok(_) => "taken".into(),
                Err(refusal) => format!("refused, {refusal}"),
            };
            note(Pair {
                state: format!("the device knows {known}").into(),
                input: format!("message_2 of {}", telling::maker(origin)).into(),
                outcome: outcome.into(),
            });
        }
    }
}
