//! News: "this conversation has a new message", "this list changed". The store is the truth; whoever sees a gap or was too
//! slow reads the store. In one process the bus is a set of tokio channels, made when somebody follows a topic.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parlor_protocol::{Author, ConversationId, ConversationState, ConversationSummary, Message, RepId, TenantId};
use tokio::sync::broadcast;

use crate::SocketId;

/// What may be followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One conversation: its messages, who is typing, its state.
    Conversation(ConversationId),
    /// A tenant's inbox: which conversations changed.
    Inbox(TenantId),
}

/// What is told.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message is on disk. The socket it came through has an acknowledgement already.
    Message {
        /// The message.
        message: Arc<Message>,
        /// The socket it came through.
        origin: Option<SocketId>,
    },
    /// Somebody is typing.
    Typing {
        /// Who.
        author: Arc<Author>,
        /// The socket it came through.
        origin: SocketId,
    },
    /// A conversation was closed or opened again.
    State(ConversationState),
    /// The conversation was erased: whoever shows it shows it no more.
    Erased,
    /// A conversation of the inbox is new or changed.
    Changed(Arc<ConversationSummary>),
    /// A rep has read up to here.
    Read {
        /// The rep.
        rep: RepId,
        /// The conversation.
        conversation: ConversationId,
        /// The last message read.
        seq: u64,
    },
    /// HubSpot knows more, or less, than before: of this conversation, or (absent) of any.
    Delivery(Option<ConversationId>),
}

/// Somebody's place among those who follow a topic. Falling behind shows as [`broadcast::error::RecvError::Lagged`]: read the store.
pub struct Subscription {
    receiver: broadcast::Receiver<Event>,
    _guard: Option<TopicGuard>,
}

impl Subscription {
    /// A subscription fed by a channel.
    #[must_use]
    pub fn new(receiver: broadcast::Receiver<Event>) -> Self {
        Self { receiver, _guard: None }
    }

    /// The next event. `None` when some were missed: read the store and go on.
    pub async fn next(&mut self) -> Option<Event> {
        match self.receiver.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            // The sender lives in the bus for as long as anybody listens; were it gone, there would be nothing left to hear.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Carries news.
pub trait Bus: Send + Sync + 'static {
    /// Tells everybody who follows the topic. Costs little when nobody does.
    fn publish(&self, topic: &Topic, event: Event);

    /// Follows a topic from now on.
    fn subscribe(&self, topic: Topic) -> Subscription;

    /// Whether anybody follows the topic, so that work for nobody can be left out.
    fn is_followed(&self, topic: &Topic) -> bool;
}

/// Events a follower may fall behind before it has to read the store. A conversation's channel is small, because every idle
/// socket holds one; a tenant's inbox has one channel for all, and hears of every message.
fn capacity(topic: &Topic) -> usize {
    match topic {
        Topic::Conversation(_) => 8,
        Topic::Inbox(_) => 128,
    }
}

type Topics = Arc<Mutex<HashMap<Topic, broadcast::Sender<Event>>>>;

/// The bus within one process.
#[derive(Default, Clone)]
pub struct LocalBus {
    topics: Topics,
}

/// Removes a topic when its last follower goes.
struct TopicGuard {
    topic: Topic,
    topics: Topics,
}

impl Drop for TopicGuard {
    fn drop(&mut self) {
        let mut topics = lock(&self.topics);
        // This follower's own receiver is gone already: fields are dropped in their order, and the guard is the last.
        if topics
            .get(&self.topic)
            .is_some_and(|sender| sender.receiver_count() == 0)
        {
            topics.remove(&self.topic);
        }
    }
}

impl LocalBus {
    /// A bus nobody follows yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many topics are followed.
    #[must_use]
    pub fn topics(&self) -> usize {
        lock(&self.topics).len()
    }
}

impl Bus for LocalBus {
    fn publish(&self, topic: &Topic, event: Event) {
        let sender = lock(&self.topics).get(topic).cloned();
        if let Some(sender) = sender {
            // An error means that the last follower has just gone.
            let _ = sender.send(event);
        }
    }

    fn subscribe(&self, topic: Topic) -> Subscription {
        let mut topics = lock(&self.topics);
        let receiver = topics
            .entry(topic.clone())
            .or_insert_with(|| broadcast::Sender::new(capacity(&topic)))
            .subscribe();
        Subscription {
            receiver,
            _guard: Some(TopicGuard {
                topic,
                topics: Arc::clone(&self.topics),
            }),
        }
    }

    fn is_followed(&self, topic: &Topic) -> bool {
        lock(&self.topics).contains_key(topic)
    }
}

fn lock(topics: &Topics) -> MutexGuard<'_, HashMap<Topic, broadcast::Sender<Event>>> {
    // The map is consistent between any two operations, so a panic elsewhere while it was held spoils nothing.
    topics.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic() -> Topic {
        Topic::Inbox(TenantId::default_tenant())
    }

    #[tokio::test]
    async fn whoever_follows_hears_and_a_topic_nobody_follows_is_forgotten() {
        let bus = LocalBus::new();
        let mut first = bus.subscribe(topic());
        let second = bus.subscribe(topic());
        bus.publish(&topic(), Event::Delivery(None));
        assert!(matches!(first.next().await, Some(Event::Delivery(None))));
        drop(first);
        assert!(bus.is_followed(&topic()));
        drop(second);
        assert_eq!(bus.topics(), 0);
    }

    #[tokio::test]
    async fn a_follower_that_fell_behind_is_told_so() {
        let bus = LocalBus::new();
        let mut slow = bus.subscribe(topic());
        for _ in 0..=capacity(&topic()) {
            bus.publish(&topic(), Event::Delivery(None));
        }
        assert!(slow.next().await.is_none());
        assert!(slow.next().await.is_some());
    }
}
