//! Writing records: read what is there, render, note the hash, write, and confirm what was unclear.

use std::collections::{BTreeMap, HashSet};

use parlor_hubspot::{BatchReadBy, Class, Client, Contact, ContactId, UpdateInput};
use parlor_store::{Delivered, DirtyRecord, RecordState, Sending, Timestamp, TranscriptConversation, ValueHash};

use super::notes::{Noted, Progress};
use super::read::{Found, found};
use super::transcript::{self, Rendered, Rendering};
use super::{BATCH, Delivery, EVERY_ONE, Stop, UNCLEAR_MARGIN, portal_trouble, words_of};

/// A body larger than this is split; HubSpot does not say where its own limit is.
const BODY_BYTES: usize = 2_000_000;

/// Failures after which a record is written by itself, and rests no longer than before.
const MOST_UNCLEAR: u32 = 7;

/// A record and what is to be written into it.
#[derive(Clone)]
struct Draft {
    dirty: DirtyRecord,
    id: ContactId,
    hash: ValueHash,
    rendered: Rendered,
    properties: BTreeMap<String, String>,
    conversations: Vec<parlor_protocol::ConversationId>,
}

impl Draft {
    fn bytes(&self) -> usize {
        self.properties.values().map(String::len).sum::<usize>() + 200
    }
}

impl Delivery {
    /// Writes up to a hundred records that have something new, or are due to be confirmed, and were not taken up in this pass
    /// yet. Answers whether there may be more.
    pub(super) async fn write_records(&self, client: &Client, handled: &mut HashSet<String>) -> Result<bool, Stop> {
        let tenant = &self.options.tenant;
        let most = BATCH + handled.len();
        let mut dirty = self.store.dirty_records(tenant, self.context.now(), most).await?;
        dirty.retain(|record| !handled.contains(&record.record));
        dirty.truncate(BATCH);
        if dirty.is_empty() {
            return Ok(false);
        }
        handled.extend(dirty.iter().map(|record| record.record.clone()));
        let ids: Vec<&str> = dirty.iter().map(|record| record.record.as_str()).collect();
        let reading = self
            .read(client, BatchReadBy::Id, &ids, &self.wanted_properties())
            .await?;
        let mut present = Vec::new();
        let mut survivors = HashSet::new();
        for record in dirty {
            let found = match reading.of(&record.record) {
                Found::Nothing | Found::Unclear => self.find_again(client, &record).await?,
                found => found,
            };
            match found {
                Found::Nothing | Found::Unclear => self.gone(&record.record).await?,
                Found::Refused(words) => self.quarantine(&record.record, &words).await?,
                Found::Contact(contact) if contact.id.as_str() != record.record => {
                    self.store
                        .rekey_record(tenant, &record.record, contact.id.as_str())
                        .await?;
                    survivors.insert(contact.id.to_string());
                }
                Found::Contact(contact) => present.push((record, contact)),
            }
        }
        let mut drafts = Vec::new();
        for (record, contact) in present {
            if survivors.contains(&record.record) {
                // It has just come into more than was read of it; the next step reads it again. Each time this happens, two
                // records have become one.
                handled.remove(&record.record);
            } else {
                drafts.extend(self.draft(client, record, &contact).await?);
            }
        }
        self.write_drafts(client, drafts).await?;
        Ok(true)
    }

    fn wanted_properties(&self) -> [&str; 3] {
        [&self.options.property, "firstname", "lastname"]
    }

    /// A record that a batch did not answer for: by itself (a merge answers with the survivor), then by its addresses.
    async fn find_again(&self, client: &Client, record: &DirtyRecord) -> Result<Found, Stop> {
        let properties = self.wanted_properties();
        if let Ok(id) = record.record.parse::<ContactId>() {
            self.pace.turn().await;
            match found(client.contacts().get(&id, &properties).await)? {
                Found::Nothing => {}
                found => return Ok(found),
            }
        }
        for email in self.store.addresses_of(&self.options.tenant, &record.record).await? {
            self.pace.turn().await;
            let answer = client.contacts().get_by_email(email.as_str(), &properties).await;
            if let Found::Contact(contact) = found(answer)? {
                return Ok(Found::Contact(contact));
            }
        }
        Ok(Found::Nothing)
    }

    /// HubSpot refuses this record, and will the next time too: it is left alone, and the others go on.
    pub(super) async fn quarantine(&self, record: &str, words: &str) -> Result<(), Stop> {
        let tenant = &self.options.tenant;
        let conversations = self.store.conversations_of(tenant, record).await?;
        self.store
            .set_record_state(tenant, record, RecordState::Refused, words, self.context.now())
            .await?;
        metrics::counter!("parlor_refused_records_total").increment(1);
        self.tell(conversations);
        Ok(())
    }

    /// The contact was deleted: it is not brought back for what was said before.
    async fn gone(&self, record: &str) -> Result<(), Stop> {
        let tenant = &self.options.tenant;
        let conversations = self.store.conversations_of(tenant, record).await?;
        let now = self.context.now();
        self.store
            .set_record_state(tenant, record, RecordState::Gone, "deleted in HubSpot", now)
            .await?;
        self.tell(conversations);
        Ok(())
    }

    /// What is to be written into a record; nothing when it holds everything already, or rests.
    async fn draft(&self, client: &Client, mut dirty: DirtyRecord, contact: &Contact) -> Result<Option<Draft>, Stop> {
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

    async fn note_delivered(
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
                .set_record_state(tenant, &dirty.record, state, "", self.context.now())
                .await?;
        }
        Ok(())
    }

    /// Writes drafts in as few calls as the limits allow; halves what is refused as a whole until the culprit stands alone.
    async fn write_drafts(&self, client: &Client, drafts: Vec<Draft>) -> Result<(), Stop> {
        let wanted = drafts.len();
        let mut refused = Vec::new();
        let mut batches = in_batches(drafts);
        batches.reverse();
        while let Some(mut batch) = batches.pop() {
            let sending = batch.iter().map(|draft| Sending {
                record: draft.dirty.record.clone(),
                hash: draft.hash,
            });
            let sending: Vec<Sending> = sending.collect();
            self.store
                .note_sending(&self.options.tenant, sending, self.context.now())
                .await?;
            let inputs = batch
                .iter()
                .map(|draft| UpdateInput {
                    trace_id: draft.id.as_str().into(),
                    id: draft.id.clone(),
                    properties: draft.properties.clone(),
                })
                .collect();
            self.pace.turn().await;
            match client.contacts().batch_update(inputs).await {
                Ok(written) => {
                    for draft in batch {
                        let name = draft.id.as_str();
                        let failure = written
                            .failed
                            .iter()
                            .find(|failure| failure.trace_ids.iter().any(|trace_id| trace_id.as_str() == name));
                        let silent = written.unanswered.iter().any(|trace_id| trace_id.as_str() == name);
                        match failure {
                            Some(failure) if failure.class() == Class::Invalid => {
                                refused.push((
                                    draft,
                                    self.refusal(failure.message.as_deref(), failure.category.as_deref())?,
                                ));
                            }
                            Some(failure) => {
                                let words = words_of(failure.message.as_deref(), failure.category.as_deref());
                                self.failed(&draft, failure.outcome_unclear(), &words).await?;
                            }
                            None if silent => self.unclear(&[draft], "HubSpot's answer left it out").await?,
                            None => self.written(draft).await?,
                        }
                    }
                }
                Err(error) if matches!(error.class(), Class::Invalid | Class::NotFound) && batch.len() > 1 => {
                    batches.push(batch.split_off(batch.len() / 2));
                    batches.push(batch);
                }
                Err(error) if *error.class() == Class::Invalid => {
                    let words = self.refusal(error.message(), error.category())?;
                    refused.extend(batch.into_iter().map(|draft| (draft, words.clone())));
                }
                Err(error) if matches!(error.class(), Class::NotFound | Class::Conflict { .. }) => {
                    let words = words_of(error.message(), error.category());
                    for draft in &batch {
                        self.failed(draft, false, &words).await?;
                    }
                }
                Err(error) => {
                    if error.outcome_unclear() {
                        self.unclear(&batch, "it is not clear whether HubSpot took the last write")
                            .await?;
                    }
                    return Err(portal_trouble(&error));
                }
            }
        }
        if let Some((_, words)) = refused.first()
            && refused.len() == wanted
            && wanted >= EVERY_ONE
        {
            // Not one contact's fault: to give all of them up would be wrong.
            let words = format!("HubSpot refuses every contact: {words}");
            return Err(Stop::Portal(words, UNCLEAR_MARGIN));
        }
        for (draft, words) in refused {
            self.quarantine(&draft.dirty.record, &words).await?;
        }
        Ok(())
    }

    /// What HubSpot says of a contact that it refuses; a stop where it is the property that is at fault.
    fn refusal(&self, message: Option<&str>, category: Option<&str>) -> Result<String, Stop> {
        let is_missing = |text: &str| text.contains("PROPERTY_DOESNT_EXIST") && text.contains(&self.options.property);
        if message.is_some_and(is_missing) {
            return Err(self.property_is_missing());
        }
        Ok(words_of(message, category))
    }

    async fn written(&self, draft: Draft) -> Result<(), Stop> {
        metrics::counter!("parlor_delivered_records_total").increment(1);
        // After an unclear write, even a clear one is followed by a read: once the old one can no longer come, and again
        // where that read is what led to this write.
        let now = self.context.now();
        let unconfirmed = draft.dirty.unconfirmed_until;
        let confirm_at = unconfirmed.map(|until| if until > now { until } else { now + UNCLEAR_MARGIN });
        let confirm_at = self.confirm_erasure(&draft.dirty, confirm_at);
        self.note_delivered(&draft.dirty, draft.rendered, confirm_at).await?;
        self.note_erasure(&draft.dirty, confirm_at).await?;
        self.tell(draft.conversations);
        Ok(())
    }

    /// A single contact could not be written this time.
    async fn failed(&self, draft: &Draft, unclear: bool, words: &str) -> Result<(), Stop> {
        if unclear {
            self.unclear(std::slice::from_ref(draft), words).await?;
        } else {
            // Not found between our read and our write: the next attempt reads again and sees what became of it.
            let next = self.context.now() + self.back_off(draft.dirty.attempts);
            let records = vec![draft.dirty.record.clone()];
            self.store
                .postpone_records(&self.options.tenant, records, next, None, words)
                .await?;
        }
        self.tell(draft.conversations.iter().cloned());
        Ok(())
    }

    /// A write whose outcome is unclear may be applied after a later one: the record stays unconfirmed until it has been read
    /// after that can no longer happen.
    async fn unclear(&self, drafts: &[Draft], words: &str) -> Result<(), Stop> {
        let now = self.context.now();
        let until = now + self.options.timeout + UNCLEAR_MARGIN;
        let attempts = drafts.iter().map(|draft| draft.dirty.attempts).max().unwrap_or(0);
        let records = drafts.iter().map(|draft| draft.dirty.record.clone()).collect();
        // HubSpot as a whole is left alone for longer and longer; its contacts need not rest for long after an outage.
        let next = now + self.back_off(attempts.min(MOST_UNCLEAR));
        self.store
            .postpone_records(&self.options.tenant, records, next, Some(until), words)
            .await?;
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
fn in_batches(mut drafts: Vec<Draft>) -> Vec<Vec<Draft>> {
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
