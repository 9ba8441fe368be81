//! `docs/protocol.md` says what the types say: every example is a frame, every frame and every word has its place on the page.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;

use parlor_protocol::limit::{
    FRAME_BYTES, MALFORMED_FRAMES, MESSAGE_UNITS, PAGE_BYTES, PAGE_MESSAGES, PROTOCOL_VERSION,
};
use parlor_protocol::text::InvalidText;
use parlor_protocol::{AuthorKind, ClientFrame, ConversationState, DeliveryStatus, ErrorCode, ServerFrame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/protocol.md");

/// Each fenced block of the page: what stands behind the fence, and the text within.
fn blocks() -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => open = Some((kind.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Every example of one side: the blocks of its kind, and its lines in the transcripts.
fn examples(side: &str, arrow: &str) -> Vec<String> {
    let mut examples = Vec::new();
    for (kind, text) in blocks() {
        if kind == format!("json {side}") {
            examples.push(text);
        } else if kind == "text transcript" {
            let said = text.lines().filter_map(|line| line.get(1..)?.strip_prefix(arrow));
            examples.extend(said.map(str::to_owned));
        }
    }
    examples
}

/// Checks that every example is a frame and loses nothing on its way through the type; answers the types that occur.
fn types_in<Frame: DeserializeOwned + Serialize>(examples: &[String]) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for example in examples {
        let frame: Frame = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error} in {example}"));
        let written: Value = serde_json::from_str(example).unwrap();
        assert_eq!(
            serde_json::to_value(frame).unwrap(),
            written,
            "a field too many or too few: {example}"
        );
        types.insert(written["type"].as_str().unwrap().to_owned());
    }
    types
}

/// All words that an enum knows: serde names them when it meets one that it does not.
fn words_of<Words: DeserializeOwned>(unknown: &str) -> BTreeSet<String> {
    let refused = serde_json::from_str::<Words>(unknown)
        .err()
        .expect("a word nobody knows");
    let message = refused.to_string();
    let known = message.split_once("expected ").expect("serde names what it expected").1;
    let words: BTreeSet<String> = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(words.len() > 1, "{message}");
    words
}

#[test]
fn every_example_is_a_frame_and_every_frame_has_one() {
    let client = types_in::<ClientFrame>(&examples("client", " > "));
    let server = types_in::<ServerFrame>(&examples("server", " < "));
    assert_eq!(client, words_of::<ClientFrame>(r#"{"type":"?"}"#));
    assert_eq!(server, words_of::<ServerFrame>(r#"{"type":"?"}"#));
}

#[test]
fn every_block_says_whose_it_is() {
    for (kind, text) in blocks() {
        match kind.as_str() {
            "json client" | "json server" => {}
            "json http" => drop(serde_json::from_str::<Value>(&text).expect(&text)),
            "text transcript" => {
                let is_said = |line: &str| matches!(line.get(..4), Some("V > " | "V < " | "R > " | "R < "));
                assert!(text.lines().all(is_said), "{text}");
            }
            other => panic!("a block of the unknown kind {other:?}"),
        }
    }
}

#[test]
fn each_side_has_a_section_for_each_of_its_frames() {
    let (_, frames) = PAGE.split_once("\n## Frames from the client\n").unwrap();
    let (client, frames) = frames.split_once("\n## Frames from the server\n").unwrap();
    let (server, _) = frames.split_once("\n## ").unwrap();
    let sections = |text: &str| -> BTreeSet<String> {
        let titles = text
            .lines()
            .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
        titles.map(str::to_owned).collect()
    };
    assert_eq!(sections(client), words_of::<ClientFrame>(r#"{"type":"?"}"#));
    assert_eq!(sections(server), words_of::<ServerFrame>(r#"{"type":"?"}"#));
}

#[test]
fn every_error_code_and_every_status_has_a_line_and_every_word_is_named() {
    let first_cells: BTreeSet<&str> = PAGE.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let words = words_of::<ErrorCode>("\"?\"")
        .into_iter()
        .chain(words_of::<DeliveryStatus>("\"?\""));
    for word in words {
        let has_line = first_cells.iter().any(|cell| cell.starts_with(&format!("{word}` |")));
        assert!(has_line, "{word} has no line in a table");
    }
    let words = words_of::<AuthorKind>("\"?\"")
        .into_iter()
        .chain(words_of::<ConversationState>("\"?\""));
    for word in words {
        assert!(PAGE.contains(&format!("`{word}`")), "{word} is not named");
    }
    // A registration has no message in it.
    let of_messages = "message_too_long";
    for word in words_of::<InvalidText>("\"?\"") {
        assert!(
            word == of_messages || PAGE.contains(&format!("`{word}`")),
            "{word} is not named"
        );
    }
}

#[test]
fn the_numbers_are_those_of_the_code() {
    let (_, limits) = PAGE.split_once("\n## Limits\n").unwrap();
    let (limits, _) = limits.split_once("\n## ").unwrap();
    for line in [
        format!("| a message's text | 1 to {} UTF-16 units", grouped(MESSAGE_UNITS)),
        format!("| a frame to the server | {} bytes", grouped(FRAME_BYTES)),
        format!("| a page, a list | {PAGE_MESSAGES} entries |"),
        format!(
            "| the entries of a page or list together | {} bytes of JSON",
            grouped(PAGE_BYTES)
        ),
        format!("| malformed frames in a row | {MALFORMED_FRAMES} close the socket"),
    ] {
        assert!(limits.contains(&line), "{line}");
    }
    assert!(PAGE.contains(&format!("There is one version so far: **{PROTOCOL_VERSION}**.")));
}

/// A number as the page writes it: thousands apart by commas.
fn grouped(number: usize) -> String {
    format!("{},{:03}", number / 1_000, number % 1_000)
}
