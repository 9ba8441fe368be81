//! A person is asked whether an app may be installed.

use serde::{Deserialize, Serialize};
use url::Url;

use super::pkce::Challenge;
use super::{CODE_SECONDS, Code, Oauth, OauthApp, forget_oldest, new_grant};
use crate::clock::Moment;
use crate::plan::Plan;
use crate::scopes::{self, Scopes};

/// What the person answers whom an app asks for its installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// A page with two buttons asks.
    #[default]
    Ask,
    /// Yes, at once and without a page.
    Allow,
    /// No, at once and without a page.
    Deny,
}

/// What an app asks for with `/oauth/authorize`.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    app_id: u64,
    pub(crate) app_name: String,
    pub(crate) redirect_uri: Url,
    /// To the letter, as the exchange has to repeat it.
    redirect_text: String,
    pub(crate) scopes: Scopes,
    state: Option<String>,
    challenge: Option<Challenge>,
}

impl Authorization {
    /// Where the person is sent back to, with a code or with an error, and with the app's own state.
    fn send_back(&self, answer: &[(&str, &str)]) -> Url {
        let mut url = self.redirect_uri.clone();
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(answer);
            if let Some(state) = &self.state {
                query.append_pair("state", state);
            }
        }
        url
    }

    /// The way back for a person who says no. HubSpot's exact words are not known.
    pub(crate) fn denied(&self) -> Url {
        self.send_back(&[
            ("error", "access_denied"),
            ("error_description", "The user denied access to the app"),
        ])
    }
}

impl Oauth {
    /// What a query of `/oauth/authorize` asks for; else what the page says is wrong, for which nobody is sent back. What
    /// HubSpot's page says to the letter is not known.
    pub(crate) fn authorization<'a>(
        &self,
        parameter: impl Fn(&str) -> Option<&'a str>,
        plan: Plan,
    ) -> Result<Authorization, String> {
        let app = parameter("client_id")
            .and_then(|client_id| self.app(client_id))
            .ok_or("This app doesn't exist: its client_id is missing or not known.")?;
        let redirect_text = parameter("redirect_uri").ok_or("The redirect_uri is missing.")?;
        let redirect_uri = Some(redirect_text)
            .filter(|uri| app.redirect_uris.iter().any(|known| known == uri))
            .and_then(|uri| Url::parse(uri).ok())
            .ok_or("The redirect_uri doesn't match any of those in the app's settings.")?;
        let scopes = asked_scopes(
            app,
            parameter("scope").unwrap_or_default(),
            parameter("optional_scope").unwrap_or_default(),
            plan,
        )?;
        let method = parameter("code_challenge_method");
        let challenge = match parameter("code_challenge") {
            Some(challenge) => {
                Some(Challenge::new(challenge, method).ok_or("The code_challenge_method is neither S256 nor plain.")?)
            }
            None if method.is_some() => return Err("A code_challenge_method came without a code_challenge.".to_owned()),
            None => None,
        };
        Ok(Authorization {
            app_id: app.app_id,
            app_name: app.name.clone(),
            redirect_uri,
            redirect_text: redirect_text.to_owned(),
            scopes,
            state: parameter("state").map(str::to_owned),
            challenge,
        })
    }

    /// The way back for a person who says yes, with a new code.
    pub(crate) fn allow(&mut self, authorization: Authorization, hosting_location: &str, now: Moment) -> Url {
        let text = new_grant(hosting_location);
        let back = authorization.send_back(&[("code", &text)]);
        let code = Code {
            app_id: authorization.app_id,
            redirect_uri: authorization.redirect_text,
            scopes: authorization.scopes,
            challenge: authorization.challenge,
            expires_at: now.plus_seconds(CODE_SECONDS),
        };
        forget_oldest(&mut self.codes, |code| code.expires_at);
        self.codes.insert(text, code);
        back
    }
}

/// The scopes an installation gets. `scope` has to name all that the app's settings require, and neither may name one that
/// they don't; an optional one that the account cannot grant is left out.
fn asked_scopes(app: &OauthApp, required: &str, optional: &str, plan: Plan) -> Result<Scopes, String> {
    let required: Scopes = required.split_whitespace().map(str::to_owned).collect();
    let optional: Scopes = optional.split_whitespace().map(str::to_owned).collect();
    let unknown = required
        .union(&optional)
        .find(|scope| !app.is_configured(scope))
        .cloned();
    let missing = app.scopes.iter().find(|scope| !required.contains(*scope)).cloned();
    if let Some(scope) = unknown.or(missing) {
        return Err(format!(
            "The scopes in the install URL and those in the app's settings do not match: {scope}."
        ));
    }
    if let Some(scope) = required.iter().find(|scope| !scopes::can_be_granted(scope, plan)) {
        return Err(format!("Your account doesn't have access to the scope {scope}."));
    }
    let granted = optional.into_iter().filter(|scope| scopes::can_be_granted(scope, plan));
    Ok(required.iter().cloned().chain(granted).collect())
}
