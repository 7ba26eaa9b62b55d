//! Messages of app sessions and of channels for data.

use countersign::messages::app::{Admitted, AppSettled, Logout, Ping, Pong, WebNonce};
use countersign::messages::data::{DataAnswer, DataCancel, DataError, DataRequest};
use countersign::registry::{Level, LogoutCause};
use countersign::values::{AppSessionId, Bytes, IdempotencyKey, Rolling, Type};

use super::{ACCOUNT, encoded};

pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("app-settled", encoded(&app_settled())),
        ("ping", encoded(&Ping::default())),
        ("pong", encoded(&Pong::default())),
        ("logout", encoded(&logout())),
        ("admitted", encoded(&admitted())),
        ("data-request", encoded(&data_request())),
        ("data-cancel", encoded(&DataCancel { ty: Type, id: 24 })),
        ("data-answer", encoded(&data_answer())),
        ("data-error", encoded(&data_error())),
    ]
}

fn app_settled() -> AppSettled {
    AppSettled {
        ty: Type,
        account: ACCOUNT,
        user_name: "alice".to_owned(),
        rolling: Rolling([2; 16]),
        session: AppSessionId([14; 32]),
        web_nonce: WebNonce::new([15; 32]),
        ping_time_s: 30,
        limit_s: 86_400,
    }
}

fn logout() -> Logout {
    Logout {
        ty: Type,
        cause: LogoutCause::Replaced,
    }
}

fn admitted() -> Admitted {
    Admitted {
        ty: Type,
        account: ACCOUNT,
        user_name: String::new(),
        level: Level::Headless,
        rolling: Rolling([2; 16]),
    }
}

fn data_request() -> DataRequest {
    DataRequest {
        ty: Type,
        id: 24,
        idempotency_key: Some(IdempotencyKey([16; 16])),
        payload: Bytes(b"GET /balance".to_vec()),
    }
}

fn data_answer() -> DataAnswer {
    DataAnswer {
        ty: Type,
        id: 24,
        payload: Bytes(Vec::new()),
    }
}

fn data_error() -> DataError {
    DataError {
        ty: Type,
        id: 1 << 33,
        error: 703,
    }
}
