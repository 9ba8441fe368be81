//! Identity: who a visitor is, proven by the host site, and the token by which HubSpot's own chat learns it.
//!
//! The host site's server signs a short token about its signed-in user ([`proof`]). Parlor checks it and answers HubSpot's visitor
//! identification token ([`VisitorToken`]), created once for its twelve hours. What somebody typed into a form is never exchanged:
//! the types see to that ([`ProvenEmail`]). `docs/identity.md` is the site's developer's side of it.

mod proof;
mod seal;
pub mod settings;
mod visitor_tokens;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use moka::future::Cache;
use parlor_hubspot::Client;
use parlor_protocol::{ClaimedEmail, PersonName, TenantId, WidgetId};
use parlor_store::{SecretHash, Store, StoreError, Timestamp, Widget, WidgetIdentity};
use sha2::{Digest, Sha256};

pub use proof::{Person, Proof, ProofError, ProofKeys, ProvenEmail, VerifiedEmail, VouchedEmail};
pub use seal::Sealer;
pub use visitor_tokens::{MARGIN, TokenError, TokenTrouble, VisitorToken};

use self::visitor_tokens::VisitorTokens;
use crate::Context;

/// How long a widget's settings may be remembered: another process may change them.
const SETTINGS_HOLD: Duration = Duration::from_secs(2);
/// Widgets whose settings are remembered.
const MOST_WIDGETS: u64 = 10_000;
/// Exchanges of one address that is only vouched for: so many at once, then one more in each period.
const VOUCHED_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();
const VOUCHED_EVERY: Duration = Duration::from_mins(1);

/// What identity works with.
pub struct IdentityOptions {
    /// Whose widgets.
    pub tenant: TenantId,
    /// HubSpot; absent while there is no key.
    pub client: Option<Client>,
    /// What seals secrets.
    pub sealer: Arc<Sealer>,
}

/// What the site sends to be exchanged.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// A token that the site's server signed; it may come from the page.
    Proof(&'a str),
    /// The widget's secret itself, in a call of the site's own server, with an address that it vouches for.
    ServerCall {
        /// The secret.
        secret: &'a str,
        /// The address.
        email: &'a ClaimedEmail,
        /// The first name.
        first_name: Option<&'a PersonName>,
        /// The last name.
        last_name: Option<&'a PersonName>,
    },
}

/// An exchanged proof.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// HubSpot's token and its end.
    pub token: Arc<VisitorToken>,
    /// The address that goes with it.
    pub email: ProvenEmail,
}

/// Why nothing was exchanged. `Display` is for the site's developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A server call carried another secret than the widget's, or the widget has none.
    #[error(
        "the secret is not this widget's: send it as `Authorization: Bearer …` from your server, never from a page"
    )]
    Secret,
    /// The widget's settings allow no vouching.
    #[error("this widget does not exchange addresses without proof: see docs/identity.md on landing pages")]
    VouchingNotAllowed,
    /// The same address was exchanged too often without proof.
    #[error("this address was exchanged too often without proof: try again later")]
    RateLimited(Duration),
    /// The widget's secret was sealed with another key than this installation's.
    #[error(
        "the widget's secret cannot be read with this installation's key: its operator restores the key file or makes a new secret"
    )]
    SecretUnreadable,
    /// There is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl ExchangeError {
    /// The stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Proof(error) => error.code(),
            Self::Secret => "secret_wrong",
            Self::VouchingNotAllowed => "proof_required",
            Self::RateLimited(_) => "rate_limited",
            Self::SecretUnreadable => "secret_unreadable",
            Self::Token(error) => error.code(),
        }
    }
}

/// One widget's settings, ready to check with.
struct WidgetProofs {
    keys: ProofKeys,
    /// The hash of the secret, for calls that carry it.
    secret: Option<SecretHash>,
    settings: WidgetIdentity,
}

/// Identity of one tenant's visitors.
pub struct Identity {
    context: Context,
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    tokens: Arc<VisitorTokens>,
    widgets: Cache<WidgetId, Arc<WidgetProofs>>,
    /// Proofs that were revoked, each until it would have ended by itself.
    revoked: RwLock<HashMap<SecretHash, Timestamp>>,
    vouched: DefaultKeyedRateLimiter<SecretHash>,
}

impl Identity {
    pub(crate) async fn new(
        context: Context,
        store: Arc<dyn Store>,
        options: IdentityOptions,
    ) -> Result<Self, StoreError> {
        let IdentityOptions { tenant, client, sealer } = options;
        let revoked = store.revoked_proofs(context.now()).await?.into_iter().collect();
        let tokens = VisitorTokens::new(context.clone(), Arc::clone(&store), tenant, client, Arc::clone(&sealer));
        tokens.forget_other_keys().await?;
        let quota = Quota::with_period(VOUCHED_EVERY).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
        Ok(Self {
            context,
            store,
            sealer,
            tokens: Arc::new(tokens),
            widgets: Cache::builder()
                .max_capacity(MOST_WIDGETS)
                .time_to_live(SETTINGS_HOLD)
                .build(),
            revoked: RwLock::new(revoked),
            vouched: RateLimiter::keyed(quota.allow_burst(VOUCHED_AT_ONCE)),
        })
    }

    /// A widget's settings; those that another process changed count within two seconds.
    pub async fn settings(&self, widget: &Widget) -> Result<WidgetIdentity, ExchangeError> {
        Ok(self.of(widget).await?.settings.clone())
    }

    /// Exchanges what proves, or vouches for, an address for HubSpot's visitor identification token.
    pub async fn exchange(&self, widget: &Widget, credential: Credential<'_>) -> Result<Exchanged, ExchangeError> {
        let person = match credential {
            Credential::Proof(token) => self.check(widget, token).await?.person,
            Credential::ServerCall {
                secret,
                email,
                first_name,
                last_name,
            } => {
                let proofs = self.of(widget).await?;
                // Hashes are compared: how long that takes tells nothing of the secret.
                if proofs.secret != Some(crate::secret::hash(secret)) {
                    return Err(ExchangeError::Secret);
                }
                if !proofs.keys.allows_vouching() {
                    return Err(ExchangeError::VouchingNotAllowed);
                }
                Person {
                    email: proof::vouched(email.clone()),
                    first_name: first_name.cloned(),
                    last_name: last_name.cloned(),
                }
            }
        };
        if matches!(person.email, ProvenEmail::Vouched(_)) {
            self.count_vouched(&person)?;
        }
        let token = self.tokens.get(&person).await?;
        Ok(Exchanged {
            token,
            email: person.email,
        })
    }

    /// Checks a proof without exchanging it.
    pub async fn check(&self, widget: &Widget, token: &str) -> Result<Proof, ExchangeError> {
        let proofs = self.of(widget).await?;
        let proof = proofs.keys.check(&widget.settings.key, token, self.context.now())?;
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        if revoked.contains_key(&proof.hash) {
            return Err(ProofError::Revoked.into());
        }
        Ok(proof)
    }

    /// Revokes a proof, at its user's sign-out: it is worth nothing from here on. One that does not hold needs no revoking.
    pub async fn revoke(&self, widget: &Widget, token: &str) -> Result<(), ExchangeError> {
        let proof = match self.check(widget, token).await {
            Ok(proof) => proof,
            Err(ExchangeError::Proof(ProofError::Expired | ProofError::Revoked)) => return Ok(()),
            Err(error) => return Err(error),
        };
        // Clocks differ: it is remembered as long as it might be taken.
        let until = proof.expires_at + Duration::from_mins(1);
        self.store
            .revoke_proof(&widget.tenant, &widget.settings.id, proof.hash, until)
            .await
            .map_err(TokenError::from)?;
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.insert(proof.hash, until);
        Ok(())
    }

    /// Forgets the visitor tokens that are held in memory: those in the store are gone, because somebody was forgotten.
    pub fn forget_tokens_in_memory(&self) {
        self.tokens.forget_in_memory();
    }

    /// Why HubSpot creates no visitor tokens at present; absent when all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<TokenTrouble> {
        self.tokens.trouble()
    }

    /// How many visitor tokens are kept.
    pub async fn kept_tokens(&self) -> Result<u64, StoreError> {
        self.tokens.count().await
    }

    /// Removes what is past its time; answers how many rows went.
    pub(crate) async fn clean_up(&self) -> Result<u64, StoreError> {
        let now = self.context.now();
        self.vouched.retain_recent();
        self.revoked
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, until| *until > now);
        self.store.remove_expired_identity(now).await
    }

    async fn of(&self, widget: &Widget) -> Result<Arc<WidgetProofs>, ExchangeError> {
        self.widgets
            .try_get_with(widget.settings.id.clone(), self.read(widget))
            .await
            .map_err(|error| (*error).clone())
    }

    async fn read(&self, widget: &Widget) -> Result<Arc<WidgetProofs>, ExchangeError> {
        let settings = self
            .store
            .widget_identity(&widget.tenant, &widget.settings.id)
            .await
            .map_err(TokenError::from)?;
        let secret = match &settings.secret {
            None => None,
            Some(sealed) => {
                let opened = self.sealer.open(&settings::place(&widget.settings.id), sealed);
                Some(opened.ok_or(ExchangeError::SecretUnreadable)?)
            }
        };
        Ok(Arc::new(WidgetProofs {
            keys: ProofKeys::new(
                secret.as_deref(),
                settings.public_key.as_ref(),
                settings.landing_page,
                settings.not_before,
            ),
            secret: secret.map(|secret| SecretHash(Sha256::digest(secret).into())),
            settings,
        }))
    }

    fn count_vouched(&self, person: &Person) -> Result<(), ExchangeError> {
        let address = crate::secret::hash(person.email.as_str());
        self.vouched.check_key(&address).map_err(|refused| {
            let clock = governor::clock::DefaultClock::default();
            ExchangeError::RateLimited(refused.wait_time_from(clock.now()))
        })
    }
}
