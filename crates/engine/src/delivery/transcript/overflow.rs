//! Entries that find no room in the property stand in notes on the contact: which of them, and what a note says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use parlor_protocol::ConversationId;
use parlor_store::{NoteKind, NoteRange, PlannedNote, TranscriptConversation};
use sha2::{Digest, Sha256};

use super::entries::{Entry, in_order_of_commit, texts};
use super::{summary, units};

/// How long a note's text may be, in UTF-16 units of its HTML. HubSpot's own limit is 65,536 characters.
pub const NOTE_UNITS: usize = 60_000;

/// What a heading takes at most.
const HEADING_UNITS: usize = 500;

/// Which entries move into notes: the notes in their order, each with an unbroken run of each conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overflow {
    notes: Vec<Vec<NoteRange>>,
}

impl Overflow {
    /// The oldest entries that take at least so many units away.
    pub(super) fn oldest_of(entries: &[Entry<'_>], least_units: usize) -> Self {
        let mut taken = 0;
        let mut count = 0;
        for (index, _) in entries.iter().enumerate() {
            if taken >= least_units {
                break;
            }
            taken += units(&texts(&entries[index..=index]).pop().unwrap_or_default());
            count = index + 1;
        }
        Self::all_of(&entries[..count])
    }

    /// All of these entries.
    pub(super) fn all_of(entries: &[Entry<'_>]) -> Self {
        let mut notes: Vec<BTreeMap<&ConversationId, NoteRange>> = Vec::new();
        let mut room = 0;
        for entry in entries {
            // With a heading for each, which is more than there will be.
            let needed: usize = texts(std::slice::from_ref(entry))
                .iter()
                .map(|text| units(&paragraph(text)))
                .sum();
            if notes.is_empty() || needed > room {
                notes.push(BTreeMap::new());
                room = NOTE_UNITS - HEADING_UNITS;
            }
            room = room.saturating_sub(needed);
            let (conversation, message) = entry;
            if let Some(note) = notes.last_mut() {
                note.entry(&conversation.id)
                    .and_modify(|range| range.to_seq = message.seq)
                    .or_insert_with(|| NoteRange {
                        conversation: conversation.id.clone(),
                        from_seq: message.seq,
                        to_seq: message.seq,
                    });
            }
        }
        Self {
            notes: notes.into_iter().map(|note| note.into_values().collect()).collect(),
        }
    }

    /// The notes to be made for a record that has `already` of them.
    #[must_use]
    pub fn plan(self, record: &str, already: u32) -> Vec<PlannedNote> {
        self.notes
            .into_iter()
            .zip(already + 1..)
            .map(|(ranges, number)| PlannedNote {
                key: note_key(record, NoteKind::Overflow, &ranges),
                record: record.to_owned(),
                kind: NoteKind::Overflow,
                number,
                ranges,
            })
            .collect()
    }
}

/// Ten letters and digits that follow from where a note begins: an older state of the store, restored, comes to the same note.
#[must_use]
pub fn note_key(record: &str, kind: NoteKind, ranges: &[NoteRange]) -> String {
    let mut digest = Sha256::new();
    digest.update(kind.as_str());
    digest.update([0]);
    digest.update(record);
    for range in ranges {
        digest.update(format!("\0{} {}", range.conversation, range.from_seq));
    }
    let digest = digest.finalize();
    digest.iter().take(5).fold(String::new(), |mut key, byte| {
        let _ = write!(key, "{byte:02x}");
        key
    })
}

/// A note's text as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteText(pub String);

impl NoteText {
    /// How long it is.
    #[must_use]
    pub fn units(&self) -> usize {
        units(&self.0)
    }
}

/// What a note begins with; by its key it is found again.
#[must_use]
pub fn note_heading(plan: &PlannedNote) -> String {
    let title = match plan.kind {
        NoteKind::Overflow => format!("Parlor chat transcript, part {}", plan.number),
        NoteKind::Summary => "Parlor: a chat ended".to_owned(),
    };
    format!("<p><strong>{title}</strong> (note {})</p>", plan.key)
}

/// The whole text of a note.
#[must_use]
pub fn note_body(plan: &PlannedNote, conversations: &[TranscriptConversation]) -> NoteText {
    let mut body = note_heading(plan);
    match plan.kind {
        NoteKind::Overflow => {
            let held = |(conversation, message): &Entry<'_>| {
                plan.ranges.iter().any(|range| {
                    range.conversation == conversation.id && (range.from_seq..=range.to_seq).contains(&message.seq)
                })
            };
            let entries: Vec<Entry<'_>> = in_order_of_commit(conversations).into_iter().filter(held).collect();
            body.extend(texts(&entries).iter().map(|text| paragraph(text)));
        }
        NoteKind::Summary => {
            for range in &plan.ranges {
                let whose = conversations.iter().find(|one| one.id == range.conversation);
                let paragraphs = whose.map(|whose| summary::paragraphs(range, whose)).unwrap_or_default();
                body.extend(paragraphs.iter().map(|text| format!("<p>{text}</p>")));
            }
        }
    }
    NoteText(body)
}

/// A text as a paragraph of HTML in which nothing is a tag or a HubSpot token.
pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

/// Text as HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // `{{ contact.email }}` and `{% … %}` are HubSpot's own language.
            '{' => html.push_str("&#123;"),
            '}' => html.push_str("&#125;"),
            '\n' => html.push_str("<br>"),
            other => html.push(other),
        }
    }
    html
}

/// A note's text without tags and white space: HubSpot may write the same text with others.
#[must_use]
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut in_tag = false;
    for character in html.chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            other if in_tag || other.is_whitespace() => {}
            other => text.push(other),
        }
    }
    [
        ("&nbsp;", ""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#123;", "{"),
        ("&#125;", "}"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(text, |text, (entity, character)| text.replace(entity, character))
}
