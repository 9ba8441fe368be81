//! The audit: what was done to people's data, by whom, without anything personal of those it was done to.

use async_trait::async_trait;
use parlor_protocol::TenantId;

use crate::{StoreError, Timestamp};

/// Something done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudit {
    /// Who: a rep's id, `command line` or `retention`.
    pub actor: String,
    /// What: `forgotten`, `expired`, `exported`, `retention set`, `restored`.
    pub action: &'static str,
    /// How many visitors it concerned.
    pub visitors: u64,
    /// How many conversations.
    pub conversations: u64,
    /// How many messages.
    pub messages: u64,
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The tenant's first, second, third.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// How many visitors it concerned.
    pub visitors: u64,
    /// How many conversations.
    pub conversations: u64,
    /// How many messages.
    pub messages: u64,
}

/// The audit, kept.
#[async_trait]
pub trait Audits {
    /// Adds a line.
    async fn add_audit(&self, tenant: &TenantId, audit: NewAudit) -> Result<(), StoreError>;

    /// The newest lines, newest first.
    async fn audits(&self, tenant: &TenantId, limit: usize) -> Result<Vec<Audit>, StoreError>;
}
