//! Error bodies as HubSpot sends them.
//!
//! An [`ApiError`] travels through the layers without its correlation id; [`finish`] gives body and header the same one at
//! the outermost layer, the only place that writes an error's bytes. Where HubSpot's exact words are not known, the
//! constructor's comment says so: a client must not depend on them.

mod admission;
mod records;

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The content type of every JSON answer, spelled as HubSpot spells it.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=utf-8");
const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-hubspot-correlation-id");

/// What HubSpot puts beside an error: names, each with the values concerned.
pub(crate) type Context = BTreeMap<&'static str, Vec<String>>;

/// HubSpot's error envelope. The order of the fields is that of its recorded answers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// RFC 6749's two fields, which only the answers of OAuth have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'static str>,
    #[serde(rename = "error_description", skip_serializing_if = "Option::is_none")]
    pub(crate) error_description: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<BTreeMap<&'static str, &'static str>>,
    #[serde(skip_serializing_if = "Context::is_empty")]
    pub(crate) context: Context,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct ErrorDetail {
    message: &'static str,
    context: Context,
}

/// One entry of a batch answer's `errors`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchError {
    status: &'static str,
    category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<&'static str>,
    message: String,
    context: Context,
}

/// One value that HubSpot refuses, as it stands inside the message of a 400.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvalidValue {
    pub(crate) is_valid: bool,
    pub(crate) message: String,
    pub(crate) error: &'static str,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) localized_error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) portal_id: Option<u64>,
}

/// An answer that says no.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    // Boxed: nearly every function returns this as its error, and the envelope is large.
    pub(crate) body: Box<ErrorBody>,
    headers: HeaderMap,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>, category: Option<&str>) -> Self {
        Self {
            status,
            body: Box::new(ErrorBody {
                error: None,
                error_description: None,
                status: "error",
                message: message.into(),
                error_type: None,
                correlation_id: None,
                policy_name: None,
                group_name: None,
                request_id: None,
                errors: Vec::new(),
                links: None,
                context: Context::new(),
                category: category.map(str::to_owned),
                sub_category: None,
            }),
            headers: HeaderMap::new(),
        }
    }

    pub(crate) fn with_context(mut self, name: &'static str, values: Vec<String>) -> Self {
        self.body.context.insert(name, values);
        self
    }

    pub(crate) fn with_sub_category(mut self, sub_category: &'static str) -> Self {
        self.body.sub_category = Some(sub_category);
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// 400 with HubSpot's category for input that is not valid.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, Some("VALIDATION_ERROR"))
    }

    /// 400 for a body that is not the JSON expected. HubSpot's text after the position is that of its own parser, and not known.
    pub(crate) fn invalid_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let missing = text
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next());
        Self::validation(match missing {
            Some(name) => format!(
                "Invalid input JSON on line {line}, column {column}. Some required fields were not set: [{name}]"
            ),
            None => format!("Invalid input JSON on line {line}, column {column}: {}", neutral(&text)),
        })
    }

    /// 400 for a call without the body it needs.
    pub(crate) fn no_body() -> Self {
        Self::validation("Invalid JSON input: a request body was expected, but none found")
    }

    /// 400 for fields that a body lacks.
    pub(crate) fn required_fields(names: &[&str]) -> Self {
        Self::validation(format!(
            "Invalid input JSON on line 1, column 2. Some required fields were not set: [{}]",
            names.join(", ")
        ))
    }

    /// This refusal as one entry of a batch answer.
    pub(crate) fn into_batch_error(self, trace_id: Option<&str>) -> BatchError {
        let mut context = self.body.context;
        if let Some(trace_id) = trace_id {
            context.insert("objectWriteTraceId", vec![trace_id.to_owned()]);
        }
        BatchError {
            status: "error",
            category: self.body.category.unwrap_or_else(|| "OBJECT_NOT_FOUND".to_owned()),
            sub_category: self.body.sub_category,
            message: self.body.message,
            context,
        }
    }
}

/// What the parser found, in words that are those of no language: the names of types here mean nothing to a client.
fn neutral(text: &str) -> String {
    let text = text.split(" at line ").next().unwrap_or_default();
    let Some(found) = text
        .strip_prefix("invalid type: ")
        .or_else(|| text.strip_prefix("invalid value: "))
    else {
        return match text.split([' ', ',']).next() {
            Some("data") => "Cannot deserialize value".to_owned(),
            Some("invalid") => "Cannot deserialize value from Array value".to_owned(),
            _ => text.to_owned(),
        };
    };
    let found = match found.split([' ', ',']).next() {
        Some("string" | "character") => "String",
        Some("integer") => "Integer",
        Some("floating") => "Floating-point",
        Some("boolean") => "Boolean",
        Some("sequence") => "Array",
        Some("map") => "Object",
        _ => "null",
    };
    format!("Cannot deserialize value from {found} value")
}

/// The body of an error that has not been given its correlation id yet.
#[derive(Clone)]
struct Unfinished(Box<ErrorBody>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.headers).into_response();
        response.extensions_mut().insert(Unfinished(self.body));
        response
    }
}

/// An id of a request, as HubSpot makes one up for every answer.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox stands in for another company's server, whose ids nobody chooses"
)]
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Gives an answer its correlation id, in the header and, when it is an error, in the body.
pub(crate) fn finish(mut response: Response, correlation_id: &str) -> Response {
    if let Some(Unfinished(mut body)) = response.extensions_mut().remove::<Unfinished>() {
        body.correlation_id = Some(correlation_id.to_owned());
        *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    if let Ok(value) = HeaderValue::from_str(correlation_id) {
        response.headers_mut().insert(CORRELATION_HEADER, value);
    }
    response
}
