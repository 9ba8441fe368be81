//! Retention: conversations whose time is over are erased here, between two passes, so that no value with their text is under way.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlor_store::StoreError;

use super::{Delivery, Stop};
use crate::retention;

/// How often it is looked for them.
const EVERY: Duration = Duration::from_mins(10);

/// How many go in one transaction.
const AT_ONCE: usize = 100;

impl Delivery {
    /// Whether a conversation is past its time; looked for at most so often.
    pub(super) async fn has_expired(&self) -> Result<bool, StoreError> {
        let now = self.context.now();
        if self.expires_at.load(Ordering::Relaxed) > now.millis() {
            return Ok(false);
        }
        let tenant = &self.options.tenant;
        if let Some(days) = retention::days(self.store.as_ref(), tenant).await? {
            let holds = Duration::from_hours(24) * days;
            let found = self.store.expired(tenant, now - holds, now - holds * 2, 1).await?;
            if !found.is_empty() {
                return Ok(true);
            }
        }
        self.expires_at.store((now + EVERY).millis(), Ordering::Relaxed);
        Ok(false)
    }

    /// Erases what is past its time and stands in HubSpot, or never will.
    pub(super) async fn expire(&self) -> Result<(), Stop> {
        let now = self.context.now();
        if self.expires_at.load(Ordering::Relaxed) > now.millis() {
            return Ok(());
        }
        let tenant = &self.options.tenant;
        if let Some(days) = retention::days(self.store.as_ref(), tenant).await? {
            let holds = Duration::from_hours(24) * days;
            loop {
                let expired = self
                    .store
                    .expired(tenant, now - holds, now - holds * 2, AT_ONCE)
                    .await?;
                let is_last = expired.len() < AT_ONCE;
                if !expired.is_empty() {
                    let erased = self.store.expire(tenant, expired).await?;
                    tracing::info!(
                        conversations = erased.conversations.len(),
                        messages = erased.messages,
                        "conversations past their time were erased"
                    );
                }
                if is_last {
                    break;
                }
            }
        }
        self.expires_at.store((now + EVERY).millis(), Ordering::Relaxed);
        Ok(())
    }
}
