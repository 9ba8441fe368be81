//! What a failure means: HubSpot's as a whole, or one contact's; in words, and for how long.

use std::time::Duration;

use parlor_hubspot::{Class, Error, RateLimitPolicy, Retry};
use parlor_store::{Reason, StoreError, Timestamp};

use super::breaker::{Kind, Trouble};

/// What only a person can mend is looked at again so often: soon enough to notice, and seldom enough not to hammer.
pub(super) const ASK_AGAIN: Duration = Duration::from_mins(1);

/// A pass ends early for one of these.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// HubSpot as a whole cannot be worked with for a while.
    #[error("{}", .0.words)]
    Portal(Trouble),
    /// It is not this process's turn, or not yet.
    #[error("delivery rests")]
    Rest(Timestamp),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Stop {
    /// What a person has to mend.
    pub(super) fn for_a_person(words: String) -> Self {
        Self::Portal(Trouble {
            words,
            kind: Kind::Person,
            wait: ASK_AGAIN,
        })
    }
}

/// What an error of HubSpot as a whole means for the pass.
pub(super) fn portal_trouble(error: &Error) -> Stop {
    tracing::warn!(%error, "a call to HubSpot failed");
    let kind = match error.class() {
        Class::RateLimited { .. } => Kind::Limited,
        Class::Token | Class::Permission { .. } | Class::Plan | Class::Redirect { .. } => Kind::Person,
        _ => Kind::Passing,
    };
    let wait = match error.retry() {
        Retry::After(wait) => wait,
        Retry::Later | Retry::No => ASK_AGAIN,
    };
    Stop::Portal(Trouble {
        words: words_of_portal(error),
        kind,
        wait,
    })
}

fn words_of_portal(error: &Error) -> String {
    match error.class() {
        Class::RateLimited {
            policy: RateLimitPolicy::Daily,
        } => "HubSpot answers 429: the day's calls are used up".to_owned(),
        Class::Token => {
            "HubSpot answers 401: the token is not valid; give a new one in the inbox's settings or by parlor hubspot connect"
                .to_owned()
        }
        Class::Permission { scopes } if scopes.is_empty() => {
            "HubSpot answers 403: the token may not do this".to_owned()
        }
        Class::Permission { scopes } => format!("HubSpot answers 403: the token lacks {}", scopes.join(", ")),
        Class::Timeout => "HubSpot does not answer in time".to_owned(),
        Class::Connect => "HubSpot cannot be reached".to_owned(),
        Class::Interrupted => "the connection to HubSpot broke".to_owned(),
        Class::Redirect { .. } => "HubSpot's address redirects: check HUBSPOT_BASE_URL".to_owned(),
        _ => match error.status() {
            Some(status) => format!("HubSpot answers {status}"),
            None => "HubSpot answers what it should not".to_owned(),
        },
    }
}

/// The same as a reason that lies on a contact.
pub(super) fn reason_of_portal(error: &Error) -> Reason {
    Reason {
        words: words_of_portal(error),
        correlation_id: error.correlation_id().map(str::to_owned),
    }
}

/// What HubSpot said of one contact, for a rep: its own words, which may name the address that the rep sees anyway.
pub(super) fn reason_of(error: &Error) -> Reason {
    Reason {
        words: words_of(error.message(), error.category()),
        correlation_id: error.correlation_id().map(str::to_owned),
    }
}

/// HubSpot's own words, cut to a size that a card has room for.
pub(super) fn words_of(message: Option<&str>, category: Option<&str>) -> String {
    let words = message.or(category).unwrap_or("HubSpot gave no reason");
    words.chars().take(300).collect()
}
