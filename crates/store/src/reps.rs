//! Reps: the agents who answer in the inbox.

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, RepId, TenantId};

use crate::StoreError;

/// A rep to be added.
#[derive(Clone, PartialEq, Eq)]
pub struct NewRep {
    /// Their id.
    pub id: RepId,
    /// The address they sign in with; unique over the installation.
    pub email: ClaimedEmail,
    /// The name visitors see.
    pub name: String,
    /// The password's argon2 hash in PHC form.
    pub password_hash: String,
}

/// A rep as kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Rep {
    /// Whose they are.
    pub tenant: TenantId,
    /// Their id.
    pub id: RepId,
    /// The address they sign in with.
    pub email: ClaimedEmail,
    /// The name visitors see.
    pub name: String,
    /// The password's argon2 hash in PHC form.
    pub password_hash: String,
    /// Counts changes of password: a session of an earlier number holds no more.
    pub password_version: u64,
}

/// Reps, kept.
#[async_trait]
pub trait Reps {
    /// Adds a rep. [`StoreError::Exists`] when the address is taken.
    async fn add_rep(&self, tenant: &TenantId, rep: NewRep) -> Result<(), StoreError>;

    /// The rep of an address, whatever their tenant.
    async fn rep_by_email(&self, email: &ClaimedEmail) -> Result<Option<Rep>, StoreError>;

    /// A rep by id.
    async fn rep(&self, tenant: &TenantId, id: &RepId) -> Result<Option<Rep>, StoreError>;

    /// Replaces the password and raises its version; answers the new version, `None` when there is no such rep.
    async fn set_password(
        &self,
        tenant: &TenantId,
        id: &RepId,
        password_hash: String,
    ) -> Result<Option<u64>, StoreError>;
}
