//! Error bodies as HubSpot sends them.
//!
//! An [`ApiError`] travels through the layers without its correlation id; [`finish`] gives body and header the same one at
//! the outermost layer, the only place that writes an error's bytes. Where HubSpot's exact words are not known, the
//! constructor's comment says so: a client must not depend on them.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The content type of every JSON answer, spelled as HubSpot spells it.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=utf-8");
const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-hubspot-correlation-id");
const API_KEY_PAGE: &str = "https://app.hubspot.com/l/api-key/";
const SCOPES_PAGE: &str = "https://developers.hubspot.com/scopes";

/// What HubSpot puts beside an error: names, each with the values concerned.
pub(crate) type Context = BTreeMap<&'static str, Vec<String>>;

/// HubSpot's error envelope. The order of the fields is that of its recorded answers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    pub(crate) status: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<&'static str>,
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
pub(crate) struct BatchError {
    status: &'static str,
    category: String,
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

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// 400 with HubSpot's category for input that is not valid.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, Some("VALIDATION_ERROR"))
    }

    /// 400 for values that the properties do not admit.
    pub(crate) fn invalid_values(invalid: &[InvalidValue]) -> Self {
        let list = serde_json::to_string(invalid).unwrap_or_default();
        Self::validation(format!("Property values were not valid: {list}"))
    }

    /// 400 for a body that is not the JSON expected. HubSpot's text after the position is that of its own parser.
    pub(crate) fn invalid_json(error: &serde_json::Error) -> Self {
        Self::validation(format!(
            "Invalid input JSON on line {}, column {}: {error}",
            error.line(),
            error.column()
        ))
    }

    /// 401 for a call without a token, or with one that nobody was given.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more \
             details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            Some("INVALID_AUTHENTICATION"),
        )
        .with_header(
            HeaderName::from_static("x-hubspot-auth-failure"),
            HeaderValue::from_static("401 Unauthorized"),
        )
    }

    /// 401 for a developer key that nobody was given.
    pub(crate) fn wrong_developer_key() -> Self {
        let mut error = Self::new(
            StatusCode::UNAUTHORIZED,
            format!("The API key provided is invalid. View or manage your API key here: {API_KEY_PAGE}"),
            Some("INVALID_AUTHENTICATION"),
        );
        error.body.links = Some(BTreeMap::from([("api key", API_KEY_PAGE)]));
        error
    }

    /// 403 that names the scope the token lacks.
    pub(crate) fn missing_scope(scope: &str) -> Self {
        let mut error = Self::new(
            StatusCode::FORBIDDEN,
            format!(
                "This app hasn't been granted all required scopes to make this call. Read more about required scopes \
                 here: {SCOPES_PAGE}."
            ),
            Some("MISSING_SCOPES"),
        );
        error.body.errors.push(ErrorDetail {
            message: "One or more of the following scopes are required.",
            context: Context::from([("requiredGranularScopes", vec![scope.to_owned()])]),
        });
        error.body.links = Some(BTreeMap::from([("scopes", SCOPES_PAGE)]));
        error
    }

    /// 403 for a call that the account's plan does not include. HubSpot's exact words are not known, nor whether it gives a
    /// category.
    pub(crate) fn not_in_plan() -> Self {
        let message =
            "This portal doesn't have access to this feature. It needs a Professional or Enterprise subscription.";
        Self::new(StatusCode::FORBIDDEN, message, None)
    }

    /// 404 for a record that is not there.
    pub(crate) fn resource_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "resource not found", None)
    }

    /// 404 for an id that is no number. HubSpot's message has two spaces.
    pub(crate) fn id_is_not_numeric(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Object not found.  objectId are usually numeric.",
            Some("OBJECT_NOT_FOUND"),
        )
        .with_context("id", vec![id.to_owned()])
    }

    /// 404 for records that a batch names and that are not there.
    pub(crate) fn objects_not_found(ids: Vec<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
            Some("OBJECT_NOT_FOUND"),
        )
        .with_context("ids", ids)
    }

    /// 404 for a property that is not defined. HubSpot's exact text is not known.
    pub(crate) fn property_not_found(name: &str) -> Self {
        let mut error = Self::new(
            StatusCode::NOT_FOUND,
            format!("Property \"{name}\" does not exist"),
            Some("OBJECT_NOT_FOUND"),
        );
        error.body.sub_category = Some("PropertiesError.PROPERTY_NOT_FOUND");
        error
    }

    /// 409 for an e-mail address that another contact has.
    pub(crate) fn contact_exists(existing: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            format!("Contact already exists. Existing ID: {existing}"),
            Some("CONFLICT"),
        )
    }

    /// 409 for a property that is there already. HubSpot's exact text is not known.
    pub(crate) fn property_exists(name: &str) -> Self {
        let mut error = Self::new(
            StatusCode::CONFLICT,
            format!("A property named '{name}' already exists."),
            Some("OBJECT_ALREADY_EXISTS"),
        );
        error.body.sub_category = Some("PropertiesError.PROPERTY_EXISTS");
        error
    }

    /// 429 of the ten-second rolling limit.
    pub(crate) fn ten_seconds_exceeded() -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "You have reached your ten_secondly_rolling limit.",
            None,
        );
        error.body.error_type = Some("RATE_LIMIT");
        error.body.policy_name = Some("TEN_SECONDLY_ROLLING");
        error.body.group_name = Some(GROUP_NAME);
        error
    }

    /// 429 of the daily limit.
    pub(crate) fn daily_exceeded() -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "You have reached your daily limit.",
            None,
        );
        error.body.error_type = Some("RATE_LIMIT");
        error.body.policy_name = Some("DAILY");
        error.body.group_name = Some(GROUP_NAME);
        error.body.request_id = Some(new_id());
        error
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
            message: self.body.message,
            context,
        }
    }
}

const GROUP_NAME: &str = "publicapi:private-apps-api-calls-ten-secondly:sandbox";

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
