//! Dead letters: what HubSpot refuses, or has not taken for so long that nobody tries any more. People see and replay them.

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, TenantId};

use crate::{Reason, StoreError, Timestamp};

/// Why a letter rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rest {
    /// HubSpot refuses it.
    Refused,
    /// It failed for too long.
    Dead,
}

/// An address or a record that rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its newest conversation, by which it is named.
    pub conversation: ConversationId,
    /// The address.
    pub email: ClaimedEmail,
    /// The record, where the address had led to one.
    pub record: Option<String>,
    /// Why it rests.
    pub rest: Rest,
    /// What HubSpot answered last.
    pub reason: Reason,
    /// Since when it rests.
    pub since: Timestamp,
    /// How many messages of it HubSpot does not have.
    pub undelivered: u64,
}

/// Dead letters, kept.
#[async_trait]
pub trait DeadLetters {
    /// At most `limit` letters, the newest first. Those whose conversations are all held are left out.
    async fn dead_letters(&self, tenant: &TenantId, limit: usize) -> Result<Vec<DeadLetter>, StoreError>;

    /// How many addresses and records rest.
    async fn count_dead_letters(&self, tenant: &TenantId) -> Result<u64, StoreError>;

    /// Sends the letter of a conversation (or, absent, every letter) on its way again, as if it had never failed. Answers how many.
    async fn replay(&self, tenant: &TenantId, conversation: Option<&ConversationId>) -> Result<u64, StoreError>;

    /// Has a conversation's record read and, where it differs, written at once, whatever is known to be delivered; one that rests
    /// is replayed. Answers whether there was anything to do it with (a deleted contact is left alone), `None` when there is no
    /// such conversation.
    async fn write_again(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError>;
}
