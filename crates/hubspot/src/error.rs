//! What can go wrong with a call, and what the caller may do about it.

use std::{fmt, time::Duration};

use crate::{ContactId, RateLimit};

/// What kind of failure it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// 429: too many calls. Nothing was applied.
    RateLimited {
        /// Which of HubSpot's limits.
        policy: RateLimitPolicy,
    },
    /// HubSpot or something before it cannot answer now: any 5xx, 408, 423 (locked), 477 (the account is being moved).
    Unavailable,
    /// The time for the whole call ran out after the connection stood.
    Timeout,
    /// No connection came about: name, TCP, TLS or proxy. Nothing was sent.
    Connect,
    /// The connection was lost after (part of) the request was sent, or before the answer was complete.
    Interrupted,
    /// 401: the token is unknown, revoked or expired.
    Token,
    /// 403: the token or its user may not do this.
    Permission {
        /// The scopes HubSpot names as missing; it does not always name them.
        scopes: Vec<String>,
    },
    /// 403: the account's plan does not include this. Only [`Client::create_visitor_token`](crate::Client::create_visitor_token)
    /// tells this apart.
    Plan,
    /// 404 or 410, said by HubSpot itself: there is no such record, property or account.
    NotFound,
    /// 409: there is such a record already.
    Conflict {
        /// The record that is there, where HubSpot names it.
        existing_id: Option<ContactId>,
    },
    /// HubSpot refuses this very request (400 and most other 4xx), and will the next time too.
    Invalid,
    /// 3xx. Redirects are not followed, so that the token goes nowhere else.
    Redirect {
        /// Scheme, host and port of where it leads, without the path.
        to: Option<String>,
    },
    /// The answer is not HubSpot's JSON, is not of the documented shape, or is larger than
    /// [`MAX_ANSWER_BYTES`](crate::MAX_ANSWER_BYTES). Often the base URL leads elsewhere or a gateway answered.
    UnexpectedAnswer,
    /// The call was not made, because it could not have been right.
    NotSent(NotSent),
}

/// Why a call was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSent {
    /// A batch has more inputs than HubSpot takes.
    #[error("a batch of {given} inputs was asked for, and HubSpot takes at most {allowed}: split it")]
    TooManyInputs {
        /// How many there were.
        given: usize,
        /// [`MAX_BATCH_INPUTS`](crate::MAX_BATCH_INPUTS).
        allowed: usize,
    },
    /// An e-mail address or a name is empty, `.` or `..`, which would address something else.
    #[error("an empty text, `.` or `..` cannot name a record or a property")]
    NoName,
    /// The HTTP client could not make a request of it.
    #[error("no HTTP request could be made of it")]
    Unbuildable,
}

/// The limits a 429 can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RateLimitPolicy {
    /// The rolling window of ten seconds.
    TenSecondly,
    /// A limit a second (search and a few others).
    Secondly,
    /// The account's daily calls are used up; they come back at midnight in its time zone.
    Daily,
    /// One that HubSpot did not name, or a new one.
    Other,
}

/// Whether another attempt at the very same call can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// No: the same request gets the same answer.
    No,
    /// Yes, but not before this time has passed. Add jitter, and grow it from attempt to attempt.
    After(Duration),
    /// Not within minutes: first a day must turn, or a person must change something (a token, a scope, a plan, an address).
    Later,
}

/// A call that failed.
///
/// `Display` and `Debug` are for logs: they hold the operation, status, category, correlation id and class, and nothing
/// personal. [`Error::message`] is for people.
pub struct Error(Box<Details>);

/// The parts of an [`Error`]; boxed, since a result should not be as large as its worst case.
pub(crate) struct Details {
    pub(crate) class: Class,
    /// The call in words without variables, for example `read a contact`.
    pub(crate) operation: &'static str,
    /// Whether the call changes something in HubSpot.
    pub(crate) writes: bool,
    pub(crate) status: Option<u16>,
    pub(crate) category: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) policy_name: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) source: Option<reqwest::Error>,
}

impl Details {
    pub(crate) fn new(class: Class, operation: &'static str, writes: bool) -> Self {
        Self {
            class,
            operation,
            writes,
            status: None,
            category: None,
            message: None,
            correlation_id: None,
            policy_name: None,
            retry_after: None,
            rate_limit: None,
            source: None,
        }
    }
}

impl From<Details> for Error {
    fn from(details: Details) -> Self {
        Self(Box::new(details))
    }
}

impl Error {
    pub(crate) fn not_sent(operation: &'static str, reason: NotSent) -> Self {
        Details::new(Class::NotSent(reason), operation, false).into()
    }

    pub(crate) fn into_details(self) -> Details {
        *self.0
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> &Class {
        &self.0.class
    }

    /// Whether another attempt at the same call can succeed, and when.
    ///
    /// `Retry-After` is honoured wherever HubSpot sends it. A 429 without it waits for the window of its policy: the length
    /// of the interval (ten seconds at most), a second, or the next day.
    #[must_use]
    pub fn retry(&self) -> Retry {
        let interval = || {
            let interval = self.0.rate_limit.and_then(|limit| limit.interval);
            interval.unwrap_or(TEN_SECONDS).min(TEN_SECONDS)
        };
        let otherwise = match &self.0.class {
            Class::RateLimited {
                policy: RateLimitPolicy::Daily,
            } => return self.0.retry_after.map_or(Retry::Later, Retry::After),
            // HubSpot asks for at least two seconds after a 423 and "a few" after a 502 or 504.
            Class::Unavailable if self.0.status == Some(423) => Duration::from_secs(2),
            Class::Unavailable => Duration::from_secs(5),
            Class::RateLimited {
                policy: RateLimitPolicy::Secondly,
            }
            | Class::Timeout
            | Class::Connect
            | Class::Interrupted => Duration::from_secs(1),
            Class::RateLimited { .. } => interval(),
            Class::Token
            | Class::Permission { .. }
            | Class::Plan
            | Class::Redirect { .. }
            | Class::UnexpectedAnswer => return Retry::Later,
            Class::NotFound | Class::Conflict { .. } | Class::Invalid | Class::NotSent(_) => return Retry::No,
        };
        Retry::After(self.0.retry_after.unwrap_or(otherwise))
    }

    /// Whether HubSpot may have applied the write although it failed here, now or a little later: the time ran out, the
    /// connection was lost, the answer was a 5xx or a success that cannot be read. Read the record before writing again what
    /// must not be written twice. Always `false` for calls that only read, or that may be made again without harm.
    #[must_use]
    pub fn outcome_unclear(&self) -> bool {
        let status = self.0.status;
        self.0.writes
            && match &self.0.class {
                Class::Timeout | Class::Interrupted => true,
                Class::Unavailable => status == Some(408) || status.is_some_and(|status| status >= 500),
                Class::UnexpectedAnswer => status.is_none_or(|status| !(300..500).contains(&status)),
                _ => false,
            }
    }

    /// The HTTP status, where there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// HubSpot's category, for example `VALIDATION_ERROR`.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.0.category.as_deref()
    }

    /// HubSpot's own words, which may hold an e-mail address or a property's value: show them to people who may see the
    /// record, and never log them. For an answer that is no JSON: its status, content type and first 200 characters.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// What HubSpot's support asks for, from the body or the `X-HubSpot-Correlation-Id` header.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation_id.as_deref()
    }

    /// The limit a 429 names, for example `TEN_SECONDLY_ROLLING`.
    #[must_use]
    pub fn policy_name(&self) -> Option<&str> {
        self.0.policy_name.as_deref()
    }

    /// `Retry-After`, where there was one; at most a day.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The answer's rate-limit headers, where there were any.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.0.rate_limit
    }

    /// One line for a log.
    fn describe(&self) -> String {
        let details = &*self.0;
        let what = match &details.class {
            Class::NotSent(reason) => return format!("HubSpot was not asked to {}: {reason}", details.operation),
            Class::RateLimited { policy } => format!("the rate limit is used up ({policy:?})"),
            Class::Unavailable => "it is not available now".to_owned(),
            Class::Timeout => "the time for the call ran out".to_owned(),
            Class::Connect => "it cannot be reached".to_owned(),
            Class::Interrupted => "the connection was lost before the answer was complete".to_owned(),
            Class::Token => "the token is not valid: give a new one".to_owned(),
            Class::Permission { scopes } if scopes.is_empty() => "the token is not allowed to do this".to_owned(),
            Class::Permission { scopes } => format!("the token lacks a scope: {}", scopes.join(", ")),
            Class::Plan => "the account's plan does not include this".to_owned(),
            Class::NotFound => "there is no such record".to_owned(),
            Class::Conflict { existing_id: Some(id) } => format!("the record exists already, as {id}"),
            Class::Conflict { existing_id: None } => "the record exists already".to_owned(),
            Class::Invalid => "it refuses the request".to_owned(),
            Class::Redirect { to: Some(to) } => {
                format!("it redirects to {to}, which is not followed: check the base URL")
            }
            Class::Redirect { to: None } => "it redirects, which is not followed: check the base URL".to_owned(),
            Class::UnexpectedAnswer => {
                "the answer is not HubSpot's: check the base URL and what stands between".to_owned()
            }
        };
        let parts = [
            details.status.map(|status| format!("status {status}")),
            details.category.clone(),
            details.policy_name.clone(),
            details.correlation_id.as_ref().map(|id| format!("correlation id {id}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let parts = if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        };
        format!("HubSpot was asked to {}: {what}{parts}", details.operation)
    }
}

const TEN_SECONDS: Duration = Duration::from_secs(10);

// By hand and not by thiserror, because the parts are boxed and the line depends on several of them.
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.describe())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("operation", &self.0.operation)
            .field("class", &self.0.class)
            .field("status", &self.0.status)
            .field("category", &self.0.category)
            .field("policy_name", &self.0.policy_name)
            .field("correlation_id", &self.0.correlation_id)
            .field("retry", &self.retry())
            .field("outcome_unclear", &self.outcome_unclear())
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}
