//! Entries: one message each, and the headings they stand under.

use parlor_protocol::{ConversationId, Message};
use parlor_store::{Timestamp, TranscriptConversation};

pub(super) const INDENT: &str = "  ";

const HEADING: &str = "== Conversation ";

/// The conversation that a line is the heading of.
pub(super) fn heading_of(line: &str) -> Option<ConversationId> {
    let (id, _) = line.strip_prefix(HEADING)?.split_once(" |")?;
    ConversationId::parse(id).ok()
}

pub(super) type Entry<'a> = (&'a TranscriptConversation, &'a Message);

pub(super) fn in_order_of_commit(conversations: &[TranscriptConversation]) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = conversations
        .iter()
        .flat_map(|conversation| conversation.messages.iter().map(move |message| (conversation, message)))
        .collect();
    entries.sort_by_key(|(conversation, message)| (message.at, &conversation.id, message.seq));
    entries
}

/// The texts that entries are written as: each entry, and a heading before the first of a run of one conversation.
pub(super) fn texts(entries: &[Entry<'_>]) -> Vec<String> {
    let mut texts = Vec::with_capacity(entries.len() + 1);
    let mut latest: Option<&ConversationId> = None;
    for (conversation, message) in entries {
        if latest != Some(&conversation.id) {
            texts.push(heading(conversation));
            latest = Some(&conversation.id);
        }
        texts.push(text(message));
    }
    texts
}

fn heading(conversation: &TranscriptConversation) -> String {
    let page = Some(conversation.page_url.as_str()).filter(|url| !url.is_empty());
    format!(
        "{HEADING}{} | {} | widget: {}{} | e-mail: {} ({}) ==",
        conversation.id,
        conversation.created_at.date(),
        conversation.widget_name,
        page.map(|url| format!(" | page: {url}")).unwrap_or_default(),
        conversation.email.as_str(),
        if conversation.email_verified {
            "verified"
        } else {
            "claimed"
        },
    )
}

fn text(message: &Message) -> String {
    format!(
        "FROM: {} ({})\nSENT AT: {}\nMESSAGE: {}",
        message.author.name,
        message.author.kind.as_str(),
        Timestamp::from_millis(message.at).rfc3339(),
        indented(&message.text),
    )
}

/// The text with every line after the first indented. A line ends wherever any reader might think so, not only at `\n`.
fn indented(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if matches!(
            character,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        ) {
            lines.push('\n');
            lines.push_str(INDENT);
        } else {
            lines.push(character);
        }
    }
    lines
}
