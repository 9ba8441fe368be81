//! A line of the inbox's list.

use serde::{Deserialize, Serialize};

use crate::{AuthorKind, ConversationId};

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// Somebody may still write or answer. A closed one opens again with the visitor's next message.
    Open,
    /// A rep closed it.
    Closed,
}

impl ConversationState {
    /// The word used in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A conversation as the inbox lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// The conversation.
    pub id: ConversationId,
    /// The number of its latest change; grows over the whole tenant. The list is ordered by it, newest first, and
    /// resumes from it.
    pub change: u64,
    /// Open or closed.
    pub state: ConversationState,
    /// Kept back from HubSpot until a rep releases it: the registration looked like a machine's.
    pub held: bool,
    /// The visitor's first and last name.
    pub visitor_name: String,
    /// The visitor's address, as typed.
    pub email: String,
    /// The widget's name.
    pub widget_name: String,
    /// The last message's `seq`; 0 while there is none.
    pub last_seq: u64,
    /// The beginning of the last message.
    pub preview: String,
    /// Who wrote the last message.
    pub last_author: Option<AuthorKind>,
    /// When the last message, or failing that the registration, was committed (ms since the Unix epoch).
    pub last_at: i64,
    /// Up to where the rep who asks has read. Absent in live changes, which go to every rep alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<u64>,
}
