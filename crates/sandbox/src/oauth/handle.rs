//! What tests and the control calls do with apps, without the way through a browser.

use std::time::Duration;

use serde::Serialize;

use super::{AccessToken, Consent, Oauth, OauthApp, new_access_token};
use crate::account::USER_ID;
use crate::clock::Moment;
use crate::scopes::Scopes;
use crate::{Sandbox, SandboxError};

/// What an installed app has in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OauthTokens {
    /// What calls are made with, until it expires.
    pub access_token: String,
    /// What further access tokens are made from.
    pub refresh_token: String,
    /// From when on the access token is refused.
    pub expires_at: Moment,
}

/// An app that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstalledApp {
    /// The app's client id.
    pub client_id: String,
    /// The app's number.
    pub app_id: u64,
    /// What the app is called.
    pub name: String,
    /// What it was granted, over all its refresh tokens.
    pub scopes: Vec<String>,
}

impl Sandbox {
    /// Adds an app, in place of the one with the same client id.
    pub fn add_app(&self, app: OauthApp) -> Result<(), SandboxError> {
        self.change(|records, _| {
            records.oauth.put_app(app)?;
            records.forget_webhooks_of_no_app();
            Ok(())
        })
        .map_err(SandboxError::Refused)
    }

    /// The apps that may ask to be installed.
    #[must_use]
    pub fn apps(&self) -> Vec<OauthApp> {
        self.read(|records| records.oauth.apps().to_vec())
    }

    /// Removes an app with everything it was given, and its webhooks.
    pub fn remove_app(&self, client_id: &str) -> Result<(), SandboxError> {
        self.change(|records, _| {
            let removed = records.oauth.remove_app(client_id);
            records.forget_webhooks_of_no_app();
            removed.then_some(()).ok_or_else(|| no_app(client_id))
        })
    }

    /// Installs an app with these scopes (`*` is all of them), as if a person allowed it and the code were exchanged. Its
    /// access token expires after `expires_in`; a token that has expired already comes of zero.
    pub fn install_app<'a>(
        &self,
        client_id: &str,
        scopes: impl IntoIterator<Item = &'a str>,
        expires_in: Duration,
    ) -> Result<OauthTokens, SandboxError> {
        self.install_app_with(client_id, scopes, expires_in, None)
    }

    /// Installs an app like [`Sandbox::install_app`], with an access token whose text is given.
    pub fn install_app_with<'a>(
        &self,
        client_id: &str,
        scopes: impl IntoIterator<Item = &'a str>,
        expires_in: Duration,
        access_token: Option<&str>,
    ) -> Result<OauthTokens, SandboxError> {
        let scopes: Scopes = scopes.into_iter().map(str::to_owned).collect();
        self.change(|records, now| {
            let oauth = &mut records.oauth;
            let app_id = oauth.app(client_id).ok_or_else(|| no_app(client_id))?.app_id;
            let lifetime = i64::try_from(expires_in.as_millis()).unwrap_or(i64::MAX);
            let expires_at = Moment::from_unix_milliseconds(now.unix_milliseconds().saturating_add(lifetime));
            let refresh_token = oauth.install(app_id, scopes.clone(), &records.account.data_hosting_location);
            let access_token = access_token.map_or_else(new_access_token, str::to_owned);
            let token = AccessToken {
                app_id,
                user_id: Some(USER_ID),
                scopes,
                expires_at,
            };
            oauth.remember_access_token(access_token.clone(), token);
            Ok(OauthTokens {
                access_token,
                refresh_token,
                expires_at,
            })
        })
    }

    /// The apps that are installed.
    #[must_use]
    pub fn installed_apps(&self) -> Vec<InstalledApp> {
        self.read(|records| records.oauth.installed_apps())
    }

    /// Uninstalls an app as a person in HubSpot does: its tokens are worthless from then on, and its webhooks are not sent.
    pub fn uninstall_app(&self, client_id: &str) -> Result<(), SandboxError> {
        self.change(|records, _| {
            let app = records.oauth.app(client_id).ok_or_else(|| no_app(client_id))?;
            let app_id = app.app_id;
            let uninstalled = records.oauth.uninstall(app_id);
            uninstalled.then_some(()).ok_or_else(|| no_app(client_id))
        })
    }

    /// Sets what the person answers whom an app asks for its installation.
    pub fn set_consent(&self, consent: Consent) {
        self.state().consent = consent;
    }
}

impl Oauth {
    fn installed_apps(&self) -> Vec<InstalledApp> {
        self.apps
            .iter()
            .filter(|app| self.installed.contains(&app.app_id))
            .map(|app| {
                let granted = self.refresh_tokens.values().filter(|token| token.app_id == app.app_id);
                let scopes: Scopes = granted.flat_map(|token| token.scopes.iter().cloned()).collect();
                InstalledApp {
                    client_id: app.client_id.clone(),
                    app_id: app.app_id,
                    name: app.name.clone(),
                    scopes: scopes.into_iter().collect(),
                }
            })
            .collect()
    }
}

fn no_app(client_id: &str) -> SandboxError {
    SandboxError::Refused(format!("no such app is known, or it is not installed: {client_id}"))
}
