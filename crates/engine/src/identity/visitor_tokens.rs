//! HubSpot's visitor identification tokens, each created once for its twelve hours.
//!
//! What is asked for is looked for in memory, then in the store, where tokens lie sealed and survive a restart; only then HubSpot
//! is asked, once, however many wait. A token is handed out until [`MARGIN`] before its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use moka::future::Cache;
use parlor_hubspot::{Client, ExposeSecret, Retry, VISITOR_TOKEN_LIFETIME, VisitorIdentity};
use parlor_protocol::{PersonName, TenantId};
use parlor_store::{SecretHash, Store, StoreError, StoredToken, Timestamp};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tokio::sync::{RwLock as AsyncRwLock, Semaphore, SemaphorePermit};

use super::proof::Person;
use super::{Sealer, TokenError};
use crate::budget::{Budget, NoTurn, Share, Turn, WINDOW};
use crate::{Context, Portal};

/// So long before its end a token is handed out no more: a page has time to chat with it before it asks for the next.
pub const MARGIN: Duration = Duration::from_mins(30);

/// Tokens held in memory, and in the store: those of as many visitors within twelve hours cost one call each.
const MOST_IN_MEMORY: u64 = 20_000;
const MOST_IN_STORE: u64 = 200_000;

/// Calls to HubSpot at a time; whoever else needs one waits, and learns of an outage without a call of their own.
const MOST_CALLS: usize = 10;

/// How long a visitor waits for a call's turn, within the calls at a time and within HubSpot's limit.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// How long HubSpot is not asked again for a visitor whom it refused, and how many of them are remembered.
const REST_AFTER_REFUSED_VISITOR: Duration = Duration::from_mins(1);
const MOST_REFUSED: u64 = 20_000;

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

/// A token in memory.
#[derive(Clone)]
struct Kept {
    token: Arc<VisitorToken>,
    /// How often HubSpot had refused the key when this was asked for: once it is more often, the token counts no more.
    epoch: u64,
}

/// The way to HubSpot, and what may be used of it.
pub(super) struct HubSpot {
    pub(super) portal: Arc<Portal>,
    pub(super) budget: Arc<Budget>,
}

/// The tokens of one tenant's portal.
pub(super) struct VisitorTokens {
    context: Context,
    store: Arc<dyn Store>,
    tenant: TenantId,
    hubspot: HubSpot,
    sealer: Arc<Sealer>,
    memory: Cache<SecretHash, Kept>,
    trouble: RwLock<Option<TokenTrouble>>,
    calls: Semaphore,
    /// Visitors whom HubSpot refused, and until when it is not asked for them again.
    refused: Cache<SecretHash, Timestamp>,
    /// How often HubSpot had refused the key when everything that came by it was last forgotten.
    refusals_seen: AtomicU64,
    /// Held for writing by whoever forgets, for reading by whoever keeps a token.
    forgetting: AsyncRwLock<()>,
}

impl VisitorTokens {
    pub(super) fn new(
        context: Context,
        store: Arc<dyn Store>,
        tenant: TenantId,
        hubspot: HubSpot,
        sealer: Arc<Sealer>,
    ) -> Self {
        Self {
            context,
            store,
            tenant,
            hubspot,
            sealer,
            memory: Cache::builder()
                .max_capacity(MOST_IN_MEMORY)
                .time_to_live(VISITOR_TOKEN_LIFETIME)
                .build(),
            trouble: RwLock::new(None),
            calls: Semaphore::new(MOST_CALLS),
            refused: Cache::builder()
                .max_capacity(MOST_REFUSED)
                .time_to_live(REST_AFTER_REFUSED_VISITOR)
                .build(),
            refusals_seen: AtomicU64::new(0),
            forgetting: AsyncRwLock::new(()),
        }
    }

    /// The person's token: kept from before, or a new one.
    pub(super) async fn get(self: &Arc<Self>, person: &Person) -> Result<Arc<VisitorToken>, TokenError> {
        self.forget_if_refused().await?;
        let key = self.key(person);
        if let Some(known) = self.memory.get(&key).await {
            if self.is_fresh(known.token.expires_at) && known.epoch == self.refusals() {
                metrics::counter!("parlor_visitor_tokens_total", "from" => "memory").increment(1);
                return Ok(known.token);
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
        let made = asking.await.unwrap_or(Err(TokenError::Unreachable))?;
        // The key was refused while this was under way: what it created is not handed out.
        if made.epoch == self.refusals() {
            Ok(made.token)
        } else {
            Err(TokenError::KeyRefused)
        }
    }

    /// Why no tokens are created at present.
    pub(super) fn trouble(&self) -> Option<TokenTrouble> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets those in memory.
    pub(super) fn forget_in_memory(&self) {
        self.memory.invalidate_all();
    }

    /// How long whoever was refused for this had better wait; `None` where waiting is of no use.
    pub(super) fn retry_after(&self, error: &TokenError) -> Option<Duration> {
        if !error.passes_by_itself() {
            return None;
        }
        let now = self.context.now();
        let trouble = self.trouble().filter(|trouble| trouble.until > now);
        Some(match (trouble, error) {
            (Some(trouble), _) => trouble.until.since(now),
            // HubSpot said nothing: more are waiting for their turn than it would let through.
            (None, TokenError::RateLimited) => WINDOW,
            (None, _) => REST_AFTER_OUTAGE,
        })
    }

    /// Tokens that lie in the store.
    pub(super) async fn count(&self) -> Result<u64, StoreError> {
        self.store.count_visitor_tokens(&self.tenant, self.context.now()).await
    }

    /// Removes what an earlier key created. Call it at the start.
    pub(super) async fn forget_other_keys(&self) -> Result<u64, StoreError> {
        let Some(client) = self.hubspot.portal.client() else {
            return Ok(0);
        };
        self.store
            .forget_other_generations(&self.tenant, generation_of(&client))
            .await
    }

    /// Another key took the place of the one before.
    pub(super) async fn begin_anew(&self) -> Result<(), StoreError> {
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = None;
        let _forgetting = self.forgetting.write().await;
        self.refusals_seen.store(self.refusals(), Ordering::Release);
        self.memory.invalidate_all();
        self.refused.invalidate_all();
        self.forget_other_keys().await.map(drop)
    }

    fn generation(&self) -> SecretHash {
        let client = self.hubspot.portal.client();
        client.as_ref().map_or(SecretHash([0; 32]), generation_of)
    }

    fn is_fresh(&self, expires_at: Timestamp) -> bool {
        self.context.now() + MARGIN < expires_at
    }

    /// How often HubSpot has refused the key, here or in delivery.
    fn refusals(&self) -> u64 {
        self.hubspot.portal.client().map_or(0, |client| client.key_refusals())
    }

    async fn load(&self, key: SecretHash, person: &Person) -> Result<Kept, TokenError> {
        let epoch = self.refusals_seen.load(Ordering::Acquire);
        let kept = self.store.visitor_token(&self.tenant, key, self.context.now()).await?;
        if let Some(kept) = kept.filter(|kept| self.is_fresh(kept.expires_at))
            && let Some(token) = self.opened(key, &kept)
        {
            metrics::counter!("parlor_visitor_tokens_total", "from" => "store").increment(1);
            let token = Arc::new(token);
            return Ok(Kept { token, epoch });
        }
        let is_refused = |until: &Timestamp| *until > self.context.now();
        if self.refused.get(&key).await.as_ref().is_some_and(is_refused) {
            return Err(TokenError::Refused);
        }
        let client = self.hubspot.portal.client().ok_or(TokenError::NotConnected)?;
        let created = self.create(&client, person).await;
        if matches!(created, Err(TokenError::Refused)) {
            let until = self.context.now() + REST_AFTER_REFUSED_VISITOR;
            self.refused.insert(key, until).await;
        }
        let token = Arc::new(created?);
        let made = Kept { token, epoch };
        self.keep(key, generation_of(&client), &made).await;
        Ok(made)
    }

    /// Keeps a token in the store, unless its key was refused meanwhile.
    async fn keep(&self, key: SecretHash, generation: SecretHash, made: &Kept) {
        let Kept { token, epoch } = made;
        // Whoever forgets waits until this is done, so that it goes too; whoever comes after that knows of the refusal.
        let _keeping = self.forgetting.read().await;
        if *epoch != self.refusals() {
            return;
        }
        let stored = StoredToken {
            sealed: self
                .sealer
                .seal(&self.context, &key.0, token.token.expose_secret().as_bytes()),
            expires_at: token.expires_at,
        };
        // Without a place in the store the token is as good; it is only asked for again after a restart.
        if let Err(error) = self
            .store
            .keep_visitor_token(&self.tenant, key, generation, stored, MOST_IN_STORE)
            .await
        {
            tracing::error!(%error, "a visitor token could not be kept");
        }
    }

    /// `None` for what was sealed with another key: it is replaced.
    fn opened(&self, key: SecretHash, kept: &StoredToken) -> Option<VisitorToken> {
        let token = String::from_utf8(self.sealer.open(&key.0, &kept.sealed)?).ok()?;
        Some(VisitorToken {
            token: SecretString::from(token),
            expires_at: kept.expires_at,
        })
    }

    async fn create(&self, client: &Client, person: &Person) -> Result<VisitorToken, TokenError> {
        self.check_trouble()?;
        let turn = self.turn().await?;
        let asked_at = self.context.now();
        let visitor = VisitorIdentity {
            first_name: person.first_name.as_ref().map(PersonName::as_str),
            last_name: person.last_name.as_ref().map(PersonName::as_str),
            ..VisitorIdentity::new(person.email.as_str())
        };
        let answer = client.create_visitor_token(&visitor).await;
        drop(turn);
        self.hubspot
            .budget
            .learn(client.take_rate_limit(), answer.as_ref().err());
        match answer {
            Ok(token) => {
                metrics::counter!("parlor_visitor_tokens_total", "from" => "hubspot").increment(1);
                self.note_success(asked_at);
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
                    self.note_trouble(TokenTrouble {
                        since: asked_at,
                        until: self.context.now() + rest,
                        error: reason.clone(),
                    });
                }
                Err(reason)
            }
        }
    }

    /// Waits for a call's turn, for as long as a visitor would.
    async fn turn(&self) -> Result<(SemaphorePermit<'_>, Turn<'_>), TokenError> {
        let waiting = async {
            let permit = self.calls.acquire().await.map_err(|_| TokenError::Unreachable)?;
            // Whoever had the turn before may have met with trouble that holds for this call as well.
            self.check_trouble()?;
            match self.hubspot.budget.turn(Share::Others, TURN_WITHIN).await {
                Ok(turn) => {
                    self.check_trouble()?;
                    Ok((permit, turn))
                }
                Err(NoTurn::TooLong(_)) => Err(TokenError::RateLimited),
                Err(NoTurn::DayIsSpent(until)) => {
                    self.note_trouble(TokenTrouble {
                        since: self.context.now(),
                        until,
                        error: TokenError::RateLimited,
                    });
                    Err(TokenError::RateLimited)
                }
            }
        };
        let turn = tokio::time::timeout(TURN_WITHIN, waiting)
            .await
            .unwrap_or(Err(TokenError::RateLimited));
        if let Err(reason @ TokenError::RateLimited) = &turn {
            metrics::counter!("parlor_visitor_token_failures_total", "code" => reason.code()).increment(1);
        }
        turn
    }

    /// When HubSpot has refused the key, here or in delivery, what it created goes, since who revoked a key means it. Answers how many
    /// rows went; where they cannot be removed, the next who asks tries again.
    pub(super) async fn forget_if_refused(&self) -> Result<u64, StoreError> {
        let all_forgotten = |refusals| self.refusals_seen.load(Ordering::Acquire) == refusals;
        if all_forgotten(self.refusals()) {
            return Ok(0);
        }
        let _forgetting = self.forgetting.write().await;
        let refusals = self.refusals();
        if all_forgotten(refusals) {
            return Ok(0);
        }
        let gone = self
            .store
            .forget_visitor_tokens(&self.tenant, self.generation())
            .await?;
        self.memory.invalidate_all();
        self.refusals_seen.store(refusals, Ordering::Release);
        if gone > 0 {
            tracing::warn!(
                gone,
                "HubSpot refuses the key: the visitor tokens it created are forgotten"
            );
        }
        Ok(gone)
    }

    fn check_trouble(&self) -> Result<(), TokenError> {
        let now = self.context.now();
        match self.trouble().filter(|trouble| trouble.until > now) {
            Some(trouble) => Err(trouble.error),
            None => Ok(()),
        }
    }

    /// Of several troubles the one that lasts longest counts, and all of them began with the first.
    fn note_trouble(&self, met: TokenTrouble) {
        let mut trouble = self.trouble.write().unwrap_or_else(PoisonError::into_inner);
        *trouble = Some(match trouble.take() {
            Some(before) if before.until > met.until => before,
            Some(before) => TokenTrouble {
                since: before.since,
                ..met
            },
            None => met,
        });
    }

    /// A call that was asked before the trouble began proves nothing about it.
    fn note_success(&self, asked_at: Timestamp) {
        let mut trouble = self.trouble.write().unwrap_or_else(PoisonError::into_inner);
        trouble.take_if(|trouble| trouble.since <= asked_at);
    }

    /// Each text with its length, so that no two people have one key.
    fn key(&self, person: &Person) -> SecretHash {
        let mut digest = Sha256::new();
        digest.update(self.generation().0);
        let names = [&person.first_name, &person.last_name].map(|name| name.as_ref().map_or("", PersonName::as_str));
        for text in [person.email.as_str(), names[0], names[1]] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        SecretHash(digest.finalize().into())
    }
}

/// A key belongs to one portal: what was created with it is that portal's.
fn generation_of(client: &Client) -> SecretHash {
    SecretHash(client.key_fingerprint())
}
