//! How far HubSpot knows: addresses that wait for their contact, records with something new to write, what was sent.
//!
//! An *address* is linked to a HubSpot *record* once the contact was found or created. All conversations of all addresses
//! of one record make one transcript. A conversation has something to deliver while its last `seq` is greater than what
//! was delivered; no message ever needs a second row for that.

use std::time::Duration;

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, Message, TenantId};

use crate::{Fence, StoreError, Timestamp};

/// The SHA-256 of a property's value, as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueHash(pub [u8; 32]);

/// An address whose contact is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAddress {
    /// The address.
    pub email: ClaimedEmail,
    /// The first name of the newest registration that is not held.
    pub first_name: String,
    /// Its last name; may be empty.
    pub last_name: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordState {
    /// It is written to.
    Live,
    /// The property has no room: what other people wrote fills it. Messages stand in notes only.
    Full,
    /// It was deleted in HubSpot.
    Gone,
    /// HubSpot refuses it for good.
    Refused,
    /// It failed for so long that nobody tries any more.
    Dead,
}

/// How long what was said is collected before HubSpot is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coalescing {
    /// After a conversation's first message.
    pub first: Duration,
    /// After its newest message, when no other follows.
    pub quiet: Duration,
    /// After its oldest undelivered message, whatever follows.
    pub most: Duration,
}

impl Coalescing {
    /// Nothing is collected.
    pub const AT_ONCE: Self = Self {
        first: Duration::ZERO,
        quiet: Duration::ZERO,
        most: Duration::ZERO,
    };
}

/// Why HubSpot did not take something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// In words, for a rep.
    pub words: String,
    /// What HubSpot's support asks for.
    pub correlation_id: Option<String>,
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        Self {
            words: words.to_owned(),
            correlation_id: None,
        }
    }
}

/// How something is put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponement {
    /// Not before then.
    pub until: Timestamp,
    /// Until when the write that failed may still be applied, where that is unclear; never brought forward. For records alone.
    pub unconfirmed_until: Option<Timestamp>,
    /// Why.
    pub reason: Reason,
    /// What has failed since then or longer is given up instead; absent, nothing is.
    pub give_up_failing_since: Option<Timestamp>,
}

impl Postponement {
    /// Put off until then, for this reason.
    #[must_use]
    pub fn until(until: Timestamp, reason: impl Into<Reason>) -> Self {
        Self {
            until,
            unconfirmed_until: None,
            reason: reason.into(),
            give_up_failing_since: None,
        }
    }
}

/// A record with something to do now: messages that are not delivered, a write to be confirmed, somebody to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirtyRecord {
    /// HubSpot's id of the record.
    pub record: String,
    /// Live or full.
    pub state: RecordState,
    /// Failed attempts since the last success.
    pub attempts: u32,
    /// Since when it has failed; absent while it has not.
    pub failing_since: Option<Timestamp>,
    /// Until when an earlier write of unclear outcome may still be applied; absent when all is clear.
    pub unconfirmed_until: Option<Timestamp>,
    /// Somebody who stands in it was forgotten, and HubSpot may still have what they wrote.
    pub erasing: Option<ErasingRecord>,
    /// The store was restored from a backup since: notes of the record may hold more than is known.
    pub is_restored: bool,
}

/// A record from which somebody is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasingRecord {
    /// The order's moment; a later erasure makes a later one of it.
    pub since: Timestamp,
    /// Whether the property was found or written without them since, and is only looked at once more.
    pub is_removed: bool,
}

/// A conversation of a record with all its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptConversation {
    /// The conversation.
    pub id: ConversationId,
    /// When it began.
    pub created_at: Timestamp,
    /// The widget's name.
    pub widget_name: String,
    /// The page's address; may be empty.
    pub page_url: String,
    /// The address typed.
    pub email: ClaimedEmail,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// First and last name as registered.
    pub first_name: String,
    /// Last name as registered; may be empty.
    pub last_name: String,
    /// Up to which message it stands in notes of this record already; 0 where it does not.
    pub in_notes: u64,
    /// All messages in order.
    pub messages: Vec<Message>,
}

/// A value about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The record.
    pub record: String,
    /// The hash of the whole value.
    pub hash: ValueHash,
}

/// A record whose value in HubSpot holds everything up to the given messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The record.
    pub record: String,
    /// Each conversation and the last `seq` that is in the value.
    pub up_to: Vec<(ConversationId, u64)>,
    /// When the record has to be read to confirm it, because an earlier write may still be applied; absent when all is clear.
    pub confirm_at: Option<Timestamp>,
}

/// How far one conversation has come, for the contact card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationDelivery {
    /// The record, once linked.
    pub record: Option<String>,
    /// Where it stands; absent while there is no record.
    pub state: Option<RecordState>,
    /// Up to which message the value in HubSpot reaches.
    pub delivered_seq: u64,
    /// The last message.
    pub last_seq: u64,
    /// Kept back.
    pub held: bool,
    /// The address was refused for good.
    pub address_refused: bool,
    /// The address was given up after failing for too long.
    pub address_dead: bool,
    /// Failed attempts since the last success, of the address or the record.
    pub attempts: u32,
    /// What HubSpot answered last, when it was an error.
    pub detail: Option<String>,
}

/// What HubSpot does not know for certain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// When the oldest message was committed that HubSpot does not have and will be given.
    pub oldest: Option<Timestamp>,
    /// Records with a write of unclear outcome, yet to be confirmed by reading.
    pub unconfirmed: u64,
}

/// The state of delivery, kept.
#[async_trait]
pub trait Deliveries {
    /// At most `limit` addresses that wait for their contact and may be tried at `now`, oldest order first.
    async fn pending_addresses(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<PendingAddress>, StoreError>;

    /// Links addresses to records (email, HubSpot's id). A record not seen before is live. An address of which there is no
    /// conversation, because it was forgotten meanwhile, is left out.
    async fn link_addresses(&self, tenant: &TenantId, links: Vec<(ClaimedEmail, String)>) -> Result<(), StoreError>;

    /// Puts addresses off, counting an attempt. Answers those that were given up instead.
    async fn postpone_addresses(
        &self,
        tenant: &TenantId,
        emails: Vec<ClaimedEmail>,
        postponement: Postponement,
    ) -> Result<Vec<ClaimedEmail>, StoreError>;

    /// Gives an address up: HubSpot refuses it for good.
    async fn refuse_address(&self, tenant: &TenantId, email: &ClaimedEmail, reason: &Reason) -> Result<(), StoreError>;

    /// At most `limit` records, live or full, that may be tried at `now` and either have a conversation, not held, with messages
    /// that are due at `due_by`, or are due to be confirmed. Longest waiting first. Messages are due as `coalescing` has it, and
    /// at once when their conversation has ended.
    async fn dirty_records(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        due_by: Timestamp,
        coalescing: Coalescing,
        limit: usize,
    ) -> Result<Vec<DirtyRecord>, StoreError>;

    /// The conversations of a record that are not held and have messages, each whole, ordered by their beginning. Those that
    /// began before an earlier record of their address was found deleted are left out: the deleted is not resurrected.
    async fn transcript(&self, tenant: &TenantId, record: &str) -> Result<Vec<TranscriptConversation>, StoreError>;

    /// The hashes of values sent to a record; at least the hundred newest.
    async fn sent_values(&self, tenant: &TenantId, record: &str) -> Result<Vec<ValueHash>, StoreError>;

    /// Notes values that are about to be sent: before they are, so that a crash in between makes nothing of ours foreign.
    /// Answers whether the lease `fence` still holds; else nothing was noted, and nothing may be sent.
    async fn note_sending(
        &self,
        tenant: &TenantId,
        fence: &Fence,
        values: Vec<Sending>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Makes every record unconfirmed until `until` that a value was sent to at `sent_since` or later: the program may have ended
    /// before it knew what became of that write.
    async fn suspect_values_sent_since(
        &self,
        tenant: &TenantId,
        sent_since: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes what HubSpot now holds. Clears attempts and detail; `delivered` never goes back.
    async fn note_delivered(&self, tenant: &TenantId, delivered: Vec<Delivered>) -> Result<(), StoreError>;

    /// Puts records off, counting an attempt. Answers those that were given up instead.
    async fn postpone_records(
        &self,
        tenant: &TenantId,
        records: Vec<String>,
        postponement: Postponement,
    ) -> Result<Vec<String>, StoreError>;

    /// Moves the moment since when each record and address has failed forward: that long HubSpot as a whole was away.
    async fn excuse_failures(&self, tenant: &TenantId, by: Duration) -> Result<(), StoreError>;

    /// Takes a record out of delivery, or back into it. [`RecordState::Gone`] also notes the moment on its addresses: a new
    /// registration of such an address (through [`crate::Visitors::register`]) waits for a contact again, without earlier text.
    async fn set_record_state(
        &self,
        tenant: &TenantId,
        record: &str,
        state: RecordState,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Everything of `old` belongs to `new` (a merge): its addresses are linked there, and their conversations are to be
    /// written again, into the other record's value.
    async fn rekey_record(&self, tenant: &TenantId, old: &str, new: &str) -> Result<(), StoreError>;

    /// All addresses linked to a record.
    async fn addresses_of(&self, tenant: &TenantId, record: &str) -> Result<Vec<ClaimedEmail>, StoreError>;

    /// All conversations of the addresses linked to a record, held or not.
    async fn conversations_of(&self, tenant: &TenantId, record: &str) -> Result<Vec<ConversationId>, StoreError>;

    /// All conversations of an address, held or not.
    async fn conversations_of_address(
        &self,
        tenant: &TenantId,
        email: &ClaimedEmail,
    ) -> Result<Vec<ConversationId>, StoreError>;

    /// The earliest moment at which an address, a record or a confirmation is due; in the past when something is due now.
    async fn next_due(&self, tenant: &TenantId, coalescing: Coalescing) -> Result<Option<Timestamp>, StoreError>;

    /// How far a conversation has come.
    async fn delivery_of(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
    ) -> Result<Option<ConversationDelivery>, StoreError>;

    /// What is undelivered and since when, for who watches. What is held, rests as a dead letter, or belongs to a contact that was
    /// deleted makes nothing old.
    async fn undelivered(&self, tenant: &TenantId) -> Result<Undelivered, StoreError>;

    /// How many conversations have something undelivered and are not held: the backlog.
    async fn backlog(&self, tenant: &TenantId) -> Result<u64, StoreError>;
}
