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
use parlor_protocol::{ClaimedEmail, PersonName, TenantId, WidgetId, WidgetKey};
use parlor_store::{SecretHash, Store, StoreError, Widget, WidgetIdentity};
use sha2::{Digest, Sha256};

pub use claims::name_of;
pub use errors::{ExchangeError, ProofError, TokenError};
pub use proof::{Person, Proof, ProofKeys, ProvenEmail, Revocation, VerifiedEmail, VouchedEmail};
pub use seal::Sealer;
pub use visitor_tokens::{MARGIN, TokenTrouble, VisitorToken};

use self::revoked::Revoked;
use self::visitor_tokens::{HubSpot, VisitorTokens};
use crate::budget::Budget;
use crate::{Context, Portal};

/// How long a widget and its settings may be remembered: another process may change them.
const SETTINGS_HOLD: Duration = Duration::from_secs(2);
/// Widgets that are remembered.
const MOST_WIDGETS: u64 = 10_000;
/// Exchanges of one address that is only vouched for: so many at once, then one more in each period.
const VOUCHED_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();
const VOUCHED_EVERY: Duration = Duration::from_mins(1);
/// The same for all of a widget's addresses together: whoever makes up addresses on its site must not use up HubSpot's limit.
const VOUCHED_OF_WIDGET_AT_ONCE: NonZeroU32 = NonZeroU32::new(120).unwrap();
const VOUCHED_OF_WIDGET_A_SECOND: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// How long whoever could not revoke a proof, for there are too many, had better wait.
const TOO_MANY_REVOCATIONS_REST: Duration = Duration::from_mins(1);

/// What identity works with.
pub struct IdentityOptions {
    /// Whose widgets.
    pub tenant: TenantId,
    /// The way to HubSpot.
    pub portal: Arc<Portal>,
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

impl WidgetProofs {
    fn check_secret(&self, secret: &str) -> Result<(), ExchangeError> {
        match self.secret {
            // Hashes are compared: how long that takes tells nothing of the secret.
            Secret::Hash(hash) if hash == crate::secret::hash(secret) => Ok(()),
            Secret::Hash(_) | Secret::None => Err(ExchangeError::Secret),
            Secret::Unreadable => Err(ProofError::SecretUnreadable.into()),
        }
    }
}

/// Somebody who may have a token, and by which settings.
struct Admitted {
    person: Person,
    /// By what the proof is revoked, where there is one.
    proof: Option<SecretHash>,
    proofs: Arc<WidgetProofs>,
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
    vouched_of_widget: DefaultKeyedRateLimiter<WidgetId>,
}

impl Identity {
    pub(crate) async fn new(
        context: Context,
        store: Arc<dyn Store>,
        budget: Arc<Budget>,
        options: IdentityOptions,
    ) -> Result<Self, StoreError> {
        let IdentityOptions { tenant, portal, sealer } = options;
        let revoked = Revoked::new(store.revoked_proofs(context.now()).await?);
        let hubspot = HubSpot { portal, budget };
        let tokens = VisitorTokens::new(
            context.clone(),
            Arc::clone(&store),
            tenant.clone(),
            hubspot,
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
            vouched_of_widget: RateLimiter::keyed(
                Quota::per_second(VOUCHED_OF_WIDGET_A_SECOND).allow_burst(VOUCHED_OF_WIDGET_AT_ONCE),
            ),
        })
    }

    /// Another key: what the one before created, and what it met, counts no more.
    pub(crate) async fn begin_anew(&self) -> Result<(), StoreError> {
        self.tokens.begin_anew().await
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
        let admitted = self.admit(widget, credential).await?;
        if matches!(admitted.person.email, ProvenEmail::Vouched(_)) {
            self.count_vouched(widget, &admitted.person)?;
        }
        let token = self.tokens.get(&admitted.person).await?;
        // HubSpot may have taken its time: meanwhile the user may have signed out, or the operator revoked what was issued.
        let proofs = self.of(widget).await?;
        if !Arc::ptr_eq(&proofs, &admitted.proofs) {
            self.admit(widget, credential).await?;
        } else if let Some(proof) = &admitted.proof {
            self.check_not_revoked(widget, proof)?;
        }
        Ok(Exchanged {
            token,
            email: admitted.person.email,
        })
    }

    /// Whether somebody may have a token, as things stand.
    async fn admit(&self, widget: &Widget, credential: Credential<'_>) -> Result<Admitted, ExchangeError> {
        let proofs = self.of(widget).await?;
        match credential {
            Credential::Proof(token) => {
                let proof = self.check_with(&proofs, widget, token)?;
                Ok(Admitted {
                    person: proof.person,
                    proof: Some(proof.hash),
                    proofs,
                })
            }
            Credential::ServerCall {
                secret,
                email,
                first_name,
                last_name,
            } => {
                proofs.check_secret(secret)?;
                if !proofs.keys.allows_vouching() {
                    return Err(ExchangeError::VouchingNotAllowed);
                }
                let person = Person {
                    email: proof::vouched(email.clone()),
                    first_name: first_name.cloned(),
                    last_name: last_name.cloned(),
                };
                Ok(Admitted {
                    person,
                    proof: None,
                    proofs,
                })
            }
        }
    }

    /// Checks a proof without exchanging it.
    pub async fn check(&self, widget: &Widget, token: &str) -> Result<Proof, ExchangeError> {
        self.check_with(&*self.of(widget).await?, widget, token)
    }

    /// Checks that a server call carries the widget's secret.
    pub async fn check_secret(&self, widget: &Widget, secret: &str) -> Result<(), ExchangeError> {
        self.of(widget).await?.check_secret(secret)
    }

    fn check_with(&self, proofs: &WidgetProofs, widget: &Widget, token: &str) -> Result<Proof, ExchangeError> {
        let proof = proofs.keys.check(&widget.settings.key, token, self.context.now())?;
        self.check_not_revoked(widget, &proof.hash)?;
        Ok(proof)
    }

    fn check_not_revoked(&self, widget: &Widget, proof: &SecretHash) -> Result<(), ExchangeError> {
        if self.revoked.holds(&widget.settings.id, proof) {
            return Err(ProofError::Revoked.into());
        }
        Ok(())
    }

    /// How long whoever was refused for this had better wait; `None` where waiting is of no use.
    #[must_use]
    pub fn retry_after(&self, error: &ExchangeError) -> Option<Duration> {
        match error {
            ExchangeError::RateLimited(wait) => Some(*wait),
            ExchangeError::TooManyRevocations => Some(TOO_MANY_REVOCATIONS_REST),
            ExchangeError::Token(error) => self.tokens.retry_after(error),
            _ => None,
        }
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

    /// Removes what is past its time, and what came by a key that HubSpot has refused meanwhile; answers how many rows went.
    pub(crate) async fn clean_up(&self) -> Result<u64, StoreError> {
        let now = self.context.now();
        self.vouched.retain_recent();
        self.vouched_of_widget.retain_recent();
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

    fn count_vouched(&self, widget: &Widget, person: &Person) -> Result<(), ExchangeError> {
        let now = governor::clock::DefaultClock::default().now();
        let address = crate::secret::hash(person.email.as_str());
        let of_address = self.vouched.check_key(&address);
        of_address
            .and_then(|()| self.vouched_of_widget.check_key(&widget.settings.id))
            .map_err(|refused| ExchangeError::RateLimited(refused.wait_time_from(now)))
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
