//! The client: one connection pool, one token, one address; and the one way a call is made.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, header, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    Account, ApiVersion, BuildError, Class, ClientOptions, Contacts, Error, NotSent, Notes, Properties, RateLimit,
    answer::{self, Answer, Operation},
    options::is_loopback,
};

/// What may stand as it is in a path part: the unreserved characters of RFC 3986.
const PATH_PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client of HubSpot's API. Cloning is cheap and shares the connections. Its `Debug` does not show the token.
///
/// No redirect is followed, no cookie kept, no answer decompressed. A proxy is used where the environment names one
/// (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), except for a base URL on this machine's loopback.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    http: reqwest::Client,
    base: String,
    token: SecretString,
    version: ApiVersion,
    last_rate_limit: Mutex<Option<RateLimit>>,
    key_refusals: AtomicU64,
}

/// One call, as the parts that are logged and the parts that are not.
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    /// The path with placeholders for what is personal, for the log.
    pub(crate) template: &'static str,
    /// The path parts before the variable ones, for example `crm/objects/2026-03`.
    pub(crate) area: String,
    /// The further path parts, not encoded yet.
    pub(crate) parts: &'a [&'a str],
    pub(crate) query: Vec<(&'static str, &'a str)>,
}

impl Client {
    /// A client for one token.
    #[expect(clippy::disallowed_methods, reason = "the one place where the HTTP client is built")]
    pub fn new(options: ClientOptions) -> Result<Self, BuildError> {
        options.check_base()?;
        let mut headers = header::HeaderMap::new();
        headers.insert(header::AUTHORIZATION, options.authorization()?);
        headers.insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
        let user_agent = header::HeaderValue::try_from(options.user_agent).map_err(|_| BuildError::UserAgent)?;
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(user_agent)
            .redirect(redirect::Policy::none())
            .referer(false)
            .timeout(options.timeout)
            .connect_timeout(options.connect_timeout);
        if is_loopback(&options.base_url) {
            builder = builder.no_proxy();
        }
        let shared = Shared {
            http: builder.build().map_err(BuildError::Http)?,
            base: options.base_url.as_str().trim_end_matches('/').to_owned(),
            token: options.token,
            version: options.version,
            last_rate_limit: Mutex::new(None),
            key_refusals: AtomicU64::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Contact records.
    #[must_use]
    pub fn contacts(&self) -> Contacts<'_> {
        Contacts::new(self)
    }

    /// Notes on the timelines of contacts.
    #[must_use]
    pub fn notes(&self) -> Notes<'_> {
        Notes::new(self)
    }

    /// The definitions of properties.
    #[must_use]
    pub fn properties(&self) -> Properties<'_> {
        Properties::new(self)
    }

    /// The account the token belongs to.
    #[must_use]
    pub fn account(&self) -> Account<'_> {
        Account::new(self)
    }

    /// The version of the API that is spoken.
    #[must_use]
    pub fn version(&self) -> ApiVersion {
        self.shared.version
    }

    /// The rate-limit headers of the latest answer that had any, be it a success or an error. With several calls in flight
    /// "latest" is the one whose headers arrived last, which need not be the one HubSpot counted last.
    #[must_use]
    pub fn last_rate_limit(&self) -> Option<RateLimit> {
        *self
            .shared
            .last_rate_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, once: what no answer since has repeated is not told again.
    #[must_use]
    pub fn take_rate_limit(&self) -> Option<RateLimit> {
        self.shared
            .last_rate_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// How many calls HubSpot has answered with 401, whoever made them: when it grows, the token is worth nothing any more.
    #[must_use]
    pub fn key_refusals(&self) -> u64 {
        self.shared.key_refusals.load(Ordering::Relaxed)
    }

    /// Tells this token at this address from any other without giving it away: the SHA-256 of both. A token belongs to one
    /// account, so what was made with it is that account's.
    #[must_use]
    pub fn key_fingerprint(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(&self.shared.base);
        digest.update([0]);
        digest.update(self.shared.token.expose_secret());
        digest.finalize().into()
    }

    /// The token itself, for the one call whose body holds it.
    pub(crate) fn token(&self) -> &str {
        self.shared.token.expose_secret()
    }

    /// Makes the call and reads the answer as JSON.
    pub(crate) async fn call(&self, call: Call<'_>, body: Option<&(impl Serialize + Sync)>) -> Result<Answer, Error> {
        let operation = call.operation;
        let url = self.url(&call)?;
        let mut request = self.shared.http.request(call.method.clone(), url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let started = Instant::now();
        let mut correlation_id = None;
        let result = match request.send().await {
            Ok(response) => {
                let token = self.shared.token.expose_secret();
                correlation_id = answer::correlation_id(response.headers(), token);
                self.note_limits(response.headers());
                answer::read(operation, response, token).await
            }
            Err(error) => Err(answer::unanswered(operation, error)),
        };
        let error = result.as_ref().err();
        if error.is_some_and(|error| *error.class() == Class::Token) {
            self.shared.key_refusals.fetch_add(1, Ordering::Relaxed);
        }
        tracing::debug!(
            method = %call.method,
            path = call.template,
            status = result.as_ref().map_or_else(Error::status, Answer::status),
            ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            correlation_id = error.and_then(Error::correlation_id).or(correlation_id.as_deref()),
            class = error.map(|error| tracing::field::debug(error.class())),
            "called HubSpot"
        );
        result
    }

    fn note_limits(&self, headers: &header::HeaderMap) {
        if let Some(limit) = RateLimit::from_headers(headers) {
            *self
                .shared
                .last_rate_limit
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(limit);
        }
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, Error> {
        let mut text = format!("{}/{}", self.shared.base, call.area);
        for part in call.parts {
            // Even when encoded, `.` and `..` are resolved by URL parsers, and an empty part is dropped by servers.
            if matches!(*part, "" | "." | "..") {
                return Err(Error::not_sent(call.operation.name, NotSent::NoName));
            }
            text.push('/');
            text.extend(utf8_percent_encode(part, PATH_PART));
        }
        let mut url = Url::parse(&text).map_err(|_| Error::not_sent(call.operation.name, NotSent::Unbuildable))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("base", &self.shared.base)
            .field("token", &"[redacted]")
            .field("version", &self.shared.version)
            .field("last_rate_limit", &self.last_rate_limit())
            .finish_non_exhaustive()
    }
}
