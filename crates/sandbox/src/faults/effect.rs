//! What a fault does to a call.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

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
    /// The call is applied and answered, but the connection is closed in the middle of the answer's body.
    CutShort {
        /// How many bytes of the body are sent; half of it when left out, and never all of it.
        #[serde(default)]
        after_bytes: Option<usize>,
    },
    /// The call is applied, but its answer comes in another form: what is left out stays as it is.
    WrongAnswer {
        /// The HTTP status.
        #[serde(default)]
        status: Option<u16>,
        /// The body, such as a page or half of some JSON.
        #[serde(default)]
        body: Option<String>,
        /// The content type.
        #[serde(default)]
        content_type: Option<String>,
    },
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

/// The headers that say where a body ends.
const FRAMING: [&str; 4] = ["connection", "content-length", "te", "transfer-encoding"];

/// Whether HTTP has no body for answers with this status.
pub(crate) const fn has_no_body(status: u16) -> bool {
    matches!(status, 204 | 205 | 304)
}

fn no_body(status: u16) -> String {
    format!("an answer with status {status} has no body: leave out body, message and category")
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

    /// Applies the call and closes the connection in the middle of the answer.
    #[must_use]
    pub const fn cut_short() -> Self {
        Self::CutShort { after_bytes: None }
    }

    /// Applies the call and answers with this content type and body, whatever they should have been.
    #[must_use]
    pub fn wrong_answer(content_type: &str, body: &str) -> Self {
        Self::WrongAnswer {
            status: None,
            body: Some(body.to_owned()),
            content_type: Some(content_type.to_owned()),
        }
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

    /// Says what is wrong with an effect that could not be had.
    pub(crate) fn check(&self) -> Result<(), String> {
        let status = |status: u16| match StatusCode::from_u16(status) {
            Ok(_) if status >= 200 => Ok(()),
            _ => Err(format!(
                "{status} is no status of an answer: use a number from 200 to 999"
            )),
        };
        let content_type = |content_type: &Option<String>| match content_type {
            Some(value) if HeaderValue::from_str(value).is_err() => Err(format!("{value:?} is no content type")),
            _ => Ok(()),
        };
        match self {
            Self::Status {
                status: given,
                message,
                category,
                body,
                content_type: with,
                headers,
            } => {
                if has_no_body(*given) && (message.is_some() || category.is_some() || body.is_some()) {
                    return Err(no_body(*given));
                }
                for (name, value) in headers {
                    if FRAMING.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                        return Err(format!(
                            "{name} is the server's own; cut_short or dropped_before make an answer that cannot be read"
                        ));
                    }
                    if HeaderName::try_from(name).is_err() || HeaderValue::from_str(value).is_err() {
                        return Err(format!("{name:?}: {value:?} is no header"));
                    }
                }
                status(*given).and_then(|()| content_type(with))
            }
            Self::WrongAnswer {
                status: None,
                body: None,
                content_type: None,
            } => Err("wrong_answer needs status, body or content_type".to_owned()),
            Self::WrongAnswer {
                status: Some(given),
                body: Some(_),
                ..
            } if has_no_body(*given) => Err(no_body(*given)),
            Self::WrongAnswer {
                status: given,
                content_type: with,
                ..
            } => given.map_or(Ok(()), status).and_then(|()| content_type(with)),
            Self::AppliedLate {
                after_writes: None,
                after_milliseconds: None,
                ..
            } => Err("applied_late needs after_writes or after_milliseconds".to_owned()),
            _ => Ok(()),
        }
    }
}
