//! Which entries a note holds that was found at HubSpot: for a store restored from a backup, which does not know.

use std::collections::BTreeMap;

use parlor_protocol::ConversationId;
use parlor_store::{NoteKind, NoteRange, PlannedNote, TranscriptConversation};

use super::entries::{in_order_of_commit, texts};
use super::overflow::{paragraph, plain};

/// The plan of which this note would have come; `None` for one that is no part of a transcript, or holds nothing that is known here.
#[must_use]
pub fn plan_of_note(record: &str, body: &str, conversations: &[TranscriptConversation]) -> Option<PlannedNote> {
    let body = plain(body);
    let (number, rest) = body.strip_prefix("Parlorchattranscript,part")?.split_once("(note")?;
    let (key, entries) = rest.split_once(')')?;
    let mut ranges: BTreeMap<&ConversationId, NoteRange> = BTreeMap::new();
    for entry in in_order_of_commit(conversations) {
        let (conversation, message) = entry;
        // The last of the texts is the entry's own, after its heading.
        let text = texts(&[entry]).pop().unwrap_or_default();
        if entries.contains(&plain(&paragraph(&text))) {
            ranges
                .entry(&conversation.id)
                .and_modify(|range| range.to_seq = message.seq)
                .or_insert_with(|| NoteRange {
                    conversation: conversation.id.clone(),
                    from_seq: message.seq,
                    to_seq: message.seq,
                });
        }
    }
    if ranges.is_empty() {
        return None;
    }
    Some(PlannedNote {
        key: key.to_owned(),
        record: record.to_owned(),
        kind: NoteKind::Overflow,
        number: number.parse().ok()?,
        ranges: ranges.into_values().collect(),
    })
}
