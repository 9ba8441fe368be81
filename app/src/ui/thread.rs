//! One conversation as a browser holds it: what is committed, what waits to be sent, who is typing.
//!
//! A plain value without a browser in it: frames and the clock go in, frames to be sent come out. `LiveThread` in `browser`
//! ties it to a signal, a connection and the timers.

use parlor_protocol::{
    Author, AuthorKind, ClientFrame, ConversationId, ConversationState, Message, MessageId, ServerFrame,
};

use super::outgoing::{Outgoing, OutgoingQueue, SendState};

/// How long a `typing` frame holds, in milliseconds.
const TYPING_MS: i64 = 5_000;
/// Somebody is typing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Typing {
    author: Author,
    until: i64,
}

/// What a new message of the other side means to whoever counts or rings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Frames to be sent now.
    pub send: Vec<ClientFrame>,
    /// Ids of ours that are settled: the outbox forgets them.
    pub settled: Vec<MessageId>,
    /// Live messages of the other side that were not known before.
    pub arrived: usize,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    conversation: ConversationId,
    me: Author,
    /// In the order of `seq`; each once.
    committed: Vec<Message>,
    outgoing: OutgoingQueue,
    typing: Vec<Typing>,
    state: ConversationState,
    /// The page that was asked for last to close a gap; asking twice brings nothing.
    asked_after: Option<u64>,
    asked_before: bool,
}

impl Thread {
    /// A thread with what the page was rendered with (in the order of `seq`; may be empty).
    #[must_use]
    pub fn new(conversation: ConversationId, me: Author, messages: Vec<Message>, state: ConversationState) -> Self {
        Self {
            conversation,
            me,
            committed: messages,
            outgoing: OutgoingQueue::default(),
            typing: Vec::new(),
            state,
            asked_after: None,
            asked_before: false,
        }
    }

    /// The conversation.
    #[must_use]
    pub fn conversation(&self) -> &ConversationId {
        &self.conversation
    }

    /// Who writes on this side.
    #[must_use]
    pub fn me(&self) -> &Author {
        &self.me
    }

    /// Takes over what the server's welcome says of us.
    pub fn set_me(&mut self, me: Author) {
        self.me = me;
    }

    /// Whether a message is of this side's author: the side counts, and among reps the name.
    #[must_use]
    pub fn is_mine(&self, author: &Author) -> bool {
        match self.me.kind {
            AuthorKind::Visitor => author.kind == AuthorKind::Visitor,
            AuthorKind::Rep => *author == self.me,
        }
    }

    /// The committed messages in the order of `seq`.
    #[must_use]
    pub fn committed(&self) -> &[Message] {
        &self.committed
    }

    /// Our messages that are not committed yet, in the order of writing.
    #[must_use]
    pub fn outgoing(&self) -> &[Outgoing] {
        self.outgoing.messages()
    }

    /// Where a message of ours stands; `None` once it is committed.
    #[must_use]
    pub fn send_state(&self, id: &MessageId) -> Option<&SendState> {
        self.outgoing()
            .iter()
            .find(|message| message.id == *id)
            .map(|message| &message.state)
    }

    /// Open or closed.
    #[must_use]
    pub fn state(&self) -> ConversationState {
        self.state
    }

    /// The last message up to which nothing is missing; `None` while there is none. A subscription resumes from it.
    #[must_use]
    pub fn last_seq(&self) -> Option<u64> {
        let mut seqs = self.committed.iter().map(|message| message.seq);
        let first = seqs.next()?;
        Some(
            seqs.fold((first, true), |(last, whole), seq| {
                if whole && seq == last + 1 {
                    (seq, true)
                } else {
                    (last, false)
                }
            })
            .0,
        )
    }

    /// The last message, and whether it is of this side's author.
    #[must_use]
    pub fn last(&self) -> Option<(MessageId, bool)> {
        match (self.outgoing().last(), self.committed.last()) {
            (Some(message), _) => Some((message.id.clone(), true)),
            (None, Some(message)) => Some((message.id.clone(), self.is_mine(&message.author))),
            (None, None) => None,
        }
    }

    /// Whether there are older messages than those held.
    #[must_use]
    pub fn has_older(&self) -> bool {
        self.committed.first().is_some_and(|message| message.seq > 1)
    }

    /// Who else is typing at `now`.
    #[must_use]
    pub fn typing(&self) -> Vec<&Author> {
        self.typing.iter().map(|typing| &typing.author).collect()
    }

    /// The frame that subscribes to the conversation from where this thread ends. Pages asked for before the connection
    /// was lost are forgotten with it; what was on its way is sent again.
    pub fn subscribe(&mut self) -> ClientFrame {
        self.asked_after = None;
        self.asked_before = false;
        self.begin_again();
        ClientFrame::Subscribe {
            conversation: self.conversation.clone(),
            last_seq: self.last_seq(),
        }
    }

    /// The connection is a new one: what was on its way is sent again.
    pub fn begin_again(&mut self) {
        self.outgoing.begin_again();
    }

    /// Asks for the page above the oldest message, unless it is asked for already or there is none.
    pub fn older(&mut self) -> Option<ClientFrame> {
        if !self.has_older() || std::mem::replace(&mut self.asked_before, true) {
            return None;
        }
        let before = self.committed.first().map(|message| message.seq);
        Some(ClientFrame::Page {
            conversation: self.conversation.clone(),
            after: None,
            before,
        })
    }

    /// Adds a message of ours.
    pub fn write(&mut self, id: MessageId, text: String, now: i64) {
        self.outgoing.push(Outgoing::pending(id, text, now));
    }

    /// Takes back what an outbox kept, but for what is here already.
    pub fn restore(&mut self, kept: Vec<Outgoing>) {
        for message in kept {
            if self.committed.iter().all(|other| other.id != message.id) {
                self.outgoing.restore(message);
            }
        }
    }

    /// The frame that sends the next message of ours, when it is time for one. If the socket does not take it, say
    /// [`Self::was_not_taken`].
    pub fn next_to_send(&mut self) -> Option<ClientFrame> {
        let message = self.outgoing.take_next()?;
        Some(ClientFrame::Send {
            conversation: self.conversation.clone(),
            id: message.id.clone(),
            text: message.text.clone(),
        })
    }

    /// The socket did not take what [`Self::next_to_send`] answered.
    pub fn was_not_taken(&mut self, now: i64) {
        self.outgoing.was_not_taken(now);
    }

    /// Lets a failed message wait to be sent once more, under `new_id` where the old one is taken. Answers the message.
    pub fn retry(&mut self, id: &MessageId, new_id: Option<MessageId>) -> Option<Outgoing> {
        self.outgoing.retry(id, new_id)
    }

    /// Whether something of ours is not committed yet.
    #[must_use]
    pub fn has_unsent(&self) -> bool {
        !self.outgoing().is_empty()
    }

    /// When something is to be done next by the clock: patience that ends, or somebody's typing. `None` when nothing is.
    #[must_use]
    pub fn due_at(&self) -> Option<i64> {
        let typing = self.typing.iter().map(|typing| typing.until);
        typing.chain(self.outgoing.due_at()).min()
    }

    /// Does what is due at `now`.
    pub fn tick(&mut self, now: i64) {
        self.typing.retain(|typing| typing.until > now);
        self.outgoing.tick(now);
    }

    /// Takes in a frame; one of another conversation changes nothing.
    pub fn apply(&mut self, frame: &ServerFrame, now: i64) -> Applied {
        let mut applied = Applied::default();
        match frame {
            ServerFrame::Message { conversation, message } if *conversation == self.conversation => {
                self.typing.retain(|typing| typing.author != message.author);
                let is_other = message.author.kind != self.me.kind;
                if self.commit(message.clone(), &mut applied) && is_other {
                    applied.arrived += 1;
                }
                self.close_gap(&mut applied);
            }
            ServerFrame::Page {
                conversation,
                messages,
                more,
                older,
            } if *conversation == self.conversation => {
                if *older {
                    self.asked_before = false;
                } else {
                    self.asked_after = None;
                }
                for message in messages {
                    self.commit(message.clone(), &mut applied);
                }
                if *more && !*older && !messages.is_empty() {
                    self.ask_after_last(&mut applied);
                }
                self.close_gap(&mut applied);
            }
            ServerFrame::Ack {
                conversation,
                id,
                seq,
                at,
            } if *conversation == self.conversation => {
                if let Some(message) = self.outgoing().iter().find(|message| message.id == *id) {
                    let text = message.text.clone();
                    let author = self.me.clone();
                    self.commit(
                        Message {
                            seq: *seq,
                            id: id.clone(),
                            author,
                            text,
                            at: *at,
                        },
                        &mut applied,
                    );
                    self.close_gap(&mut applied);
                }
            }
            // The same rep may type in another window of theirs.
            ServerFrame::Typing { conversation, author }
                if *conversation == self.conversation && !self.is_mine(author) =>
            {
                self.typing.retain(|typing| typing.author != *author);
                self.typing.push(Typing {
                    author: author.clone(),
                    until: now + TYPING_MS,
                });
            }
            ServerFrame::State { conversation, state } if *conversation == self.conversation => self.state = *state,
            ServerFrame::Erased { conversation } if *conversation == self.conversation => {
                for message in &mut self.committed {
                    message.text.clear();
                    message.author.name.clear();
                }
            }
            ServerFrame::Error {
                code,
                reason,
                retry_after_ms,
                id: Some(id),
            } => self.outgoing.refused(id, *code, reason, *retry_after_ms, now),
            // Perhaps a page: whoever scrolls up again asks again.
            ServerFrame::Error { id: None, .. } => self.asked_before = false,
            _ => {}
        }
        applied
    }

    /// Puts a committed message in its place; answers whether it is new.
    fn commit(&mut self, message: Message, applied: &mut Applied) -> bool {
        if self.outgoing.settle(&message.id) {
            applied.settled.push(message.id.clone());
        }
        match self.committed.binary_search_by_key(&message.seq, |known| known.seq) {
            Ok(_) => false,
            Err(_) if self.committed.iter().any(|known| known.id == message.id) => false,
            Err(place) => {
                self.committed.insert(place, message);
                true
            }
        }
    }

    fn close_gap(&mut self, applied: &mut Applied) {
        if self.last_seq() != self.committed.last().map(|message| message.seq) {
            self.ask_after_last(applied);
        }
    }

    fn ask_after_last(&mut self, applied: &mut Applied) {
        let after = self.last_seq();
        if self.asked_after != after {
            self.asked_after = after;
            applied.send.push(ClientFrame::Page {
                conversation: self.conversation.clone(),
                after,
                before: None,
            });
        }
    }
}

#[cfg(test)]
#[path = "thread_tests.rs"]
mod tests;
