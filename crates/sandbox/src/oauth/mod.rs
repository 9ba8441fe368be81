//! OAuth as HubSpot does it: apps, what they were granted, and their codes and tokens.

mod apps;
mod authorization;
mod exchange;
mod handle;
mod information;
mod pkce;
mod refusals;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::errors;
use crate::scopes::Scopes;

pub use apps::{DEFAULT_APP_ID, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_REDIRECT_URI, OauthApp};
pub(crate) use authorization::Authorization;
pub use authorization::Consent;
pub(crate) use exchange::Hub;
pub use handle::{InstalledApp, OauthTokens};
pub(crate) use information::PrivateAppToken;
use pkce::Challenge;

/// How long an access token is good, in seconds, says HubSpot's guide.
const ACCESS_TOKEN_SECONDS: i64 = 1_800;

/// How long a code can be exchanged, in seconds. HubSpot says no more than that it is short.
const CODE_SECONDS: i64 = 300;

/// So many codes and so many access tokens are remembered; those whose time was over first are forgotten first.
const REMEMBERED: usize = 10_000;

const HUB_DOMAIN: &str = "sandbox.hubspot.example";

/// The apps and what they were given.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Oauth {
    apps: Vec<OauthApp>,
    /// The apps that are installed, by their number.
    installed: BTreeSet<u64>,
    /// The apps that were, and are not any more.
    uninstalled: BTreeSet<u64>,
    codes: BTreeMap<String, Code>,
    refresh_tokens: BTreeMap<String, RefreshToken>,
    access_tokens: BTreeMap<String, AccessToken>,
}

impl Default for Oauth {
    /// The default app, not installed.
    fn default() -> Self {
        Self {
            apps: vec![OauthApp::default()],
            installed: BTreeSet::new(),
            uninstalled: BTreeSet::new(),
            codes: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            access_tokens: BTreeMap::new(),
        }
    }
}

/// What an app is sent back with once a person allowed it. It is exchanged once.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Code {
    app_id: u64,
    redirect_uri: String,
    scopes: Scopes,
    challenge: Option<Challenge>,
    expires_at: Moment,
}

/// What access tokens are made from, until it is revoked or the app is uninstalled.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RefreshToken {
    app_id: u64,
    scopes: Scopes,
}

/// A token that calls are made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) app_id: u64,
    /// Who installed the app; `None` for an app's own token, which is about no account.
    user_id: Option<u64>,
    pub(crate) scopes: Scopes,
    expires_at: Moment,
}

impl AccessToken {
    /// Since how many whole seconds the token is no good any more; `None` while it is.
    pub(crate) fn expired_for(&self, now: Moment) -> Option<i64> {
        let since = now.unix_milliseconds() - self.expires_at.unix_milliseconds();
        (since >= 0).then_some(since / 1_000)
    }

    /// The whole seconds for which the token is still good.
    fn good_for(&self, now: Moment) -> i64 {
        let left = self.expires_at.unix_milliseconds() - now.unix_milliseconds();
        left.max(0) / 1_000
    }
}

impl Oauth {
    /// What an access token stands for, expired or not.
    pub(crate) fn access_token(&self, token: &str) -> Option<&AccessToken> {
        self.access_tokens.get(token)
    }

    /// Makes an access token, and gives its text.
    fn issue_access_token(&mut self, token: AccessToken) -> String {
        let text = new_access_token();
        self.remember_access_token(text.clone(), token);
        text
    }

    fn remember_access_token(&mut self, text: String, token: AccessToken) {
        forget_oldest(&mut self.access_tokens, |token| token.expires_at);
        self.access_tokens.insert(text, token);
    }

    /// Takes everything from an app, as a person does who uninstalls it; `false` when it was not installed.
    pub(crate) fn uninstall(&mut self, app_id: u64) -> bool {
        self.codes.retain(|_, code| code.app_id != app_id);
        self.refresh_tokens.retain(|_, token| token.app_id != app_id);
        self.access_tokens.retain(|_, token| token.app_id != app_id);
        let was_installed = self.installed.remove(&app_id);
        if was_installed {
            self.uninstalled.insert(app_id);
        }
        was_installed
    }

    /// Whether an app was uninstalled, and not installed again since.
    pub(crate) fn was_uninstalled(&self, app_id: u64) -> bool {
        self.uninstalled.contains(&app_id)
    }

    /// Makes a refresh token worthless. Access tokens that came of it stay good until they expire, says HubSpot's guide.
    pub(crate) fn delete_refresh_token(&mut self, token: &str) -> bool {
        self.refresh_tokens.remove(token).is_some()
    }
}

/// Makes room for one more.
fn forget_oldest<T>(remembered: &mut BTreeMap<String, T>, expires_at: impl Fn(&T) -> Moment) {
    while remembered.len() >= REMEMBERED {
        let oldest = remembered
            .iter()
            .min_by_key(|(_, token)| expires_at(token))
            .map(|(text, _)| text.clone());
        match oldest {
            Some(text) => remembered.remove(&text),
            None => return,
        };
    }
}

/// HubSpot's access tokens are long, and their length changes: it asks to have room for 512 characters.
fn new_access_token() -> String {
    let parts: Vec<String> = (0..8).map(|_| errors::new_id().replace('-', "")).collect();
    format!("sandbox-oauth-{}", parts.concat())
}

/// Codes and refresh tokens begin with where the data is kept: `na1-…`.
fn new_grant(hosting_location: &str) -> String {
    format!("{hosting_location}-{}", errors::new_id())
}
