//! Notes on a contact: made so that neither a crash nor an unclear answer leaves a second copy.
//!
//! A note is planned in the store, asked for with its heading only, and gets its text once its id is known. Where it is not known
//! whether HubSpot made it, it is looked for by its heading among the contact's notes, after the time in which it may still come.

use parlor_hubspot::{Class, Client, ContactId, Error, MAX_BATCH_INPUTS, Note, NoteId};
use parlor_store::{DirtyRecord, NoteKind, NoteState, Postponement, StoredNote, TranscriptConversation};
use time::OffsetDateTime;

use super::transcript::{NOTE_UNITS, NoteText, Overflow, note_body, note_heading, plain};
use super::{Delivery, Stop, UNCLEAR_MARGIN, portal_trouble, reason_of};

/// How far a record's notes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Every planned note has its text.
    Done,
    /// Something was done: what is known of the record has to be read again.
    Further,
    /// The record rests; its state says why.
    Resting,
}

/// A record whose notes are worked on.
pub(super) struct Noted<'a> {
    pub(super) client: &'a Client,
    pub(super) dirty: &'a DirtyRecord,
    pub(super) contact: &'a ContactId,
    pub(super) conversations: &'a [TranscriptConversation],
    pub(super) notes: &'a [StoredNote],
}

impl Noted<'_> {
    /// How many notes hold entries that are not in the property.
    pub(super) fn overflows(&self) -> impl Iterator<Item = &StoredNote> {
        self.notes
            .iter()
            .filter(|note| note.plan.kind == NoteKind::Overflow && !note.plan.ranges.is_empty())
    }
}

impl Delivery {
    /// Brings the first unfinished note of a record one step on.
    pub(super) async fn work_on_notes(&self, noted: &Noted<'_>) -> Result<Progress, Stop> {
        let Some(note) = noted.notes.iter().find(|note| note.state != NoteState::Filled) else {
            return Ok(Progress::Done);
        };
        if let Some(asked_at) = note.asked_at {
            let clear_at = asked_at + self.options.timeout + UNCLEAR_MARGIN;
            if clear_at > self.context.now() {
                let records = vec![noted.dirty.record.clone()];
                let reason = "it is not clear whether HubSpot took the last note";
                self.postpone(records, Postponement::until(clear_at, reason)).await?;
                return Ok(Progress::Resting);
            }
        }
        match (note.state, note.note.as_deref().map(str::parse::<NoteId>)) {
            (NoteState::Created, Some(Ok(id))) => self.fill_note(noted, note, &id).await,
            (NoteState::Planned, _) => self.create_note(noted, note).await,
            _ => self.look_for_note(noted, note).await,
        }
    }

    /// Plans notes for entries that find no room; the newest note takes them in where it has room and nobody wrote in it.
    pub(super) async fn plan_overflow(&self, noted: &Noted<'_>, overflow: Overflow) -> Result<(), Stop> {
        let already = noted.overflows().map(|note| note.plan.number).max().unwrap_or(0);
        let mut plans = overflow.plan(&noted.dirty.record, already);
        if let (Some(first), Some(last)) = (plans.first(), noted.overflows().last())
            && let Some(merged) = last.plan.followed_by(first)
            && note_body(&merged, noted.conversations).units() <= NOTE_UNITS
            && self.is_as_written(noted, last).await?
        {
            plans[0] = merged;
        }
        self.store.plan_notes(&self.options.tenant, plans).await?;
        Ok(())
    }

    async fn create_note(&self, noted: &Noted<'_>, note: &StoredNote) -> Result<Progress, Stop> {
        self.set_note(note, NoteState::Asked, None, true).await?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(note.planned_at.millis()) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (notes, heading) = (noted.client.notes(), note_heading(&note.plan));
        match self.ask(noted.client, notes.create(noted.contact, &heading, at)).await {
            Ok(Ok(id)) => {
                self.set_note(note, NoteState::Created, Some(&id), false).await?;
                Ok(Progress::Further)
            }
            Ok(Err(error)) if error.outcome_unclear() => self.note_failed(noted, &error).await,
            Ok(Err(error)) => {
                self.set_note(note, NoteState::Planned, None, false).await?;
                self.note_failed(noted, &error).await
            }
            // It was not this process's turn, so that nothing was asked.
            Err(stop) => {
                self.set_note(note, NoteState::Planned, None, false).await?;
                Err(stop)
            }
        }
    }

    async fn fill_note(&self, noted: &Noted<'_>, note: &StoredNote, id: &NoteId) -> Result<Progress, Stop> {
        let NoteText(body) = note_body(&note.plan, noted.conversations);
        self.set_note(note, NoteState::Created, Some(id), true).await?;
        let notes = noted.client.notes();
        match self.ask(noted.client, notes.set_body(id, &body)).await {
            Ok(Ok(true)) => {
                metrics::counter!("parlor_notes_total", "kind" => note.plan.kind.as_str()).increment(1);
                self.set_note(note, NoteState::Filled, Some(id), false).await?;
                Ok(Progress::Further)
            }
            // Somebody deleted it before it was whole, or HubSpot does not show it yet: it is looked for before another is made.
            Ok(Ok(false)) => {
                self.set_note(note, NoteState::Asked, None, true).await?;
                Ok(Progress::Further)
            }
            Ok(Err(error)) if error.outcome_unclear() => self.note_failed(noted, &error).await,
            Ok(Err(error)) => {
                self.set_note(note, NoteState::Created, Some(id), false).await?;
                self.note_failed(noted, &error).await
            }
            Err(stop) => {
                self.set_note(note, NoteState::Created, Some(id), false).await?;
                Err(stop)
            }
        }
    }

    /// Looks for a note that HubSpot may have made. One that has a text which is not ours (it was written after the backup that
    /// this store was restored from) is left alone, and another one made.
    async fn look_for_note(&self, noted: &Noted<'_>, note: &StoredNote) -> Result<Progress, Stop> {
        let found = self.notes_with_key(noted.client, noted.contact, &note.plan.key).await?;
        let Some((first, others)) = found.split_first() else {
            self.set_note(note, NoteState::Planned, None, false).await?;
            return Ok(Progress::Further);
        };
        let heading = plain(&note_heading(&note.plan));
        for other in others.iter().filter(|other| plain(&other.body) == heading) {
            let notes = noted.client.notes();
            let archived = self.ask(noted.client, notes.archive(&other.id)).await?;
            archived.map_err(|error| portal_trouble(&error))?;
        }
        let ours = plain(&note_body(&note.plan, noted.conversations).0);
        if ours.starts_with(&plain(&first.body)) {
            self.set_note(note, NoteState::Created, Some(&first.id), false).await?;
        } else {
            let mut another = note.plan.clone();
            another.key.push('x');
            let mut left_alone = note.plan.clone();
            left_alone.ranges.clear();
            self.store
                .plan_notes(&self.options.tenant, vec![left_alone, another])
                .await?;
            self.set_note(note, NoteState::Filled, Some(&first.id), false).await?;
        }
        Ok(Progress::Further)
    }

    /// Notes of a contact with this key in their heading; more than one where an attempt was made twice.
    pub(super) async fn notes_with_key(
        &self,
        client: &Client,
        contact: &ContactId,
        key: &str,
    ) -> Result<Vec<Note>, Stop> {
        let mut notes = self.notes_on(client, contact).await?;
        notes.retain(|note| plain(&note.body).contains(&format!("(note{key})")));
        Ok(notes)
    }

    /// All notes of a contact, whosever they are.
    pub(super) async fn notes_on(&self, client: &Client, contact: &ContactId) -> Result<Vec<Note>, Stop> {
        let notes = client.notes();
        let ids = self.ask(client, notes.of_contact(contact)).await?;
        let ids = ids.map_err(|error| portal_trouble(&error))?;
        let mut found = Vec::new();
        for ids in ids.chunks(MAX_BATCH_INPUTS) {
            let read = self.ask(client, notes.read(ids)).await?;
            found.extend(read.map_err(|error| portal_trouble(&error))?);
        }
        Ok(found)
    }

    async fn is_as_written(&self, noted: &Noted<'_>, note: &StoredNote) -> Result<bool, Stop> {
        let Some(Ok(id)) = note.note.as_deref().map(str::parse::<NoteId>) else {
            return Ok(false);
        };
        let notes = noted.client.notes();
        let read = self.ask(noted.client, notes.read(std::slice::from_ref(&id))).await?;
        let read = read.map_err(|error| portal_trouble(&error))?;
        let written = plain(&note_body(&note.plan, noted.conversations).0);
        Ok(read.first().is_some_and(|note| plain(&note.body) == written))
    }

    /// HubSpot did not do it, or it is not clear whether it did.
    async fn note_failed(&self, noted: &Noted<'_>, error: &Error) -> Result<Progress, Stop> {
        let record = &noted.dirty.record;
        match error.class() {
            Class::Invalid => self.quarantine(record, &reason_of(error)).await?,
            // The contact was deleted a moment ago, say: the next attempt reads again and sees what became of it.
            Class::NotFound | Class::Conflict { .. } => {
                let postponement = Postponement {
                    give_up_failing_since: Some(self.give_up_failing_since()),
                    ..Postponement::until(
                        self.context.now() + self.back_off(noted.dirty.attempts),
                        reason_of(error),
                    )
                };
                self.postpone(vec![record.clone()], postponement).await?;
            }
            _ => return Err(portal_trouble(error)),
        }
        Ok(Progress::Resting)
    }

    async fn set_note(
        &self,
        note: &StoredNote,
        state: NoteState,
        id: Option<&NoteId>,
        asks_now: bool,
    ) -> Result<(), Stop> {
        let asked_at = asks_now.then(|| self.context.now());
        self.store
            .set_note_state(
                &self.options.tenant,
                &note.plan.key,
                state,
                id.map(NoteId::as_str),
                asked_at,
            )
            .await?;
        Ok(())
    }
}
