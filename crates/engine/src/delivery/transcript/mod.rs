//! The transcript: what a contact's property holds, from the messages in the store.
//!
//! The value is: foreign text, a fixed line, a pointer to notes where there are any, entries. What stands before the line is somebody
//! else's and kept byte for byte. After it, entries follow in the order they were committed, each under the heading of its
//! conversation:
//!
//! ```text
//! ---- Parlor chat transcript: write above this line, what is below is replaced ----
//!
//! (Earlier messages stand in 2 notes on this contact.)
//!
//! == Conversation 0190… | 2026-11-21 | widget: Demo | page: https://www.example.com/prices | e-mail: ada@example.com (claimed) ==
//!
//! FROM: Ada Lovelace (visitor)
//! SENT AT: 2026-11-21T08:30:00.007Z
//! MESSAGE: Hello,
//!   is anybody there?
//! ```
//!
//! Every line of a message after its first is indented by two spaces, so that no text can forge an entry, a heading or the
//! fixed line. Entries of another state of the store (it was restored from a backup, or their time here ended) are kept whole, in front
//! of the line; those of somebody who was forgotten go wherever they stand. What finds no room moves into notes ([`Overflow`]), the oldest entries first and whole.

mod adopted;
mod entries;
mod erased;
mod foreign;
mod overflow;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use parlor_protocol::ConversationId;
use parlor_store::{TranscriptConversation, ValueHash};

pub use self::adopted::plan_of_note;
pub use self::erased::{as_left, conversations_in_note, conversations_named, note_without};
pub use self::foreign::{hash, is_same, points_to_notes};
pub use self::overflow::{NOTE_UNITS, NoteText, Overflow, escaped, note_body, note_heading, note_key, plain};

use self::entries::{Entry, in_order_of_commit};

/// The fixed line.
pub const MARKER: &str = "---- Parlor chat transcript: write above this line, what is below is replaced ----";

/// HubSpot's limit for a text property is 65,536 characters; a value longer than this many UTF-16 units is not written, but for
/// foreign text that is longer by itself.
pub const SAFE_UNITS: usize = 60_000;

/// HubSpot's own limit, in characters.
const MOST_UNITS: usize = 65_536;

/// Where foreign text leaves less than this, entries stand in notes only: else they would move every few messages.
const LEAST_ROOM: usize = 8_000;

/// What is to be done for a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendering {
    /// This is the value.
    Value(Rendered),
    /// These entries have to stand in notes first.
    Overflow(Overflow),
}

/// A value ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The whole value; absent where foreign text leaves no room even for the fixed line, so that the property is left alone.
    pub value: Option<String>,
    /// Each conversation and the last `seq` that is in the value or in notes.
    pub up_to: Vec<(ConversationId, u64)>,
    /// Foreign text fills the property: entries stand in notes only.
    pub is_full: bool,
}

/// Renders a record's conversations behind the foreign text that the property holds now. `notes` is how many notes of the record
/// hold entries.
#[must_use]
pub fn render(conversations: &[TranscriptConversation], notes: usize, current: &str, known: &[ValueHash]) -> Rendering {
    let all = in_order_of_commit(conversations);
    let foreign = foreign::foreign_text(current, &compose("", 0, &all), known);
    let kept: Vec<Entry<'_>> = all
        .iter()
        .copied()
        .filter(|(conversation, message)| message.seq > conversation.in_notes)
        .collect();
    let room = SAFE_UNITS.saturating_sub(units(&foreign));
    if room < LEAST_ROOM {
        if !kept.is_empty() {
            return Rendering::Overflow(Overflow::all_of(&kept));
        }
        let value = compose(&foreign, notes, &[]);
        return Rendering::Value(Rendered {
            value: Some(value).filter(|value| units(value) <= MOST_UNITS),
            up_to: last_of_each(conversations),
            is_full: true,
        });
    }
    let value = compose(&foreign, notes, &kept);
    if units(&value) > SAFE_UNITS {
        // Down to half, so that this is rare.
        return Rendering::Overflow(Overflow::oldest_of(&kept, units(&value) - (SAFE_UNITS - room / 2)));
    }
    Rendering::Value(Rendered {
        value: Some(value),
        up_to: last_of_each(conversations),
        is_full: false,
    })
}

fn last_of_each(conversations: &[TranscriptConversation]) -> Vec<(ConversationId, u64)> {
    let last = conversations
        .iter()
        .filter_map(|conversation| Some((conversation.id.clone(), conversation.messages.last()?.seq)));
    last.collect::<BTreeMap<_, _>>().into_iter().collect()
}

fn compose(foreign: &str, notes: usize, entries: &[Entry<'_>]) -> String {
    let mut value = foreign.to_owned();
    if !value.is_empty() && !value.ends_with('\n') {
        value.push('\n');
    }
    value.push_str(MARKER);
    if notes > 0 {
        value.push_str("\n\n");
        value.push_str(&foreign::pointer(notes));
    }
    for text in entries::texts(entries) {
        value.push_str("\n\n");
        value.push_str(&text);
    }
    value
}

/// UTF-16 units: what HubSpot counts is unknown, and this is never fewer than characters.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
