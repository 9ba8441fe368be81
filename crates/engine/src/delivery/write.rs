//! Writing records: read what is there, render, note the hash, write, and confirm what was unclear.

use std::collections::BTreeMap;

use parlor_hubspot::{BatchReadBy, Class, Client, Contact, ContactId, UpdateInput};
use parlor_store::{Delivered, DirtyRecord, RecordState, Sending, Timestamp, TranscriptConversation};

use super::transcript::{self, Rendered};
use super::{BATCH, Delivery, Stop, UNCLEAR_MARGIN, words_of};

/// A body larger than this is split; HubSpot does not say where its own limit is.
const BODY_BYTES: usize = 2_000_000;

/// A record and what is to be written into it.
#[derive(Clone)]
struct Draft {
    dirty: DirtyRecord,
    id: ContactId,
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
    /// Writes up to a hundred records that have something new, or are due to be confirmed. Answers whether there may be more.
    pub(super) async fn write_records(&self, client: &Client) -> Result<bool, Stop> {
        let tenant = &self.options.tenant;
        let dirty = self.store.dirty_records(tenant, self.context.now(), BATCH).await?;
        if dirty.is_empty() {
            return Ok(false);
        }
        let ids: Vec<&str> = dirty.iter().map(|record| record.record.as_str()).collect();
        self.pace.turn().await;
        let read = client
            .contacts()
            .batch_read(
                BatchReadBy::Id,
                &ids,
                &[&self.options.property, "firstname", "lastname"],
            )
            .await
            .map_err(|error| self.portal_trouble(&error))?;
        let mut drafts = Vec::new();
        for record in dirty {
            let contact = match read.answer_to(&record.record) {
                Some(contact) => Some(contact.clone()),
                None => self.find_again(client, &record).await?,
            };
            match contact {
                None => self.gone(&record.record).await?,
                Some(contact) if contact.id.as_str() != record.record => {
                    self.store
                        .rekey_record(tenant, &record.record, contact.id.as_str())
                        .await?;
                }
                Some(contact) => drafts.extend(self.draft(record, &contact).await?),
            }
        }
        self.write_drafts(client, drafts).await?;
        Ok(true)
    }

    /// A record that a batch did not answer for: by itself (a merge answers with the survivor), then by its addresses.
    async fn find_again(&self, client: &Client, record: &DirtyRecord) -> Result<Option<Contact>, Stop> {
        let properties = [self.options.property.as_str(), "firstname", "lastname"];
        if let Ok(id) = record.record.parse::<ContactId>() {
            self.pace.turn().await;
            let found = client.contacts().get(&id, &properties).await;
            if let Some(contact) = found.map_err(|error| self.portal_trouble(&error))? {
                return Ok(Some(contact));
            }
        }
        for email in self.store.addresses_of(&self.options.tenant, &record.record).await? {
            self.pace.turn().await;
            let found = client.contacts().get_by_email(email.as_str(), &properties).await;
            if let Some(contact) = found.map_err(|error| self.portal_trouble(&error))? {
                return Ok(Some(contact));
            }
        }
        Ok(None)
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

    /// What is to be written into a record; nothing when it holds everything already.
    async fn draft(&self, dirty: DirtyRecord, contact: &Contact) -> Result<Option<Draft>, Stop> {
        let tenant = &self.options.tenant;
        let conversations = self.store.transcript(tenant, &dirty.record).await?;
        let known = self.store.sent_values(tenant, &dirty.record).await?;
        let current = contact.property(&self.options.property).unwrap_or_default();
        let rendered = transcript::render(&conversations, current, &known);
        if transcript::is_same(&rendered.value, current) || conversations.is_empty() {
            self.settle(&dirty, rendered, &conversations).await?;
            return Ok(None);
        }
        let mut properties = names_where_empty(contact, &conversations);
        properties.insert(self.options.property.clone(), rendered.value.clone());
        let conversations = conversations.into_iter().map(|conversation| conversation.id).collect();
        Ok(Some(Draft {
            dirty,
            id: contact.id.clone(),
            rendered,
            properties,
            conversations,
        }))
    }

    /// The value in HubSpot is as it should be: note it. An earlier unclear write may still come, and is looked for then.
    async fn settle(
        &self,
        dirty: &DirtyRecord,
        rendered: Rendered,
        conversations: &[TranscriptConversation],
    ) -> Result<(), Stop> {
        let confirm_at = dirty.unconfirmed_until.filter(|until| *until > self.context.now());
        self.note_delivered(dirty, rendered, confirm_at).await?;
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
        let record = dirty.record.clone();
        let is_full = rendered.is_full;
        let delivered = Delivered {
            record: record.clone(),
            up_to: rendered.up_to,
            confirm_at,
        };
        self.store.note_delivered(tenant, vec![delivered]).await?;
        if is_full && confirm_at.is_none() {
            let words = "the property is full to the safe margin";
            self.store
                .set_record_state(tenant, &record, RecordState::Full, words, self.context.now())
                .await?;
        }
        Ok(())
    }

    /// Writes drafts in as few calls as the limits allow; halves what is refused as a whole until the culprit stands alone.
    async fn write_drafts(&self, client: &Client, drafts: Vec<Draft>) -> Result<(), Stop> {
        let mut batches = in_batches(drafts);
        while let Some(mut batch) = batches.pop() {
            let sending = batch.iter().map(|draft| Sending {
                record: draft.dirty.record.clone(),
                hash: transcript::hash(&draft.rendered.value),
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
                            Some(failure) => {
                                let words = words_of(failure.message.as_deref(), failure.category.as_deref());
                                self.refused(&draft, &failure.class(), failure.outcome_unclear(), &words)
                                    .await?;
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
                Err(error) if matches!(error.class(), Class::Invalid | Class::NotFound | Class::Conflict { .. }) => {
                    let words = words_of(error.message(), error.category());
                    for draft in &batch {
                        self.refused(draft, error.class(), false, &words).await?;
                    }
                }
                Err(error) => {
                    if error.outcome_unclear() {
                        self.unclear(&batch, "it is not clear whether HubSpot took the last write")
                            .await?;
                    }
                    return Err(self.portal_trouble(&error));
                }
            }
        }
        Ok(())
    }

    async fn written(&self, draft: Draft) -> Result<(), Stop> {
        metrics::counter!("parlor_delivered_records_total").increment(1);
        // After an unclear write, even a clear one is followed by a read: once the old one can no longer come.
        let confirm_at = draft.dirty.unconfirmed_until.map(|until| until.max(self.context.now()));
        self.note_delivered(&draft.dirty, draft.rendered, confirm_at).await?;
        self.tell(draft.conversations);
        Ok(())
    }

    async fn refused(&self, draft: &Draft, class: &Class, unclear: bool, words: &str) -> Result<(), Stop> {
        let record = &draft.dirty.record;
        match class {
            Class::Invalid if words.contains("PROPERTY_DOESNT_EXIST") && words.contains(&self.options.property) => {
                return Err(self.property_is_missing());
            }
            Class::Invalid => {
                let now = self.context.now();
                let tenant = &self.options.tenant;
                self.store
                    .set_record_state(tenant, record, RecordState::Refused, words, now)
                    .await?;
                metrics::counter!("parlor_refused_records_total").increment(1);
            }
            _ if unclear => self.unclear(std::slice::from_ref(draft), words).await?,
            // Not found between our read and our write: the next pass reads again and sees what became of it.
            _ => {
                let next = self.context.now() + self.back_off(draft.dirty.attempts);
                let records = vec![record.clone()];
                self.store
                    .postpone_records(&self.options.tenant, records, next, None, words)
                    .await?;
            }
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
        let next = now + self.back_off(attempts);
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

fn in_batches(drafts: Vec<Draft>) -> Vec<Vec<Draft>> {
    let mut batches: Vec<Vec<Draft>> = Vec::new();
    let mut bytes = 0;
    for draft in drafts {
        bytes += draft.bytes();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && bytes <= BODY_BYTES => batch.push(draft),
            _ => {
                bytes = draft.bytes();
                batches.push(vec![draft]);
            }
        }
    }
    batches
}
