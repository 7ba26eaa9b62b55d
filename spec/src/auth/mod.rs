//! The auth server: sessions, enrolments, accounts, and the decisions on the
//! statements of their devices (protocol.md, sections 5.2, 5.3, 6, 7 and 8.6).
//!
//! ```text
//!  message_1 ── greet ──► Greeting ── offer ──► Offer (EAD_2)
//!                           │ wanted                 ▲
//!                           ▼                        │ found
//!                        ┌─────────────────── store ─┴────────────────┐
//!                        │ sessions, enrolments, accounts, assertions │
//!                        └──┬──────────────────────────────▲──────────┘
//!                           │ facts                        │ writes, if expects hold
//!                           ▼                              │
//!  message_3 ── Request ─► decide_login ─────────────────► Commit ── committed ──► Outcome
//!                          decide_enrolment
//! ```
//!
//! Facts ([`Session`], [`Enrolment`], [`Account`]) are plain data. A decision is a
//! pure function of facts, request, time and entropy; it gives a [`Commit`], or a
//! refusal, which stores nothing. The [`endpoint`] around it turns bytes into
//! requests and outcomes into bytes.
//!
//! Nothing here reads a store, a clock or a private key, decides on a statement
//! whose signature was not verified, tells an outcome before its commit, or says
//! anything of a session to one who does not know its nonce.

mod account;
pub mod action;
mod app_login;
mod app_session;
mod assertion;
mod cached;
mod commit;
mod config;
mod credentials;
mod data;
mod draw;
pub mod endpoint;
mod enrol;
mod enrolment;
mod evidence;
mod follow;
mod greeting;
mod headless;
mod lineage;
mod login;
mod opening;
mod request;
mod restore;
mod rotation;
mod session;
mod statement;
#[cfg(test)]
mod tests;
mod upgrade;

pub use self::account::{Account, AccountLevel, AppUse, Standing, WrongStanding};
pub use self::app_login::{AppLoginFacts, decide_app_login};
pub use self::app_session::{AppSession, AppSessionState, Liveness, Resolved, Verification};
pub use self::assertion::{Accepted, Required, SecondFactor, accept};
pub use self::cached::{Cached, Proved};
pub use self::commit::{Commit, Expect, Fact, FactId, Outcome, Reply};
pub use self::config::{AppTerms, Config, DataTerms, FactorServer, Services};
pub use self::credentials::{Credentials, Held, Scope, delete, resume, revoke, suspend};
pub use self::data::{Caller, DataFacts, Desk, Forward, decide_data};
pub use self::enrol::{EnrolmentFacts, decide_enrolment};
pub use self::enrolment::{Bound, Enrolment, EnrolmentState, EnrolmentTerms, Open};
pub use self::greeting::{EnrolmentOffer, Found, Greeting, Offer, Unclaimed, Wanted, greet};
pub use self::headless::{HeadlessFacts, decide_headless};
pub use self::lineage::{Finding, Followed, Lineage, Step};
pub use self::login::{LoginFacts, decide_login};
pub use self::opening::decide_opening;
pub use self::request::Request;
pub use self::rotation::{Asked, decide_deletion, decide_rotation};
pub use self::session::{Confirmed, New, Nonce, Rejected, Session, SessionState, SessionTerms};
pub use self::upgrade::{UpgradeFacts, decide_upgrade};
