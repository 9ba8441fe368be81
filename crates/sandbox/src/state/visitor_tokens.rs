//! The tokens that were created for visitors, and whom each one stands for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::errors;

/// How long a token is good, says HubSpot's guide on visitor identification: twelve hours.
const LIFETIME_MILLISECONDS: i64 = 12 * 60 * 60 * 1_000;

/// So many are remembered; the oldest are forgotten first, good or not.
const REMEMBERED: usize = 10_000;

/// A token by which the chat widget takes a visitor for a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorToken {
    /// The token, which means nothing to anybody but the sandbox.
    pub token: String,
    /// Whom it stands for: trimmed and in lower case, as HubSpot keeps addresses.
    pub email: String,
    /// The first name that was given with it.
    pub first_name: Option<String>,
    /// The last name that was given with it.
    pub last_name: Option<String>,
    /// When it was created.
    pub created_at: Moment,
    /// From when on it is refused: twelve hours after it was created.
    pub expires_at: Moment,
}

/// The tokens by their number, which is also the beginning of their text.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct VisitorTokens(BTreeMap<u64, VisitorToken>);

impl VisitorTokens {
    /// Makes a new token for an address that has been checked.
    pub(crate) fn create(
        &mut self,
        email: &str,
        first_name: Option<String>,
        last_name: Option<String>,
        now: Moment,
    ) -> &VisitorToken {
        while self.0.len() >= REMEMBERED {
            self.0.pop_first();
        }
        let number = self.0.last_key_value().map_or(1, |(last, _)| last + 1);
        let expires_at = Moment::from_unix_milliseconds(now.unix_milliseconds() + LIFETIME_MILLISECONDS);
        self.0.entry(number).or_insert(VisitorToken {
            token: format!("sandbox-visitor-{number}-{}", errors::new_id()),
            email: normal(email),
            first_name,
            last_name,
            created_at: now,
            expires_at,
        })
    }

    /// Whether the token is good for this address now; else why not.
    pub(crate) fn check(&self, token: &str, email: &str, now: Moment) -> Result<(), &'static str> {
        let known = number_of(token)
            .and_then(|number| self.0.get(&number))
            .filter(|known| known.token == token)
            .ok_or("the token is not known")?;
        if known.email != normal(email) {
            Err("the token belongs to another address")
        } else if now >= known.expires_at {
            Err("the token has expired")
        } else {
            Ok(())
        }
    }

    /// All of them, the oldest first.
    pub(crate) fn all(&self) -> Vec<VisitorToken> {
        self.0.values().cloned().collect()
    }
}

/// The number in a token's text. The rest of the text decides whether it is one.
fn number_of(token: &str) -> Option<u64> {
    token.strip_prefix("sandbox-visitor-")?.split('-').next()?.parse().ok()
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_unix_milliseconds(1_795_000_000_000);

    #[test]
    fn the_oldest_tokens_are_forgotten_and_no_number_comes_twice() {
        let mut tokens = VisitorTokens::default();
        let first = tokens.create("ada@example.com", None, None, NOW).token.clone();
        for _ in 0..REMEMBERED {
            tokens.create("bob@example.com", None, None, NOW);
        }
        assert_eq!(tokens.all().len(), REMEMBERED);
        assert_eq!(
            tokens.check(&first, "ada@example.com", NOW),
            Err("the token is not known")
        );
        let last = tokens.all().pop().unwrap().token;
        assert_eq!(tokens.check(&last, " BOB@example.com", NOW), Ok(()));
    }

    #[test]
    fn a_text_that_only_looks_like_a_token_is_none() {
        let mut tokens = VisitorTokens::default();
        let token = tokens.create("ada@example.com", None, None, NOW).token.clone();
        for text in [
            "",
            "sandbox-visitor-1-",
            "sandbox-visitor-x",
            &format!("{token}0"),
            &token[..token.len() - 1],
        ] {
            let checked = tokens.check(text, "ada@example.com", NOW);
            assert_eq!(checked, Err("the token is not known"), "{text:?}");
        }
    }
}
