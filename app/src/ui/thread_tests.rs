//! What a thread promises.

use parlor_protocol::ErrorCode;

use super::*;

const CONVERSATION: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

fn conversation() -> ConversationId {
    ConversationId::parse(CONVERSATION).unwrap()
}

fn id(number: u64) -> MessageId {
    MessageId::parse(format!("00000000-0000-4000-8000-{number:012x}")).unwrap()
}

fn visitor() -> Author {
    Author {
        kind: AuthorKind::Visitor,
        name: "Ada".into(),
    }
}

fn rep() -> Author {
    Author {
        kind: AuthorKind::Rep,
        name: "Grace".into(),
    }
}

fn message(seq: u64, author: Author) -> Message {
    Message {
        seq,
        id: id(seq),
        author,
        text: format!("message {seq}"),
        at: 1_000,
    }
}

fn thread(seqs: impl IntoIterator<Item = u64>) -> Thread {
    let messages = seqs.into_iter().map(|seq| message(seq, rep())).collect();
    Thread::new(conversation(), visitor(), messages, ConversationState::Open)
}

fn live(seq: u64) -> ServerFrame {
    ServerFrame::Message {
        conversation: conversation(),
        message: message(seq, rep()),
    }
}

fn page(seqs: impl IntoIterator<Item = u64>, more: bool, older: bool) -> ServerFrame {
    let messages = seqs.into_iter().map(|seq| message(seq, rep())).collect();
    ServerFrame::Page {
        conversation: conversation(),
        messages,
        more,
        older,
    }
}

fn ack(number: u64, seq: u64) -> ServerFrame {
    ServerFrame::Ack {
        conversation: conversation(),
        id: id(number),
        seq,
        at: 2_000,
    }
}

fn error(code: ErrorCode, number: u64, retry_after_ms: Option<u64>) -> ServerFrame {
    ServerFrame::Error {
        code,
        reason: "because".into(),
        retry_after_ms,
        id: Some(id(number)),
    }
}

/// The number of the message that goes out now.
fn sent(thread: &mut Thread) -> Option<u64> {
    match thread.next_to_send()? {
        ClientFrame::Send { id, .. } => u64::from_str_radix(&id.as_str()[24..], 16).ok(),
        frame => panic!("{frame:?}"),
    }
}

fn seqs(thread: &Thread) -> Vec<u64> {
    thread.committed().iter().map(|message| message.seq).collect()
}

fn asks_after(applied: &Applied) -> Vec<Option<u64>> {
    applied
        .send
        .iter()
        .filter_map(|frame| match frame {
            ClientFrame::Page {
                after, before: None, ..
            } => Some(*after),
            _ => None,
        })
        .collect()
}

#[test]
fn a_message_that_comes_twice_shows_once_and_in_its_place() {
    let mut thread = thread([1]);
    for seq in [2, 3, 3, 2] {
        thread.apply(&live(seq), 0);
    }
    assert_eq!(seqs(&thread), [1, 2, 3]);
    assert_eq!(thread.apply(&live(3), 0).arrived, 0);
}

#[test]
fn an_acknowledged_message_goes_over_to_the_committed_ones() {
    let mut thread = thread([1]);
    thread.write(id(77), "hello".into(), 5);
    let frame = thread.next_to_send();
    assert!(matches!(frame, Some(ClientFrame::Send { text, .. }) if text == "hello"));
    assert_eq!(thread.send_state(&id(77)), Some(&SendState::Pending));
    let applied = thread.apply(&ack(77, 2), 6);
    assert_eq!(applied.settled, [id(77)]);
    assert_eq!(thread.send_state(&id(77)), None);
    assert_eq!(thread.committed()[1].text, "hello");
    assert_eq!(thread.committed()[1].author, visitor());
    assert_eq!(thread.apply(&ack(77, 2), 7), Applied::default());
}

#[test]
fn what_was_not_acknowledged_is_sent_again_and_shows_once() {
    let mut thread = thread([1]);
    thread.write(id(77), "hello".into(), 5);
    assert_eq!(sent(&mut thread), Some(77));
    assert_eq!(
        thread.subscribe(),
        ClientFrame::Subscribe {
            conversation: conversation(),
            last_seq: Some(1)
        }
    );
    assert_eq!(sent(&mut thread), Some(77));
    // The first attempt had arrived; only its ack was lost.
    let mut stored = message(2, visitor());
    stored.id = id(77);
    let applied = thread.apply(
        &ServerFrame::Page {
            conversation: conversation(),
            messages: vec![stored],
            more: false,
            older: false,
        },
        9,
    );
    assert_eq!(applied.settled, [id(77)]);
    assert!(sent(&mut thread).is_none() && !thread.has_unsent());
    thread.apply(&ack(77, 2), 10);
    assert_eq!(seqs(&thread), [1, 2]);
}

#[test]
fn a_gap_is_asked_for_once_and_closed() {
    let mut thread = thread([1]);
    assert_eq!(asks_after(&thread.apply(&live(4), 0)), [Some(1)]);
    assert_eq!(thread.last_seq(), Some(1));
    assert!(asks_after(&thread.apply(&live(5), 0)).is_empty());
    assert!(asks_after(&thread.apply(&page([2, 3], false, false), 0)).is_empty());
    assert_eq!(thread.last_seq(), Some(5));
}

#[test]
fn catching_up_goes_on_page_by_page() {
    let mut thread = thread([1]);
    assert_eq!(asks_after(&thread.apply(&page(2..=101, true, false), 0)), [Some(101)]);
    assert!(asks_after(&thread.apply(&page(102..=150, false, false), 0)).is_empty());
    assert_eq!(thread.last_seq(), Some(150));
}

#[test]
fn the_first_messages_of_an_unknown_thread_need_not_begin_at_one() {
    let mut thread = thread([]);
    assert_eq!(thread.last_seq(), None);
    thread.apply(&page(51..=150, false, false), 0);
    assert_eq!(thread.last_seq(), Some(150));
    assert!(thread.has_older());
}

#[test]
fn older_pages_are_asked_for_one_at_a_time_until_the_first_message() {
    let mut thread = thread(101..=150);
    let before = |frame: Option<ClientFrame>| match frame {
        Some(ClientFrame::Page { before, .. }) => before,
        _ => None,
    };
    assert_eq!(before(thread.older()), Some(101));
    assert_eq!(thread.older(), None);
    thread.apply(&page(1..=100, false, true), 0);
    assert!(!thread.has_older());
    assert_eq!(thread.older(), None);
    assert_eq!(seqs(&thread).len(), 150);
}

#[test]
fn messages_go_out_one_at_a_time_in_the_order_of_writing() {
    let mut thread = thread([1]);
    for number in [77, 78, 79] {
        thread.write(id(number), "hello".into(), 0);
    }
    assert_eq!(sent(&mut thread), Some(77));
    assert_eq!(sent(&mut thread), None);
    thread.apply(&ack(77, 2), 0);
    assert_eq!(sent(&mut thread), Some(78));
    // A new connection knows of nothing on its way.
    thread.subscribe();
    assert_eq!(sent(&mut thread), Some(78));
    thread.apply(&ack(78, 3), 0);
    assert_eq!(sent(&mut thread), Some(79));
    // The answer to the first attempt comes as well.
    thread.apply(&ack(78, 3), 0);
    assert_eq!(sent(&mut thread), None);
    thread.apply(&ack(79, 4), 0);
    assert_eq!(sent(&mut thread), None);
}

#[test]
fn a_refused_rate_leaves_the_message_pending_and_nothing_overtakes_it() {
    let mut thread = thread([1]);
    thread.write(id(77), "hello".into(), 0);
    thread.write(id(78), "are you there?".into(), 0);
    assert_eq!(sent(&mut thread), Some(77));
    thread.apply(&error(ErrorCode::RateLimited, 77, Some(1_500)), 10_000);
    assert_eq!(thread.send_state(&id(77)), Some(&SendState::Pending));
    assert_eq!(thread.due_at(), Some(11_500));
    assert_eq!(sent(&mut thread), None);
    // A new connection does not shorten the delay.
    thread.subscribe();
    assert_eq!(sent(&mut thread), None);
    thread.tick(11_499);
    assert_eq!(sent(&mut thread), None);
    thread.tick(11_500);
    assert_eq!(sent(&mut thread), Some(77));
    assert_eq!(thread.due_at(), None);
}

#[test]
fn what_the_socket_does_not_take_is_tried_again_a_moment_later() {
    let mut thread = thread([1]);
    thread.write(id(77), "hello".into(), 0);
    assert_eq!(sent(&mut thread), Some(77));
    thread.was_not_taken(10_000);
    assert_eq!(sent(&mut thread), None);
    assert_eq!(thread.due_at(), Some(11_000));
    thread.tick(11_000);
    assert_eq!(sent(&mut thread), Some(77));
}

#[test]
fn an_unavailable_server_is_asked_less_and_less_often_until_it_answers() {
    let mut thread = thread([1]);
    thread.write(id(77), "hello".into(), 0);
    thread.write(id(78), "hello".into(), 0);
    let mut refuse = |number, times: usize| {
        let mut waits = Vec::new();
        for _ in 0..times {
            assert_eq!(sent(&mut thread), Some(number));
            thread.apply(&error(ErrorCode::Unavailable, number, None), 0);
            waits.extend(thread.due_at());
            thread.tick(i64::MAX);
        }
        assert_eq!(sent(&mut thread), Some(number));
        thread.apply(&ack(number, number), 0);
        waits
    };
    assert_eq!(refuse(77, 7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    assert_eq!(refuse(78, 1), [1_000]);
}

#[test]
fn a_refused_message_fails_visibly_lets_the_next_go_and_goes_out_again_on_request_only() {
    for (code, expected) in [
        (ErrorCode::InvalidText, 77),
        (ErrorCode::NotFound, 77),
        (ErrorCode::IdConflict, 79),
    ] {
        let mut thread = thread([1]);
        thread.write(id(77), "hello".into(), 0);
        thread.write(id(78), "hello".into(), 0);
        sent(&mut thread);
        thread.apply(&error(code, 77, None), 0);
        assert_eq!(
            thread.send_state(&id(77)),
            Some(&SendState::Failed {
                reason: "because".into()
            })
        );
        assert_eq!(sent(&mut thread), Some(78));
        thread.apply(&ack(78, 2), 0);
        thread.subscribe();
        assert_eq!(sent(&mut thread), None);
        let message = thread.retry(&id(77), Some(id(79))).unwrap();
        assert_eq!((message.id, message.state), (id(expected), SendState::Pending));
        assert_eq!(sent(&mut thread), Some(expected));
    }
}

#[test]
fn a_session_that_ended_leaves_the_message_for_the_next_connection() {
    let mut thread = thread([1]);
    thread.write(id(77), "hello".into(), 0);
    assert_eq!(sent(&mut thread), Some(77));
    thread.apply(&error(ErrorCode::Unauthenticated, 77, None), 0);
    assert_eq!(sent(&mut thread), None);
    thread.begin_again();
    assert_eq!(sent(&mut thread), Some(77));
}

#[test]
fn typing_ends_by_the_clock_or_with_the_message() {
    let typing = ServerFrame::Typing {
        conversation: conversation(),
        author: rep(),
    };
    let mut thread = thread([1]);
    thread.apply(&typing, 1_000);
    assert_eq!(thread.typing(), [&rep()]);
    assert_eq!(thread.due_at(), Some(6_000));
    thread.tick(6_000);
    assert!(thread.typing().is_empty());
    thread.apply(&typing, 7_000);
    thread.apply(&live(2), 7_001);
    assert!(thread.typing().is_empty());
    // The same person in another window is nobody else.
    thread.apply(
        &ServerFrame::Typing {
            conversation: conversation(),
            author: visitor(),
        },
        8_000,
    );
    assert!(thread.typing().is_empty());
}

#[test]
fn what_an_outbox_kept_is_added_unless_it_is_known() {
    let mut thread = thread([1, 2]);
    thread.write(id(77), "now".into(), 50);
    thread.restore(vec![
        Outgoing::pending(id(78), "before".into(), 40),
        Outgoing::pending(id(77), "now".into(), 50),
        Outgoing::pending(id(2), "stored".into(), 30),
    ]);
    let order: Vec<&str> = thread.outgoing().iter().map(|message| message.text.as_str()).collect();
    assert_eq!(order, ["before", "now"]);
}

#[test]
fn frames_of_other_conversations_change_nothing() {
    let mut thread = thread([1]);
    let before = thread.clone();
    let other = ConversationId::parse("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c").unwrap();
    thread.apply(
        &ServerFrame::Message {
            conversation: other.clone(),
            message: message(2, rep()),
        },
        0,
    );
    thread.apply(
        &ServerFrame::Typing {
            conversation: other,
            author: rep(),
        },
        0,
    );
    assert_eq!(thread, before);
}

#[test]
fn a_rep_sees_a_colleagues_messages_as_another_persons() {
    let thread = Thread::new(conversation(), rep(), Vec::new(), ConversationState::Open);
    assert!(thread.is_mine(&rep()));
    assert!(!thread.is_mine(&Author {
        name: "Hedy".into(),
        ..rep()
    }));
    assert!(!thread.is_mine(&Author {
        name: "Grace".into(),
        ..visitor()
    }));
}

#[test]
fn what_was_erased_is_shown_no_more_and_keeps_its_place() {
    let mut thread = thread([1, 2]);
    let elsewhere = ConversationId::parse("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c").unwrap();
    let erased = |conversation| ServerFrame::Erased { conversation };
    thread.apply(&erased(elsewhere), 0);
    assert_eq!(thread.committed()[0].text, "message 1");
    thread.apply(&erased(conversation()), 0);
    let left: Vec<_> = thread
        .committed()
        .iter()
        .map(|message| (message.seq, message.text.as_str(), message.author.name.as_str()))
        .collect();
    assert_eq!(left, [(1, "", ""), (2, "", "")]);
}
