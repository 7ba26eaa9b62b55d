//! The network: it delivers what was held, again what was sent, and what nobody sent.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `deliver` | `on`, `spoil` (layer `frame_3`): a message_3 that was held | as of a claim |
//! | `replay` | `on`, `what`: `message_1` or `message_3` | `answer`: the `same` or `another` |
//! | `send` | `frame`: hex; or `on`, `kind` and `body`: a frame for that connection | |

use countersign::messages::frame::Frame;
use countersign::values::Bytes;
use countersign_vectors::case::Turn;
use serde_json::json;

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
            "replay" => self.replay(With::of(turn, &["on", "what"])?, session),
            "send" => {
                let with = With::of(turn, &["frame", "on", "kind", "body"])?;
                let (frame, c_i) = self.composed(with)?;
                match self.send(frame, session)? {
                    Heard::Accepted(_) => Ok(Came::with(json!({ "answered": true }))),
                    Heard::Refused(code, None) => Ok(Came::Refused("rejected", code)),
                    Heard::Refused(code, Some(frame)) => error_frame(code, &frame, &c_i),
                }
            }
            other => Err(Stop::Undecided(format!("a network cannot {other}"))),
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
        match self.send(frame, session)? {
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

    /// A frame that no party sent, and the C_I of its connection.
    fn composed(&mut self, with: With<'_>) -> Result<(Vec<u8>, Vec<u8>), Stop> {
        if let Some(frame) = with.bytes("frame")? {
            return Ok((frame, Vec::new()));
        }
        let on = on(with, &self.last)?.to_owned();
        let connection = self.connection(&on)?;
        let to: Bytes = connection.c_r.as_bytes().into();
        let body = Bytes(with.bytes("body")?.unwrap_or_default());
        let frame = match with.text("kind")? {
            Some("message_2") => Frame::Message2 { to, message: body },
            Some("message_3") => Frame::Message3 { to, message: body },
            Some("record") => Frame::Record { to, record: body },
            Some("error") => Frame::Error { to, error: body },
            other => return Err(Stop::Undecided(format!("no frame {other:?}"))),
        };
        let frame = frame
            .to_vec()
            .map_err(|error| Stop::Undecided(error.to_string()))?;
        Ok((frame, connection.c_i.clone()))
    }
}

fn message_3(frame: Option<&Vec<u8>>) -> Result<Vec<u8>, Stop> {
    frame
        .cloned()
        .ok_or_else(|| Stop::Undecided("no message_3 was made".to_owned()))
}
