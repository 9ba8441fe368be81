//! Public apps: who may ask to be installed, with which scopes, and where people are sent back to.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Oauth;
use crate::{errors, scopes};

/// The client id of the app that every sandbox knows.
pub const DEFAULT_CLIENT_ID: &str = "5a4db0c5-0000-4000-8000-000000000001";

/// The client secret of the app that every sandbox knows.
pub const DEFAULT_CLIENT_SECRET: &str = "5ec2e700-0000-4000-8000-000000000001";

/// The number of the app that every sandbox knows.
pub const DEFAULT_APP_ID: u64 = 1_000_001;

/// Where the app that every sandbox knows has people sent back to.
pub const DEFAULT_REDIRECT_URI: &str = "http://localhost:3000/oauth/callback";

/// An app that accounts install by OAuth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthApp {
    /// Names the app in OAuth.
    pub client_id: String,
    /// What the app proves itself with.
    pub client_secret: String,
    /// The app's number.
    pub app_id: u64,
    /// What people read when they are asked.
    pub name: String,
    /// Where people may be sent back to, each to the letter.
    pub redirect_uris: Vec<String>,
    /// The scopes that every installation has to ask for.
    pub scopes: Vec<String>,
    /// Further scopes that an installation may ask for.
    pub optional_scopes: Vec<String>,
}

impl Default for OauthApp {
    /// The app that every sandbox knows: only the scope `oauth` has to be asked for, every other may be.
    fn default() -> Self {
        let optional = scopes::KNOWN.iter().filter(|scope| **scope != scopes::OAUTH);
        Self {
            client_id: DEFAULT_CLIENT_ID.to_owned(),
            client_secret: DEFAULT_CLIENT_SECRET.to_owned(),
            app_id: DEFAULT_APP_ID,
            name: "Sandbox app".to_owned(),
            redirect_uris: vec![DEFAULT_REDIRECT_URI.to_owned()],
            scopes: vec![scopes::OAUTH.to_owned()],
            optional_scopes: optional.map(|scope| (*scope).to_owned()).collect(),
        }
    }
}

impl OauthApp {
    /// Whether the app's settings name the scope.
    pub(super) fn is_configured(&self, scope: &str) -> bool {
        self.scopes
            .iter()
            .chain(&self.optional_scopes)
            .any(|configured| configured == scope)
    }

    fn check(&self) -> Result<(), String> {
        if self.client_id.is_empty() || self.client_secret.is_empty() {
            return Err("an app needs a client_id and a client_secret".to_owned());
        }
        match self.redirect_uris.iter().find(|uri| Url::parse(uri).is_err()) {
            Some(wrong) => Err(format!("{wrong:?} is no absolute address to send people back to")),
            None => Ok(()),
        }
    }
}

impl Oauth {
    pub(crate) fn apps(&self) -> &[OauthApp] {
        &self.apps
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&OauthApp> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    pub(crate) fn app_by_number(&self, app_id: u64) -> Option<&OauthApp> {
        self.apps.iter().find(|app| app.app_id == app_id)
    }

    /// Adds an app, in place of the one with the same client id.
    pub(crate) fn put_app(&mut self, app: OauthApp) -> Result<(), String> {
        app.check()?;
        let taken = |other: &OauthApp| other.app_id == app.app_id && other.client_id != app.client_id;
        if self.apps.iter().any(taken) {
            return Err(format!("another app has the number {}", app.app_id));
        }
        let before = self.app(&app.client_id).map(|before| before.app_id);
        if let Some(before) = before.filter(|before| *before != app.app_id) {
            self.forget(before);
        }
        self.apps.retain(|other| other.client_id != app.client_id);
        self.apps.push(app);
        Ok(())
    }

    /// Removes an app with everything it was given; `false` when there is none.
    pub(crate) fn remove_app(&mut self, client_id: &str) -> bool {
        let Some(app_id) = self.app(client_id).map(|app| app.app_id) else {
            return false;
        };
        self.forget(app_id);
        self.apps.retain(|app| app.client_id != client_id);
        true
    }

    /// Takes everything from an app whose number nobody has any more.
    fn forget(&mut self, app_id: u64) {
        self.uninstall(app_id);
        self.uninstalled.remove(&app_id);
    }

    /// Makes an app one that is told of changes, with this secret, whether it was there or not.
    pub(crate) fn connect(&mut self, app_id: u64, client_secret: Option<&str>) {
        self.uninstalled.remove(&app_id);
        let place = self.apps.iter().position(|app| app.app_id == app_id);
        let place = place.unwrap_or_else(|| {
            self.apps.push(OauthApp {
                client_id: errors::new_id(),
                app_id,
                ..OauthApp::default()
            });
            self.apps.len() - 1
        });
        if let (Some(secret), Some(app)) = (client_secret, self.apps.get_mut(place)) {
            secret.clone_into(&mut app.client_secret);
        }
    }

    /// A number that no app has.
    pub(crate) fn free_app_id(&self) -> u64 {
        self.apps
            .iter()
            .map(|app| app.app_id)
            .max()
            .map_or(DEFAULT_APP_ID, |last| last + 1)
    }
}
