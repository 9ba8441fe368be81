//! After a restore: notes on a record may hold entries that the store, an older state, takes to be in the property.

use parlor_hubspot::{Client, ContactId};
use parlor_store::{DirtyRecord, NoteState, PlannedNote, RecordState};

use super::{Delivery, Stop, transcript};

impl Delivery {
    /// Reads a contact's notes once, where there may be any of ours, and keeps what they hold. Notes that hold nothing known here are
    /// left alone.
    pub(super) async fn adopt_notes(
        &self,
        client: &Client,
        dirty: &DirtyRecord,
        contact: &ContactId,
        held: &str,
    ) -> Result<(), Stop> {
        let (tenant, record) = (&self.options.tenant, dirty.record.as_str());
        let conversations = self.store.transcript(tenant, record).await?;
        let known = self.store.notes_of(tenant, record).await?;
        let may_have_notes = transcript::points_to_notes(held) || !known.is_empty() || dirty.state == RecordState::Full;
        let notes = if may_have_notes {
            self.notes_on(client, contact).await?
        } else {
            Vec::new()
        };
        for note in notes {
            let Some(found) = transcript::plan_of_note(record, &note.body, &conversations) else {
                continue;
            };
            let plan = match known.iter().find(|known| known.plan.key == found.key) {
                // What is known to stand there stands there, though a rendering of today may read otherwise.
                Some(known) if known.state == NoteState::Filled => known.plan.followed_by(&beyond(&known.plan, found)),
                _ => Some(found),
            };
            if let Some(plan) = plan {
                self.store.adopt_note(tenant, plan, note.id.as_str()).await?;
            }
        }
        self.store.note_read_after_restore(tenant, record).await?;
        Ok(())
    }
}

/// What of `found` comes after what `known` holds of the same conversations.
fn beyond(known: &PlannedNote, mut found: PlannedNote) -> PlannedNote {
    found.ranges.retain_mut(|range| {
        if let Some(known) = known
            .ranges
            .iter()
            .find(|known| known.conversation == range.conversation)
        {
            range.from_seq = known.to_seq + 1;
        }
        range.from_seq <= range.to_seq
    });
    found
}
