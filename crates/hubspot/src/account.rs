//! The account a token belongs to. Any valid token may ask.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{Client, ContactId, Error, answer::Operation, client::Call};

/// The calls on the account.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    client: &'a Client,
}

/// What a service key or a private app's token may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    /// The account's number.
    pub hub_id: u64,
    /// Its scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// The account, which HubSpot also calls portal or hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountDetails {
    /// The account's number.
    pub portal_id: u64,
    /// The host of HubSpot's own pages for this account, for example `app-eu1.hubspot.com`.
    #[serde(default)]
    pub ui_domain: Option<String>,
    /// `STANDARD`, `DEVELOPER_TEST`, `SANDBOX` or `APP_DEVELOPER`.
    #[serde(default)]
    pub account_type: Option<String>,
    /// The account's time zone, in which its day of API calls begins, for example `US/Eastern`.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// That time zone's present distance from UTC, in milliseconds.
    #[serde(default)]
    pub utc_offset_milliseconds: Option<i64>,
    /// Where the data is kept, for example `na1` or `eu1`.
    #[serde(default)]
    pub data_hosting_location: Option<String>,
}

impl AccountDetails {
    /// The page of a contact in HubSpot; `None` where the account's host is not known or is no host.
    #[must_use]
    pub fn contact_url(&self, id: &ContactId) -> Option<Url> {
        // `0-1` is the type of contacts.
        let path = format!("/contacts/{}/record/0-1/{id}", self.portal_id);
        let host = self.ui_domain.as_deref()?;
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_host) {
            return None;
        }
        Url::parse(&format!("https://{host}{path}")).ok()
    }
}

impl<'a> Account<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The account's details: a good test of a token, since it needs no scope.
    pub async fn details(&self) -> Result<AccountDetails, Error> {
        let call = Call {
            operation: Operation {
                name: "read the account's details",
                writes: false,
            },
            method: Method::GET,
            template: "/account-info/{version}/details",
            area: self.client.version().account(),
            parts: &["details"],
            query: Vec::new(),
        };
        self.client.call(call, None::<&Value>).await?.parse("it is no account")
    }

    /// What the token may do. It needs no scope. `None` where HubSpot does not know the call, or the token is of another kind.
    pub async fn token_info(&self) -> Result<Option<TokenInfo>, Error> {
        let call = Call {
            operation: Operation {
                name: "read what the token may do",
                writes: false,
            },
            method: Method::POST,
            template: "/oauth/v2/private-apps/get/access-token-info",
            area: "oauth/v2/private-apps/get".to_owned(),
            parts: &["access-token-info"],
            query: Vec::new(),
        };
        let body = serde_json::json!({ "tokenKey": self.client.token() });
        let answer = match self.client.call(call, Some(&body)).await {
            Ok(answer) => answer,
            Err(error) if matches!(error.status(), Some(400 | 404)) => return Ok(None),
            Err(error) => return Err(error),
        };
        answer.parse("it says nothing of a token").map(Some)
    }
}
