//! From an HTTP answer to a value or an [`Error`]: reading with a cap, recognising HubSpot's error body, classifying.

use std::collections::BTreeSet;

use reqwest::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, LOCATION},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{
    Class, ContactId, Error, MAX_ANSWER_BYTES, NotSent, RateLimit, RateLimitPolicy, error::Details,
    limits::retry_after, redact,
};

/// What a failed attempt at a call is to say about itself.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) writes: bool,
}

/// Why a body did not arrive.
enum Unread {
    TooLarge,
    Lost(reqwest::Error),
}

/// A success: JSON, whose shape is the caller's matter, and what an error about that shape would have to say.
pub(crate) struct Answer {
    pub(crate) value: Value,
    details: Details,
}

impl Answer {
    /// The value as a `T`, or the error that it is none.
    pub(crate) fn parse<T: DeserializeOwned>(self, what: &'static str) -> Result<T, Error> {
        match T::deserialize(&self.value) {
            Ok(value) => Ok(value),
            // serde's own message may quote a value.
            Err(_) => Err(self.wrong_shape(what)),
        }
    }

    /// The error for a success that is not of the documented shape.
    pub(crate) fn wrong_shape(mut self, what: &'static str) -> Error {
        self.details.message = Some(format!("The answer is not of the documented shape: {what}."));
        self.details.into()
    }

    pub(crate) fn status(&self) -> Option<u16> {
        self.details.status
    }
}

/// Reads the answer; anything but a success in JSON is an error.
pub(crate) async fn read(operation: Operation, mut response: Response, token: &str) -> Result<Answer, Error> {
    let status = response.status();
    let mut details = Details::new(Class::UnexpectedAnswer, operation.name, operation.writes);
    details.status = Some(status.as_u16());
    details.rate_limit = RateLimit::from_headers(response.headers());
    details.retry_after = retry_after(response.headers());
    details.correlation_id = correlation_id(response.headers(), token);
    let headers = response.headers().clone();

    if status.is_redirection() {
        details.class = Class::Redirect {
            to: redirect_target(response.url(), &headers),
        };
        return Err(details.into());
    }
    let body = body(&mut response).await;
    if status.is_success() {
        let body = match body {
            Ok(body) => body,
            Err(Unread::TooLarge) => {
                details.message = Some(format!("The answer is larger than {MAX_ANSWER_BYTES} bytes."));
                return Err(details.into());
            }
            Err(Unread::Lost(error)) => {
                details.class = lost(&error);
                details.source = Some(error.without_url());
                return Err(details.into());
            }
        };
        if status == StatusCode::NO_CONTENT {
            return Ok(Answer {
                value: Value::Null,
                details,
            });
        }
        if let Ok(value) = serde_json::from_slice(&body) {
            return Ok(Answer { value, details });
        }
        // What claims to be a success may hold records: nothing of it is kept.
        details.message = Some(foreign(status.as_u16(), &headers, token, None));
        return Err(details.into());
    }
    // The status decides, even where the body did not arrive.
    let body = body.unwrap_or_default();
    let said = serde_json::from_slice(&body)
        .ok()
        .and_then(|value| Said::from_body(&value));
    details.class = classify(status.as_u16(), said.as_ref());
    if let Some(said) = said {
        details.message = said.message.as_deref().map(|text| redact::message(text, token));
        details.category = said.category.as_deref().and_then(|text| redact::name(text, token));
        details.policy_name = said.policy_name.as_deref().and_then(|text| redact::name(text, token));
        let named = said
            .correlation_id
            .as_deref()
            .and_then(|text| redact::name(text, token));
        details.correlation_id = named.or(details.correlation_id);
    } else {
        details.message = Some(foreign(status.as_u16(), &headers, token, Some(&body)));
    }
    Err(details.into())
}

/// The error for a request that got no answer at all.
pub(crate) fn unanswered(operation: Operation, error: reqwest::Error) -> Error {
    let class = if error.is_builder() {
        Class::NotSent(NotSent::Unbuildable)
    } else {
        lost(&error)
    };
    let mut details = Details::new(class, operation.name, operation.writes);
    // The URL can hold an e-mail address.
    details.source = Some(error.without_url());
    details.into()
}

/// A time-out while connecting is both: nothing was sent, which is what counts.
fn lost(error: &reqwest::Error) -> Class {
    if error.is_connect() {
        Class::Connect
    } else if error.is_timeout() {
        Class::Timeout
    } else {
        Class::Interrupted
    }
}

async fn body(response: &mut Response) -> Result<Vec<u8>, Unread> {
    let announced = response.content_length().unwrap_or_default();
    if announced > MAX_ANSWER_BYTES as u64 {
        return Err(Unread::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Lost)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The correlation id of an answer's header.
pub(crate) fn correlation_id(headers: &HeaderMap, token: &str) -> Option<String> {
    let text = headers.get("x-hubspot-correlation-id")?.to_str().ok()?;
    redact::name(text, token)
}

/// Only where it leads to: the path may repeat what was asked for.
fn redirect_target(asked: &Url, headers: &HeaderMap) -> Option<String> {
    let target = asked.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    target.has_host().then(|| target.origin().ascii_serialization())
}

/// What is said of an answer that is not HubSpot's JSON.
fn foreign(status: u16, headers: &HeaderMap, token: &str, body: Option<&[u8]>) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|text| redact::content_type(text, token));
    let kind = kind.as_deref().unwrap_or("no content type");
    let excerpt = body.map(|body| redact::excerpt(body, token)).unwrap_or_default();
    let separator = if excerpt.is_empty() { "." } else { ": " };
    format!("The answer is not HubSpot's JSON (status {status}, {kind}){separator}{excerpt}")
}

/// HubSpot's error body, also used within the answers of batches. All of it is optional, and what has another type than
/// documented counts as absent.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) message: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) correlation_id: Option<String>,
    policy_name: Option<String>,
}

impl Said {
    /// `None` where the value is nothing HubSpot would say of an error: then something else answered.
    pub(crate) fn from_body(body: &Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let said = Self {
            message: text("message"),
            category: text("category"),
            scopes: scopes(body),
            correlation_id: text("correlationId"),
            policy_name: text("policyName"),
        };
        let speaks = said.message.is_some() || said.category.is_some() || said.correlation_id.is_some();
        speaks.then_some(said)
    }
}

/// The scopes a 403 names, under the newer or the older name, per detail or for the whole.
fn scopes(body: &Value) -> Vec<String> {
    let details = body.get("errors").and_then(Value::as_array).into_iter().flatten();
    let contexts = details.chain([body]).filter_map(|part| part.get("context"));
    let names: BTreeSet<String> = contexts
        .flat_map(|context| [context.get("requiredGranularScopes"), context.get("requiredScopes")])
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .filter_map(|scope| redact::name(scope, "\0"))
        .collect();
    names.into_iter().collect()
}

/// The class of a status that is neither a success nor a redirect.
fn classify(status: u16, said: Option<&Said>) -> Class {
    match (status, said) {
        (429, _) => Class::RateLimited {
            policy: said.map_or(RateLimitPolicy::Other, policy),
        },
        (401, _) => Class::Token,
        (408 | 423 | 477 | 500.., _) => Class::Unavailable,
        // These say that the request itself is wrong or too large, whoever says it.
        (400 | 413 | 414 | 422 | 431, _) => Class::Invalid,
        // A page that is not HubSpot's does not say that a contact is gone, nor that the token lacks a scope.
        (_, None) => Class::UnexpectedAnswer,
        (403, Some(said)) => Class::Permission {
            scopes: said.scopes.clone(),
        },
        (404 | 410, Some(_)) => Class::NotFound,
        (409, Some(said)) => Class::Conflict {
            existing_id: existing_id(said),
        },
        (_, Some(_)) => Class::Invalid,
    }
}

pub(crate) fn existing_id(said: &Said) -> Option<ContactId> {
    said.message.as_deref().and_then(ContactId::named_in)
}

fn policy(said: &Said) -> RateLimitPolicy {
    // Older answers have no policy name; their message names the limit.
    let name = said
        .policy_name
        .as_deref()
        .or(said.message.as_deref())
        .unwrap_or_default()
        .to_ascii_uppercase();
    if name.contains("TEN_SECONDLY") {
        RateLimitPolicy::TenSecondly
    } else if name.contains("SECONDLY") {
        RateLimitPolicy::Secondly
    } else if name.contains("DAILY") {
        RateLimitPolicy::Daily
    } else {
        RateLimitPolicy::Other
    }
}
