//! Telling the inbox that conversations changed: after the sender has its acknowledgement, and once for many changes.
//!
//! A line of the inbox's list is read from the store when it is told. At full speed one conversation changes many times while a
//! line is read; only where it stands afterwards is of interest to a rep.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use parlor_protocol::{ConversationId, TenantId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Bus, Engine, Event, Topic};

/// Conversations whose line is to be told.
#[derive(Default)]
pub(crate) struct InboxNews {
    changed: Mutex<HashSet<(TenantId, ConversationId)>>,
    noted: Notify,
}

impl InboxNews {
    /// Notes a change, when anybody looks at the tenant's inbox.
    pub(crate) fn note(&self, bus: &dyn Bus, tenant: &TenantId, conversation: &ConversationId) {
        if bus.is_followed(&Topic::Inbox(tenant.clone())) {
            let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
            changed.insert((tenant.clone(), conversation.clone()));
            drop(changed);
            self.noted.notify_one();
        }
    }

    fn take(&self) -> HashSet<(TenantId, ConversationId)> {
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine {
    /// Tells inboxes of changed conversations until told to stop.
    pub async fn tell_inboxes(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.inbox_news.noted.notified() => {}
            }
            for (tenant, conversation) in self.inbox_news.take() {
                match self.store.summary_for_all(&tenant, &conversation).await {
                    Ok(Some(summary)) => {
                        self.bus
                            .publish(&Topic::Inbox(tenant), Event::Changed(Arc::new(summary)));
                    }
                    Ok(None) => {}
                    // Whoever is connected resumes the list by its change number, so this line is late, not lost.
                    Err(error) => tracing::warn!(%error, "the inbox could not be told of a change"),
                }
            }
        }
    }
}
