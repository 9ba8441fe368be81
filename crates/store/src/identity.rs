//! Proof of who a visitor is, and HubSpot's visitor tokens that come of it.
//!
//! A *proof* is signed by the site; what may check it stands in its widget's identity. Proofs can be revoked one by one, or
//! all of a widget's that were issued before a moment. The tokens are a cache: each lies under a hash of what it was asked
//! for, with the *generation* of the HubSpot key that it came by, so that they go when that key does.

use std::fmt;

use async_trait::async_trait;
use parlor_protocol::{TenantId, WidgetId};

use crate::{SecretHash, StoreError, Timestamp};

/// Which chat a widget's loader boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Provider {
    /// Parlor's own.
    #[default]
    Parlor,
    /// HubSpot's, on the site's own page.
    HubSpot,
}

impl Provider {
    /// The word used in the store and in the loader.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parlor => "parlor",
            Self::HubSpot => "hubspot",
        }
    }
}

/// How a site proves who its visitors are, and what that allows; one per widget. The default proves nobody.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct WidgetIdentity {
    /// Whose chat it is.
    pub provider: Provider,
    /// HubSpot's chat is loaded only after the site's consent call.
    pub waits_for_consent: bool,
    /// The secret that signs proofs (HS256), encrypted by the engine; the store never sees it in clear. At least one byte.
    pub secret: Option<Vec<u8>>,
    /// The site's Ed25519 public key, raw.
    pub public_key: Option<[u8; 32]>,
    /// Whether an address that the site's server vouches for, without a proof of who is there, may be exchanged too.
    pub landing_page: bool,
    /// Proofs issued before this moment are refused (the revocation epoch).
    pub not_before: Timestamp,
}

impl fmt::Debug for WidgetIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WidgetIdentity")
            .field("provider", &self.provider)
            .field("waits_for_consent", &self.waits_for_consent)
            .field("has_secret", &self.secret.is_some())
            .field("has_public_key", &self.public_key.is_some())
            .field("landing_page", &self.landing_page)
            .field("not_before", &self.not_before)
            .finish()
    }
}

/// What becomes of something that may be absent. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes.
    Remove,
    /// This takes its place.
    Set(T),
}

impl<T> Edit<T> {
    fn applied_to(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Remove => None,
            Self::Set(new) => Some(new),
        }
    }
}

impl<T> fmt::Debug for Edit<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Keep => "Keep",
            Self::Remove => "Remove",
            Self::Set(_) => "Set(…)",
        })
    }
}

/// What is to be different about a [`WidgetIdentity`]. Whatever is not named stays, also when others change it at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WidgetIdentityChange {
    /// Whose chat it is.
    pub provider: Option<Provider>,
    /// Whether HubSpot's chat waits for the site's consent call.
    pub waits_for_consent: Option<bool>,
    /// The secret that signs proofs, encrypted by the engine.
    pub secret: Edit<Vec<u8>>,
    /// The site's Ed25519 public key, raw.
    pub public_key: Edit<[u8; 32]>,
    /// Whether an address that is only vouched for may be exchanged.
    pub landing_page: Option<bool>,
    /// Proofs issued before this moment are refused. It never moves back: of two moments the later counts.
    pub not_before: Option<Timestamp>,
}

impl WidgetIdentityChange {
    /// What comes of it.
    #[must_use]
    pub fn applied_to(self, before: WidgetIdentity) -> WidgetIdentity {
        WidgetIdentity {
            provider: self.provider.unwrap_or(before.provider),
            waits_for_consent: self.waits_for_consent.unwrap_or(before.waits_for_consent),
            secret: self.secret.applied_to(before.secret),
            public_key: self.public_key.applied_to(before.public_key),
            landing_page: self.landing_page.unwrap_or(before.landing_page),
            not_before: self.not_before.unwrap_or(before.not_before).max(before.not_before),
        }
    }
}

/// A visitor token of HubSpot's, as kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The token, encrypted by the engine. At least one byte.
    pub sealed: Vec<u8>,
    /// Until when it is given out.
    pub expires_at: Timestamp,
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "StoredToken({} bytes until {})",
            self.sealed.len(),
            self.expires_at
        )
    }
}

/// A proof that was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedProof {
    /// Whose it was.
    pub widget: WidgetId,
    /// What tells it from that widget's others.
    pub hash: SecretHash,
    /// Until when it is refused.
    pub until: Timestamp,
}

/// Proofs and visitor tokens, kept.
#[async_trait]
pub trait Identities {
    /// How a widget's site proves who its visitors are; the default where nothing was set.
    async fn widget_identity(&self, tenant: &TenantId, widget: &WidgetId) -> Result<WidgetIdentity, StoreError>;

    /// Changes what is named and nothing else, whoever changes something at the same time. Answers what holds then; `None` where
    /// the tenant has no such widget.
    async fn change_widget_identity(
        &self,
        tenant: &TenantId,
        widget: &WidgetId,
        change: WidgetIdentityChange,
    ) -> Result<Option<WidgetIdentity>, StoreError>;

    /// Revokes one proof until `until`, when it ends by itself; of two moments the later counts. Answers whether the tenant
    /// has such a widget.
    async fn revoke_proof(
        &self,
        tenant: &TenantId,
        widget: &WidgetId,
        proof: SecretHash,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The revoked proofs of the whole installation that are not past their time, the first to end first. A server reads them
    /// once, when it starts.
    async fn revoked_proofs(&self, now: Timestamp) -> Result<Vec<RevokedProof>, StoreError>;

    /// The token of a key that is not past its time.
    async fn visitor_token(
        &self,
        tenant: &TenantId,
        key: SecretHash,
        now: Timestamp,
    ) -> Result<Option<StoredToken>, StoreError>;

    /// Keeps a token in place of an earlier one of the same key. At most `most` tokens of the tenant are kept then: those go
    /// that expire first, be it this one.
    async fn keep_visitor_token(
        &self,
        tenant: &TenantId,
        key: SecretHash,
        generation: SecretHash,
        token: StoredToken,
        most: u64,
    ) -> Result<(), StoreError>;

    /// Removes the tenant's tokens that came by a HubSpot key (it was revoked); answers how many.
    async fn forget_visitor_tokens(&self, tenant: &TenantId, generation: SecretHash) -> Result<u64, StoreError>;

    /// Removes the tenant's tokens that came by any other HubSpot key (it was exchanged for this one); answers how many.
    async fn forget_other_generations(&self, tenant: &TenantId, generation: SecretHash) -> Result<u64, StoreError>;

    /// How many of the tenant's tokens are not past their time.
    async fn count_visitor_tokens(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreError>;

    /// Removes tokens and revoked proofs past their time, of all tenants; answers how many.
    async fn remove_expired_identity(&self, now: Timestamp) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_secret_nor_token() {
        let identity = WidgetIdentity {
            secret: Some(b"sesame".to_vec()),
            public_key: Some([113; 32]),
            ..WidgetIdentity::default()
        };
        let token = StoredToken {
            sealed: b"sesame".to_vec(),
            expires_at: Timestamp::from_millis(0),
        };
        let change = WidgetIdentityChange {
            secret: Edit::Set(b"sesame".to_vec()),
            public_key: Edit::Set([113; 32]),
            ..WidgetIdentityChange::default()
        };
        let shown = format!("{identity:?} {token:?} {change:?}");
        assert!(
            !shown.contains("sesame") && !shown.contains("115") && !shown.contains("113"),
            "{shown}"
        );
        assert!(
            shown.contains("has_secret: true") && shown.contains("StoredToken(6 bytes until 1970"),
            "{shown}"
        );
    }
}
