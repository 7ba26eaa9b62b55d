//! The backend makes sessions and enrolments, and reads what became of them.

use countersign::auth::{
    Enrolment, EnrolmentState, EnrolmentTerms, Fact, Nonce, Scope, Session, SessionState,
    SessionTerms,
};
use countersign::cbor;
use countersign::crypto::Secret;
use countersign::error::Code;
use countersign::messages::handshake::Announce;
use countersign::messages::link::{EnrolmentLink, Link, SessionLink};
use countersign::registry::limit;
use countersign::values::{AccountId, SessionId, UnixSeconds};
use countersign_vectors::case::Object;
use serde_json::json;

use super::{AuthServer, object, policy, refused};
use crate::adapter::function::{bytes, not_encoded};
use crate::adapter::{Args, Refusal};

impl AuthServer {
    pub(super) fn create_session(&mut self, args: &Args) -> Result<Object, Refusal> {
        let nonce: [u8; 32] = args.array("nonce")?;
        let terms = SessionTerms {
            expires: UnixSeconds(args.uint("expires_s")?),
            announce: args.optional("announce", announce)?,
            preselected: args.optional("account", Args::array)?.map(AccountId),
            policy: args.optional("policy", policy)?,
        };
        let session =
            Session::new(self.setup.config.server, Nonce::new(nonce), terms).map_err(refused)?;
        let link = Link::Session(SessionLink {
            server: self.setup.config.server,
            nonce: Secret::from_bytes(nonce),
        });
        let values = created(session.id, &link)?;
        self.store.put(Fact::Session(session));
        Ok(values)
    }

    pub(super) fn create_enrolment(&mut self, args: &Args) -> Result<Object, Refusal> {
        let nonce: [u8; 32] = args.array("nonce")?;
        let terms = EnrolmentTerms {
            user_name: args.text("user_name")?.to_owned(),
            expires: UnixSeconds(args.uint("expires_s")?),
            announce: args.optional("announce", announce)?,
            scope: match args.optional("add_authenticators", Args::flag)? {
                Some(true) => Scope::AddAuthenticators,
                Some(false) | None => Scope::New,
            },
        };
        let enrolment =
            Enrolment::new(self.setup.config.server, Nonce::new(nonce), terms).map_err(refused)?;
        let link = Link::Enrolment(EnrolmentLink {
            server: self.setup.config.server,
            uri: self.setup.uri.clone(),
            parameters: self.setup.parameters_hash,
            nonce: Secret::from_bytes(nonce),
        });
        let values = created(enrolment.id, &link)?;
        self.store.put(Fact::Enrolment(enrolment));
        Ok(values)
    }

    pub(super) fn read_session(&self, args: &Args) -> Result<Object, Refusal> {
        let session = self.store.session(id(args)?);
        let session = session.ok_or_else(|| refused(Code::SessionUnavailable.into()))?;
        Ok(match &session.state {
            SessionState::New(_) => object(json!({ "state": "new" })),
            SessionState::Confirmed(confirmed) => settled(
                "confirmed",
                confirmed.account,
                confirmed.user_input.as_deref(),
            ),
            SessionState::Rejected(rejected) => settled("rejected", rejected.account, None),
        })
    }

    pub(super) fn read_enrolment(&self, args: &Args) -> Result<Object, Refusal> {
        let enrolment = self.store.enrolment(id(args)?);
        let enrolment = enrolment.ok_or_else(|| refused(Code::SessionUnavailable.into()))?;
        Ok(match &enrolment.state {
            EnrolmentState::Open(_) => object(json!({ "state": "open" })),
            EnrolmentState::Bound(bound) => {
                settled("bound", bound.account, bound.user_input.as_deref())
            }
        })
    }
}

fn settled(state: &str, account: AccountId, user_input: Option<&str>) -> Object {
    let mut values = object(json!({ "state": state, "account": hex::encode(account.0) }));
    if let Some(text) = user_input {
        values.insert("user_input".to_owned(), text.into());
    }
    values
}

fn created(id: SessionId, link: &Link) -> Result<Object, Refusal> {
    let link = link.to_vec().map_err(not_encoded)?;
    Ok(bytes([("session_id", &id.0), ("link", &link)]))
}

fn id(args: &Args) -> Result<SessionId, Refusal> {
    args.array("session_id").map(SessionId)
}

/// What is to be shown, as it comes from the backend: not bounded yet.
pub(super) fn announce(args: &Args, name: &str) -> Result<Announce, Refusal> {
    cbor::from_slice(&args.bytes(name)?, limit::FRAME)
        .map_err(|error| Refusal::Error(format!("`{name}`: {error}")))
}
