//! Dead letters: what is given up is counted and logged, seen by people, and sent on its way again when they say so.

use std::time::Duration;

use parlor_protocol::{ConversationId, TenantId};
use parlor_store::{DeadLetter, Reason, StoreError, Timestamp};

use super::Delivery;
use crate::Engine;

/// So long a contact's own failures are tried again. Time in which HubSpot as a whole was away does not count.
const PATIENCE: Duration = Duration::from_hours(7 * 24);

/// Letters that are shown at once.
pub const SHOWN: usize = 200;

impl Delivery {
    /// What has failed since then is given up with its next failure.
    pub(super) fn give_up_failing_since(&self) -> Timestamp {
        self.context.now() - PATIENCE
    }
}

/// Nothing is given up in silence. Whose letter it is, only people with an inbox learn.
pub(super) fn note_dead_letter(why: &'static str, reason: &Reason) {
    metrics::counter!("parlor_dead_letters_total", "why" => why).increment(1);
    tracing::warn!(
        why,
        correlation_id = reason.correlation_id.as_deref(),
        "a contact is not written to any more until somebody replays it: the inbox's settings list it"
    );
}

impl Engine {
    /// What rests, the newest first.
    pub async fn dead_letters(&self, tenant: &TenantId) -> Result<Vec<DeadLetter>, StoreError> {
        self.store.dead_letters(tenant, SHOWN).await
    }

    /// Sends the letter of a conversation, or every letter, on its way again. Answers how many.
    pub async fn replay(&self, tenant: &TenantId, conversation: Option<&ConversationId>) -> Result<u64, StoreError> {
        let replayed = self.store.replay(tenant, conversation).await?;
        if replayed > 0 {
            self.delivery.nudge();
            self.delivery.tell_all();
        }
        Ok(replayed)
    }

    /// Has a conversation's record written at once, whatever is known to be delivered. Answers whether there was anything to do it
    /// with, `None` when there is no such conversation.
    pub async fn write_again(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
    ) -> Result<Option<bool>, StoreError> {
        let ordered = self.store.write_again(tenant, conversation, self.context.now()).await?;
        if ordered == Some(true) {
            self.delivery.nudge();
            self.delivery.tell([conversation.clone()]);
        }
        Ok(ordered)
    }
}
