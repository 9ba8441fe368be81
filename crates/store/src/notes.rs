//! Notes on the timelines of HubSpot's contacts: what finds no room in the property, and what a conversation came to.
//!
//! HubSpot has no name by which a second attempt to create a note would be recognised. So a note is planned here, under a key
//! that stands in its heading; it is asked for with its heading only; its entries are written once its id is known. Whatever
//! ends in between, the state says what may be there.

use async_trait::async_trait;
use parlor_protocol::{ConversationId, TenantId};

use crate::{StoreError, Timestamp};

/// What a note is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// Entries that found no room in the property.
    Overflow,
    /// What a conversation that ended came to.
    Summary,
}

impl NoteKind {
    /// The word used in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Summary => "summary",
        }
    }
}

/// How far a note has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteState {
    /// HubSpot was not asked for it.
    Planned,
    /// HubSpot was asked for it, and may have it.
    Asked,
    /// HubSpot has it, with its heading at least.
    Created,
    /// HubSpot has it with all its entries.
    Filled,
}

impl NoteState {
    /// The word used in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Asked => "asked",
            Self::Created => "created",
            Self::Filled => "filled",
        }
    }
}

/// An unbroken run of one conversation's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRange {
    /// The conversation.
    pub conversation: ConversationId,
    /// The first message's `seq`.
    pub from_seq: u64,
    /// The last one's.
    pub to_seq: u64,
}

/// A note to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedNote {
    /// Unique within the tenant; letters and digits.
    pub key: String,
    /// The record it belongs to.
    pub record: String,
    /// What it is for.
    pub kind: NoteKind,
    /// The record's first, second, third of its kind.
    pub number: u32,
    /// What stands in it, each conversation once.
    pub ranges: Vec<NoteRange>,
}

impl PlannedNote {
    /// This note with what `next` holds after it; `None` where the runs of messages would have gaps.
    #[must_use]
    pub fn followed_by(&self, next: &Self) -> Option<Self> {
        let mut merged = self.clone();
        for range in &next.ranges {
            match merged
                .ranges
                .iter_mut()
                .find(|known| known.conversation == range.conversation)
            {
                Some(known) if known.to_seq + 1 == range.from_seq => known.to_seq = range.to_seq,
                Some(_) => return None,
                None => merged.ranges.push(range.clone()),
            }
        }
        Some(merged)
    }
}

/// A note as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNote {
    /// What was planned.
    pub plan: PlannedNote,
    /// How far it has come.
    pub state: NoteState,
    /// HubSpot's id, once it is known.
    pub note: Option<String>,
    /// When HubSpot was asked last for something whose outcome is not known.
    pub asked_at: Option<Timestamp>,
    /// When it was planned: what the note is dated.
    pub planned_at: Timestamp,
}

/// Notes, kept.
#[async_trait]
pub trait DeliveryNotes {
    /// A record's notes, by kind and number.
    async fn notes_of(&self, tenant: &TenantId, record: &str) -> Result<Vec<StoredNote>, StoreError>;

    /// Keeps plans, all or none. In a store that was restored from a backup, a new one is as if it had been asked for. A key that is there already gets the new ranges, and where it was filled it has to be filled again.
    async fn plan_notes(&self, tenant: &TenantId, notes: Vec<PlannedNote>) -> Result<(), StoreError>;

    /// Notes how far a note has come; `note` is HubSpot's id, absent until the state is [`NoteState::Created`]. `asked_at` replaces
    /// what was noted before.
    async fn set_note_state(
        &self,
        tenant: &TenantId,
        key: &str,
        state: NoteState,
        note: Option<&str>,
        asked_at: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Makes every note that was planned, asked for or being filled one whose outcome is not known: the program may have ended
    /// before it knew, or an older state of the store may have been restored.
    async fn suspect_unfinished_notes(&self, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError>;

    /// A note that was found at HubSpot holds this: kept as filled, whatever was known of its key before.
    async fn adopt_note(&self, tenant: &TenantId, note: PlannedNote, id: &str) -> Result<(), StoreError>;

    /// What stands in a record's notes is known again, after the store was restored from a backup.
    async fn note_read_after_restore(&self, tenant: &TenantId, record: &str) -> Result<(), StoreError>;
}
