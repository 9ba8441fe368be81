//! HubSpot's visitor identification tokens, each created once for its twelve hours.
//!
//! What is asked for is looked for in memory, then in the store, where tokens lie sealed and survive a restart; only then HubSpot
//! is asked, once, however many wait. A token is handed out until [`MARGIN`] before its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use moka::future::Cache;
use parlor_hubspot::{Class, Client, Error, ExposeSecret, Retry, VISITOR_TOKEN_LIFETIME, VisitorIdentity};
use parlor_protocol::{PersonName, TenantId};
use parlor_store::{SecretHash, Store, StoreError, StoredToken, Timestamp};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::Sealer;
use super::proof::Person;
use crate::Context;

/// So long before its end a token is handed out no more: a page has time to chat with it before it asks for the next.
pub const MARGIN: Duration = Duration::from_mins(30);

/// Tokens held in memory, and in the store: those of as many visitors within twelve hours cost one call each.
const MOST_IN_MEMORY: u64 = 20_000;
const MOST_IN_STORE: u64 = 200_000;

/// How long HubSpot is left alone after a failure for which it names no time: what a person must mend, and what passes by itself.
const REST_AFTER_REFUSAL: Duration = Duration::from_mins(1);
const REST_AFTER_OUTAGE: Duration = Duration::from_secs(5);

/// A token, and until when HubSpot takes it.
#[derive(Debug, Clone)]
pub struct VisitorToken {
    /// What HubSpot's widget wants as `identificationToken`.
    pub token: SecretString,
    /// Its end: twelve hours after it was asked for.
    pub expires_at: Timestamp,
}

/// Why there is no token. `Display` is for the site's developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no key for HubSpot.
    #[error("Parlor has no HubSpot key: its operator sets HUBSPOT_ACCESS_TOKEN")]
    NotConnected,
    /// 401.
    #[error("HubSpot refuses Parlor's key (401): its operator sets a new HUBSPOT_ACCESS_TOKEN")]
    KeyRefused,
    /// 403 that speaks of scopes.
    #[error(
        "HubSpot answers 403: Parlor's key lacks the scope conversations.visitor_identification.tokens.create, or the account's plan \
         does not include visitor identification (Professional or higher)"
    )]
    ScopeMissing,
    /// 403 for another reason.
    #[error(
        "HubSpot answers 403: the account's plan does not include visitor identification; it needs Professional or higher"
    )]
    PlanLacksIt,
    /// 429.
    #[error("HubSpot limits Parlor's calls (429): try again later")]
    RateLimited,
    /// HubSpot does not answer, or not as documented.
    #[error("HubSpot cannot be reached or does not answer as it should: try again later")]
    Unreachable,
    /// HubSpot takes the address for none, or refuses the request for another reason that holds for this visitor alone.
    #[error("HubSpot refuses this visitor's data")]
    Refused,
    /// The store does not answer.
    #[error("Parlor's store does not answer: try again")]
    Store,
}

impl TokenError {
    /// The stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotConnected => "hubspot_not_connected",
            Self::KeyRefused => "hubspot_key_refused",
            Self::ScopeMissing => "hubspot_scope_missing",
            Self::PlanLacksIt => "hubspot_plan",
            Self::RateLimited => "hubspot_rate_limited",
            Self::Unreachable => "hubspot_unreachable",
            Self::Refused => "hubspot_refused",
            Self::Store => "unavailable",
        }
    }

    /// Whether another attempt helps without anybody mending anything.
    #[must_use]
    pub const fn passes_by_itself(&self) -> bool {
        matches!(self, Self::RateLimited | Self::Unreachable | Self::Store)
    }

    /// Whether it holds for every visitor, so that asking HubSpot again for the next would be of no use.
    const fn concerns_everybody(&self) -> bool {
        !matches!(self, Self::Refused | Self::Store)
    }

    fn of(error: &Error) -> Self {
        match error.class() {
            Class::Token => Self::KeyRefused,
            Class::Permission { .. } => Self::ScopeMissing,
            Class::Plan => Self::PlanLacksIt,
            Class::RateLimited { .. } => Self::RateLimited,
            Class::Invalid => Self::Refused,
            _ => Self::Unreachable,
        }
    }
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store could not answer for a visitor token");
        Self::Store
    }
}

/// Why no tokens are created at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTrouble {
    /// Since when.
    pub since: Timestamp,
    /// HubSpot is not asked before then.
    pub until: Timestamp,
    /// What it is.
    pub error: TokenError,
}

/// The tokens of one tenant's portal.
pub(super) struct VisitorTokens {
    context: Context,
    store: Arc<dyn Store>,
    tenant: TenantId,
    client: Option<Client>,
    sealer: Arc<Sealer>,
    generation: SecretHash,
    memory: Cache<SecretHash, Arc<VisitorToken>>,
    trouble: RwLock<Option<TokenTrouble>>,
    /// How often HubSpot had refused the key when this was last looked at.
    refusals_seen: AtomicU64,
}

impl VisitorTokens {
    pub(super) fn new(
        context: Context,
        store: Arc<dyn Store>,
        tenant: TenantId,
        client: Option<Client>,
        sealer: Arc<Sealer>,
    ) -> Self {
        Self {
            context,
            store,
            tenant,
            // A key belongs to one portal: what was created with it is that portal's.
            generation: SecretHash(client.as_ref().map_or([0; 32], Client::key_fingerprint)),
            client,
            sealer,
            memory: Cache::builder()
                .max_capacity(MOST_IN_MEMORY)
                .time_to_live(VISITOR_TOKEN_LIFETIME)
                .build(),
            trouble: RwLock::new(None),
            refusals_seen: AtomicU64::new(0),
        }
    }

    /// The person's token: kept from before, or a new one.
    pub(super) async fn get(self: &Arc<Self>, person: &Person) -> Result<Arc<VisitorToken>, TokenError> {
        self.forget_if_refused().await?;
        let key = self.key(person);
        if let Some(known) = self.memory.get(&key).await {
            if self.is_fresh(known.expires_at) {
                metrics::counter!("parlor_visitor_tokens_total", "from" => "memory").increment(1);
                return Ok(known);
            }
            self.memory.invalidate(&key).await;
        }
        let (tokens, person) = (Arc::clone(self), person.clone());
        // All of it in a task of its own: were only the call in one, the first asker's leaving would make another call of it.
        let asking = tokio::spawn(async move {
            let load = tokens.load(key, &person);
            let outcome = tokens.memory.try_get_with(key, load).await;
            outcome.map_err(|error| (*error).clone())
        });
        asking.await.unwrap_or(Err(TokenError::Unreachable))
    }

    /// Why no tokens are created at present.
    pub(super) fn trouble(&self) -> Option<TokenTrouble> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets those in memory.
    pub(super) fn forget_in_memory(&self) {
        self.memory.invalidate_all();
    }

    /// Tokens that lie in the store.
    pub(super) async fn count(&self) -> Result<u64, StoreError> {
        self.store.count_visitor_tokens(&self.tenant, self.context.now()).await
    }

    /// Removes what an earlier key created. Call it at the start.
    pub(super) async fn forget_other_keys(&self) -> Result<u64, StoreError> {
        if self.client.is_none() {
            return Ok(0);
        }
        self.store.forget_other_generations(&self.tenant, self.generation).await
    }

    fn is_fresh(&self, expires_at: Timestamp) -> bool {
        self.context.now() + MARGIN < expires_at
    }

    async fn load(&self, key: SecretHash, person: &Person) -> Result<Arc<VisitorToken>, TokenError> {
        let kept = self.store.visitor_token(&self.tenant, key, self.context.now()).await?;
        if let Some(kept) = kept.filter(|kept| self.is_fresh(kept.expires_at))
            && let Some(token) = self.opened(key, &kept)
        {
            metrics::counter!("parlor_visitor_tokens_total", "from" => "store").increment(1);
            return Ok(Arc::new(token));
        }
        let token = self.create(person).await?;
        let stored = StoredToken {
            sealed: self
                .sealer
                .seal(&self.context, &key.0, token.token.expose_secret().as_bytes()),
            expires_at: token.expires_at,
        };
        // Without a place in the store the token is as good; it is only asked for again after a restart.
        if let Err(error) = self
            .store
            .keep_visitor_token(&self.tenant, key, self.generation, stored, MOST_IN_STORE)
            .await
        {
            tracing::error!(%error, "a visitor token could not be kept");
        }
        Ok(Arc::new(token))
    }

    /// `None` for what was sealed with another key: it is replaced.
    fn opened(&self, key: SecretHash, kept: &StoredToken) -> Option<VisitorToken> {
        let token = String::from_utf8(self.sealer.open(&key.0, &kept.sealed)?).ok()?;
        Some(VisitorToken {
            token: SecretString::from(token),
            expires_at: kept.expires_at,
        })
    }

    async fn create(&self, person: &Person) -> Result<VisitorToken, TokenError> {
        let client = self.client.as_ref().ok_or(TokenError::NotConnected)?;
        let asked_at = self.context.now();
        if let Some(trouble) = self.trouble().filter(|trouble| trouble.until > asked_at) {
            return Err(trouble.error);
        }
        let visitor = VisitorIdentity {
            first_name: person.first_name.as_ref().map(PersonName::as_str),
            last_name: person.last_name.as_ref().map(PersonName::as_str),
            ..VisitorIdentity::new(person.email.as_str())
        };
        match client.create_visitor_token(&visitor).await {
            Ok(token) => {
                metrics::counter!("parlor_visitor_tokens_total", "from" => "hubspot").increment(1);
                self.set_trouble(None);
                Ok(VisitorToken {
                    token,
                    expires_at: asked_at + VISITOR_TOKEN_LIFETIME,
                })
            }
            Err(error) => {
                let reason = TokenError::of(&error);
                metrics::counter!("parlor_visitor_token_failures_total", "code" => reason.code()).increment(1);
                tracing::warn!(%error, code = reason.code(), "HubSpot created no visitor token");
                if reason.concerns_everybody() {
                    let rest = match error.retry() {
                        Retry::After(wait) => wait.max(REST_AFTER_OUTAGE),
                        Retry::No | Retry::Later => REST_AFTER_REFUSAL,
                    };
                    self.set_trouble(Some(TokenTrouble {
                        since: self.trouble().map_or(asked_at, |before| before.since),
                        until: self.context.now() + rest,
                        error: reason.clone(),
                    }));
                }
                Err(reason)
            }
        }
    }

    /// HubSpot refused the key, here or in delivery: what it created goes, since who revoked a key means it.
    async fn forget_if_refused(&self) -> Result<(), TokenError> {
        let Some(client) = &self.client else { return Ok(()) };
        let refusals = client.key_refusals();
        if self.refusals_seen.swap(refusals, Ordering::Relaxed) < refusals {
            self.memory.invalidate_all();
            let gone = self.store.forget_visitor_tokens(&self.tenant, self.generation).await?;
            if gone > 0 {
                tracing::warn!(
                    gone,
                    "HubSpot refuses the key: the visitor tokens it created are forgotten"
                );
            }
        }
        Ok(())
    }

    fn set_trouble(&self, trouble: Option<TokenTrouble>) {
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Each text with its length, so that no two people have one key.
    fn key(&self, person: &Person) -> SecretHash {
        let mut digest = Sha256::new();
        digest.update(self.generation.0);
        let names = [&person.first_name, &person.last_name].map(|name| name.as_ref().map_or("", PersonName::as_str));
        for text in [person.email.as_str(), names[0], names[1]] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        SecretHash(digest.finalize().into())
    }
}
