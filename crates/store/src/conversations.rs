//! Conversations and their messages: the log that must not lose anything.

use async_trait::async_trait;
use parlor_protocol::{
    ConversationId, ConversationState, ConversationSummary, Message, MessageId, MessageText, PageContext, RepId,
    TenantId, VisitorId, WidgetId,
};

use crate::{DirtyRecord, StoreError, Timestamp};

/// Who appends a message. A visitor's right to the conversation is checked with the insertion, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// The conversation must be this visitor's own.
    Visitor(VisitorId),
    /// Any conversation of the tenant.
    Rep(RepId),
}

/// A message to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Whose conversation.
    pub tenant: TenantId,
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who writes.
    pub writer: Writer,
    /// The writer's name as it is now; kept with the message.
    pub name: String,
    /// The client's id of the message.
    pub id: MessageId,
    /// What it says.
    pub text: MessageText,
}

/// A message that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The message with its `seq` and commit time.
    pub message: Message,
    /// False when it had been stored before: a resend of the same id, text and writer.
    pub new: bool,
    /// True when a visitor's message opened a closed conversation again.
    pub reopened: bool,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is on disk, now or since an earlier attempt.
    Stored(Appended),
    /// A message of this id with another text or writer is stored already.
    IdConflict,
    /// No such conversation, not the writer's, or an erased one.
    NotFound,
}

/// A conversation as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its visitor.
    pub visitor: VisitorId,
    /// The visitor's name.
    pub visitor_name: String,
    /// The visitor's address, as typed.
    pub email: String,
    /// Its widget.
    pub widget: WidgetId,
    /// The widget's name.
    pub widget_name: String,
    /// The page of the registration.
    pub page: PageContext,
    /// Open or closed.
    pub state: ConversationState,
    /// Kept back from HubSpot.
    pub held: bool,
    /// Text and identity are gone.
    pub is_erased: bool,
    /// The last message's `seq`.
    pub last_seq: u64,
    /// When it began.
    pub created_at: Timestamp,
}

/// A conversation that ended and is not summed up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The conversation.
    pub id: ConversationId,
    /// Its record in HubSpot.
    pub record: DirtyRecord,
    /// When it ended.
    pub closed_at: Timestamp,
}

/// Conversations, kept.
#[async_trait]
pub trait Conversations {
    /// Appends a message. What arrives together is committed together, in one transaction with one statement for all
    /// messages, and acknowledged only after the sync. `seq` is gap-free within the conversation; the commit's time never goes
    /// back within it. A visitor's message opens a closed conversation again.
    async fn append(&self, message: Append) -> Result<AppendOutcome, StoreError>;

    /// A conversation.
    async fn conversation(&self, tenant: &TenantId, id: &ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// At most `limit` messages with a greater `seq` than `after`, oldest first.
    async fn messages_after(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// The `limit` messages next below `before` (or the newest when absent), oldest first.
    async fn messages_before(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// Opens or closes, noting when it ended; answers whether it changed anything, `None` when there is no such conversation.
    async fn set_conversation_state(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        state: ConversationState,
    ) -> Result<Option<bool>, StoreError>;

    /// Ends at most `limit` open conversations in which nothing was said after `idle_since`, the longest idle first. Answers which.
    async fn end_idle_conversations(
        &self,
        tenant: &TenantId,
        idle_since: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationId>, StoreError>;

    /// At most `limit` conversations that ended, have messages, are not held and lead to a record that may be written to at
    /// `now`, and are not summed up since; the earliest end first.
    async fn to_sum_up(&self, tenant: &TenantId, now: Timestamp, limit: usize) -> Result<Vec<Ended>, StoreError>;

    /// Notes that a conversation's end is summed up; nothing happens when it went on meanwhile.
    async fn note_summed_up(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        closed_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Releases a held conversation and orders its contact, in one transaction; answers whether it changed anything, `None`
    /// when there is no such conversation.
    async fn release_conversation(&self, tenant: &TenantId, id: &ConversationId) -> Result<Option<bool>, StoreError>;

    /// One line of the inbox's list, as this rep sees it.
    async fn summary(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        id: &ConversationId,
    ) -> Result<Option<ConversationSummary>, StoreError>;

    /// At most `limit` lines with a greater change number than `since`, oldest change first, without anybody's reading mark: as
    /// they go to every rep alike.
    async fn summaries_for_all_since(
        &self,
        tenant: &TenantId,
        since: u64,
        limit: usize,
    ) -> Result<Vec<ConversationSummary>, StoreError>;

    /// At most `limit` lines with a greater change number than `since`, oldest change first.
    async fn summaries_since(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        since: u64,
        limit: usize,
    ) -> Result<Vec<ConversationSummary>, StoreError>;

    /// At most `limit` lines with a smaller change number than `before` (or the newest when absent), newest change first.
    async fn summaries_before(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConversationSummary>, StoreError>;

    /// The tenant's newest change number; 0 while nothing has happened.
    async fn latest_change(&self, tenant: &TenantId) -> Result<u64, StoreError>;

    /// Notes how far a rep has read; never goes back, never past the last message. Answers where the mark stands then, `None`
    /// when there is no such conversation.
    async fn mark_read(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        id: &ConversationId,
        seq: u64,
    ) -> Result<Option<u64>, StoreError>;
}
