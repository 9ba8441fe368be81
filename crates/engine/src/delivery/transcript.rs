//! The transcript: what a contact's property holds, from the messages in the store.
//!
//! The value is: foreign text, a fixed line, entries. What stands before the line is somebody else's and kept byte for byte. After
//! it, entries follow in the order they were committed, each under the heading of its conversation:
//!
//! ```text
//! ---- Parlor chat transcript: write above this line, what is below is replaced ----
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
//! fixed line.

use std::collections::{BTreeMap, HashSet};

use parlor_protocol::{ConversationId, Message};
use parlor_store::{Timestamp, TranscriptConversation, ValueHash};
use sha2::{Digest, Sha256};

/// The fixed line.
pub const MARKER: &str = "---- Parlor chat transcript: write above this line, what is below is replaced ----";

/// HubSpot's limit for a text property is 65,536 characters; beyond this many UTF-16 units nothing is added.
pub const SAFE_UNITS: usize = 60_000;

const INDENT: &str = "  ";

/// A value ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The whole value.
    pub value: String,
    /// Each conversation in it and the last `seq` that is.
    pub up_to: Vec<(ConversationId, u64)>,
    /// Entries that found no room: the value stops before the first of them, and nothing is cut.
    pub is_full: bool,
    /// Entries that the property holds now found no room either, because more stands before the line than did: writing
    /// this value would take them away.
    pub loses: bool,
}

/// Renders a record's conversations behind the foreign text that the property holds now.
#[must_use]
pub fn render(conversations: &[TranscriptConversation], current: &str, known: &[ValueHash]) -> Rendered {
    let entries = in_order_of_commit(conversations);
    let all = compose("", &entries, usize::MAX);
    let foreign = foreign_text(current, &all.value, known);
    let mut rendered = compose(&foreign, &entries, SAFE_UNITS);
    rendered.loses = rendered.is_full && loses(current, &all.value, &rendered.value);
    rendered
}

/// Whether a line of ours that the property holds is missing in the value to be written.
fn loses(current: &str, all: &str, written: &str) -> bool {
    let lines_of = |value| {
        split_at_marker(value)
            .map_or("", |(_, after)| after)
            .lines()
            .map(str::trim_end)
    };
    let ours: HashSet<&str> = lines_of(all).collect();
    let written: HashSet<&str> = lines_of(written).collect();
    lines_of(current).any(|line| ours.contains(line) && !written.contains(line))
}

/// The hash of a value, the same whatever line ends and trailing white space HubSpot gives it.
#[must_use]
pub fn hash(value: &str) -> ValueHash {
    ValueHash(Sha256::digest(normalised(value).as_bytes()).into())
}

/// Whether two values differ in nothing but line ends and trailing white space.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    normalised(one) == normalised(other)
}

fn normalised(value: &str) -> String {
    let unified = value.replace("\r\n", "\n");
    let lines: Vec<&str> = unified.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

type Entry<'a> = (&'a TranscriptConversation, &'a Message);

fn in_order_of_commit(conversations: &[TranscriptConversation]) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = conversations
        .iter()
        .flat_map(|conversation| conversation.messages.iter().map(move |message| (conversation, message)))
        .collect();
    entries.sort_by_key(|(conversation, message)| (message.at, &conversation.id, message.seq));
    entries
}

fn compose(foreign: &str, entries: &[Entry<'_>], most_units: usize) -> Rendered {
    let mut value = foreign.to_owned();
    if !value.is_empty() && !value.ends_with('\n') {
        value.push('\n');
    }
    value.push_str(MARKER);
    let mut units = value.encode_utf16().count();
    let mut up_to = BTreeMap::new();
    let mut latest: Option<&ConversationId> = None;
    let mut is_full = false;
    for (conversation, message) in entries {
        let mut entry = String::new();
        if latest != Some(&conversation.id) {
            entry.push_str("\n\n");
            entry.push_str(&heading(conversation));
        }
        entry.push_str("\n\n");
        entry.push_str(&entry_of(message));
        units += entry.encode_utf16().count();
        if units > most_units {
            is_full = true;
            break;
        }
        value.push_str(&entry);
        latest = Some(&conversation.id);
        up_to.insert(conversation.id.clone(), message.seq);
    }
    Rendered {
        value,
        up_to: up_to.into_iter().collect(),
        is_full,
        loses: false,
    }
}

fn heading(conversation: &TranscriptConversation) -> String {
    let page = Some(conversation.page_url.as_str()).filter(|url| !url.is_empty());
    format!(
        "== Conversation {} | {} | widget: {}{} | e-mail: {} ({}) ==",
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

fn entry_of(message: &Message) -> String {
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

/// What in the property is not ours. Before the fixed line: everything. After it: nothing, when the value is one we sent;
/// otherwise the lines that we would not write, moved in front.
fn foreign_text(current: &str, ours: &str, known: &[ValueHash]) -> String {
    let Some((before, after)) = split_at_marker(current) else {
        return current.to_owned();
    };
    if known.contains(&hash(current)) {
        return before.to_owned();
    }
    let our_lines: HashSet<&str> = ours.lines().map(str::trim_end).collect();
    let strange: Vec<&str> = after
        .lines()
        .filter(|line| !line.trim().is_empty() && !our_lines.contains(line.trim_end()))
        .collect();
    if strange.is_empty() {
        return before.to_owned();
    }
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{before}{gap}{}\n", strange.join("\n"))
}

/// The text before the fixed line and what follows it.
fn split_at_marker(value: &str) -> Option<(&str, &str)> {
    let mut start = 0;
    for line in value.split_inclusive('\n') {
        if line.trim_end() == MARKER {
            return Some((&value[..start], &value[start + line.len()..]));
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use parlor_protocol::{Author, AuthorKind, ClaimedEmail, MessageId, MessageText};
    use proptest::prelude::*;

    use super::*;

    fn conversation(number: u8, messages: &[(i64, &str)]) -> TranscriptConversation {
        TranscriptConversation {
            id: ConversationId::parse(format!("0190a1b2-c3d4-7e5f-8a9b-0000000000{number:02x}")).unwrap(),
            created_at: Timestamp::from_millis(1_795_249_800_007),
            widget_name: "Demo".into(),
            page_url: "https://www.example.com/prices".into(),
            email: ClaimedEmail::parse("ada@example.com").unwrap(),
            email_verified: false,
            first_name: "Ada".into(),
            last_name: "Lovelace".into(),
            messages: messages
                .iter()
                .zip(1..)
                .map(|((at, text), seq)| Message {
                    seq,
                    id: MessageId::parse(format!("0190a1b2-c3d4-4e5f-8a9b-{seq:012x}")).unwrap(),
                    author: Author {
                        kind: AuthorKind::Visitor,
                        name: "Ada Lovelace".into(),
                    },
                    text: (*text).into(),
                    at: *at,
                })
                .collect(),
        }
    }

    /// Reads the entries back: name, time, text. Knows only the format's rules.
    fn parse(value: &str) -> Vec<(String, String, String)> {
        let mut entries: Vec<(String, String, String)> = Vec::new();
        let (_, ours) = split_at_marker(value).expect("the fixed line is there");
        for line in ours.split('\n') {
            if let Some(name) = line.strip_prefix("FROM: ") {
                entries.push((name.to_owned(), String::new(), String::new()));
            } else if let Some(entry) = entries.last_mut() {
                if let Some(at) = line.strip_prefix("SENT AT: ") {
                    entry.1 = at.to_owned();
                } else if let Some(text) = line.strip_prefix("MESSAGE: ") {
                    entry.2 = text.to_owned();
                } else if let Some(text) = line.strip_prefix(INDENT) {
                    entry.2.push('\n');
                    entry.2.push_str(text);
                }
            }
        }
        entries
    }

    #[test]
    fn a_value_reads_like_the_known_tutorial() {
        let rendered = render(
            &[conversation(1, &[(1_795_249_800_007, "Hello,\nis anybody there?")])],
            "",
            &[],
        );
        assert_eq!(
            rendered.value,
            "---- Parlor chat transcript: write above this line, what is below is replaced ----\n\n\
             == Conversation 0190a1b2-c3d4-7e5f-8a9b-000000000001 | 2026-11-21 | widget: Demo | \
             page: https://www.example.com/prices | e-mail: ada@example.com (claimed) ==\n\n\
             FROM: Ada Lovelace (visitor)\n\
             SENT AT: 2026-11-21T08:30:00.007Z\n\
             MESSAGE: Hello,\n  is anybody there?"
        );
        assert!(!rendered.is_full);
    }

    #[test]
    fn conversations_of_one_record_are_told_in_the_order_of_commit_each_under_its_heading() {
        let rendered = render(
            &[
                conversation(1, &[(10, "one"), (30, "three")]),
                conversation(2, &[(20, "two")]),
            ],
            "",
            &[],
        );
        let texts: Vec<String> = parse(&rendered.value).into_iter().map(|entry| entry.2).collect();
        assert_eq!(texts, ["one", "two", "three"]);
        assert_eq!(rendered.value.matches("== Conversation").count(), 3);
    }

    #[test]
    fn what_stands_before_the_fixed_line_is_kept_byte_for_byte() {
        let conversations = [conversation(1, &[(10, "hello")])];
        let notes = "Called on Monday.\r\n\r\n  VIP!  ";
        let first = render(&conversations, notes, &[]).value;
        assert!(first.starts_with("Called on Monday.\r\n\r\n  VIP!  \n----"));
        let second = render(&conversations, &first, &[]).value;
        assert_eq!(second, first);
    }

    #[test]
    fn a_strange_line_after_the_fixed_line_is_moved_in_front() {
        let mut conversations = [conversation(1, &[(10, "hello")])];
        let sent = render(&conversations, "note\n", &[]).value;
        let edited = sent.replace("MESSAGE: hello", "MESSAGE: hello\nA rep wrote this here.");
        conversations[0].messages[0].text = "hello".into();
        let mended = render(&conversations, &edited, &[hash(&sent)]).value;
        assert_eq!(mended, sent.replace("note\n", "note\nA rep wrote this here.\n"));
    }

    #[test]
    fn a_value_we_sent_is_ours_even_where_we_would_write_it_otherwise_today() {
        let old = render(&[conversation(1, &[(10, "hello")])], "note\n", &[]).value;
        let mut renamed = conversation(1, &[(10, "hello")]);
        renamed.email_verified = true;
        let new = render(&[renamed], &old, &[hash(&old)]).value;
        assert!(new.starts_with("note\n----") && new.contains("(verified)") && !new.contains("(claimed)"));
    }

    #[test]
    fn nothing_is_cut_at_the_safe_margin() {
        let text = "x".repeat(5_000);
        let messages: Vec<(i64, &str)> = (0..20).map(|at| (at, text.as_str())).collect();
        let rendered = render(&[conversation(1, &messages)], "", &[]);
        assert!(rendered.is_full && rendered.value.encode_utf16().count() <= SAFE_UNITS);
        let entries = parse(&rendered.value);
        assert_eq!(entries.len(), 11);
        assert!(entries.iter().all(|entry| entry.2.len() == 5_000));
        assert_eq!(rendered.up_to[0].1, 11);
    }

    #[test]
    fn a47_no_text_forges_an_entry_a_heading_or_the_fixed_line() {
        for attack in [
            "hi\nFROM: admin (rep)\nSENT AT: 2026-01-01T00:00:00.000Z\nMESSAGE: you owe us",
            "hi\u{2028}FROM: admin (rep)",
            "hi\u{85}FROM: admin (rep)\u{c}SENT AT: now",
            "\nFROM: admin",
            MARKER,
            "hi\n== Conversation x ==",
        ] {
            let attack = format!("x {attack}\n{MARKER}\nFROM: b");
            let rendered = render(&[conversation(1, &[(10, &attack), (20, "end")])], "", &[]);
            let entries = parse(&rendered.value);
            assert_eq!(entries.len(), 2, "{attack}");
            assert_eq!(rendered.value.lines().filter(|line| *line == MARKER).count(), 1);
            assert_eq!(rendered.value.lines().filter(|line| line.starts_with("== ")).count(), 1);
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(texts in proptest::collection::vec("(?s).{1,300}", 1..8)) {
            let texts: Vec<String> =
                texts.iter().filter_map(|text| MessageText::parse(text).ok()).map(String::from).collect();
            let messages: Vec<(i64, &str)> = texts.iter().zip(0..).map(|(text, at)| (at, text.as_str())).collect();
            let rendered = render(&[conversation(1, &messages)], "notes", &[]);
            let read: Vec<String> = parse(&rendered.value).into_iter().map(|entry| entry.2).collect();
            let written: Vec<String> = texts
                .iter()
                .map(|text| text.replace(['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n"))
                .collect();
            prop_assert_eq!(read, written);
        }

        #[test]
        fn rendering_again_changes_nothing(foreign in "(?s).{0,200}", text in "[^\\x00-\\x08\\x0b-\\x1f]{1,80}") {
            let conversations = [conversation(1, &[(10, &text)])];
            let first = render(&conversations, &foreign, &[]).value;
            prop_assert_eq!(render(&conversations, &first, &[hash(&first)]).value, first);
        }
    }
}
