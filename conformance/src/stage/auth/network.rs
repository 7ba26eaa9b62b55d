//! The network: it delivers what was held, again what was sent, and what nobody sent.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `deliver` | `on`, `spoil` (layer `frame_3`): a message_3 that was held | as of a claim |
//! | `replay` | `on`, `what`: `message_1` or `message_3` | `answer`: the `same` or `another` |
//! | `redirect` | `on`, `to`: its message_3 comes for another connection | |
//! | `send` | `on`, `kind`, `body`: a frame for that connection; or `frame_bytes`: its length | |

use countersign::cbor;
use countersign::registry::message_type;
use countersign::values::Bytes;
use countersign_vectors::case::Turn;
use serde_json::json;

use super::claim::readdressed;
use super::{Heard, World, error_frame, on};
use crate::outcome::Stop;
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::Came;
use crate::stage::with::With;

impl World {
    /// The network's turn.
    pub(super) fn network(
        &mut self,
        action: &str,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match action {
            "deliver" => {
                let with = With::of(turn, &["on", "spoil"])?;
                let on = on(with, &self.last)?.to_owned();
                let connection = self.connection(&on)?;
                let c_i = connection.c_i.clone();
                let frame = spoiler.at("frame_3", message_3(connection.message_3.as_ref())?)?;
                self.settle(&on, frame, &c_i, false, turn, session)
            }
            "redirect" => {
                let with = With::of(turn, &["on", "to"])?;
                let on = on(with, &self.last)?.to_owned();
                let frame = message_3(self.connection(&on)?.message_3.as_ref())?;
                let to = self.connection(with.text("to")?.unwrap_or(&on))?;
                let (frame, c_i) = (readdressed(&frame, to.c_r)?, to.c_i.clone());
                self.refused(frame, &c_i, session)
            }
            "replay" => self.replay(With::of(turn, &["on", "what"])?, session),
            "send" => {
                let with = With::of(turn, &["on", "kind", "body", "frame_bytes"])?;
                let (frame, c_i) = self.composed(with)?;
                self.refused(frame, &c_i, session)
            }
            other => Err(Stop::Undecided(format!("a network cannot {other}"))),
        }
    }

    /// Sends what a server has to refuse.
    fn refused(
        &mut self,
        frame: Vec<u8>,
        c_i: &[u8],
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match self.send(frame, c_i, session)? {
            Heard::Accepted(_) => Ok(Came::with(json!({ "answered": true }))),
            Heard::Refused(code, None) => Ok(Came::Refused("rejected", code)),
            Heard::Refused(code, Some(frame)) => error_frame(code, &frame, c_i),
        }
    }

    fn replay(&mut self, with: With<'_>, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let on = on(with, &self.last)?.to_owned();
        let connection = self.connection(&on)?;
        let (frame, earlier) = match with.text("what")? {
            Some("message_1") => (
                connection.message_1.clone(),
                Some(connection.message_2.clone()),
            ),
            Some("message_3") => (
                message_3(connection.message_3.as_ref())?,
                connection.answer.clone(),
            ),
            other => return Err(Stop::Undecided(format!("{other:?} cannot be replayed"))),
        };
        let c_i = connection.c_i.clone();
        match self.send(frame, &c_i, session)? {
            Heard::Accepted(frame) => {
                self.server.check_message_2(&frame)?;
                let answer = match Some(frame) == earlier {
                    true => "same",
                    false => "another",
                };
                Ok(Came::with(json!({ "answer": answer })))
            }
            Heard::Refused(code, None) => Ok(Came::Refused("rejected", code)),
            Heard::Refused(code, Some(frame)) => error_frame(code, &frame, &c_i),
        }
    }

    /// A frame that no party sent, within its limit or not, and the C_I of its connection.
    fn composed(&mut self, with: With<'_>) -> Result<(Vec<u8>, Vec<u8>), Stop> {
        let on = on(with, &self.last)?.to_owned();
        let connection = self.connection(&on)?;
        let to: Bytes = connection.c_r.as_bytes().into();
        let ty: u64 = match with.text("kind")? {
            Some("message_2") => message_type::MESSAGE_2,
            Some("message_3") => message_type::MESSAGE_3,
            Some("record") => message_type::RECORD,
            Some("error") => message_type::ERROR,
            other => return Err(Stop::Undecided(format!("no frame {other:?}"))),
        };
        let frame_of = |body: Vec<u8>| {
            cbor::to_vec(&(ty, &to, Bytes(body)))
                .map_err(|error| Stop::Undecided(error.to_string()))
        };
        let body = match with.number::<usize>("frame_bytes")? {
            None => with.bytes("body")?.unwrap_or_default(),
            Some(length) => {
                // All but the body: type, identifier, heads. A length at which a head grows is not made.
                let near = length.saturating_sub(32);
                let around = frame_of(vec![0; near])?.len() - near;
                vec![0; length.saturating_sub(around)]
            }
        };
        Ok((frame_of(body)?, connection.c_i.clone()))
    }
}

fn message_3(frame: Option<&Vec<u8>>) -> Result<Vec<u8>, Stop> {
    frame
        .cloned()
        .ok_or_else(|| Stop::Undecided("no message_3 was made".to_owned()))
}
