//! What a device asks for through its channel.

use crate::channel::Content;
use crate::error::{Code, Refusal};
use crate::messages::channel::KeyUpdate;
use crate::messages::factor::{
    AddBiometric, AskStatus, BiometricGone, Create, RemoveBiometric, SetPin, Verify,
};
use crate::registry::{limit, message_type as ty};
use crate::verified::Verified;

/// A request of the device whose `K_dsf` authenticated the channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// For [`decide_create`](crate::factor::decide_create).
    Create(Verified<Create>),
    /// For [`decide_verify`](crate::factor::decide_verify).
    Verify(Verified<Verify>),
    /// For [`decide_status`](crate::factor::decide_status).
    AskStatus,
    /// For [`decide_set_pin`](crate::factor::decide_set_pin).
    SetPin(Verified<SetPin>),
    /// For [`decide_add_biometric`](crate::factor::decide_add_biometric).
    AddBiometric(Verified<AddBiometric>),
    /// For [`decide_remove_biometric`](crate::factor::decide_remove_biometric).
    RemoveBiometric(Verified<RemoveBiometric>),
    /// For [`decide_biometric_gone`](crate::factor::decide_biometric_gone).
    BiometricGone(Verified<BiometricGone>),
}

/// A message of the channel: a request, or about the channel itself.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the common one, and short-lived"
)]
pub(super) enum Message {
    Request(Request),
    KeyUpdate,
}

/// Decodes what a record held.
///
/// # Errors
/// [`Refusal`] of section 3.1 of protocol.md, [`Code::Structure`] for a type that is
/// not a request.
pub(super) fn decode(content: &Content) -> Result<Message, Refusal> {
    let limit = limit::HANDSHAKE;
    let request = match content.message_type()? {
        ty::CREATE => Request::Create(content.decode(limit)?),
        ty::VERIFY => Request::Verify(content.decode(limit)?),
        ty::ASK_STATUS => {
            content.decode::<AskStatus>(limit)?;
            Request::AskStatus
        }
        ty::SET_PIN => Request::SetPin(content.decode(limit)?),
        ty::ADD_BIOMETRIC => Request::AddBiometric(content.decode(limit)?),
        ty::REMOVE_BIOMETRIC => Request::RemoveBiometric(content.decode(limit)?),
        ty::BIOMETRIC_GONE => Request::BiometricGone(content.decode(limit)?),
        ty::KEY_UPDATE => {
            content.decode::<KeyUpdate>(limit)?;
            return Ok(Message::KeyUpdate);
        }
        _ => return Err(Code::Structure.into()),
    };
    Ok(Message::Request(request))
}
