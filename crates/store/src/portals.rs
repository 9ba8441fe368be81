//! Which HubSpot portal a tenant's conversations are written to, and the token given while the server runs.

use async_trait::async_trait;
use parlor_protocol::TenantId;

use crate::{SecretHash, StoreError, Timestamp};

/// What is known of a tenant's portal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortalConnection {
    /// The portal written to so far.
    pub portal_id: Option<u64>,
    /// The token given by page or command, sealed.
    pub token: Option<Vec<u8>>,
    /// Grows with each token given.
    pub generation: u64,
    /// When it was given.
    pub connected_at: Option<Timestamp>,
    /// The hash of the setting's token in whose place it was taken up; absent until a server has.
    pub instead_of: Option<SecretHash>,
}

/// Portals, kept.
#[async_trait]
pub trait Portals {
    /// What is known; nothing, where nothing was said.
    async fn portal(&self, tenant: &TenantId) -> Result<PortalConnection, StoreError>;

    /// Notes the portal that is written to, unless one is known. Answers the one that is known then.
    async fn note_portal(&self, tenant: &TenantId, portal_id: u64) -> Result<u64, StoreError>;

    /// Keeps a token, sealed, in place of an earlier one. Answers its generation.
    async fn keep_hubspot_token(&self, tenant: &TenantId, sealed: Vec<u8>, now: Timestamp) -> Result<u64, StoreError>;

    /// Notes whose place a generation's token has taken.
    async fn note_instead_of(
        &self,
        tenant: &TenantId,
        generation: u64,
        instead_of: SecretHash,
    ) -> Result<(), StoreError>;

    /// Forgets a generation's token: the setting's was given later.
    async fn forget_hubspot_token(&self, tenant: &TenantId, generation: u64) -> Result<(), StoreError>;
}
