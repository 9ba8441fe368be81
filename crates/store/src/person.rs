//! One person's data: everything kept on an address.

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, PageContext, TenantId, VisitorId};

use crate::{StoreError, Timestamp};

/// A conversation with its visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonConversation {
    /// The visitor.
    pub visitor: VisitorId,
    /// Their first name.
    pub first_name: String,
    /// Their last name; may be empty.
    pub last_name: String,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// When they registered.
    pub registered_at: Timestamp,
    /// How many sessions of browsers are theirs.
    pub sessions: u64,
    /// How many tokens are theirs.
    pub tokens: u64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The widget's name.
    pub widget_name: String,
    /// Where they were.
    pub page: PageContext,
    /// Open or closed.
    pub state: String,
    /// Kept back from HubSpot.
    pub held: bool,
    /// How far HubSpot knows.
    pub delivered_seq: u64,
    /// The last message.
    pub last_seq: u64,
    /// When it was told last.
    pub last_at: Timestamp,
    /// HubSpot's ids of the notes it stands in.
    pub notes: Vec<String>,
}

/// What is noted of an address for HubSpot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonAddress {
    /// Where it stands: `pending`, `linked`, `refused`.
    pub state: String,
    /// HubSpot's id of the contact.
    pub record: Option<String>,
    /// Since when its contact is ordered.
    pub ordered_at: Timestamp,
    /// What HubSpot answered last, when it was an error.
    pub detail: Option<String>,
}

/// One person's data.
#[async_trait]
pub trait Persons {
    /// The conversations of an address, by their beginning.
    async fn person(&self, tenant: &TenantId, email: &ClaimedEmail) -> Result<Vec<PersonConversation>, StoreError>;

    /// What is noted of the address for HubSpot.
    async fn person_address(
        &self,
        tenant: &TenantId,
        email: &ClaimedEmail,
    ) -> Result<Option<PersonAddress>, StoreError>;
}
