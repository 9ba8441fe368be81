//! What a conversation that ended came to, for the contact's timeline: reps read the timeline, not properties.

use std::collections::BTreeSet;

use parlor_protocol::{AuthorKind, Message};
use parlor_store::{NoteRange, Timestamp, TranscriptConversation};

use super::overflow::escaped;

/// So much of the first and the last message is quoted.
const QUOTED_CHARACTERS: usize = 300;

/// The summary's paragraphs, as HTML, of the messages in this run; none where there are none.
pub(super) fn paragraphs(range: &NoteRange, conversation: &TranscriptConversation) -> Vec<String> {
    let messages: Vec<&Message> = conversation
        .messages
        .iter()
        .filter(|message| (range.from_seq..=range.to_seq).contains(&message.seq))
        .collect();
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
        return Vec::new();
    };
    let by = |kind: AuthorKind| messages.iter().filter(move |message| message.author.kind == kind);
    let reps: BTreeSet<&str> = by(AuthorKind::Rep)
        .map(|message| message.author.name.as_str())
        .collect();
    let reps = if reps.is_empty() {
        "nobody answered".to_owned()
    } else {
        let names: Vec<&str> = reps.into_iter().collect();
        format!("{} by {}", by(AuthorKind::Rep).count(), names.join(", "))
    };
    let name = [conversation.first_name.as_str(), conversation.last_name.as_str()].join(" ");
    let mut paragraphs = vec![format!(
        "{} · {} messages: {} by {}, {reps}",
        span(first.at, last.at),
        messages.len(),
        by(AuthorKind::Visitor).count(),
        name.trim(),
    )];
    let place = match conversation.page_url.as_str() {
        "" => conversation.widget_name.clone(),
        page => format!("{} on {page}", conversation.widget_name),
    };
    paragraphs.push(format!("Where: {place}"));
    paragraphs.push(format!("First message: {}", quoted(&first.text)));
    if first.seq != last.seq {
        paragraphs.push(format!("Last message, {}: {}", last.author.name, quoted(&last.text)));
    }
    paragraphs.iter().map(|paragraph| escaped(paragraph)).collect()
}

/// `2026-11-21 08:30 to 08:52 UTC`.
fn span(first: i64, last: i64) -> String {
    let minute = |at: i64| {
        let text = Timestamp::from_millis(at).rfc3339();
        let (date, time) = text.split_once('T').unwrap_or((&text, ""));
        (date.to_owned(), time.get(..5).unwrap_or(time).to_owned())
    };
    let ((first_date, first_time), (last_date, last_time)) = (minute(first), minute(last));
    if first_date == last_date {
        format!("{first_date} {first_time} to {last_time} UTC")
    } else {
        format!("{first_date} {first_time} to {last_date} {last_time} UTC")
    }
}

fn quoted(text: &str) -> String {
    let mut characters = text.trim().chars();
    let mut quoted: String = characters.by_ref().take(QUOTED_CHARACTERS).collect();
    if characters.next().is_some() {
        quoted.push('…');
    }
    quoted
}
