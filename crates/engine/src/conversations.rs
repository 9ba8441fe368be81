//! Conversations: what is said, by whom, and who is told.

use std::sync::Arc;

use parlor_protocol::limit::PAGE_MESSAGES;
use parlor_protocol::text::InvalidText;
use parlor_protocol::{
    Author, AuthorKind, ConversationId, ConversationState, ConversationSummary, Message, MessageId, MessageText, RepId,
    TenantId,
};
use parlor_store::{Append, AppendOutcome, Appended, Conversation, Rep, StoreError, Visitor, Writer};

use crate::{Engine, Event, Topic};

/// One browser's socket, so that it is not told what it said itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(pub u64);

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The text is not one.
    #[error("{0}")]
    Text(InvalidText),
    /// The id is taken by another text.
    #[error("a message with this id and another text is stored already: send this one under a new id")]
    IdConflict,
    /// No such conversation, or not the sender's.
    #[error("there is no such conversation")]
    NotFound,
    /// It could not be stored; nothing was.
    #[error("the message could not be stored: send it again")]
    Store(#[from] StoreError),
}

/// Who says something: the store checks the right, the name is kept with the message.
struct Speaker<'a> {
    tenant: &'a TenantId,
    writer: Writer,
    name: String,
}

impl Engine {
    /// A visitor's message. It is on disk when this answers; the same id and text again answers the same.
    pub async fn send_as_visitor(
        &self,
        visitor: &Visitor,
        conversation: &ConversationId,
        id: &MessageId,
        text: &str,
        origin: Option<SocketId>,
    ) -> Result<Appended, SendError> {
        let speaker = Speaker {
            tenant: &visitor.tenant,
            writer: Writer::Visitor(visitor.id.clone()),
            name: visitor.name(),
        };
        self.send(speaker, conversation, id, text, origin).await
    }

    /// A rep's message, likewise. Whoever answers has read.
    pub async fn send_as_rep(
        &self,
        rep: &Rep,
        conversation: &ConversationId,
        id: &MessageId,
        text: &str,
        origin: Option<SocketId>,
    ) -> Result<Appended, SendError> {
        let speaker = Speaker {
            tenant: &rep.tenant,
            writer: Writer::Rep(rep.id.clone()),
            name: rep.name.clone(),
        };
        let appended = self.send(speaker, conversation, id, text, origin).await?;
        if appended.new {
            self.mark_read(&rep.tenant, &rep.id, conversation, appended.message.seq)
                .await?;
        }
        Ok(appended)
    }

    async fn send(
        &self,
        speaker: Speaker<'_>,
        conversation: &ConversationId,
        id: &MessageId,
        text: &str,
        origin: Option<SocketId>,
    ) -> Result<Appended, SendError> {
        let append = Append {
            tenant: speaker.tenant.clone(),
            conversation: conversation.clone(),
            writer: speaker.writer,
            name: speaker.name,
            id: id.clone(),
            text: MessageText::parse(text).map_err(SendError::Text)?,
        };
        let appended = match self.store.append(append).await? {
            AppendOutcome::Stored(appended) => appended,
            AppendOutcome::IdConflict => return Err(SendError::IdConflict),
            AppendOutcome::NotFound => return Err(SendError::NotFound),
        };
        if appended.new {
            metrics::counter!("parlor_messages_total", "author" => appended.message.author.kind.as_str()).increment(1);
            let topic = Topic::Conversation(conversation.clone());
            let message = Arc::new(appended.message.clone());
            self.bus.publish(&topic, Event::Message { message, origin });
            if appended.reopened {
                self.bus.publish(&topic, Event::State(ConversationState::Open));
            }
            self.delivery.nudge();
            self.tell_inbox(speaker.tenant);
        }
        Ok(appended)
    }

    /// Tells those who follow a conversation that somebody is typing.
    pub fn typing(&self, conversation: &ConversationId, author: Author, origin: SocketId) {
        let event = Event::Typing {
            author: Arc::new(author),
            origin,
        };
        self.bus.publish(&Topic::Conversation(conversation.clone()), event);
    }

    /// Messages after `after`, oldest first, and whether there are more.
    pub async fn messages_after(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
        after: u64,
    ) -> Result<(Vec<Message>, bool), StoreError> {
        let mut messages = self
            .store
            .messages_after(tenant, conversation, after, PAGE_MESSAGES + 1)
            .await?;
        let more = messages.len() > PAGE_MESSAGES;
        messages.truncate(PAGE_MESSAGES);
        Ok((messages, more))
    }

    /// The page next below `before` (or the newest), oldest first, and whether there are more below it.
    pub async fn messages_before(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
        before: Option<u64>,
    ) -> Result<(Vec<Message>, bool), StoreError> {
        let messages = self
            .store
            .messages_before(tenant, conversation, before, PAGE_MESSAGES)
            .await?;
        let more = messages.first().is_some_and(|message| message.seq > 1);
        Ok((messages, more))
    }

    /// A conversation.
    pub async fn conversation(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        self.store.conversation(tenant, id).await
    }

    /// Closes or opens a conversation; answers whether that changed anything, `None` when there is no such conversation.
    pub async fn set_state(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        state: ConversationState,
    ) -> Result<Option<bool>, StoreError> {
        let changed = self.store.set_conversation_state(tenant, id, state).await?;
        if changed == Some(true) {
            self.bus.publish(&Topic::Conversation(id.clone()), Event::State(state));
            // What was said last in it waits for nothing more.
            self.delivery.nudge();
            self.tell_inbox(tenant);
        }
        Ok(changed)
    }

    /// Releases a held conversation to HubSpot; answers whether that changed anything, `None` when there is no such conversation.
    pub async fn release(&self, tenant: &TenantId, id: &ConversationId) -> Result<Option<bool>, StoreError> {
        let changed = self.store.release_conversation(tenant, id).await?;
        if changed == Some(true) {
            self.delivery.nudge();
            self.tell_inbox(tenant);
            self.bus
                .publish(&Topic::Inbox(tenant.clone()), Event::Delivery(Some(id.clone())));
        }
        Ok(changed)
    }

    /// Notes how far a rep has read and tells their other windows. `None` when there is no such conversation.
    pub async fn mark_read(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        id: &ConversationId,
        seq: u64,
    ) -> Result<Option<u64>, StoreError> {
        let mark = self.store.mark_read(tenant, rep, id, seq).await?;
        if let Some(seq) = mark {
            let event = Event::Read {
                rep: rep.clone(),
                conversation: id.clone(),
                seq,
            };
            self.bus.publish(&Topic::Inbox(tenant.clone()), event);
        }
        Ok(mark)
    }

    /// The inbox's list after a change number, oldest change first, and whether there is more.
    pub async fn summaries_since(&self, rep: &Rep, since: u64) -> Result<(Vec<ConversationSummary>, bool), StoreError> {
        let found = self
            .store
            .summaries_since(&rep.tenant, &rep.id, since, PAGE_MESSAGES + 1)
            .await?;
        Ok(page_of(found))
    }

    /// The inbox's list below a change number (or the newest), newest change first, and whether there is more.
    pub async fn summaries_before(
        &self,
        rep: &Rep,
        before: Option<u64>,
    ) -> Result<(Vec<ConversationSummary>, bool), StoreError> {
        let found = self
            .store
            .summaries_before(&rep.tenant, &rep.id, before, PAGE_MESSAGES + 1)
            .await?;
        Ok(page_of(found))
    }

    /// One line of the inbox's list.
    pub async fn summary(&self, rep: &Rep, id: &ConversationId) -> Result<Option<ConversationSummary>, StoreError> {
        self.store.summary(&rep.tenant, &rep.id, id).await
    }

    /// The inbox's newest change number.
    pub async fn latest_change(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.store.latest_change(tenant).await
    }

    /// Notes that a conversation changed: the inbox is told once the sender has its answer.
    pub(crate) fn tell_inbox(&self, tenant: &TenantId) {
        self.inbox_news.note(self.bus.as_ref(), tenant);
    }
}

fn page_of(mut found: Vec<ConversationSummary>) -> (Vec<ConversationSummary>, bool) {
    let more = found.len() > PAGE_MESSAGES;
    found.truncate(PAGE_MESSAGES);
    (found, more)
}

/// Who a visitor is to others.
#[must_use]
pub fn visitor_author(visitor: &Visitor) -> Author {
    Author {
        kind: AuthorKind::Visitor,
        name: visitor.name(),
    }
}

/// Who a rep is to others.
#[must_use]
pub fn rep_author(rep: &Rep) -> Author {
    Author {
        kind: AuthorKind::Rep,
        name: rep.name.clone(),
    }
}
