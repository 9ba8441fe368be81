//! Writing records: read what is there, render, note the hash, write, and confirm what was unclear.

use std::collections::HashSet;
use std::sync::PoisonError;

use parlor_hubspot::{BatchReadBy, Class, Client, ContactId, Error, UpdateInput};
use parlor_store::{DirtyRecord, Postponement, Reason, RecordState, Sending, Timestamp};

use super::breaker::{Kind, Trouble};
use super::dead_letters::note_dead_letter;
use super::draft::{Draft, in_batches};
use super::read::{Found, found, may_be_one};
use super::{BATCH, Delivery, EVERY_ONE, Stop, UNCLEAR_MARGIN, portal_trouble, reason_of, reason_of_portal, words_of};

/// Batches under way at a time: where HubSpot takes its time to answer, one by one would not use what its limits allow.
const LANES: usize = 4;

/// Failures after which a record is written by itself, and rests no longer than before.
pub(super) const MOST_UNCLEAR: u32 = 7;

impl Delivery {
    /// Writes at most so many records that have something due, or are due to be confirmed, and were not taken up in this pass
    /// yet. Answers whether there may be more.
    pub(super) async fn write_records(
        &self,
        client: &Client,
        handled: &mut HashSet<String>,
        due_by: Timestamp,
        most: usize,
    ) -> Result<bool, Stop> {
        let tenant = &self.options.tenant;
        let (now, coalescing) = (self.context.now(), self.options.coalescing);
        let wanted = LANES * BATCH + handled.len();
        let mut dirty = self
            .store
            .dirty_records(tenant, now, due_by, coalescing, wanted)
            .await?;
        dirty.retain(|record| !handled.contains(&record.record));
        if most < BATCH {
            // What never failed says more of HubSpot than what may be at fault itself.
            dirty.sort_by_key(|record| record.attempts);
        }
        dirty.truncate(if most < BATCH { most } else { LANES * BATCH });
        if dirty.is_empty() {
            return Ok(false);
        }
        handled.extend(dirty.iter().map(|record| record.record.clone()));
        let mut batches = dirty.chunks(BATCH).map(<[DirtyRecord]>::to_vec);
        let mut lane = || Box::pin(self.write_batch(client, batches.next().unwrap_or_default(), most < BATCH));
        // Each goes to its end, whatever becomes of the others: a call that is left half-way is in doubt.
        let (first, second, third, fourth) = tokio::join!(lane(), lane(), lane(), lane());
        for again in [first, second, third, fourth] {
            for record in again? {
                handled.remove(&record);
            }
        }
        Ok(true)
    }

    /// Writes records of one batch. Answers those that are to be taken up again.
    async fn write_batch(&self, client: &Client, dirty: Vec<DirtyRecord>, is_probe: bool) -> Result<Vec<String>, Stop> {
        if dirty.is_empty() {
            return Ok(Vec::new());
        }
        let tenant = &self.options.tenant;
        let ids: Vec<&str> = dirty.iter().map(|record| record.record.as_str()).collect();
        let reading = match self
            .read(client, BatchReadBy::Id, &ids, &self.wanted_properties())
            .await
        {
            Err(Stop::Portal(trouble)) if is_probe => {
                // It may be this one's fault: the next probe takes another.
                let postponement = Postponement::until(self.context.now(), trouble.words.as_str());
                self.postpone(vec![dirty[0].record.clone()], postponement).await?;
                return Err(Stop::Portal(trouble));
            }
            reading => reading?,
        };
        let mut present = Vec::new();
        let mut survivors = HashSet::new();
        for record in dirty {
            let found = match reading.of(&record.record) {
                Found::Nothing | Found::Unclear => self.find_again(client, &record).await?,
                found => found,
            };
            match found {
                Found::Nothing | Found::Unclear => self.gone(&record.record).await?,
                Found::Refused(reason) => self.quarantine(&record.record, &reason).await?,
                Found::Failed(reason) => {
                    let postponement = Postponement {
                        give_up_failing_since: Some(self.give_up_failing_since()),
                        ..Postponement::until(self.context.now() + self.back_off(record.attempts), reason)
                    };
                    self.postpone(vec![record.record.clone()], postponement).await?;
                }
                Found::Contact(contact) if contact.id.as_str() != record.record => {
                    self.store
                        .rekey_record(tenant, &record.record, contact.id.as_str())
                        .await?;
                    survivors.insert(contact.id.to_string());
                }
                Found::Contact(contact) => present.push((record, contact)),
            }
        }
        let (mut drafts, mut again, mut stopped) = (Vec::new(), Vec::new(), None);
        for (record, contact) in present {
            if survivors.contains(&record.record) {
                // It has just come into more than was read of it; the next step reads it again. Each time this happens, two
                // records have become one.
                again.push(record.record);
            } else {
                let dirty = record.clone();
                match self.draft(client, record, &contact).await {
                    Ok(draft) => drafts.extend(draft),
                    // The others are written all the same.
                    Err(Stop::Portal(trouble)) => stopped = self.set_aside(&dirty, trouble).await?.or(stopped),
                    Err(stop) => return Err(stop),
                }
            }
        }
        self.write_drafts(client, drafts).await?;
        match stopped {
            None => Ok(again),
            Some(trouble) => Err(Stop::Portal(trouble)),
        }
    }

    /// What went wrong in work on one record: it rests. Answers the trouble where it may be HubSpot's as a whole; where others were
    /// written since this one began to fail, it is its own.
    pub(super) async fn set_aside(&self, dirty: &DirtyRecord, trouble: Trouble) -> Result<Option<Trouble>, Stop> {
        let is_its_own = trouble.kind == Kind::Passing && self.others_are_well(dirty);
        let attempts = if is_its_own {
            dirty.attempts
        } else {
            dirty.attempts.min(MOST_UNCLEAR)
        };
        let postponement = Postponement {
            give_up_failing_since: is_its_own.then(|| self.give_up_failing_since()),
            ..Postponement::until(self.context.now() + self.back_off(attempts), trouble.words.as_str())
        };
        self.postpone(vec![dirty.record.clone()], postponement).await?;
        Ok((!is_its_own).then_some(trouble))
    }

    fn wanted_properties(&self) -> [&str; 3] {
        [&self.options.property, "firstname", "lastname"]
    }

    /// A record that a batch did not answer for, by itself: a merge answers with the survivor. Never by its addresses: where the
    /// record was deleted, whoever has the address now is a new contact, who gets nothing of what was said before.
    async fn find_again(&self, client: &Client, record: &DirtyRecord) -> Result<Found, Stop> {
        let properties = self.wanted_properties();
        if let Ok(id) = record.record.parse::<ContactId>() {
            let contacts = client.contacts();
            match found(self.ask(client, contacts.get(&id, &properties)).await?)? {
                Found::Nothing => {}
                found => return Ok(found),
            }
        }
        Ok(Found::Nothing)
    }

    /// HubSpot refuses this record, and will the next time too: it is left alone, and the others go on.
    pub(super) async fn quarantine(&self, record: &str, reason: &Reason) -> Result<(), Stop> {
        let tenant = &self.options.tenant;
        let conversations = self.store.conversations_of(tenant, record).await?;
        self.store
            .set_record_state(tenant, record, RecordState::Refused, reason, self.context.now())
            .await?;
        metrics::counter!("parlor_refused_records_total").increment(1);
        note_dead_letter("refused", reason);
        self.tell(conversations);
        Ok(())
    }

    /// The contact was deleted: it is not brought back for what was said before.
    async fn gone(&self, record: &str) -> Result<(), Stop> {
        let tenant = &self.options.tenant;
        let conversations = self.store.conversations_of(tenant, record).await?;
        let now = self.context.now();
        self.store
            .set_record_state(tenant, record, RecordState::Gone, &"deleted in HubSpot".into(), now)
            .await?;
        metrics::counter!("parlor_gone_records_total").increment(1);
        tracing::info!(
            record,
            "a contact was deleted in HubSpot: what was said before stays here"
        );
        self.tell(conversations);
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
            self.note_sending(sending.collect()).await?;
            let inputs = batch
                .iter()
                .map(|draft| UpdateInput {
                    trace_id: draft.id.as_str().into(),
                    id: draft.id.clone(),
                    properties: draft.properties.clone(),
                })
                .collect();
            let contacts = client.contacts();
            match self.ask(client, contacts.batch_update(inputs)).await? {
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
                                let reason = Reason {
                                    words: words_of(failure.message.as_deref(), failure.category.as_deref()),
                                    correlation_id: failure.correlation_id.clone(),
                                };
                                if failure.class() == Class::Invalid {
                                    self.check_refusal(failure.message.as_deref())?;
                                    refused.push((draft, reason));
                                } else {
                                    self.failed(&draft, failure.outcome_unclear(), reason).await?;
                                }
                            }
                            None if silent => self.failed(&draft, true, "HubSpot's answer left it out".into()).await?,
                            None => self.written(draft).await?,
                        }
                    }
                }
                Err(error) if matches!(error.class(), Class::Invalid | Class::NotFound) && batch.len() > 1 => {
                    batches.push(batch.split_off(batch.len() / 2));
                    batches.push(batch);
                }
                Err(error) if *error.class() == Class::Invalid => {
                    self.check_refusal(error.message())?;
                    refused.extend(batch.into_iter().map(|draft| (draft, reason_of(&error))));
                }
                Err(error) if matches!(error.class(), Class::NotFound | Class::Conflict { .. }) => {
                    for draft in &batch {
                        self.failed(draft, false, reason_of(&error)).await?;
                    }
                }
                Err(error) if self.is_its_own(&batch, &error) => {
                    for draft in &batch {
                        self.failed(draft, error.outcome_unclear(), reason_of_portal(&error))
                            .await?;
                    }
                }
                Err(error) => {
                    if error.outcome_unclear() {
                        let reason = Reason {
                            words: "it is not clear whether HubSpot took the last write".to_owned(),
                            ..reason_of_portal(&error)
                        };
                        self.unclear(&batch, reason, None).await?;
                    }
                    return Err(portal_trouble(&error));
                }
            }
        }
        if let Some((_, reason)) = refused.first()
            && refused.len() == wanted
            && wanted >= EVERY_ONE
        {
            // Not one contact's fault: to give all of them up would be wrong.
            return Err(Stop::Portal(Trouble {
                words: format!("HubSpot refuses every contact: {}", reason.words),
                kind: Kind::Person,
                wait: UNCLEAR_MARGIN,
            }));
        }
        for (draft, reason) in refused {
            self.quarantine(&draft.dirty.record, &reason).await?;
        }
        Ok(())
    }

    /// Notes what is about to be sent, as the one writer.
    async fn note_sending(&self, values: Vec<Sending>) -> Result<(), Stop> {
        let now = self.context.now();
        let Some(fence) = self.lease.fence() else {
            return Err(Stop::Rest(now));
        };
        let tenant = &self.options.tenant;
        if self.store.note_sending(tenant, &fence, values, now).await? {
            Ok(())
        } else {
            Err(Stop::Rest(now))
        }
    }

    /// A stop where it is not the contact that HubSpot refuses, but the property that is at fault.
    fn check_refusal(&self, message: Option<&str>) -> Result<(), Stop> {
        let is_missing = |text: &str| text.contains("PROPERTY_DOESNT_EXIST") && text.contains(&self.options.property);
        if message.is_some_and(is_missing) {
            return Err(self.property_is_missing());
        }
        Ok(())
    }

    /// Whether what HubSpot cannot do now is this one contact's matter: it stands alone, has failed before, and since then HubSpot
    /// took what was written for others.
    fn is_its_own(&self, batch: &[Draft], error: &Error) -> bool {
        matches!(batch, [draft] if self.others_are_well(&draft.dirty)) && may_be_one(error)
    }

    /// Whether HubSpot took what was written for others since this record began to fail.
    pub(super) fn others_are_well(&self, dirty: &DirtyRecord) -> bool {
        let last = *self.last_written.lock().unwrap_or_else(PoisonError::into_inner);
        dirty
            .failing_since
            .is_some_and(|since| last.is_some_and(|last| last > since))
    }

    async fn written(&self, draft: Draft) -> Result<(), Stop> {
        metrics::counter!("parlor_delivered_records_total").increment(1);
        self.excuse_absence().await?;
        // After an unclear write, even a clear one is followed by a read: once the old one can no longer come, and again
        // where that read is what led to this write.
        let now = self.context.now();
        *self.last_written.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        let unconfirmed = draft.dirty.unconfirmed_until;
        let confirm_at = unconfirmed.map(|until| if until > now { until } else { now + UNCLEAR_MARGIN });
        let confirm_at = self.confirm_erasure(&draft.dirty, confirm_at);
        self.note_delivered(&draft.dirty, draft.rendered, confirm_at).await?;
        self.note_erasure(&draft.dirty, confirm_at).await?;
        self.tell(draft.conversations);
        Ok(())
    }

    /// A single contact could not be written this time.
    async fn failed(&self, draft: &Draft, unclear: bool, reason: Reason) -> Result<(), Stop> {
        let give_up = Some(self.give_up_failing_since());
        if unclear {
            self.unclear(std::slice::from_ref(draft), reason, give_up).await?;
        } else {
            // Not found between our read and our write: the next attempt reads again and sees what became of it.
            let postponement = Postponement {
                give_up_failing_since: give_up,
                ..Postponement::until(self.context.now() + self.back_off(draft.dirty.attempts), reason)
            };
            self.postpone(vec![draft.dirty.record.clone()], postponement).await?;
        }
        self.tell(draft.conversations.iter().cloned());
        Ok(())
    }

    /// A write whose outcome is unclear may be applied after a later one: the record stays unconfirmed until it has been read
    /// after that can no longer happen.
    async fn unclear(&self, drafts: &[Draft], reason: Reason, give_up: Option<Timestamp>) -> Result<(), Stop> {
        let now = self.context.now();
        let attempts = drafts.iter().map(|draft| draft.dirty.attempts).max().unwrap_or(0);
        // HubSpot as a whole is left alone for longer and longer; its contacts need not rest for long after an outage.
        let attempts = if give_up.is_some() {
            attempts
        } else {
            attempts.min(MOST_UNCLEAR)
        };
        let postponement = Postponement {
            unconfirmed_until: Some(now + self.options.timeout + UNCLEAR_MARGIN),
            give_up_failing_since: give_up,
            ..Postponement::until(now + self.back_off(attempts), reason)
        };
        let records = drafts.iter().map(|draft| draft.dirty.record.clone()).collect();
        self.postpone(records, postponement).await
    }

    pub(super) async fn postpone(&self, records: Vec<String>, postponement: Postponement) -> Result<(), Stop> {
        let reason = postponement.reason.clone();
        metrics::counter!("parlor_delivery_retries_total", "of" => "contact").increment(records.len() as u64);
        let dead = self
            .store
            .postpone_records(&self.options.tenant, records, postponement)
            .await?;
        for _ in dead {
            note_dead_letter("dead", &reason);
        }
        Ok(())
    }
}
