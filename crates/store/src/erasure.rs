//! Erasure: text and identity go, tombstones stay, and what HubSpot still has of it is noted down to be removed there.
//!
//! A *forgotten* person asked for it: HubSpot is to lose their part as well, which is one job for each record, without an address. An
//! *expired* conversation has reached the end of its time here: HubSpot keeps its copy, as text that Parlor leaves alone.

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, TenantId};

use crate::{StoreError, Timestamp};

/// Whom to forget, and who asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forget {
    /// Every conversation of this address.
    pub email: Option<ClaimedEmail>,
    /// These as well, whosever they are.
    pub conversations: Vec<ConversationId>,
    /// Who did it, for the audit: a rep's id or `command line`.
    pub actor: String,
    /// Until when a write that is under way may still be applied by HubSpot.
    pub confirm_until: Timestamp,
}

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// The conversations, in the order of their ids.
    pub conversations: Vec<ConversationId>,
    /// How many visitors lost their identity.
    pub visitors: u64,
    /// How many messages lost their text.
    pub messages: u64,
    /// How many HubSpot records still have to lose their part.
    pub records: u64,
}

/// What is to be done with a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErasureNoteAction {
    /// It held nobody else's entries.
    Archive,
    /// Others' entries stay in it.
    Rewrite,
}

/// A note that holds what is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureNote {
    /// Its key.
    pub key: String,
    /// What to do.
    pub action: ErasureNoteAction,
    /// HubSpot's id; absent where it is not known whether HubSpot made it.
    pub note: Option<String>,
    /// When HubSpot may have been asked for it last.
    pub asked_at: Timestamp,
}

/// Erasure, kept.
#[async_trait]
pub trait Erasures {
    /// Forgets, in one transaction: message texts, authors' names, names, addresses, pages; codes, tokens, sessions of those visitors;
    /// every visitor token of HubSpot's that the tenant has, since none tells whose it is; the address and what was noted of it for
    /// HubSpot. Orders for each record that its part be removed, and writes a line of audit, unless there was nothing to forget.
    async fn forget(&self, tenant: &TenantId, forget: Forget) -> Result<Erased, StoreError>;

    /// Conversations with text: those of the address that began until then, and those of the list.
    async fn not_erased(
        &self,
        tenant: &TenantId,
        email: Option<ClaimedEmail>,
        began_until: Timestamp,
        conversations: Vec<ConversationId>,
    ) -> Result<Vec<ConversationId>, StoreError>;

    /// At most `limit` erased conversations with a greater change number, oldest first, each with that number.
    async fn erased_after(
        &self,
        tenant: &TenantId,
        change: u64,
        limit: usize,
    ) -> Result<Vec<(u64, ConversationId)>, StoreError>;

    /// Which of these conversations were forgotten.
    async fn forgotten_among(
        &self,
        tenant: &TenantId,
        conversations: Vec<ConversationId>,
    ) -> Result<Vec<ConversationId>, StoreError>;

    /// Every address that a conversation has or that waits for its contact.
    async fn addresses(&self, tenant: &TenantId) -> Result<Vec<ClaimedEmail>, StoreError>;

    /// What is left to be done with notes of a record.
    async fn erasure_notes(&self, tenant: &TenantId, record: &str) -> Result<Vec<ErasureNote>, StoreError>;

    /// A note is archived; or is from now on one that has to be filled again.
    async fn settle_erasure_note(&self, tenant: &TenantId, note: &ErasureNote) -> Result<(), StoreError>;

    /// The property is without them, as far as is known; of an order of this moment alone.
    async fn note_removed(&self, tenant: &TenantId, record: &str, since: Timestamp) -> Result<(), StoreError>;

    /// Ends a record's erasure, unless notes are left to be done, or there is a later order. What was sent to it before the last value is forgotten, and the
    /// record too where nobody is left on it. Answers whether it ended.
    async fn finish_erasure(&self, tenant: &TenantId, record: &str, since: Timestamp) -> Result<bool, StoreError>;

    /// Puts records back into delivery that HubSpot refused an hour ago or earlier while something was to be erased there.
    async fn revive_erasures(&self, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError>;

    /// How many records still have to lose something.
    async fn count_erasures(&self, tenant: &TenantId) -> Result<u64, StoreError>;

    /// At most `limit` conversations whose time is over, the quietest first: silent since `before` with everything in HubSpot and
    /// confirmed there, or silent since `given_up_before` and never to come there: held, or refused or deleted by HubSpot.
    async fn expired(
        &self,
        tenant: &TenantId,
        before: Timestamp,
        given_up_before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationId>, StoreError>;

    /// Erases conversations whose time is over, like [`Erasures::forget`] but here alone: what HubSpot has of them becomes text that
    /// is not Parlor's.
    async fn expire(&self, tenant: &TenantId, conversations: Vec<ConversationId>) -> Result<Erased, StoreError>;
}
