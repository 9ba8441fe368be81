//! Faults on demand: which calls they meet, how often, and what they do.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::errors::ApiError;
use crate::limits::Bucket;

/// The number of a fault rule, by which the request log names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct FaultId(u64);

/// A rule: these calls, so often, meet this effect.
///
/// Faults strike calls that are known, authenticated and within the limits. Of several rules that match, the one added first
/// strikes; delays strike in addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The HTTP method; `None` is any.
    #[serde(default)]
    pub method: Option<String>,
    /// What path and query contain, as they are sent (percent-encoded); empty is any.
    #[serde(default)]
    pub path: String,
    /// What the request's body contains; `None` is any.
    #[serde(default)]
    pub body: Option<String>,
    /// How many matching calls are let through first.
    #[serde(default)]
    pub skip: u32,
    /// How many calls it strikes after those; `None` is all of them.
    #[serde(default)]
    pub times: Option<u32>,
    /// What it does.
    pub effect: Effect,
}

impl FaultRule {
    /// A rule that strikes every call with this method whose path and query contain `path`.
    #[must_use]
    pub fn new(method: &str, path: &str, effect: Effect) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            body: None,
            skip: 0,
            times: None,
            effect,
        }
    }

    /// A rule that strikes every call.
    #[must_use]
    pub const fn every_call(effect: Effect) -> Self {
        Self {
            method: None,
            path: String::new(),
            body: None,
            skip: 0,
            times: None,
            effect,
        }
    }

    /// Strikes only so many calls.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many matching calls through first.
    #[must_use]
    pub const fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Strikes only calls whose body contains this text.
    #[must_use]
    pub fn body_contains(mut self, text: &str) -> Self {
        self.body = Some(text.to_owned());
        self
    }

    /// Says what is wrong with a rule that could not do what it says.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.effect {
            Effect::Status { status, .. } if StatusCode::from_u16(*status).is_err() || *status < 200 => Err(format!(
                "{status} is no status of an answer: use a number from 200 to 999"
            )),
            Effect::AppliedLate {
                after_writes: None,
                after_milliseconds: None,
                ..
            } => Err("applied_late needs after_writes or after_milliseconds".to_owned()),
            _ => Ok(()),
        }
    }

    fn matches(&self, method: &Method, path: &str, body: &[u8]) -> bool {
        self.method
            .as_ref()
            .is_none_or(|wanted| method.as_str().eq_ignore_ascii_case(wanted))
            && path.contains(&self.path)
            && self
                .body
                .as_ref()
                .is_none_or(|text| String::from_utf8_lossy(body).contains(text.as_str()))
    }
}

/// What a fault does to a call. In JSON: `{"kind": "status", "status": 502}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Nothing is applied; this is answered.
    Status {
        /// The HTTP status.
        status: u16,
        /// The `message` of HubSpot's envelope; by default what the status is called.
        #[serde(default)]
        message: Option<String>,
        /// The `category` of HubSpot's envelope.
        #[serde(default)]
        category: Option<String>,
        /// A body of its own in place of HubSpot's envelope.
        #[serde(default)]
        body: Option<String>,
        /// The content type of that body; `text/html` by default, as HubSpot's outer servers answer.
        #[serde(default)]
        content_type: Option<String>,
        /// Further headers, such as `retry-after`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The call waits so long, then goes its way.
    Delay {
        /// How long.
        milliseconds: u64,
    },
    /// The call is applied and the connection closed without an answer.
    AppliedNotAnswered {
        /// Keeps the connection open until the client gives up, in place of closing it.
        #[serde(default)]
        hang: bool,
    },
    /// The connection is closed without an answer, and nothing is applied.
    DroppedBefore,
    /// The connection is closed without an answer. The call is applied later: after so many further writes to the same record
    /// (an old write then overwrites a later one), or after a time, whichever is given and comes first.
    AppliedLate {
        /// How many successful writes to one of its records go first.
        #[serde(default)]
        after_writes: Option<u32>,
        /// How long it waits.
        #[serde(default)]
        after_milliseconds: Option<u64>,
        /// Keeps the connection open until the client gives up, in place of closing it.
        #[serde(default)]
        hang: bool,
    },
}

impl Effect {
    /// Answers this status with HubSpot's envelope; 429 is the ten-second limit's.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Status {
            status,
            message: None,
            category: None,
            body: None,
            content_type: None,
            headers: BTreeMap::new(),
        }
    }

    /// Answers this status with an HTML page.
    #[must_use]
    pub fn html(status: u16, page: &str) -> Self {
        Self::Status {
            status,
            message: None,
            category: None,
            body: Some(page.to_owned()),
            content_type: None,
            headers: BTreeMap::new(),
        }
    }

    /// Waits before the call goes its way.
    #[must_use]
    pub fn delay(duration: Duration) -> Self {
        Self::Delay {
            milliseconds: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Applies the call and closes the connection.
    #[must_use]
    pub const fn applied_not_answered() -> Self {
        Self::AppliedNotAnswered { hang: false }
    }

    /// Closes the connection, and applies the call after so many further writes to the same record.
    #[must_use]
    pub const fn applied_after_writes(writes: u32) -> Self {
        Self::AppliedLate {
            after_writes: Some(writes),
            after_milliseconds: None,
            hang: false,
        }
    }
}

/// A rule with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// Its number.
    pub id: FaultId,
    /// The rule.
    pub rule: FaultRule,
    /// How many calls matched it.
    pub matched: u32,
    /// How many calls it struck.
    pub struck: u32,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    last_id: u64,
    rules: Vec<FaultState>,
}

/// What meets one call.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    pub(crate) id: Option<FaultId>,
    pub(crate) delay: Duration,
    pub(crate) effect: Option<Effect>,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: FaultRule) -> FaultId {
        self.last_id += 1;
        let id = FaultId(self.last_id);
        self.rules.push(FaultState {
            id,
            rule,
            matched: 0,
            struck: 0,
        });
        id
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn all(&self) -> Vec<FaultState> {
        self.rules.clone()
    }

    /// Decides what meets this call, and counts it.
    pub(crate) fn strike(&mut self, method: &Method, path: &str, body: &[u8]) -> Struck {
        let mut struck = Struck::default();
        for state in &mut self.rules {
            if !state.rule.matches(method, path, body) {
                continue;
            }
            state.matched = state.matched.saturating_add(1);
            let spent = state.rule.times.is_some_and(|times| state.struck >= times);
            if state.matched <= state.rule.skip || spent {
                continue;
            }
            state.struck = state.struck.saturating_add(1);
            struck.id = Some(state.id);
            if let Effect::Delay { milliseconds } = state.rule.effect {
                struck.delay = struck.delay.saturating_add(Duration::from_millis(milliseconds));
            } else {
                struck.effect = Some(state.rule.effect.clone());
                break;
            }
        }
        struck
    }
}

/// Marks an answer that is never sent, so that the log does not claim a status.
#[derive(Clone, Copy)]
pub(crate) struct NeverSent;

/// An answer that closes the connection instead: its body fails before its first byte, and the server then gives up the
/// connection with the head unsent.
pub(crate) fn dropped_connection() -> Response {
    let failure = Err::<Vec<u8>, _>(std::io::Error::other("the connection is dropped on demand"));
    let mut response = Response::new(Body::from_stream(futures_util::stream::iter([failure])));
    response.extensions_mut().insert(NeverSent);
    response
}

/// The answer of [`Effect::Status`].
pub(crate) fn status_answer(
    status: u16,
    message: Option<String>,
    category: Option<&str>,
    body: Option<String>,
    content_type: Option<&str>,
    headers: &BTreeMap<String, String>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match (body, message) {
        (Some(body), _) => {
            let content_type = content_type.and_then(|value| HeaderValue::from_str(value).ok());
            let content_type = content_type.unwrap_or(HeaderValue::from_static("text/html"));
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        (None, None) if status == StatusCode::TOO_MANY_REQUESTS => {
            ApiError::ten_seconds_exceeded(Bucket::Token("")).into_response()
        }
        (None, message) => {
            let message = message.unwrap_or_else(|| status.canonical_reason().unwrap_or("error").to_owned());
            ApiError::new(status, message, category).into_response()
        }
    };
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
