//! Removing from HubSpot what it has of people who were forgotten: notes first, then the property, which is read once more when no
//! earlier write can come any more.

use parlor_hubspot::{Class, Client, ContactId, NoteId};
use parlor_store::{DirtyRecord, ErasureNoteAction, StoreError, Timestamp, ValueHash};

use super::{Delivery, Stop, portal_trouble, transcript, unclear_for};

/// The setting of a store that was restored.
const RESTORED_AT: &str = "store.restored_at";

impl Delivery {
    /// HubSpot refused a record for good, but something has to be erased there: it is tried again, once an hour.
    pub(super) async fn revive_erasures(&self) -> Result<(), StoreError> {
        let tenant = &self.options.tenant;
        if self.store.count_erasures(tenant).await? > 0 {
            self.store.revive_erasures(tenant, self.context.now()).await?;
        }
        Ok(())
    }

    /// Archives a record's notes that hold what is to be erased, and lets those be filled again that others' entries stay in. Answers
    /// when to look again where something is left.
    pub(super) async fn erase_notes(
        &self,
        client: &Client,
        dirty: &DirtyRecord,
        contact: &ContactId,
    ) -> Result<Option<Timestamp>, Stop> {
        let tenant = &self.options.tenant;
        let mut look_again = None;
        for note in self.store.erasure_notes(tenant, &dirty.record).await? {
            let known = note.note.as_deref().map(str::parse::<NoteId>);
            let mut archived = Ok(());
            match (note.action, known) {
                (ErasureNoteAction::Rewrite, _) => {}
                (ErasureNoteAction::Archive, Some(Ok(id))) => {
                    archived = self.ask(client, client.notes().archive(&id)).await?;
                }
                (ErasureNoteAction::Archive, _) => {
                    let clear_at = note.asked_at + unclear_for(self.options.timeout);
                    if clear_at > self.context.now() {
                        look_again = look_again.max(Some(clear_at));
                        continue;
                    }
                    for found in self.notes_with_key(client, contact, &note.key).await? {
                        if archived.is_ok() {
                            archived = self.ask(client, client.notes().archive(&found.id)).await?;
                        }
                    }
                }
            }
            match archived {
                Ok(()) => self.store.settle_erasure_note(tenant, &note).await?,
                // This note's own trouble must not hold up the others.
                Err(error) if matches!(error.class(), Class::Invalid | Class::NotFound | Class::Conflict { .. }) => {
                    tracing::warn!(%error, "HubSpot does not archive a note of somebody forgotten; it is tried again");
                    look_again = look_again.max(Some(self.context.now() + self.back_off(dirty.attempts.max(6))));
                }
                Err(error) => return Err(portal_trouble(&error)),
            }
        }
        if self.store.setting(RESTORED_AT).await?.is_some() {
            self.erase_unknown_notes(client, contact).await?;
        }
        Ok(look_again)
    }

    /// A store that was restored from a backup does not know the notes that were made since: they are found by what stands in them.
    async fn erase_unknown_notes(&self, client: &Client, contact: &ContactId) -> Result<(), Stop> {
        for note in self.notes_on(client, contact).await? {
            let named = transcript::conversations_in_note(&note.body);
            if named.is_empty() {
                continue;
            }
            let all = named.len();
            let forgotten = self.store.forgotten_among(&self.options.tenant, named).await?;
            let erased = if forgotten.is_empty() {
                continue;
            } else if forgotten.len() == all {
                self.ask(client, client.notes().archive(&note.id)).await?
            } else {
                let left = transcript::note_without(&note.body, &forgotten);
                self.ask(client, client.notes().set_body(&note.id, &left))
                    .await?
                    .map(drop)
            };
            erased.map_err(|error| portal_trouble(&error))?;
        }
        Ok(())
    }

    /// The property's value as the next one is to be made from it. Headings of forgotten conversations may stand in it however long
    /// ago that was: an old value may have been put back.
    pub(super) async fn as_left(&self, dirty: &DirtyRecord, held: &str, known: &[ValueHash]) -> Result<String, Stop> {
        let named = transcript::conversations_named(held);
        let forgotten = if named.is_empty() {
            Vec::new()
        } else {
            self.store.forgotten_among(&self.options.tenant, named).await?
        };
        Ok(transcript::as_left(held, dirty.erasing.is_some(), &forgotten, known))
    }

    /// A record from which somebody was just removed is read once more, whatever is known of earlier writes.
    pub(super) fn confirm_erasure(&self, dirty: &DirtyRecord, confirm_at: Option<Timestamp>) -> Option<Timestamp> {
        match dirty.erasing {
            Some(erasing) if !erasing.is_removed => {
                confirm_at.or(Some(self.context.now() + unclear_for(self.options.timeout)))
            }
            _ => confirm_at,
        }
    }

    /// The property is without those who were forgotten; when that is certain, the erasure is at its end.
    pub(super) async fn note_erasure(&self, dirty: &DirtyRecord, confirm_at: Option<Timestamp>) -> Result<(), Stop> {
        let Some(erasing) = dirty.erasing else { return Ok(()) };
        let tenant = &self.options.tenant;
        if confirm_at.is_some() {
            self.store.note_removed(tenant, &dirty.record, erasing.since).await?;
        } else if self.store.finish_erasure(tenant, &dirty.record, erasing.since).await? {
            metrics::counter!("parlor_erased_records_total").increment(1);
            tracing::info!(record = %dirty.record, "HubSpot has nothing of ours any more of somebody who was forgotten");
        }
        Ok(())
    }
}
