//! The token endpoint: codes and refresh tokens are exchanged for access tokens.

use serde::Serialize;

use super::{ACCESS_TOKEN_SECONDS, AccessToken, Oauth, OauthApp, RefreshToken, new_grant};
use crate::account::USER_ID;
use crate::clock::Moment;
use crate::errors::ApiError;
use crate::scopes::Scopes;

/// The account that tokens are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hub<'a> {
    pub(crate) id: u64,
    pub(crate) hosting_location: &'a str,
}

/// The answer of the token endpoint.
#[derive(Debug, Serialize)]
pub(crate) struct TokenAnswer {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hub_id: Option<u64>,
    scopes: Scopes,
    expires_in: i64,
    token_use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<u64>,
}

impl Oauth {
    /// The app that a form's `client_id` and `client_secret` prove.
    pub(super) fn client<'a>(&self, parameter: impl Fn(&str) -> Option<&'a str>) -> Result<&OauthApp, ApiError> {
        let app = parameter("client_id")
            .and_then(|client_id| self.app(client_id))
            .ok_or_else(ApiError::unknown_client)?;
        if parameter("client_secret") == Some(app.client_secret.as_str()) {
            Ok(app)
        } else {
            Err(ApiError::wrong_client_secret())
        }
    }

    /// Does what a form of the token endpoint asks for.
    pub(crate) fn exchange<'a>(
        &mut self,
        parameter: impl Fn(&str) -> Option<&'a str> + Copy,
        hub: Hub,
        now: Moment,
    ) -> Result<TokenAnswer, ApiError> {
        match parameter("grant_type") {
            Some("authorization_code") => self.exchange_code(parameter, hub, now),
            Some("refresh_token") => self.refresh(parameter, hub, now),
            Some("client_credentials") => self.client_credentials(parameter, now),
            _ => Err(ApiError::unknown_grant_type()),
        }
    }

    /// A code is spent by being exchanged; what is wrong with the form leaves it as it is. A verifier that came without a
    /// challenge is not looked at.
    fn exchange_code<'a>(
        &mut self,
        parameter: impl Fn(&str) -> Option<&'a str> + Copy,
        hub: Hub,
        now: Moment,
    ) -> Result<TokenAnswer, ApiError> {
        let app_id = self.client(parameter)?.app_id;
        let text = parameter("code").ok_or_else(ApiError::unknown_code)?;
        let code = self
            .codes
            .get(text)
            .filter(|code| code.app_id == app_id)
            .ok_or_else(ApiError::unknown_code)?;
        let redirect_uri = parameter("redirect_uri").ok_or_else(ApiError::missing_redirect_uri)?;
        if now >= code.expires_at {
            return Err(ApiError::code_expired());
        }
        if redirect_uri != code.redirect_uri {
            return Err(ApiError::other_redirect_uri());
        }
        if let Some(challenge) = &code.challenge {
            let verifier = parameter("code_verifier").unwrap_or_default();
            if !challenge.is_met_by(verifier) {
                return Err(ApiError::wrong_code_verifier());
            }
        }
        let scopes = code.scopes.clone();
        self.codes.remove(text);
        let refresh_token = self.install(app_id, scopes.clone(), hub.hosting_location);
        Ok(self.answer(app_id, scopes, refresh_token, hub, now))
    }

    /// The refresh token stays the same: HubSpot is not known to change it.
    fn refresh<'a>(
        &mut self,
        parameter: impl Fn(&str) -> Option<&'a str> + Copy,
        hub: Hub,
        now: Moment,
    ) -> Result<TokenAnswer, ApiError> {
        let app_id = self.client(parameter)?.app_id;
        let text = parameter("refresh_token").ok_or_else(ApiError::unknown_refresh_token)?;
        let scopes = self
            .refresh_tokens
            .get(text)
            .filter(|token| token.app_id == app_id)
            .map(|token| token.scopes.clone())
            .ok_or_else(ApiError::unknown_refresh_token)?;
        Ok(self.answer(app_id, scopes, text.to_owned(), hub, now))
    }

    /// An app's own token, which HubSpot gives for `developer.…` scopes alone: it is about the app and no account.
    fn client_credentials<'a>(
        &mut self,
        parameter: impl Fn(&str) -> Option<&'a str> + Copy,
        now: Moment,
    ) -> Result<TokenAnswer, ApiError> {
        let app_id = self.client(parameter)?.app_id;
        let asked = parameter("scope").unwrap_or_default();
        let scopes: Scopes = asked.split_whitespace().map(str::to_owned).collect();
        if scopes.is_empty() || !scopes.iter().all(|scope| scope.starts_with("developer.")) {
            return Err(ApiError::scope_not_for_apps());
        }
        let access_token = self.issue_access_token(AccessToken {
            app_id,
            user_id: None,
            scopes: scopes.clone(),
            expires_at: now.plus_seconds(ACCESS_TOKEN_SECONDS),
        });
        Ok(TokenAnswer {
            token_type: "bearer",
            refresh_token: None,
            access_token,
            hub_id: None,
            scopes,
            expires_in: ACCESS_TOKEN_SECONDS,
            token_use: "client_credentials",
            user_id: None,
        })
    }

    /// Installs an app, and gives its refresh token.
    pub(super) fn install(&mut self, app_id: u64, scopes: Scopes, hosting_location: &str) -> String {
        let text = new_grant(hosting_location);
        self.installed.insert(app_id);
        self.uninstalled.remove(&app_id);
        self.refresh_tokens
            .insert(text.clone(), RefreshToken { app_id, scopes });
        text
    }

    fn answer(&mut self, app_id: u64, scopes: Scopes, refresh_token: String, hub: Hub, now: Moment) -> TokenAnswer {
        let access_token = self.issue_access_token(AccessToken {
            app_id,
            user_id: Some(USER_ID),
            scopes: scopes.clone(),
            expires_at: now.plus_seconds(ACCESS_TOKEN_SECONDS),
        });
        TokenAnswer {
            token_type: "bearer",
            refresh_token: Some(refresh_token),
            access_token,
            hub_id: Some(hub.id),
            scopes,
            expires_in: ACCESS_TOKEN_SECONDS,
            token_use: "access_token",
            user_id: Some(USER_ID),
        }
    }
}
