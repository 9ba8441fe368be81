//! Visitor identification: a token by which HubSpot's own chat widget takes a visitor for a contact. Needed scope:
//! `conversations.visitor_identification.tokens.create`, in an account of Professional or higher (any hub).
//!
//! HubSpot checks nothing about the visitor: who asks for a token vouches for the address. The token is no proof of identity for
//! anything but the widget ("you should not rely on this to authenticate users", says HubSpot's guide).

use std::{fmt, time::Duration};

use reqwest::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Class, Client, Error, answer::Operation, client::Call, error::Details};

/// How long HubSpot takes a token for good after it was created, says its guide on visitor identification. The answer itself
/// names no end.
pub const VISITOR_TOKEN_LIFETIME: Duration = Duration::from_hours(12);

/// HubSpot's category for a token without a scope, also where it names none.
const MISSING_SCOPES: &str = "MISSING_SCOPES";

/// Whom a token is to stand for. Its `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VisitorIdentity<'a> {
    /// The address of a contact, or of one to be: HubSpot makes the contact once the visitor chats.
    pub email: &'a str,
    /// HubSpot sets it where the contact is new or has none, once the visitor chats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<&'a str>,
    /// HubSpot sets it where the contact is new or has none, once the visitor chats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<&'a str>,
}

impl<'a> VisitorIdentity<'a> {
    /// A visitor of whom no name is known.
    #[must_use]
    pub const fn new(email: &'a str) -> Self {
        Self {
            email,
            first_name: None,
            last_name: None,
        }
    }
}

impl fmt::Debug for VisitorIdentity<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VisitorIdentity").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Created {
    token: SecretString,
}

impl Client {
    /// Creates a token for HubSpot's chat widget (`identificationToken`), good together with this very address
    /// (`identificationEmail`) for [`VISITOR_TOKEN_LIFETIME`]. It is opaque, and a secret: who has both chats as that contact.
    ///
    /// Every call makes another token and uses up one of the account's calls; earlier tokens stay good. So another attempt
    /// after an unclear end does no harm, and [`Error::outcome_unclear`] is never true here.
    ///
    /// A 403 that speaks of scopes is [`Class::Permission`]; any other that HubSpot itself says is [`Class::Plan`], since those
    /// are the two reasons its reference documents. What exactly it says to an account below Professional is not known: should it
    /// speak of scopes there too, this is [`Class::Permission`], so who shows that to people names the plan as well.
    pub async fn create_visitor_token(&self, visitor: &VisitorIdentity<'_>) -> Result<SecretString, Error> {
        const OPERATION: Operation = Operation {
            name: "create a visitor's identification token",
            // Nothing in the account changes that anybody would have to look after.
            writes: false,
        };
        let call = Call {
            operation: OPERATION,
            method: Method::POST,
            template: "/visitor-identification/{version}/tokens/create",
            area: self.version().visitor_identification(),
            parts: &["tokens", "create"],
            query: Vec::new(),
        };
        let answer = self.call(call, Some(visitor)).await.map_err(tell_the_plan_apart)?;
        // An empty text would be kept and handed out for hours.
        let is_empty = answer.value.get("token").and_then(serde_json::Value::as_str) == Some("");
        if is_empty {
            return Err(answer.wrong_shape("the token is empty"));
        }
        answer.parse("it is no token").map(|Created { token }| token)
    }
}

/// A 403 that speaks of no scope is about the account's plan.
fn tell_the_plan_apart(error: Error) -> Error {
    match error.class() {
        Class::Permission { scopes } if scopes.is_empty() && error.category() != Some(MISSING_SCOPES) => {
            Error::from(Details {
                class: Class::Plan,
                ..error.into_details()
            })
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_address_nor_names() {
        let visitor = VisitorIdentity {
            first_name: Some("Ada"),
            last_name: Some("Lovelace"),
            ..VisitorIdentity::new("ada@example.com")
        };
        assert_eq!(format!("{visitor:?}"), "VisitorIdentity { .. }");
    }
}
