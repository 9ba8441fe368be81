//! The refusals of OAuth: RFC 6749's fields together with HubSpot's older ones.

use axum::http::StatusCode;

use crate::errors::ApiError;

impl ApiError {
    /// 400 with RFC 6749's code, HubSpot's older status, and the same words in both of their fields.
    fn oauth(error: &'static str, status: &'static str, message: &str) -> Self {
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, message, None);
        refusal.body.error = Some(error);
        refusal.body.error_description = Some(message.to_owned());
        refusal.body.status = status;
        refusal
    }

    /// Status and words as recorded.
    pub(super) fn unknown_client() -> Self {
        Self::oauth("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
    }

    /// HubSpot's exact status and words are not known.
    pub(super) fn wrong_client_secret() -> Self {
        Self::oauth(
            "invalid_client",
            "BAD_CLIENT_SECRET",
            "missing or invalid client secret",
        )
    }

    /// Status as recorded, also for a body that is no form; HubSpot's exact words are not known.
    pub(super) fn unknown_grant_type() -> Self {
        Self::oauth(
            "unsupported_grant_type",
            "BAD_GRANT_TYPE",
            "missing or unknown grant type",
        )
    }

    /// Status and words as recorded: for a code that was never given, or was used.
    pub(super) fn unknown_code() -> Self {
        Self::oauth("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
    }

    /// Status as recorded; HubSpot's exact words are not known.
    pub(super) fn code_expired() -> Self {
        Self::oauth("invalid_grant", "EXPIRED_AUTH_CODE", "auth code is expired")
    }

    /// Status and words as recorded.
    pub(super) fn other_redirect_uri() -> Self {
        Self::oauth(
            "invalid_grant",
            "MISMATCH_REDIRECT_URI_AUTH_CODE",
            "redirect URI does not match initial auth code URI",
        )
    }

    /// Status as recorded; HubSpot's exact words are not known.
    pub(super) fn missing_redirect_uri() -> Self {
        Self::oauth("invalid_request", "BAD_REDIRECT_URI", "missing or invalid redirect URI")
    }

    /// Whether HubSpot checks verifiers of ordinary apps is not known, and so are its status and words.
    pub(super) fn wrong_code_verifier() -> Self {
        Self::oauth("invalid_grant", "BAD_CODE_VERIFIER", "missing or invalid code verifier")
    }

    /// All as HubSpot's guide has it.
    pub(super) fn unknown_refresh_token() -> Self {
        Self::oauth(
            "invalid_grant",
            "BAD_REFRESH_TOKEN",
            "refresh token is invalid, expired or revoked",
        )
    }

    /// HubSpot's exact status and words are not known.
    pub(super) fn scope_not_for_apps() -> Self {
        Self::oauth("invalid_scope", "BAD_SCOPE", "missing, unknown or invalid scope")
    }

    /// 415 for a call of OAuth whose body is said to be no form. HubSpot's exact words are not known.
    pub(crate) fn no_form() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "HTTP 415 Unsupported Media Type: use application/x-www-form-urlencoded",
            None,
        )
    }
}
