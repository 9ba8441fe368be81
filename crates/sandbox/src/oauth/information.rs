//! What HubSpot tells of a token: by introspection, by the older calls, and of a private app's token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::exchange::Hub;
use super::{AccessToken, HUB_DOMAIN, Oauth, OauthApp, RefreshToken};
use crate::account::{USER, USER_ID};
use crate::auth::{EVERY_SCOPE, Tokens};
use crate::clock::Moment;
use crate::errors::ApiError;
use crate::scopes::{self, Scopes};

/// The answer of an introspection.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Introspection<'a> {
    Access(Box<AccessTokenInformation<'a>>),
    Refresh(RefreshTokenInformation<'a>),
    /// RFC 7662's answer for a token that is no good, or another app's. HubSpot's own is not known.
    Inactive {
        active: bool,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct AccessTokenInformation<'a> {
    active: bool,
    token: &'a str,
    hub_id: u64,
    user_id: u64,
    client_id: &'a str,
    app_id: u64,
    user: &'static str,
    hub_domain: &'static str,
    scopes: &'a Scopes,
    signed_access_token: SignedAccessToken,
    expires_in: i64,
    is_private_distribution: bool,
    token_use: &'static str,
    token_type: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct RefreshTokenInformation<'a> {
    active: bool,
    token: &'a str,
    hub_id: u64,
    user_id: u64,
    client_id: &'a str,
    app_id: u64,
    user: &'static str,
    hub_domain: &'static str,
    scopes: &'a Scopes,
    token_use: &'static str,
    token_type: &'static str,
}

/// HubSpot's own form of a token, which its services pass on to each other. The names are HubSpot's; signatures and packed
/// scopes mean nothing here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SignedAccessToken {
    expires_at: i64,
    scopes: String,
    hub_id: u64,
    user_id: u64,
    app_id: u64,
    signature: String,
    scope_to_scope_group_pks: String,
    new_signature: String,
    hublet: String,
    trial_scopes: String,
    trial_scope_to_scope_group_pks: String,
    is_user_level: bool,
    installing_user_id: u64,
    is_service_account: bool,
    is_private_distribution: bool,
    app_install_id: String,
    audience: String,
}

/// The answer of `GET /oauth/v1/access-tokens/{token}`.
#[derive(Debug, Serialize)]
pub(crate) struct LegacyAccessToken<'a> {
    token: &'a str,
    user: &'static str,
    hub_domain: &'static str,
    scopes: &'a Scopes,
    hub_id: u64,
    app_id: u64,
    expires_in: i64,
    user_id: u64,
    token_type: &'static str,
}

/// The answer of `GET /oauth/v1/refresh-tokens/{token}`.
#[derive(Debug, Serialize)]
pub(crate) struct LegacyRefreshToken<'a> {
    token: &'a str,
    client_id: &'a str,
    user: &'static str,
    hub_domain: &'static str,
    scopes: &'a Scopes,
    hub_id: u64,
    user_id: u64,
    token_type: &'static str,
}

/// The answer of `POST /oauth/v2/private-apps/get/access-token-info`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrivateAppToken {
    user_id: u64,
    hub_id: u64,
    app_id: u64,
    scopes: Vec<String>,
}

impl PrivateAppToken {
    /// What there is to tell of a static token; `None` when it is no good. Each token has a number of an app that stays.
    pub(crate) fn of(tokens: &Tokens, token: &str, hub_id: u64) -> Option<Self> {
        let granted = tokens.scopes(token)?;
        let scopes = if granted.contains(EVERY_SCOPE) {
            scopes::KNOWN.map(str::to_owned).to_vec()
        } else {
            granted.iter().cloned().collect()
        };
        let digest = Sha256::digest(token.as_bytes());
        let number = digest
            .iter()
            .take(3)
            .fold(0, |number, byte| number * 256 + u64::from(*byte));
        Some(Self {
            user_id: USER_ID,
            hub_id,
            app_id: 20_000_000 + number,
            scopes,
        })
    }
}

impl Oauth {
    /// What there is to tell of a token that an app asks about. HubSpot's description calls it `token`, its guide
    /// `access_token` or `refresh_token`; the hint is not needed.
    pub(crate) fn introspect<'a>(
        &'a self,
        parameter: impl Fn(&str) -> Option<&'a str> + Copy,
        hub: Hub,
        now: Moment,
    ) -> Result<Introspection<'a>, ApiError> {
        let app = self.client(parameter)?;
        let token = asked_token(parameter).unwrap_or_default();
        if let Some(access) = self.good_access_token(token, now).filter(|it| it.app_id == app.app_id) {
            let information = AccessTokenInformation::new(app, token, access, hub, now);
            return Ok(Introspection::Access(Box::new(information)));
        }
        let refresh = self.refresh_tokens.get(token).filter(|it| it.app_id == app.app_id);
        Ok(match refresh {
            Some(refresh) => Introspection::Refresh(RefreshTokenInformation {
                active: true,
                token,
                hub_id: hub.id,
                user_id: USER_ID,
                client_id: &app.client_id,
                app_id: app.app_id,
                user: USER,
                hub_domain: HUB_DOMAIN,
                scopes: &refresh.scopes,
                token_use: "refresh_token",
                token_type: "Bearer",
            }),
            None => Introspection::Inactive { active: false },
        })
    }

    /// Revokes the token that an app names. One that is not known is no error, says RFC 7009; neither is another app's, which
    /// stays good.
    pub(crate) fn revoke<'a>(&mut self, parameter: impl Fn(&str) -> Option<&'a str> + Copy) -> Result<(), ApiError> {
        let app_id = self.client(parameter)?.app_id;
        let token = asked_token(parameter).unwrap_or_default();
        if self.refresh_tokens.get(token).is_some_and(|it| it.app_id == app_id) {
            self.delete_refresh_token(token);
        } else if self.access_tokens.get(token).is_some_and(|it| it.app_id == app_id) {
            self.access_tokens.remove(token);
        }
        Ok(())
    }

    /// What the older call tells of an access token; `None` when it is no good.
    pub(crate) fn legacy_access_token<'a>(
        &'a self,
        token: &'a str,
        hub_id: u64,
        now: Moment,
    ) -> Option<LegacyAccessToken<'a>> {
        let access = self.good_access_token(token, now)?;
        Some(LegacyAccessToken {
            token,
            user: USER,
            hub_domain: HUB_DOMAIN,
            scopes: &access.scopes,
            hub_id,
            app_id: access.app_id,
            expires_in: access.good_for(now),
            user_id: access.user_id?,
            token_type: "access",
        })
    }

    /// What the older call tells of a refresh token; `None` when it is no good.
    pub(crate) fn legacy_refresh_token<'a>(&'a self, token: &'a str, hub_id: u64) -> Option<LegacyRefreshToken<'a>> {
        let RefreshToken { app_id, scopes } = self.refresh_tokens.get(token)?;
        Some(LegacyRefreshToken {
            token,
            client_id: &self.app_by_number(*app_id)?.client_id,
            user: USER,
            hub_domain: HUB_DOMAIN,
            scopes,
            hub_id,
            user_id: USER_ID,
            token_type: "refresh",
        })
    }

    fn good_access_token(&self, token: &str, now: Moment) -> Option<&AccessToken> {
        self.access_tokens
            .get(token)
            .filter(|access| access.expired_for(now).is_none())
    }
}

impl<'a> AccessTokenInformation<'a> {
    fn new(app: &'a OauthApp, token: &'a str, access: &'a AccessToken, hub: Hub, now: Moment) -> Self {
        let signature = STANDARD.encode(Sha256::digest(token.as_bytes()));
        let user_id = access.user_id.unwrap_or_default();
        Self {
            active: true,
            token,
            hub_id: hub.id,
            user_id,
            client_id: &app.client_id,
            app_id: app.app_id,
            user: USER,
            hub_domain: HUB_DOMAIN,
            scopes: &access.scopes,
            signed_access_token: SignedAccessToken {
                expires_at: access.expires_at.unix_milliseconds(),
                scopes: String::new(),
                hub_id: hub.id,
                user_id,
                app_id: app.app_id,
                signature: signature.clone(),
                scope_to_scope_group_pks: String::new(),
                new_signature: signature,
                hublet: hub.hosting_location.to_owned(),
                trial_scopes: String::new(),
                trial_scope_to_scope_group_pks: String::new(),
                is_user_level: false,
                installing_user_id: user_id,
                is_service_account: false,
                is_private_distribution: false,
                app_install_id: format!("{}-{}", hub.id, app.app_id),
                audience: String::new(),
            },
            expires_in: access.good_for(now),
            is_private_distribution: false,
            token_use: "access_token",
            token_type: "Bearer",
        }
    }
}

fn asked_token<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Option<&'a str> {
    ["token", "access_token", "refresh_token"]
        .into_iter()
        .find_map(parameter)
}
