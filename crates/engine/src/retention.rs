//! Retention: for how many days conversations are kept here. Delivery erases what is past that.

use parlor_protocol::TenantId;
use parlor_store::{NewAudit, Store, StoreError};

/// The longest retention that can be set, in days.
pub const MOST_DAYS: u32 = 36_500;

/// Why a retention was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Not a number of days.
    #[error("a retention is 1 to {MOST_DAYS} days, or off")]
    Days,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn name(tenant: &TenantId) -> String {
    format!("retention_days.{tenant}")
}

/// The tenant's retention in days; `None`: conversations are kept for good.
///
/// # Errors
/// When the store fails.
pub async fn days(store: &dyn Store, tenant: &TenantId) -> Result<Option<u32>, StoreError> {
    let set = store.setting(&name(tenant)).await?;
    Ok(set.and_then(|days| days.parse().ok()).filter(|days| *days > 0))
}

/// Sets the retention, or turns it off. A running server keeps to it within ten minutes.
///
/// # Errors
/// See [`RetentionError`].
pub async fn set_days(
    store: &dyn Store,
    tenant: &TenantId,
    days: Option<u32>,
    actor: &str,
) -> Result<(), RetentionError> {
    if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        return Err(RetentionError::Days);
    }
    store.set_setting(&name(tenant), &days.unwrap_or(0).to_string()).await?;
    let line = NewAudit {
        actor: actor.to_owned(),
        action: "retention set",
        visitors: 0,
        conversations: 0,
        messages: 0,
    };
    store.add_audit(tenant, line).await?;
    Ok(())
}
