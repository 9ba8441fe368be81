//! Reps: added by an operator, signed in by e-mail and password.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parlor_protocol::text::InvalidText;
use parlor_protocol::{ClaimedEmail, PersonName, RepId, TenantId};
use parlor_store::{NewRep, Rep, StoreError};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::admission::network_of;
use crate::{Context, Engine, Store};

/// A password's least length in characters (NIST SP 800-63B asks for at least 8; 12 where it is the only factor).
pub const PASSWORD_LEAST: usize = 12;

/// A password's greatest length in bytes: enough for any phrase, and a bound on the work of hashing.
pub const PASSWORD_GREATEST: usize = 1_024;

/// Why somebody was not signed in. The first reason covers every wrong combination alike.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown address or wrong password: not told apart.
    #[error("E-mail or password is not right.")]
    Wrong,
    /// Too many attempts.
    #[error("Too many attempts.")]
    Limited {
        /// When the next may succeed.
        retry_after: Duration,
    },
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The current one is not right.
    #[error("The current password is not right.")]
    Wrong,
    /// The new one is too short.
    #[error("Please choose at least 12 characters.")]
    TooShort,
    /// The new one is too long.
    #[error("Please choose at most 1,024 bytes.")]
    TooLong,
    /// Too many attempts.
    #[error("Too many attempts; please wait a moment.")]
    Limited {
        /// When the next attempt counts.
        retry_after: Duration,
    },
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a rep was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddRepError {
    /// The address is none.
    #[error("the e-mail address is not valid: {0}")]
    Email(InvalidText),
    /// The name is none.
    #[error("the name is not valid: {0}")]
    Name(InvalidText),
    /// The password is too short or too long.
    #[error("the password must have at least 12 characters and at most 1,024 bytes")]
    Password,
    /// The address is taken.
    #[error("a rep with this e-mail address exists already")]
    Exists,
    /// The store could not keep it.
    #[error(transparent)]
    Store(StoreError),
}

/// Slows down guessing: per account and network, and per network; nobody else's attempts lock an account for its owner.
pub(crate) struct SignInGuard {
    accounts: DefaultKeyedRateLimiter<(ClaimedEmail, IpAddr)>,
    networks: DefaultKeyedRateLimiter<IpAddr>,
    /// Each hash takes 19 MiB: this many at once, the others wait.
    hashing: Arc<Semaphore>,
    /// Verified in place of an unknown account's, so that the answer takes as long.
    nobody: String,
}

impl SignInGuard {
    pub(crate) fn new(context: &Context) -> Self {
        let quota = |seconds, burst| {
            Quota::with_period(Duration::from_secs(seconds))
                .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
                .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN))
        };
        Self {
            accounts: RateLimiter::keyed(quota(30, 8)),
            networks: RateLimiter::keyed(quota(6, 40)),
            hashing: Arc::new(Semaphore::new(2)),
            nobody: hash_password(context, "nobody has this password").unwrap_or_default(),
        }
    }

    fn check(&self, email: &ClaimedEmail, network: IpAddr) -> Result<(), Duration> {
        let now = DefaultClock::default().now();
        let network = network_of(network);
        let by_network = self.networks.check_key(&network);
        let by_account = self.accounts.check_key(&(email.clone(), network));
        by_network
            .and(by_account)
            .map_err(|refused| refused.wait_time_from(now))
    }

    pub(crate) fn forget_idle(&self) {
        self.accounts.retain_recent();
        self.networks.retain_recent();
    }

    async fn verifies(&self, password: SecretString, hash: String) -> bool {
        let Ok(permit) = Arc::clone(&self.hashing).acquire_owned().await else {
            return false;
        };
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.expose_secret().as_bytes(), &hash)
                    .is_ok()
            })
        })
        .await
        .unwrap_or(false)
    }
}

fn hash_password(context: &Context, password: &str) -> Option<String> {
    let salt = context.random::<16>();
    Some(
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .ok()?
            .to_string(),
    )
}

fn check_length(password: &str) -> Result<(), PasswordError> {
    if password.chars().count() < PASSWORD_LEAST {
        Err(PasswordError::TooShort)
    } else if password.len() > PASSWORD_GREATEST {
        Err(PasswordError::TooLong)
    } else {
        Ok(())
    }
}

/// Adds a rep. Free of the engine, so that the command line can do it beside a running server.
pub async fn add_rep(
    context: &Context,
    store: &dyn Store,
    tenant: &TenantId,
    email: &str,
    name: &str,
    password: &SecretString,
) -> Result<RepId, AddRepError> {
    let email = ClaimedEmail::parse(email).map_err(AddRepError::Email)?;
    let name = PersonName::parse(name).map_err(AddRepError::Name)?;
    check_length(password.expose_secret()).map_err(|_| AddRepError::Password)?;
    let password_hash = hash_password(context, password.expose_secret()).ok_or(AddRepError::Password)?;
    let id = context.rep_id();
    let rep = NewRep {
        id: id.clone(),
        email,
        name: name.as_str().to_owned(),
        password_hash,
    };
    match store.add_rep(tenant, rep).await {
        Ok(()) => Ok(id),
        Err(StoreError::Exists { .. }) => Err(AddRepError::Exists),
        Err(error) => Err(AddRepError::Store(error)),
    }
}

/// Gives a rep another password, as an operator may; every session of theirs ends. Answers whether there is such a rep.
pub async fn reset_password(
    context: &Context,
    store: &dyn Store,
    email: &str,
    password: &SecretString,
) -> Result<bool, AddRepError> {
    let email = ClaimedEmail::parse(email).map_err(AddRepError::Email)?;
    check_length(password.expose_secret()).map_err(|_| AddRepError::Password)?;
    let Some(rep) = store.rep_by_email(&email).await.map_err(AddRepError::Store)? else {
        return Ok(false);
    };
    let password_hash = hash_password(context, password.expose_secret()).ok_or(AddRepError::Password)?;
    let version = store
        .set_password(&rep.tenant, &rep.id, password_hash)
        .await
        .map_err(AddRepError::Store)?;
    Ok(version.is_some())
}

impl Engine {
    /// Signs a rep in by e-mail and password. Takes as long for an unknown address as for a known one.
    pub async fn sign_in(&self, email: &str, password: SecretString, network: IpAddr) -> Result<Rep, SignInError> {
        let Ok(email) = ClaimedEmail::parse(email) else {
            return Err(SignInError::Wrong);
        };
        self.sign_in_guard
            .check(&email, network)
            .map_err(|retry_after| SignInError::Limited { retry_after })?;
        let rep = self.store.rep_by_email(&email).await?;
        let hash = rep
            .as_ref()
            .map_or_else(|| self.sign_in_guard.nobody.clone(), |rep| rep.password_hash.clone());
        let right =
            password.expose_secret().len() <= PASSWORD_GREATEST && self.sign_in_guard.verifies(password, hash).await;
        rep.filter(|_| right).ok_or(SignInError::Wrong)
    }

    /// Changes a rep's own password; answers the new version, under which this session may go on while all others end.
    pub async fn change_password(
        &self,
        rep: &Rep,
        current: SecretString,
        new: SecretString,
        network: IpAddr,
    ) -> Result<u64, PasswordError> {
        check_length(new.expose_secret())?;
        self.sign_in_guard
            .check(&rep.email, network)
            .map_err(|retry_after| PasswordError::Limited { retry_after })?;
        if current.expose_secret().len() > PASSWORD_GREATEST
            || !self.sign_in_guard.verifies(current, rep.password_hash.clone()).await
        {
            return Err(PasswordError::Wrong);
        }
        let context = self.context.clone();
        let hash = tokio::task::spawn_blocking(move || hash_password(&context, new.expose_secret()))
            .await
            .ok()
            .flatten()
            .ok_or_else(|| StoreError::Database("the password could not be hashed".to_owned()))?;
        let version = self.store.set_password(&rep.tenant, &rep.id, hash).await?;
        version.ok_or(PasswordError::Wrong)
    }

    /// A rep by id.
    pub async fn rep(&self, tenant: &TenantId, id: &RepId) -> Result<Option<Rep>, StoreError> {
        self.store.rep(tenant, id).await
    }
}
