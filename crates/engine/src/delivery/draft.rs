//! What is to be written into a record: rendered, once what finds no room stands in notes.

use std::collections::BTreeMap;

use parlor_hubspot::{Client, Contact, ContactId};
use parlor_protocol::ConversationId;
use parlor_store::{Delivered, DirtyRecord, RecordState, Timestamp, TranscriptConversation, ValueHash};

use super::notes::{Noted, Progress};
use super::transcript::{self, Rendered, Rendering};
use super::write::MOST_UNCLEAR;
use super::{BATCH, Delivery, Stop};

/// A body larger than this is split; HubSpot does not say where its own limit is.
const BODY_BYTES: usize = 2_000_000;

/// A record and what is to be written into it.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) dirty: DirtyRecord,
    pub(super) id: ContactId,
    pub(super) hash: ValueHash,
    pub(super) rendered: Rendered,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) conversations: Vec<ConversationId>,
}

impl Draft {
    fn bytes(&self) -> usize {
        self.properties.values().map(String::len).sum::<usize>() + 200
    }
}

impl Delivery {
    /// What is to be written into a record; nothing when it holds everything already, or rests.
    pub(super) async fn draft(
        &self,
        client: &Client,
        mut dirty: DirtyRecord,
        contact: &Contact,
    ) -> Result<Option<Draft>, Stop> {
        let tenant = &self.options.tenant;
        let held = contact.property(&self.options.property).unwrap_or_default();
        if dirty.is_restored {
            self.adopt_notes(client, &dirty, &contact.id, held).await?;
        }
        if dirty.erasing.is_some() {
            let until = self.erase_notes(client, &dirty, &contact.id).await?;
            dirty.unconfirmed_until = dirty.unconfirmed_until.max(until);
        }
        let known = self.store.sent_values(tenant, &dirty.record).await?;
        let current = self.as_left(&dirty, held, &known).await?;
        // Ends: each round either finishes a note, of which there are a few, or moves entries into notes, after which there is room.
        let (rendered, conversations) = loop {
            let conversations = self.store.transcript(tenant, &dirty.record).await?;
            let notes = self.store.notes_of(tenant, &dirty.record).await?;
            let noted = Noted {
                client,
                dirty: &dirty,
                contact: &contact.id,
                conversations: &conversations,
                notes: &notes,
            };
            match self.work_on_notes(&noted).await? {
                Progress::Done => {}
                Progress::Further => continue,
                Progress::Resting => return Ok(None),
            }
            if conversations.is_empty() && dirty.erasing.is_some() {
                break (Rendered::nothing_behind(&current), conversations);
            }
            match transcript::render(&conversations, noted.overflows().count(), &current, &known) {
                Rendering::Value(rendered) => break (rendered, conversations),
                Rendering::Overflow(overflow) => self.plan_overflow(&noted, overflow).await?,
            }
        };
        let value = match &rendered.value {
            Some(value)
                if !transcript::is_same(value, held) && (!conversations.is_empty() || dirty.erasing.is_some()) =>
            {
                value.clone()
            }
            _ => {
                self.settle(&dirty, rendered, &conversations).await?;
                return Ok(None);
            }
        };
        let mut properties = names_where_empty(contact, &conversations);
        properties.insert(self.options.property.clone(), value.clone());
        let conversations = conversations.into_iter().map(|conversation| conversation.id).collect();
        Ok(Some(Draft {
            dirty,
            id: contact.id.clone(),
            hash: transcript::hash(&value),
            rendered,
            properties,
            conversations,
        }))
    }

    /// The value in HubSpot is as it should be, or there is no room for one: note it. An earlier unclear write may still come, and is
    /// looked for then.
    async fn settle(
        &self,
        dirty: &DirtyRecord,
        rendered: Rendered,
        conversations: &[TranscriptConversation],
    ) -> Result<(), Stop> {
        let confirm_at = dirty.unconfirmed_until.filter(|until| *until > self.context.now());
        let confirm_at = self.confirm_erasure(dirty, confirm_at);
        self.note_delivered(dirty, rendered, confirm_at).await?;
        self.note_erasure(dirty, confirm_at).await?;
        self.tell(conversations.iter().map(|conversation| conversation.id.clone()));
        Ok(())
    }

    pub(super) async fn note_delivered(
        &self,
        dirty: &DirtyRecord,
        rendered: Rendered,
        confirm_at: Option<Timestamp>,
    ) -> Result<(), Stop> {
        let tenant = &self.options.tenant;
        let state = if rendered.is_full {
            RecordState::Full
        } else {
            RecordState::Live
        };
        let delivered = Delivered {
            record: dirty.record.clone(),
            up_to: rendered.up_to,
            confirm_at,
        };
        self.store.note_delivered(tenant, vec![delivered]).await?;
        if dirty.state != state {
            self.store
                .set_record_state(tenant, &dirty.record, state, &"".into(), self.context.now())
                .await?;
        }
        Ok(())
    }
}

/// The names of the newest registration, for a contact that has none; what is there is never overwritten.
fn names_where_empty(contact: &Contact, conversations: &[TranscriptConversation]) -> BTreeMap<String, String> {
    let newest = conversations.iter().max_by_key(|conversation| conversation.created_at);
    let names = newest.map(|newest| [("firstname", &newest.first_name), ("lastname", &newest.last_name)]);
    names
        .into_iter()
        .flatten()
        .filter(|(name, value)| contact.property(name).is_none() && !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}

/// Those that failed before come last, and in smaller batches each time, until one that makes HubSpot fail stands alone.
pub(super) fn in_batches(mut drafts: Vec<Draft>) -> Vec<Vec<Draft>> {
    drafts.sort_by_key(|draft| draft.dirty.attempts);
    let mut batches: Vec<Vec<Draft>> = Vec::new();
    let mut bytes = 0;
    for draft in drafts {
        bytes += draft.bytes();
        let most = (BATCH >> draft.dirty.attempts.min(MOST_UNCLEAR)).max(1);
        match batches.last_mut() {
            Some(batch) if batch.len() < most && bytes <= BODY_BYTES => batch.push(draft),
            _ => {
                bytes = draft.bytes();
                batches.push(vec![draft]);
            }
        }
    }
    batches
}
