use parlor_protocol::{Author, AuthorKind, ClaimedEmail, Message, MessageId, MessageText};
use parlor_store::{NoteKind, NoteRange, PlannedNote};
use proptest::prelude::*;

use super::entries::INDENT;
use super::foreign::split_at_marker;
use super::*;

fn conversation(number: u8, messages: &[(i64, &str)]) -> TranscriptConversation {
    TranscriptConversation {
        id: ConversationId::parse(format!("0190a1b2-c3d4-7e5f-8a9b-0000000000{number:02x}")).unwrap(),
        created_at: parlor_store::Timestamp::from_millis(1_795_249_800_007),
        widget_name: "Demo".into(),
        page_url: "https://www.example.com/prices".into(),
        email: ClaimedEmail::parse("ada@example.com").unwrap(),
        email_verified: false,
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        in_notes: 0,
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

/// What a record's value is, where everything finds room.
fn rendered(conversations: &[TranscriptConversation], current: &str, known: &[ValueHash]) -> Rendered {
    match render(conversations, 0, current, known) {
        Rendering::Value(rendered) => rendered,
        Rendering::Overflow(overflow) => panic!("{overflow:?}"),
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
    let rendered = rendered(
        &[conversation(1, &[(1_795_249_800_007, "Hello,\nis anybody there?")])],
        "",
        &[],
    );
    assert_eq!(
        rendered.value.unwrap(),
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
    let rendered = rendered(
        &[
            conversation(1, &[(10, "one"), (30, "three")]),
            conversation(2, &[(20, "two")]),
        ],
        "",
        &[],
    );
    let texts: Vec<String> = parse(rendered.value.as_deref().unwrap())
        .into_iter()
        .map(|entry| entry.2)
        .collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert_eq!(rendered.value.as_deref().unwrap().matches("== Conversation").count(), 3);
}

#[test]
fn what_stands_before_the_fixed_line_is_kept_byte_for_byte() {
    let conversations = [conversation(1, &[(10, "hello")])];
    let notes = "Called on Monday.\r\n\r\n  VIP!  ";
    let first = rendered(&conversations, notes, &[]).value.unwrap();
    assert!(first.starts_with("Called on Monday.\r\n\r\n  VIP!  \n----"));
    let second = rendered(&conversations, &first, &[]).value.unwrap();
    assert_eq!(second, first);
}

#[test]
fn a_strange_line_after_the_fixed_line_is_moved_in_front() {
    let mut conversations = [conversation(1, &[(10, "hello")])];
    let sent = rendered(&conversations, "note\n", &[]).value.unwrap();
    let edited = sent.replace("MESSAGE: hello", "MESSAGE: hello\nA rep wrote this here.");
    conversations[0].messages[0].text = "hello".into();
    let mended = rendered(&conversations, &edited, &[hash(&sent)]).value.unwrap();
    assert_eq!(mended, sent.replace("note\n", "note\nA rep wrote this here.\n"));
}

#[test]
fn a_value_we_sent_is_ours_even_where_we_would_write_it_otherwise_today() {
    let old = rendered(&[conversation(1, &[(10, "hello")])], "note\n", &[])
        .value
        .unwrap();
    let mut renamed = conversation(1, &[(10, "hello")]);
    renamed.email_verified = true;
    let new = rendered(&[renamed], &old, &[hash(&old)]).value.unwrap();
    assert!(new.starts_with("note\n----") && new.contains("(verified)") && !new.contains("(claimed)"));
}

#[test]
fn an_entry_of_another_state_stays_whole_though_it_shares_lines_with_ours() {
    let known = conversation(1, &[(10, "yes"), (20, "no")]);
    let mut later = known.clone();
    later.messages = conversation(1, &[(10, "yes"), (20, "no"), (30, "yes"), (40, "three\n\nlines")]).messages;
    // The store of before the third message renders a value that only HubSpot knows.
    let value = rendered(&[later], "note\n", &[]).value.unwrap();
    let mended = rendered(&[known], &value, &[]).value.unwrap();
    let (before, after) = split_at_marker(&mended).unwrap();
    assert_eq!(
        before.lines().filter(|line| line.starts_with("FROM: ")).count(),
        2,
        "{before}"
    );
    assert!(before.starts_with("note\n== Conversation 0190a1b2") && before.contains("MESSAGE: three\n  \n  lines"));
    assert_eq!(
        (
            before.matches("MESSAGE: yes").count(),
            after.matches("MESSAGE: yes").count()
        ),
        (1, 1)
    );
    // And is stable from then on.
    let again = rendered(&[conversation(1, &[(10, "yes"), (20, "no")])], &mended, &[])
        .value
        .unwrap();
    assert_eq!(again, mended);
}

#[test]
fn entries_of_the_forgotten_go_wherever_they_stand_and_other_lines_stay() {
    let (ada, bob) = (
        conversation(1, &[(10, "sorrow\n\nand more")]),
        conversation(2, &[(20, "hello")]),
    );
    let value = rendered(&[ada.clone(), bob.clone()], "note\n", &[]).value.unwrap();
    let forgotten = [ada.id.clone()];
    let alone = rendered(std::slice::from_ref(&bob), "note\n", &[]).value.unwrap();
    // A value of ours, one of ours that somebody edited, and one whose line is gone.
    for (value, known, keeps) in [
        (value.clone(), vec![hash(&value)], ""),
        (
            value.replace("MESSAGE: sorrow", "A rep's line\nMESSAGE: sorrow"),
            Vec::new(),
            "A rep's line",
        ),
        (value.replace(MARKER, ""), Vec::new(), "hello"),
    ] {
        let left = as_left(&value, false, &forgotten, &known);
        let mended = rendered(std::slice::from_ref(&bob), &left, &known).value.unwrap();
        assert!(!mended.contains("sorrow") && !mended.contains("and more"), "{mended}");
        assert!(mended.starts_with("note\n") && mended.contains(keeps), "{mended}");
        assert_eq!(mended == alone, keeps.is_empty(), "{mended}");
    }
    assert_eq!(conversations_named(&value), [ada.id, bob.id.clone()]);
    // While somebody is removed, what is below the line is Parlor's, whatever it says.
    let edited = value.replace("MESSAGE: hello", "MESSAGE: hello\nNot ours");
    assert_eq!(as_left(&edited, true, &[], &[]), "note\n");
    assert_eq!(as_left("nothing of ours\r\n", true, &[], &[]), "nothing of ours\r\n");
    assert_eq!(as_left(&value, false, &[], &[]), value);
}

#[test]
fn a_note_found_at_hubspot_tells_which_entries_it_holds() {
    let conversation = conversation(1, &[(10, "one <b>"), (20, "two"), (30, "three")]);
    let plan = PlannedNote {
        key: "0a1b2c3d4e".into(),
        record: "501".into(),
        kind: NoteKind::Overflow,
        number: 12,
        ranges: vec![NoteRange {
            conversation: conversation.id.clone(),
            from_seq: 1,
            to_seq: 2,
        }],
    };
    let whole = [conversation];
    let NoteText(body) = note_body(&plan, &whole);
    assert_eq!(plan_of_note("501", &body, &whole), Some(plan.clone()));
    let spaced = body.replace("</p>", "</p>\n  ").replace("<br>", "<br/>");
    assert_eq!(plan_of_note("501", &spaced, &whole), Some(plan.clone()));
    for other in [
        "<p>Called on Monday.</p>".to_owned(),
        note_heading(&plan),
        note_body(
            &PlannedNote {
                kind: NoteKind::Summary,
                ..plan
            },
            &whole,
        )
        .0,
    ] {
        assert_eq!(plan_of_note("501", &other, &whole), None, "{other}");
    }
}

#[test]
fn a_note_loses_the_entries_of_the_forgotten_and_keeps_the_others() {
    let (ada, bob) = (
        conversation(1, &[(10, "sorrow <b>")]),
        conversation(2, &[(20, "== Conversation")]),
    );
    let range = |whose: &TranscriptConversation| NoteRange {
        conversation: whose.id.clone(),
        from_seq: 1,
        to_seq: 1,
    };
    let plan = PlannedNote {
        key: "0a1b2c3d4e".into(),
        record: "501".into(),
        kind: NoteKind::Overflow,
        number: 1,
        ranges: vec![range(&ada), range(&bob)],
    };
    let both = [ada.clone(), bob.clone()];
    let NoteText(body) = note_body(&plan, &both);
    assert_eq!(conversations_in_note(&body), [ada.id.clone(), bob.id.clone()]);
    let NoteText(bobs) = note_body(&plan, std::slice::from_ref(&bob));
    assert_eq!(note_without(&body, &[ada.id]), bobs);
    assert_eq!(note_without(&body, &[bob.id]).matches("<p>").count(), 3);
    assert_eq!(note_without(&body, &[]), body);
    assert!(conversations_in_note("<p>Called. == Conversation</p>").is_empty());
}

/// Renders, with what overflows put into notes, until there is a value.
fn settled(conversations: &mut [TranscriptConversation], current: &str) -> (Rendered, Vec<PlannedNote>) {
    let mut notes: Vec<PlannedNote> = Vec::new();
    loop {
        match render(conversations, notes.len(), current, &[]) {
            Rendering::Value(rendered) => return (rendered, notes),
            Rendering::Overflow(overflow) => {
                notes.extend(overflow.plan("7", u32::try_from(notes.len()).unwrap()));
                for range in notes.iter().flat_map(|note| &note.ranges) {
                    let whose = conversations
                        .iter_mut()
                        .find(|one| one.id == range.conversation)
                        .unwrap();
                    whose.in_notes = whose.in_notes.max(range.to_seq);
                }
            }
        }
    }
}

/// The texts of a note's entries, read back from its HTML by what HTML says.
fn texts_in(note: &PlannedNote, conversations: &[TranscriptConversation]) -> Vec<String> {
    let NoteText(html) = note_body(note, conversations);
    assert!(html.encode_utf16().count() <= NOTE_UNITS);
    let (heading, rest) = html.split_once("</p>").unwrap();
    assert!(heading.contains(&note.key));
    let mut value = MARKER.to_owned();
    for paragraph in rest.split("</p>").filter(|paragraph| !paragraph.is_empty()) {
        let text = paragraph.strip_prefix("<p>").unwrap().replace("<br>", "\n");
        assert!(!text.contains(['<', '>', '{', '}', '"', '\'']), "{text}");
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#123;", "{")
            .replace("&#125;", "}")
            .replace("&amp;", "&");
        value.push_str("\n\n");
        value.push_str(&text);
    }
    parse(&value).into_iter().map(|entry| entry.2).collect()
}

#[test]
fn what_finds_no_room_moves_into_notes_the_oldest_first_and_whole() {
    let texts: Vec<String> = (0..40)
        .map(|number| format!("{number} {}", "x".repeat(4_900)))
        .collect();
    let messages: Vec<(i64, &str)> = texts.iter().zip(0..).map(|(text, at)| (at, text.as_str())).collect();
    let mut conversations = [conversation(1, &messages)];
    let (rendered, notes) = settled(&mut conversations, "A note of a rep's.");
    let value = rendered.value.unwrap();
    assert!(value.starts_with("A note of a rep's.\n----") && !rendered.is_full);
    let length = value.encode_utf16().count();
    assert!((20_000..=30_100).contains(&length), "half full: {length}");
    assert!(value.contains(&format!(
        "(Earlier messages stand in {} notes on this contact.)",
        notes.len()
    )));
    let mut read: Vec<String> = notes.iter().flat_map(|note| texts_in(note, &conversations)).collect();
    read.extend(parse(&value).into_iter().map(|entry| entry.2));
    assert_eq!(read, texts);
    assert_eq!(rendered.up_to, [(conversations[0].id.clone(), 40)]);
}

#[test]
fn where_foreign_text_leaves_little_room_entries_stand_in_notes_only() {
    let mut conversations = [conversation(1, &[(10, "hello"), (20, "there")])];
    let foreign = "f".repeat(53_000);
    let (rendered, notes) = settled(&mut conversations, &foreign);
    assert!(rendered.is_full);
    assert_eq!(
        rendered.value.unwrap(),
        format!("{foreign}\n{MARKER}\n\n(Earlier messages stand in a note on this contact.)")
    );
    assert_eq!(texts_in(&notes[0], &conversations), ["hello", "there"]);
    // Where not even the fixed line finds room, the property is left alone.
    let (rendered, _) = settled(&mut conversations, &"f".repeat(65_500));
    assert_eq!((rendered.value, rendered.is_full), (None, true));
}

#[test]
fn an_older_pointer_and_entries_that_moved_since_are_not_foreign() {
    let mut conversations = [conversation(1, &[(10, "old"), (20, "new")])];
    let Rendering::Value(before) = render(&conversations, 1, "", &[]) else {
        panic!("there is room")
    };
    conversations[0].in_notes = 1;
    let edited = format!("{}\nA rep wrote this here.", before.value.unwrap());
    let Rendering::Value(after) = render(&conversations, 2, &edited, &[]) else {
        panic!("there is room")
    };
    let value = after.value.unwrap();
    assert!(
        value.starts_with(&format!(
            "A rep wrote this here.\n{MARKER}\n\n(Earlier messages stand in 2 notes"
        )),
        "{value}"
    );
    assert!(!value.contains("old"));
}

#[test]
fn a48_in_a_note_nothing_is_a_tag_or_a_token_of_hubspots() {
    let attack = "<a href=javascript:alert(1)>x</a> {{ contact.email }} {% raw %} &lt; \"'";
    let mut conversations = [conversation(1, &[(10, attack)])];
    let (_, notes) = settled(&mut conversations, &"f".repeat(55_000));
    assert_eq!(texts_in(&notes[0], &conversations), [attack]);
}

#[test]
fn a_summary_says_who_when_where_and_what_about() {
    let mut conversation = conversation(
        1,
        &[
            (1_795_249_800_007, "Do you ship to <Mars>?"),
            (1_795_251_000_007, "Yes."),
        ],
    );
    conversation.messages[1].author = Author {
        kind: AuthorKind::Rep,
        name: "Bob".into(),
    };
    let range = NoteRange {
        conversation: conversation.id.clone(),
        from_seq: 1,
        to_seq: 2,
    };
    let plan = PlannedNote {
        key: "k1".into(),
        record: "7".into(),
        kind: NoteKind::Summary,
        number: 1,
        ranges: vec![range],
    };
    assert_eq!(
        note_body(&plan, &[conversation]).0,
        "<p><strong>Parlor: a chat ended</strong> (note k1)</p>\
         <p>2026-11-21 08:30 to 08:50 UTC · 2 messages: 1 by Ada Lovelace, 1 by Bob</p>\
         <p>Where: Demo on https://www.example.com/prices</p>\
         <p>First message: Do you ship to &lt;Mars&gt;?</p>\
         <p>Last message, Bob: Yes.</p>"
    );
}

#[test]
fn a_key_follows_from_where_a_note_begins() {
    let mut one = [conversation(1, &[(10, "hello")])];
    let mut more = [conversation(1, &[(10, "hello"), (20, "there")])];
    let foreign = "f".repeat(55_000);
    let (_, first) = settled(&mut one, &foreign);
    let (_, second) = settled(&mut more, &foreign);
    assert_eq!(first[0].key, second[0].key);
    assert_ne!(first[0].ranges, second[0].ranges);
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
        let rendered = rendered(&[conversation(1, &[(10, &attack), (20, "end")])], "", &[]);
        let entries = parse(rendered.value.as_deref().unwrap());
        assert_eq!(entries.len(), 2, "{attack}");
        assert_eq!(
            rendered
                .value
                .as_deref()
                .unwrap()
                .lines()
                .filter(|line| *line == MARKER)
                .count(),
            1
        );
        assert_eq!(
            rendered
                .value
                .as_deref()
                .unwrap()
                .lines()
                .filter(|line| line.starts_with("== "))
                .count(),
            1
        );
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(texts in proptest::collection::vec("(?s).{1,300}", 1..8)) {
        let texts: Vec<String> =
            texts.iter().filter_map(|text| MessageText::parse(text).ok()).map(String::from).collect();
        let messages: Vec<(i64, &str)> = texts.iter().zip(0..).map(|(text, at)| (at, text.as_str())).collect();
        let rendered = rendered(&[conversation(1, &messages)], "notes", &[]);
        let read: Vec<String> = parse(rendered.value.as_deref().unwrap()).into_iter().map(|entry| entry.2).collect();
        let written: Vec<String> = texts
            .iter()
            .map(|text| text.replace(['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n"))
            .collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn rendering_again_changes_nothing(foreign in "(?s).{0,200}", text in "[^\\x00-\\x08\\x0b-\\x1f]{1,80}") {
        let conversations = [conversation(1, &[(10, &text)])];
        let first = rendered(&conversations, &foreign, &[]).value.unwrap();
        prop_assert_eq!(rendered(&conversations, &first, &[hash(&first)]).value.unwrap(), first);
    }
}
