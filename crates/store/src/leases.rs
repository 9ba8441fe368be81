//! Leases: what only one may do at a time, on however many nodes.
//!
//! A lease has a holder, an end, and a token that grows each time the holder changes. Nobody takes it before its end has passed
//! by the given grace, in which whatever the last holder had begun ends. What depends on the lease names its token
//! ([`Fence`]), so that a holder who noticed nothing of its end changes nothing any more.

use std::time::Duration;

use async_trait::async_trait;
use parlor_protocol::TenantId;

use crate::{StoreError, Timestamp};

/// A lease as somebody held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Its name.
    pub name: String,
    /// Its token.
    pub token: u64,
}

/// What became of the wish for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is the asker's, as it was before.
    Kept(Fence),
    /// It is the asker's, and was another's or nobody's.
    New(Fence),
    /// It is another's. It can be taken at that moment at the earliest.
    Busy(Timestamp),
}

/// Leases, kept. Their time is the store's own.
#[async_trait]
pub trait Leases {
    /// Takes a lease, or keeps it, for `lasts` from now.
    async fn take_lease(
        &self,
        tenant: &TenantId,
        name: &str,
        holder: &str,
        lasts: Duration,
        grace: Duration,
    ) -> Result<Taken, StoreError>;

    /// Gives a lease back, with nothing begun: it can be taken at once. Nothing happens when it is another's by now.
    async fn give_lease_back(&self, tenant: &TenantId, fence: &Fence) -> Result<(), StoreError>;
}
