//! Telling the inbox what changed: after the sender has its acknowledgement, in the order of the changes, none left out.
//!
//! The list of conversations is itself the news: whatever has a greater change number than was told last is told next. So a
//! conversation that changes ten times meanwhile is told once, and nothing is lost when somebody forgets to say that
//! something happened: the next who says so makes up for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlor_protocol::TenantId;
use parlor_protocol::limit::PAGE_MESSAGES;
use parlor_store::StoreError;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Bus, Engine, Event, Subscription, Topic};

/// How long to wait before asking a store again that failed.
const PATIENCE: Duration = Duration::from_secs(1);

/// Up to which change each tenant that is followed was told.
#[derive(Default)]
pub(crate) struct InboxNews {
    told: Mutex<HashMap<TenantId, u64>>,
    noted: Notify,
}

impl InboxNews {
    /// Says that something changed, when anybody looks at the tenant's inbox.
    pub(crate) fn note(&self, bus: &dyn Bus, tenant: &TenantId) {
        if bus.is_followed(&Topic::Inbox(tenant.clone())) {
            self.noted.notify_one();
        }
    }

    /// The tenants to tell, and from where; those that nobody follows any more are forgotten.
    fn to_tell(&self, bus: &dyn Bus) -> Vec<(TenantId, u64)> {
        let mut told = self.told();
        told.retain(|tenant, _| bus.is_followed(&Topic::Inbox(tenant.clone())));
        told.iter().map(|(tenant, change)| (tenant.clone(), *change)).collect()
    }

    fn told(&self) -> MutexGuard<'_, HashMap<TenantId, u64>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Follows a tenant's inbox; answers the newest change there is, from which the list is to be read.
    pub async fn follow_inbox(&self, tenant: &TenantId) -> Result<(Subscription, u64), StoreError> {
        // Followed before it is read: what changes in between is told, and may be in the list as well.
        let subscription = self.bus.subscribe(Topic::Inbox(tenant.clone()));
        let change = self.store.latest_change(tenant).await?;
        self.inbox_news.told().entry(tenant.clone()).or_insert(change);
        Ok((subscription, change))
    }

    /// Tells inboxes what changed, until told to stop.
    pub async fn tell_inboxes(&self, stop: CancellationToken) {
        loop {
            let again = async {
                self.inbox_news.noted.notified().await;
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = again => {}
            }
            for (tenant, since) in self.inbox_news.to_tell(self.bus.as_ref()) {
                if let Err(error) = self.tell_inbox_since(&tenant, since).await {
                    tracing::warn!(%error, "the inbox could not be told of changes; it is tried again");
                    tokio::time::sleep(PATIENCE).await;
                    self.inbox_news.noted.notify_one();
                }
            }
        }
    }

    async fn tell_inbox_since(&self, tenant: &TenantId, mut since: u64) -> Result<(), StoreError> {
        let topic = Topic::Inbox(tenant.clone());
        loop {
            let lines = self.store.summaries_for_all_since(tenant, since, PAGE_MESSAGES).await?;
            let is_last = lines.len() < PAGE_MESSAGES;
            for line in lines {
                since = line.change;
                self.bus.publish(&topic, Event::Changed(Arc::new(line)));
            }
            self.inbox_news
                .told()
                .entry(tenant.clone())
                .and_modify(|told| *told = since);
            if is_last {
                return Ok(());
            }
        }
    }
}
