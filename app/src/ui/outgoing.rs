//! Messages of ours that are not committed yet. They go out one at a time, in the order of writing: whatever the server
//! refuses for a while holds back what was written after it, so that nothing overtakes.
//!
//! A round trip for each message is what that costs. People write more slowly; only what waited through an outage notices.

use parlor_protocol::{ErrorCode, MessageId};

/// The first wait after `unavailable`, in milliseconds; it doubles up to the longest.
const UNAVAILABLE_MS: i64 = 1_000;
/// The longest wait after `unavailable`, in milliseconds.
const UNAVAILABLE_LONGEST_MS: i64 = 30_000;
/// The wait when the browser's own buffer is full, in milliseconds.
const FULL_MS: i64 = 1_000;

/// Where a message of ours stands that is not committed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendState {
    /// Sent, or about to be; not yet acknowledged.
    Pending,
    /// Refused. It goes out again only when its author says so.
    Failed {
        /// Why, in the server's words.
        reason: String,
    },
}

/// A message of ours that is not committed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id.
    pub id: MessageId,
    /// What it says.
    pub text: String,
    /// When it was written, by this browser's clock (ms since the Unix epoch).
    pub at: i64,
    /// Where it stands.
    pub state: SendState,
    /// The server knows the id with another text: the next attempt needs a new one.
    id_is_taken: bool,
}

impl Outgoing {
    /// A message that waits to be acknowledged.
    #[must_use]
    pub fn pending(id: MessageId, text: String, at: i64) -> Self {
        Self {
            id,
            text,
            at,
            state: SendState::Pending,
            id_is_taken: false,
        }
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Outgoing({}, {:?})", self.id, self.state)
    }
}

/// The queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutgoingQueue {
    /// In the order of writing.
    messages: Vec<Outgoing>,
    /// The message that is sent and not answered.
    in_flight: Option<MessageId>,
    /// Until when nothing goes out (ms since the Unix epoch).
    patience_until: Option<i64>,
    /// How often in a row the server could not store.
    refusals: u32,
}

impl OutgoingQueue {
    /// The messages in the order of writing.
    #[must_use]
    pub fn messages(&self) -> &[Outgoing] {
        &self.messages
    }

    /// Adds a message that was written now.
    pub fn push(&mut self, message: Outgoing) {
        self.messages.push(message);
    }

    /// Puts back what was written earlier; what is here already stays as it is.
    pub fn restore(&mut self, message: Outgoing) {
        if self.messages.iter().all(|other| other.id != message.id) {
            let place = self.messages.partition_point(|other| other.at <= message.at);
            self.messages.insert(place, message);
        }
    }

    /// The message to be sent now: the first that waits, when no other is on its way and no patience was asked for. It counts
    /// as on its way from here on.
    pub fn take_next(&mut self) -> Option<&Outgoing> {
        if self.in_flight.is_some() || self.patience_until.is_some() {
            return None;
        }
        let next = self
            .messages
            .iter()
            .find(|message| message.state == SendState::Pending)?;
        self.in_flight = Some(next.id.clone());
        Some(next)
    }

    /// What [`Self::take_next`] answered was not taken by the socket: it is tried again a moment later.
    pub fn was_not_taken(&mut self, now: i64) {
        self.in_flight = None;
        self.patience_until = Some(now + FULL_MS);
    }

    /// The connection is a new one: what was on its way may have been lost. Patience that was asked for holds on.
    pub fn begin_again(&mut self) {
        self.in_flight = None;
    }

    /// A message is committed; answers whether it was one of these.
    pub fn settle(&mut self, id: &MessageId) -> bool {
        let count = self.messages.len();
        self.messages.retain(|message| message.id != *id);
        let is_ours = self.messages.len() < count;
        if is_ours {
            self.refusals = 0;
        }
        self.landed(id);
        is_ours
    }

    /// The server refused a message.
    pub fn refused(&mut self, id: &MessageId, code: ErrorCode, reason: &str, retry_after_ms: Option<u64>, now: i64) {
        let Some(message) = self.messages.iter_mut().find(|message| message.id == *id) else {
            return;
        };
        let asked_for = retry_after_ms.map(|wait| i64::try_from(wait).unwrap_or(UNAVAILABLE_LONGEST_MS));
        match code {
            ErrorCode::RateLimited => self.patience_until = Some(now + asked_for.unwrap_or(UNAVAILABLE_MS)),
            ErrorCode::Unavailable => {
                let doubled = (UNAVAILABLE_MS << self.refusals.min(5)).min(UNAVAILABLE_LONGEST_MS);
                self.refusals = self.refusals.saturating_add(1);
                self.patience_until = Some(now + asked_for.unwrap_or(doubled));
            }
            // The session is renewed, or the page says that it ended; the message waits for the next connection.
            ErrorCode::Unauthenticated | ErrorCode::HelloExpected => return,
            ErrorCode::InvalidText
            | ErrorCode::IdConflict
            | ErrorCode::NotFound
            | ErrorCode::MalformedFrame
            | ErrorCode::UnsupportedVersion => {
                message.id_is_taken = code == ErrorCode::IdConflict;
                message.state = SendState::Failed {
                    reason: reason.to_owned(),
                };
            }
        }
        self.landed(id);
    }

    /// Lets a failed message wait again, under `new_id` where the old one is taken. Answers the message.
    pub fn retry(&mut self, id: &MessageId, new_id: Option<MessageId>) -> Option<Outgoing> {
        let message = self.messages.iter_mut().find(|message| message.id == *id)?;
        if message.id_is_taken {
            message.id = new_id?;
            message.id_is_taken = false;
        }
        message.state = SendState::Pending;
        Some(message.clone())
    }

    /// When patience ends (ms since the Unix epoch).
    #[must_use]
    pub fn due_at(&self) -> Option<i64> {
        self.patience_until
    }

    /// Ends the patience that is over at `now`.
    pub fn tick(&mut self, now: i64) {
        self.patience_until = self.patience_until.filter(|until| *until > now);
    }

    fn landed(&mut self, id: &MessageId) {
        if self.in_flight.as_ref() == Some(id) {
            self.in_flight = None;
        }
    }
}
