//! What is taken out of a property for somebody who was forgotten.

use parlor_protocol::ConversationId;
use parlor_store::ValueHash;

use super::entries::{INDENT, heading_of};
use super::foreign::{hash, split_at_marker};
use super::{MARKER, Rendered};

/// The conversations whose headings stand anywhere in a value.
#[must_use]
pub fn conversations_named(value: &str) -> Vec<ConversationId> {
    let mut named: Vec<ConversationId> = value.lines().filter_map(heading_of).collect();
    named.sort();
    named.dedup();
    named
}

/// The conversations whose headings stand in a note, which is HTML.
#[must_use]
pub fn conversations_in_note(body: &str) -> Vec<ConversationId> {
    let mut named: Vec<ConversationId> = body.split_inclusive("</p>").filter_map(heading_of_paragraph).collect();
    named.sort();
    named.dedup();
    named
}

/// A note without the entries of these conversations; whatever others wrote in between goes with them.
#[must_use]
pub fn note_without(body: &str, forgotten: &[ConversationId]) -> String {
    let mut is_dropping = false;
    let kept = body.split_inclusive("</p>").filter(|paragraph| {
        if let Some(conversation) = heading_of_paragraph(paragraph) {
            is_dropping = forgotten.contains(&conversation);
        }
        !is_dropping
    });
    kept.collect()
}

fn heading_of_paragraph(paragraph: &str) -> Option<ConversationId> {
    let mut text = paragraph.trim_start();
    while let Some((_, rest)) = text.strip_prefix('<').and_then(|tag| tag.split_once('>')) {
        text = rest.trim_start();
    }
    heading_of(text)
}

/// A property's value as the next one is to be made from it, without what must not stay.
///
/// Where somebody is being removed from the record, all that is Parlor's goes: it is rendered anew from what the store still has.
/// Entries of forgotten conversations go wherever they stand, with their headings; lines that others wrote between them stay.
#[must_use]
pub fn as_left(value: &str, is_erasing: bool, forgotten: &[ConversationId], known: &[ValueHash]) -> String {
    match split_at_marker(value) {
        Some((before, _)) if is_erasing => without(before, forgotten),
        // All after the line is ours; what is left of it would be no value that we sent.
        Some((before, _)) if !forgotten.is_empty() && known.contains(&hash(value)) => {
            format!("{}{MARKER}\n", without(before, forgotten))
        }
        _ => without(value, forgotten),
    }
}

fn without(value: &str, forgotten: &[ConversationId]) -> String {
    if forgotten.is_empty() {
        return value.to_owned();
    }
    let mut left = String::with_capacity(value.len());
    let mut is_dropping = false;
    for line in value.split_inclusive('\n') {
        let shown = line.trim_end();
        if let Some(conversation) = heading_of(shown) {
            is_dropping = forgotten.contains(&conversation);
            if is_dropping {
                continue;
            }
        } else if shown == MARKER {
            is_dropping = false;
        }
        let is_of_an_entry = shown.trim_start().is_empty()
            || line.starts_with(INDENT)
            || ["FROM: ", "SENT AT: ", "MESSAGE:"]
                .iter()
                .any(|start| shown.starts_with(start));
        if !(is_dropping && is_of_an_entry) {
            left.push_str(line);
        }
    }
    left
}

impl Rendered {
    /// Nothing of ours: only what others wrote.
    #[must_use]
    pub fn nothing_behind(foreign: &str) -> Self {
        Self {
            value: Some(foreign.to_owned()),
            up_to: Vec::new(),
            is_full: false,
        }
    }
}
