//! What the server serves besides logins and enrolments, as a case configures it.
//!
//! | word | fields |
//! |---|---|
//! | `app` | `policy`, `ping_time_s`, `limit_s` |
//! | `data` | `policy` |
//! | `headless`, `upgrade` | `true` |
//! | `actions` | `challenges_per_hour`, `cool_down_s`, `challenge_ttl_s`, `token_ttl_s` |

use countersign::messages::handshake::Policy;
use countersign::registry::Purpose;
use countersign_vectors::case::Object;

use super::backend::policy;
use crate::outcome::Stop;
use crate::stage::with::With;

/// The services and their terms; what is absent is not served.
pub(super) struct Services {
    /// As the implementation is told it.
    pub(super) configured: Object,
    pub(super) app: Option<AppTerms>,
    data: Option<Policy>,
    /// How long a challenge waits, in seconds.
    pub(super) challenge_ttl_s: u64,
}

/// The terms of app logins.
#[derive(Clone, Copy)]
pub(super) struct AppTerms {
    policy: Option<Policy>,
    pub(super) ping_time_s: u32,
    pub(super) limit_s: u32,
}

impl Services {
    /// Those of a turn that configures the server.
    pub(super) fn of(with: With<'_>) -> Result<Self, Stop> {
        const WORDS: [&str; 5] = ["app", "data", "headless", "upgrade", "actions"];
        let named = |word: &&str| Some(((*word).to_owned(), with.value(word)?.clone()));
        let app = with.object("app", &["policy", "ping_time_s", "limit_s"])?;
        let actions = with.object(
            "actions",
            &[
                "challenges_per_hour",
                "cool_down_s",
                "challenge_ttl_s",
                "token_ttl_s",
            ],
        )?;
        Ok(Self {
            configured: WORDS.iter().filter_map(named).collect(),
            app: match with.has("app") {
                false => None,
                true => Some(AppTerms {
                    policy: policy(app)?,
                    ping_time_s: app.number("ping_time_s")?.unwrap_or_default(),
                    limit_s: app.number("limit_s")?.unwrap_or_default(),
                }),
            },
            data: policy(with.object("data", &["policy"])?)?,
            challenge_ttl_s: actions.uint("challenge_ttl_s")?.unwrap_or_default(),
        })
    }

    /// The policy for a purpose that claims nothing.
    pub(super) fn policy(&self, purpose: Purpose) -> Option<Policy> {
        match purpose {
            Purpose::AppLogin => self.app.and_then(|terms| terms.policy),
            Purpose::Data => self.data,
            _ => None,
        }
    }
}
