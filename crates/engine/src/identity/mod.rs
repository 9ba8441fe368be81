//! Identity: who a visitor is, proven by the host site, and the token by which HubSpot's own chat learns it.
//!
//! The host site's server signs a short token about its signed-in user ([`proof`]). Parlor checks it and answers HubSpot's visitor
//! identification token ([`VisitorToken`]), created once for its twelve hours. What somebody typed into a form is never exchanged:
//! the types see to that ([`ProvenEmail`]). `docs/identity.md` is the site's developer's side of it.

mod claims;
mod errors;
mod proof;
mod revoked;
mod seal;
pub mod settings;
mod visitor_tokens;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use moka::future::Cache;
use parlor_hubspot::Client;
use parlor_protocol::{ClaimedEmail, PersonName, TenantId, WidgetId, WidgetKey};
use parlor_store::{SecretHash, Store, StoreError, Widget, WidgetIdentity};
use sha2::{Digest, Sha256};

pub use errors::{ExchangeError, ProofError, TokenError};
pub use proof::{Person, Proof, ProofKeys, ProvenEmail, Revocation, VerifiedEmail, VouchedEmail};
pub use seal::Sealer;
pub use visitor_tokens::{MARGIN, TokenTrouble, VisitorToken};

use self::revoked::Revoked;
use self::visitor_tokens::VisitorTokens;
use crate::Context;

/// How long a widget and its settings may be remembered: another process may change them.
const SETTINGS_HOLD: Duration = Duration::from_secs(2);
/// Widgets that are remembered.
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

/// One widget's settings, ready to check with.
struct WidgetProofs {
    keys: ProofKeys,
    secret: Secret,
    settings: WidgetIdentity,
}

/// A widget's secret, for calls that carry it.
enum Secret {
    None,
    /// It was sealed with another key than this installation's.
    Unreadable,
    Hash(SecretHash),
}

/// Identity of one tenant's visitors.
pub struct Identity {
    context: Context,
    store: Arc<dyn Store>,
    tenant: TenantId,
    sealer: Arc<Sealer>,
    tokens: Arc<VisitorTokens>,
    widgets: Cache<WidgetKey, Arc<Widget>>,
    proofs: Cache<WidgetId, Arc<WidgetProofs>>,
    revoked: Revoked,
    vouched: DefaultKeyedRateLimiter<SecretHash>,
}

impl Identity {
    pub(crate) async fn new(
        context: Context,
        store: Arc<dyn Store>,
        options: IdentityOptions,
    ) -> Result<Self, StoreError> {
        let IdentityOptions { tenant, client, sealer } = options;
        let revoked = Revoked::new(store.revoked_proofs(context.now()).await?);
        let tokens = VisitorTokens::new(
            context.clone(),
            Arc::clone(&store),
            tenant.clone(),
            client,
            Arc::clone(&sealer),
        );
        tokens.forget_other_keys().await?;
        let quota = Quota::with_period(VOUCHED_EVERY).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
        Ok(Self {
            context,
            store,
            tenant,
            sealer,
            tokens: Arc::new(tokens),
            widgets: remembering(),
            proofs: remembering(),
            revoked,
            vouched: RateLimiter::keyed(quota.allow_burst(VOUCHED_AT_ONCE)),
        })
    }

    /// The tenant's widget of a public key, for whoever asks often; what another process changed counts within two seconds.
    pub async fn widget(&self, key: &WidgetKey) -> Result<Arc<Widget>, ExchangeError> {
        let read = async {
            let found = self.store.widget_by_key(key).await.map_err(TokenError::from)?;
            let ours = found.filter(|widget| widget.tenant == self.tenant);
            ours.map(Arc::new).ok_or(ExchangeError::NoWidget)
        };
        let found = self.widgets.try_get_with_by_ref(key, read).await;
        found.map_err(|error| (*error).clone())
    }

    /// A widget's settings; those that another process changed count within two seconds.
    pub async fn settings(&self, widget: &Widget) -> Result<WidgetIdentity, ExchangeError> {
        Ok(self.of(widget).await?.settings.clone())
    }

    /// Whether the widget has a secret that this installation's key does not open.
    pub async fn secret_is_unreadable(&self, widget: &Widget) -> Result<bool, ExchangeError> {
        Ok(matches!(self.of(widget).await?.secret, Secret::Unreadable))
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
                match proofs.secret {
                    // Hashes are compared: how long that takes tells nothing of the secret.
                    Secret::Hash(hash) if hash == crate::secret::hash(secret) => {}
                    Secret::Hash(_) | Secret::None => return Err(ExchangeError::Secret),
                    Secret::Unreadable => return Err(ProofError::SecretUnreadable.into()),
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
        if self.revoked.holds(&widget.settings.id, &proof.hash) {
            return Err(ProofError::Revoked.into());
        }
        Ok(proof)
    }

    /// Revokes a proof, at its user's sign-out: it is worth nothing from here on, whether or not it is valid already, and so is every
    /// other with its `jti` that was signed until now.
    pub async fn revoke(&self, widget: &Widget, token: &str) -> Result<(), ExchangeError> {
        let proofs = self.of(widget).await?;
        let revocation = proofs
            .keys
            .revocation(&widget.settings.key, token, self.context.now())?;
        let id = &widget.settings.id;
        // In memory first: should the store fail, it is refused all the same, and whoever revokes it tries again.
        self.revoked.add(id, revocation.hash, revocation.until)?;
        self.store
            .revoke_proof(&widget.tenant, id, revocation.hash, revocation.until)
            .await
            .map_err(TokenError::from)?;
        Ok(())
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

    /// Removes what is past its time, and what came by a key that HubSpot has refused meanwhile; answers how many rows went.
    pub(crate) async fn clean_up(&self) -> Result<u64, StoreError> {
        let now = self.context.now();
        self.vouched.retain_recent();
        self.revoked.forget_ended(now);
        Ok(self.tokens.forget_if_refused().await? + self.store.remove_expired_identity(now).await?)
    }

    async fn of(&self, widget: &Widget) -> Result<Arc<WidgetProofs>, ExchangeError> {
        if widget.tenant != self.tenant {
            return Err(ExchangeError::NoWidget);
        }
        self.proofs
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
        let sealed = settings.secret.as_deref();
        let opened = sealed.map(|sealed| self.sealer.open(&settings::place(&widget.settings.id), sealed));
        let readable = opened.as_ref().and_then(Option::as_deref);
        let keys = ProofKeys::new(
            readable,
            settings.public_key.as_ref(),
            settings.landing_page,
            settings.not_before,
        );
        // Whoever signs with a private key of their own is not concerned by a secret that cannot be read.
        let (keys, secret) = match &opened {
            None => (keys, Secret::None),
            Some(None) => (keys.with_unreadable_secret(), Secret::Unreadable),
            Some(Some(secret)) => (keys, Secret::Hash(SecretHash(Sha256::digest(secret).into()))),
        };
        Ok(Arc::new(WidgetProofs { keys, secret, settings }))
    }

    fn count_vouched(&self, person: &Person) -> Result<(), ExchangeError> {
        let address = crate::secret::hash(person.email.as_str());
        self.vouched.check_key(&address).map_err(|refused| {
            let clock = governor::clock::DefaultClock::default();
            ExchangeError::RateLimited(refused.wait_time_from(clock.now()))
        })
    }
}

/// Remembers something of each widget for as long as may be.
fn remembering<K, V>() -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MOST_WIDGETS)
        .time_to_live(SETTINGS_HOLD)
        .build()
}
