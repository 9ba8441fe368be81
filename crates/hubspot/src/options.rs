//! What a client is made from, and what can be wrong with it.

use std::{fmt, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::ApiVersion;

/// Where HubSpot's API is.
pub const DEFAULT_BASE_URL: &str = "https://api.hubapi.com";

/// More than this is not read of an answer. A hundred contacts with a full text property of 65,536 characters each are
/// about seven megabytes.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// How to reach HubSpot. Its `Debug` does not show the token.
#[derive(Clone)]
pub struct ClientOptions {
    /// The API's address; a path in it stays in front of every call's path. Default: [`DEFAULT_BASE_URL`].
    pub base_url: Url,
    /// A service key, a private app's token or an OAuth access token, sent as `Authorization: Bearer …`.
    pub token: SecretString,
    /// The version of the API. Default: `2026-03`.
    pub version: ApiVersion,
    /// For a whole call, from the first byte of the request to the last of the answer. Default: 10 s.
    pub timeout: Duration,
    /// For name resolution, TCP and TLS together. Keep it below `timeout`, so that a host that cannot be reached is told apart
    /// from a call whose outcome is unclear. Default: 5 s.
    pub connect_timeout: Duration,
    /// The `User-Agent`. Default: this crate's name and version.
    pub user_agent: String,
}

impl ClientOptions {
    /// The defaults, with this token.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "a constant, which the tests read"
    )]
    pub fn new(token: impl Into<SecretString>) -> Self {
        let base_url = Url::parse(DEFAULT_BASE_URL).expect("the default base URL is a URL");
        Self {
            base_url,
            token: token.into(),
            version: ApiVersion::default(),
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Refuses a base URL that no call could be made from.
    pub(crate) fn check_base(&self) -> Result<(), BuildError> {
        let base = &self.base_url;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(BuildError::BaseUrl(
                "it must start with https:// (or http://) and a host",
            ));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(BuildError::BaseUrl("it must not hold a user name or password"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(BuildError::BaseUrl("it must not hold a query or a fragment"));
        }
        Ok(())
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn authorization(&self) -> Result<reqwest::header::HeaderValue, BuildError> {
        let token = self.token.expose_secret();
        if token.is_empty() {
            return Err(BuildError::EmptyToken);
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BuildError::TokenCharacters);
        }
        let mut value = reqwest::header::HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| BuildError::TokenCharacters)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Whether the address is this machine's own: a proxy would reach its own loopback, not ours.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientOptions")
            .field("base_url", &self.base_url.origin().ascii_serialization())
            .field("token", &"[redacted]")
            .field("version", &self.version)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("user_agent", &self.user_agent)
            .finish()
    }
}

/// Why no client could be made from the options.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no token.
    #[error("the HubSpot token is empty: give a service key's or a private app's token")]
    EmptyToken,
    /// The token cannot be sent in a header. (What it is stays unsaid: it may be nearly right.)
    #[error(
        "the HubSpot token holds a character that cannot stand in an HTTP header, such as a space, a line end or a letter with \
         an accent: copy it again, without quotes"
    )]
    TokenCharacters,
    /// The base URL cannot be called.
    #[error("the HubSpot base URL cannot be used: {0}")]
    BaseUrl(&'static str),
    /// The user agent cannot be sent in a header.
    #[error("the user agent for HubSpot holds a character that cannot stand in an HTTP header")]
    UserAgent,
    /// The HTTP client could not start, for example because the system's certificates cannot be read.
    #[error("the HTTP client for HubSpot could not be built")]
    Http(#[source] reqwest::Error),
}
