//! The frames of `/ws/visitor` and `/ws/inbox`: one JSON object a WebSocket text message, told apart by `type`.
//! `docs/protocol.md` describes them in words and must say the same.

use serde::{Deserialize, Serialize};

use crate::{Author, ContactCard, ConversationId, ConversationState, ConversationSummary, Message, MessageId};

/// What a browser sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// The first frame: within five seconds of the upgrade, or the socket is closed.
    Hello {
        /// The protocol versions the client speaks.
        versions: Vec<u16>,
        /// The visitor's token, where the browser dropped the cookie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// Follow a conversation: first what is missing, in pages, then what comes.
    Subscribe {
        /// The conversation.
        conversation: ConversationId,
        /// The last message the client has; absent, the newest page is sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_seq: Option<u64>,
    },
    /// Stop following a conversation.
    Unsubscribe {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Ask for a page: the messages after `after` (to go on catching up), or those before `before` (to scroll up).
    Page {
        /// The conversation.
        conversation: ConversationId,
        /// Messages with a greater `seq`, oldest first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// Messages with a smaller `seq`: the hundred next to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
    },
    /// A message. Unacknowledged, it is sent again with the same id; it is stored once.
    Send {
        /// The conversation.
        conversation: ConversationId,
        /// The message's id, made by the client.
        id: MessageId,
        /// What it says.
        text: String,
    },
    /// The sender is typing. At most one every three seconds is of use.
    Typing {
        /// The conversation.
        conversation: ConversationId,
    },
    /// A rep has read up to here. Inbox only.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The last message read.
        seq: u64,
    },
    /// Ask for the inbox's list: what changed after `since`, or, to scroll down, what changed before `before`. Inbox only.
    List {
        /// Conversations with a greater change number, oldest change first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
        /// Conversations with a smaller change number, newest change first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
    },
    /// Are you there? Answered by `pong`.
    Ping {},
}

impl std::fmt::Debug for ClientFrame {
    // Frames carry what people write and, in hello, a token: neither belongs in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Hello { .. } => "Hello(…)",
            Self::Subscribe { .. } => "Subscribe(…)",
            Self::Unsubscribe { .. } => "Unsubscribe(…)",
            Self::Page { .. } => "Page(…)",
            Self::Send { .. } => "Send(…)",
            Self::Typing { .. } => "Typing(…)",
            Self::Read { .. } => "Read(…)",
            Self::List { .. } => "List(…)",
            Self::Ping {} => "Ping",
        })
    }
}

/// What the server sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to a good hello.
    Welcome {
        /// The protocol version that holds.
        version: u16,
        /// Who the server takes the client for.
        you: Author,
        /// The visitor's conversation; absent in the inbox.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
        /// The newest change of the inbox's list; absent for a visitor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<u64>,
    },
    /// Messages in the order of `seq`.
    Page {
        /// The conversation.
        conversation: ConversationId,
        /// At most a hundred.
        messages: Vec<Message>,
        /// Whether there are more in the direction asked for.
        more: bool,
        /// True for an answer to `before`, false when catching up.
        older: bool,
    },
    /// A message, live.
    Message {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        message: Message,
    },
    /// The message is on disk.
    Ack {
        /// The conversation.
        conversation: ConversationId,
        /// The message's id.
        id: MessageId,
        /// The place it was given.
        seq: u64,
        /// The commit's time (ms since the Unix epoch).
        at: i64,
    },
    /// Somebody else is typing; holds for five seconds.
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// Who.
        author: Author,
    },
    /// The conversation was closed or opened again.
    State {
        /// The conversation.
        conversation: ConversationId,
        /// Where it stands now.
        state: ConversationState,
    },
    /// The conversation was erased: what is shown of its texts and names goes. Inbox only; a visitor's socket is ended.
    Erased {
        /// The conversation.
        conversation: ConversationId,
    },
    /// A conversation is new or changed. Inbox only.
    Conversation {
        /// Its line of the list.
        summary: ConversationSummary,
    },
    /// A page of the inbox's list. Inbox only.
    List {
        /// At most a hundred.
        conversations: Vec<ConversationSummary>,
        /// Whether there are more in the direction asked for.
        more: bool,
        /// True for an answer to `before`.
        older: bool,
    },
    /// This rep has read up to here, perhaps in another window. Inbox only.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The last message read.
        seq: u64,
    },
    /// The contact card of a followed conversation is new or changed. Inbox only.
    Card {
        /// The conversation.
        conversation: ConversationId,
        /// The card.
        card: Box<ContactCard>,
    },
    /// Something was refused.
    Error {
        /// What, for a program.
        code: ErrorCode,
        /// What and what to do, for a person.
        reason: String,
        /// How long to wait before trying again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
        /// The message it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<MessageId>,
    },
    /// Yes.
    Pong {},
}

impl std::fmt::Debug for ServerFrame {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Error { code, .. } => write!(formatter, "Error({code:?})"),
            Self::Welcome { .. } => formatter.write_str("Welcome(…)"),
            Self::Page { messages, .. } => write!(formatter, "Page({} messages)", messages.len()),
            Self::Message { message, .. } => write!(formatter, "Message(seq {})", message.seq),
            Self::Ack { seq, .. } => write!(formatter, "Ack(seq {seq})"),
            Self::Typing { .. } => formatter.write_str("Typing(…)"),
            Self::State { state, .. } => write!(formatter, "State({state:?})"),
            Self::Erased { .. } => formatter.write_str("Erased(…)"),
            Self::Conversation { .. } => formatter.write_str("Conversation(…)"),
            Self::List { conversations, .. } => write!(formatter, "List({})", conversations.len()),
            Self::Read { seq, .. } => write!(formatter, "Read(seq {seq})"),
            Self::Card { .. } => formatter.write_str("Card(…)"),
            Self::Pong {} => formatter.write_str("Pong"),
        }
    }
}

/// Why something was refused; stable words for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is not one of this protocol. Three in a row end the socket.
    MalformedFrame,
    /// Something else came before hello, or a second hello.
    HelloExpected,
    /// None of the client's protocol versions is spoken here.
    UnsupportedVersion,
    /// Neither cookie nor token names somebody.
    Unauthenticated,
    /// There is no such conversation, or it is not yours; the two are not told apart.
    NotFound,
    /// The text is empty, too long or has control characters.
    InvalidText,
    /// A message with this id and another text is stored already.
    IdConflict,
    /// Too fast. The message stays pending: send it again after `retry_after_ms`.
    RateLimited,
    /// The server could not do it now; nothing was stored. Send it again.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_an_object_told_apart_by_type() {
        let frame: ClientFrame = serde_json::from_str(r#"{"type":"hello","versions":[1]}"#).unwrap();
        assert_eq!(
            frame,
            ClientFrame::Hello {
                versions: vec![1],
                token: None
            }
        );
        assert_eq!(
            serde_json::to_string(&ServerFrame::Pong {}).unwrap(),
            r#"{"type":"pong"}"#
        );
        assert_eq!(
            serde_json::from_str::<ClientFrame>(r#"{"type":"ping"}"#).unwrap(),
            ClientFrame::Ping {}
        );
    }

    #[test]
    fn a61_an_object_or_array_where_a_string_is_expected_is_no_frame() {
        for wrong in [
            r#"{"type":"send","conversation":{"$ne":null},"id":[],"text":1}"#,
            r#"{"type":"send","conversation":"0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b","id":"0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b","text":{"$gt":""}}"#,
            r#"{"type":"ping","extra":1}"#,
            r#"[{"type":"ping"}]"#,
            "null",
            "",
        ] {
            assert!(serde_json::from_str::<ClientFrame>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn debug_shows_neither_text_nor_token() {
        let hello = ClientFrame::Hello {
            versions: vec![1],
            token: Some("sesame".into()),
        };
        assert!(!format!("{hello:?}").contains("sesame"));
    }
}
