//! Following one conversation: what went out, what is missing, what comes.

use parlor_engine::{Engine, Event, SocketId, Subscription, Topic};
use parlor_protocol::{ConversationId, ConversationState, Message, ServerFrame, TenantId};

use super::fitting::count_that_fit;
use super::link::{End, Link};

/// A conversation that a socket follows.
pub(super) struct Following {
    pub(super) conversation: ConversationId,
    tenant: TenantId,
    events: Subscription,
    /// The last message that went out in order.
    sent: u64,
    /// A full page went out and the client has not asked for the next: live messages wait in the store.
    is_behind: bool,
    /// The state the client knows.
    state: Option<ConversationState>,
}

impl Following {
    /// Begins to follow: first what is missing after `last_seq` (or the newest page), then what comes. The bus is followed before
    /// the store is read, so that nothing falls between the two.
    pub(super) async fn begin(
        engine: &Engine,
        link: &mut Link,
        tenant: &TenantId,
        conversation: ConversationId,
        last_seq: Option<u64>,
    ) -> Result<Self, End> {
        let events = engine.subscribe(Topic::Conversation(conversation.clone()));
        let mut following = Self {
            conversation,
            tenant: tenant.clone(),
            events,
            sent: 0,
            is_behind: false,
            state: None,
        };
        match last_seq {
            Some(last_seq) => {
                following.sent = last_seq;
                following.catch_up(engine, link, true).await?;
            }
            None => following.newest(engine, link).await?,
        }
        following.look_at_state(engine, link).await?;
        Ok(following)
    }

    async fn newest(&mut self, engine: &Engine, link: &mut Link) -> Result<(), End> {
        let found = engine.messages_before(&self.tenant, &self.conversation, None).await;
        let (messages, more) = newest_that_fit(stored(link, found).await?);
        self.sent = messages.last().map_or(0, |message| message.seq);
        self.page(link, messages, more, true).await
    }

    /// Sends what is stored after the last message that went out, one page. `even_empty` answers a question of the client.
    async fn catch_up(&mut self, engine: &Engine, link: &mut Link, even_empty: bool) -> Result<(), End> {
        let found = engine.messages_after(&self.tenant, &self.conversation, self.sent).await;
        let (messages, more) = oldest_that_fit(stored(link, found).await?);
        self.is_behind = more;
        if let Some(last) = messages.last() {
            self.sent = last.seq;
        } else if !even_empty {
            return Ok(());
        }
        self.page(link, messages, more, false).await
    }

    /// The client asks for the page after what it has.
    pub(super) async fn after(&mut self, engine: &Engine, link: &mut Link, after: u64) -> Result<(), End> {
        self.sent = after;
        self.catch_up(engine, link, true).await
    }

    /// The client asks for the page before what it has.
    pub(super) async fn before(&mut self, engine: &Engine, link: &mut Link, before: u64) -> Result<(), End> {
        let found = engine
            .messages_before(&self.tenant, &self.conversation, Some(before))
            .await;
        let (messages, more) = newest_that_fit(stored(link, found).await?);
        self.page(link, messages, more, true).await
    }

    async fn page(&self, link: &mut Link, messages: Vec<Message>, more: bool, older: bool) -> Result<(), End> {
        link.send(&ServerFrame::Page {
            conversation: self.conversation.clone(),
            messages,
            more,
            older,
        })
        .await
    }

    /// Says whether the conversation is open, when the client does not know: it may have changed while the client was away, or
    /// among news that were missed.
    async fn look_at_state(&mut self, engine: &Engine, link: &mut Link) -> Result<(), End> {
        let found = engine.conversation(&self.tenant, &self.conversation).await;
        match stored(link, found).await? {
            Some(found) => self.tell_state(link, found.state).await,
            None => Ok(()),
        }
    }

    async fn tell_state(&mut self, link: &mut Link, state: ConversationState) -> Result<(), End> {
        if self.state == Some(state) {
            return Ok(());
        }
        self.state = Some(state);
        let conversation = self.conversation.clone();
        link.send(&ServerFrame::State { conversation, state }).await
    }

    /// The next news, `None` when some were missed. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }

    /// The socket's own message is on disk and acknowledged: it need not be told of it.
    pub(super) fn acknowledged(&mut self, seq: u64) {
        if seq == self.sent.saturating_add(1) && !self.is_behind {
            self.sent = seq;
        }
    }

    /// Passes news on.
    pub(super) async fn tell(
        &mut self,
        engine: &Engine,
        link: &mut Link,
        own: SocketId,
        event: Option<Event>,
    ) -> Result<(), End> {
        let conversation = self.conversation.clone();
        match event {
            Some(Event::Message { message, origin }) => {
                if self.is_behind || message.seq <= self.sent {
                    return Ok(());
                }
                if message.seq > self.sent.saturating_add(1) {
                    return self.catch_up(engine, link, false).await;
                }
                self.sent = message.seq;
                if origin == Some(own) {
                    return Ok(());
                }
                let message = Message::clone(&message);
                link.send(&ServerFrame::Message { conversation, message }).await
            }
            Some(Event::Typing { author, origin }) if origin != own => {
                let author = parlor_protocol::Author::clone(&author);
                link.send(&ServerFrame::Typing { conversation, author }).await
            }
            Some(Event::State(state)) => self.tell_state(link, state).await,
            Some(Event::Erased) => link.send(&ServerFrame::Erased { conversation }).await,
            Some(_) => Ok(()),
            None => {
                if !self.is_behind {
                    self.catch_up(engine, link, false).await?;
                }
                self.look_at_state(engine, link).await
            }
        }
    }
}

/// The messages from the front that make a page together; at least one.
fn oldest_that_fit((mut messages, more): (Vec<Message>, bool)) -> (Vec<Message>, bool) {
    let fitting = count_that_fit(messages.iter());
    let is_cut = fitting < messages.len();
    messages.truncate(fitting);
    (messages, more || is_cut)
}

/// Likewise from the back.
fn newest_that_fit((mut messages, more): (Vec<Message>, bool)) -> (Vec<Message>, bool) {
    let fitting = count_that_fit(messages.iter().rev());
    let rest = messages.split_off(messages.len() - fitting);
    (rest, more || !messages.is_empty())
}

/// What the store found, or the end of a socket that cannot be served: the client comes back and resumes.
pub(super) async fn stored<T>(link: &mut Link, found: Result<T, parlor_engine::StoreError>) -> Result<T, End> {
    match found {
        Ok(found) => Ok(found),
        Err(error) => {
            tracing::error!(%error, "the store could not answer a socket");
            link.refuse(
                parlor_protocol::ErrorCode::Unavailable,
                "The server cannot read its store now.",
                None,
            )
            .await?;
            Err(End::Close(axum::extract::ws::close_code::AGAIN, "try again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::limit::PAGE_BYTES;
    use parlor_protocol::{Author, AuthorKind, MessageId};

    use super::*;

    fn messages(bytes: usize) -> (Vec<Message>, bool) {
        let message = |seq| Message {
            seq,
            id: MessageId::parse("0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b").unwrap(),
            author: Author {
                kind: AuthorKind::Visitor,
                name: "Ada".to_owned(),
            },
            text: "x".repeat(bytes),
            at: 0,
        };
        ((1..=100).map(message).collect(), false)
    }

    #[test]
    fn a_page_of_usual_messages_is_whole() {
        for (page, more) in [oldest_that_fit(messages(200)), newest_that_fit(messages(200))] {
            assert_eq!((page.len(), more), (100, false));
        }
        assert_eq!(newest_that_fit((Vec::new(), false)), (Vec::new(), false));
    }

    #[test]
    fn a_page_of_long_messages_is_cut_where_its_reader_goes_on() {
        let (oldest, more) = oldest_that_fit(messages(20_000));
        assert_eq!((oldest[0].seq, oldest.len(), more), (1, 3, true));
        let (newest, more) = newest_that_fit(messages(20_000));
        assert_eq!((newest[2].seq, newest.len(), more), (100, 3, true));
        assert_eq!(oldest_that_fit(messages(PAGE_BYTES + 1)).0.len(), 1);
    }
}
