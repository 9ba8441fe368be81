//! What HubSpot says to those who may not call, or not so often.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderName, HeaderValue, StatusCode};

use super::{ApiError, Context, ErrorDetail, new_id};
use crate::limits::Bucket;

const AUTH_FAILURE: HeaderName = HeaderName::from_static("x-hubspot-auth-failure");
const API_KEY_PAGE: &str = "https://app.hubspot.com/l/api-key/";
const SCOPES_PAGE: &str = "https://developers.hubspot.com/scopes";

impl ApiError {
    /// 401 for a call without a token, or with one that nobody was given.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more \
             details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            Some("INVALID_AUTHENTICATION"),
        )
        .with_header(AUTH_FAILURE, HeaderValue::from_static("401 Unauthorized"))
    }

    /// 401 for an access token from OAuth whose time is over.
    pub(crate) fn token_expired(seconds: i64) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            format!("The OAuth token used to make this call expired {seconds} second(s) ago."),
            Some("EXPIRED_AUTHENTICATION"),
        )
        .with_header(AUTH_FAILURE, HeaderValue::from_static("401 Unauthorized"))
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

    /// 403 that names the scopes the call needs.
    pub(crate) fn missing_scopes(required: &BTreeSet<&'static str>) -> Self {
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
            context: Context::from([(
                "requiredGranularScopes",
                required.iter().map(|scope| (*scope).to_owned()).collect(),
            )]),
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

    /// 429 of the ten-second rolling limit.
    pub(crate) fn ten_seconds_exceeded(bucket: Bucket) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "You have reached your ten_secondly_rolling limit.",
            None,
        );
        error.body.error_type = Some("RATE_LIMIT");
        error.body.policy_name = Some("TEN_SECONDLY_ROLLING");
        error.body.group_name = Some(bucket.group_name());
        error
    }

    /// 429 of the searches. Recordings of it name no policy; whether HubSpot names one by now is not known.
    pub(crate) fn secondly_exceeded() -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "You have reached your secondly limit.",
            None,
        );
        error.body.error_type = Some("RATE_LIMIT");
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
        error.body.group_name = Some("publicapi:private-apps-api-calls-daily:sandbox".into());
        error.body.request_id = Some(new_id());
        error
    }
}
