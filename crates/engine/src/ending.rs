//! Conversations end by themselves when nothing is said in them for long. A visitor who writes on opens theirs again.

use std::time::Duration;

use parlor_protocol::{ConversationState, TenantId};
use parlor_store::StoreError;

use crate::{Engine, Event, Topic};

/// Conversations that end in one transaction.
const AT_ONCE: usize = 100;

impl Engine {
    /// Ends the conversations in which nothing was said for so long. Answers how many.
    pub async fn end_idle_conversations(&self, tenant: &TenantId, idle: Duration) -> Result<usize, StoreError> {
        let idle_since = self.context.now() - idle;
        let mut count = 0;
        loop {
            let ended = self.store.end_idle_conversations(tenant, idle_since, AT_ONCE).await?;
            for id in &ended {
                let topic = Topic::Conversation(id.clone());
                self.bus.publish(&topic, Event::State(ConversationState::Closed));
            }
            count += ended.len();
            if !ended.is_empty() {
                self.delivery.nudge();
                self.tell_inbox(tenant);
            }
            if ended.len() < AT_ONCE {
                return Ok(count);
            }
        }
    }
}
