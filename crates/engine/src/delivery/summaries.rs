//! The end of a conversation, summed up in a note on the contact's timeline: reps read the timeline.

use parlor_hubspot::{Client, ContactId};
use parlor_store::{Ended, NoteKind, NoteRange, PlannedNote};

use super::notes::{Noted, Progress};
use super::transcript::note_key;
use super::{BATCH, Delivery, Stop};

impl Delivery {
    /// Sums up conversations that ended. Answers whether there may be more.
    pub(super) async fn sum_up(&self, client: &Client) -> Result<bool, Stop> {
        let ended = self
            .store
            .to_sum_up(&self.options.tenant, self.context.now(), BATCH)
            .await?;
        for one in &ended {
            let contact = one.record.record.parse::<ContactId>().ok();
            let is_done = match contact.filter(|_| self.options.summaries) {
                Some(contact) => match self.sum_up_one(client, &contact, one).await {
                    Err(Stop::Portal(trouble)) => match self.set_aside(&one.record, trouble).await? {
                        None => false,
                        Some(trouble) => return Err(Stop::Portal(trouble)),
                    },
                    is_done => is_done?,
                },
                None => true,
            };
            if is_done {
                let tenant = &self.options.tenant;
                self.store.note_summed_up(tenant, &one.id, one.closed_at).await?;
            }
        }
        Ok(ended.len() == BATCH)
    }

    /// Answers whether the note is there; else its record rests.
    async fn sum_up_one(&self, client: &Client, contact: &ContactId, ended: &Ended) -> Result<bool, Stop> {
        let (tenant, record) = (&self.options.tenant, &ended.record.record);
        let mut is_planned = false;
        loop {
            let conversations = self.store.transcript(tenant, record).await?;
            let notes = self.store.notes_of(tenant, record).await?;
            let noted = Noted {
                client,
                dirty: &ended.record,
                contact,
                conversations: &conversations,
                notes: &notes,
            };
            match self.work_on_notes(&noted).await? {
                Progress::Further => {}
                Progress::Resting => return Ok(false),
                Progress::Done if is_planned => return Ok(true),
                Progress::Done => {
                    let Some(plan) = summary(&noted, ended) else {
                        return Ok(true);
                    };
                    self.store.plan_notes(tenant, vec![plan]).await?;
                    is_planned = true;
                }
            }
        }
    }
}

/// What was said since the conversation was last summed up; nothing where that is nothing.
fn summary(noted: &Noted<'_>, ended: &Ended) -> Option<PlannedNote> {
    let conversation = noted.conversations.iter().find(|one| one.id == ended.id)?;
    let last = conversation.messages.last()?.seq;
    let summaries = noted.notes.iter().filter(|note| note.plan.kind == NoteKind::Summary);
    let ranges = summaries.clone().flat_map(|note| &note.plan.ranges);
    let summed_up = ranges
        .filter(|range| range.conversation == ended.id)
        .map(|range| range.to_seq)
        .max()
        .unwrap_or(0);
    let range = NoteRange {
        conversation: ended.id.clone(),
        from_seq: summed_up + 1,
        to_seq: last,
    };
    (range.from_seq <= range.to_seq).then(|| PlannedNote {
        key: note_key(&noted.dirty.record, NoteKind::Summary, std::slice::from_ref(&range)),
        record: noted.dirty.record.clone(),
        kind: NoteKind::Summary,
        number: u32::try_from(summaries.count()).unwrap_or(u32::MAX).saturating_add(1),
        ranges: vec![range],
    })
}
