//! Requests for the data service and what becomes of them (protocol.md, section 13).

use serde::{Deserialize, Serialize};

use super::bounds;
use crate::registry::message_type as ty;
use crate::values::{Bytes, IdempotencyKey, Type};

/// Device to auth server: ask the data service.
///
/// ```cddl
/// data-request = [48, request-id: uint, idempotency-key: bstr .size 16 / null, payload: bstr]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DataRequest {
    /// The type number.
    pub ty: Type<{ ty::DATA_REQUEST }>,
    /// Above every id of this channel.
    pub id: u64,
    /// By which the data service recognises a request that is made again.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The app's bytes, at most 1 MiB.
    #[serde(deserialize_with = "bounds::data")]
    pub payload: Bytes,
}

/// Device to auth server: nobody waits for the answer any more.
///
/// ```cddl
/// data-cancel = [49, request-id: uint]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DataCancel {
    /// The type number.
    pub ty: Type<{ ty::DATA_CANCEL }>,
    /// The request.
    pub id: u64,
}

/// Auth server to device: the data service's answer.
///
/// ```cddl
/// data-answer = [50, request-id: uint, payload: bstr]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DataAnswer {
    /// The type number.
    pub ty: Type<{ ty::DATA_ANSWER }>,
    /// The request.
    pub id: u64,
    /// The data service's bytes, at most 1 MiB.
    #[serde(deserialize_with = "bounds::data")]
    pub payload: Bytes,
}

/// Auth server to device: there is no answer.
///
/// ```cddl
/// data-error = [51, request-id: uint, error: uint]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DataError {
    /// The type number.
    pub ty: Type<{ ty::DATA_ERROR }>,
    /// The request.
    pub id: u64,
    /// A number of the error catalogue.
    pub error: u16,
}
