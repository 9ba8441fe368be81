//! `/ws/visitor`: one visitor, one conversation.

use std::time::Duration;

use axum::extract::ws::WebSocket;
use parlor_engine::{Event, SendError, Visitor, Widget, visitor_author};
use parlor_protocol::limit::{MALFORMED_FRAMES, PROTOCOL_VERSION};
use parlor_protocol::{ClientFrame, ConversationId, ErrorCode, MessageId, ServerFrame};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::follow::{Following, stored};
use super::link::{ASK_EVERY, End, Link, POLICY, STOPPING};
use super::sockets::Place;
use crate::state::Server;

/// Whoever upgrades and then says nothing takes a place from somebody.
pub(super) const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// Greets a visitor and serves their socket to its end. Serving has a task of its own: the greeting's ends and is freed, and
/// what an idle chat holds is the desk and little else.
pub(super) async fn serve(server: Server, socket: WebSocket, place: Place, widget: Widget, visitor: Option<Visitor>) {
    let mut link = Link::new(socket);
    let visitor = match timeout(HELLO_WITHIN, hello(&server, &mut link, &widget, visitor)).await {
        Ok(Ok(visitor)) => visitor,
        Ok(Err(end)) => return link.close(end).await,
        Err(_) => return link.close(End::Close(POLICY, "no hello")).await,
    };
    let desk = Box::new(Desk {
        server,
        link,
        place,
        visitor,
        following: None,
        strikes: 0,
    });
    tokio::spawn(desk.serve());
}

/// The first frame: which version, and who.
async fn hello(server: &Server, link: &mut Link, widget: &Widget, by_cookie: Option<Visitor>) -> Result<Visitor, End> {
    let token = versions_agree(link).await?;
    let visitor = match (by_cookie, token) {
        (Some(visitor), _) => Some(visitor),
        (None, Some(token)) => {
            let found = server.engine.visitor_by_token(widget, &token).await;
            stored(link, found).await?
        }
        (None, None) => None,
    };
    let Some(visitor) = visitor else {
        link.refuse(
            ErrorCode::Unauthenticated,
            "Nobody is known here by that cookie or token.",
            None,
        )
        .await?;
        return Err(End::Close(POLICY, "unauthenticated"));
    };
    link.send(&ServerFrame::Welcome {
        version: PROTOCOL_VERSION,
        you: visitor_author(&visitor),
        conversation: Some(visitor.conversation.clone()),
        change: None,
    })
    .await?;
    Ok(visitor)
}

/// Reads hello and answers its token; ends where no version agrees.
pub(super) async fn versions_agree(link: &mut Link) -> Result<Option<String>, End> {
    match link.next().await? {
        ClientFrame::Hello { versions, token } if versions.contains(&PROTOCOL_VERSION) => Ok(token),
        ClientFrame::Hello { .. } => {
            let reason = format!("This server speaks version {PROTOCOL_VERSION} of the protocol.");
            link.refuse(ErrorCode::UnsupportedVersion, reason, None).await?;
            Err(End::Close(POLICY, "unsupported version"))
        }
        _ => {
            link.refuse(ErrorCode::HelloExpected, "The first frame must be hello.", None)
                .await?;
            Err(End::Close(POLICY, "hello expected"))
        }
    }
}

/// A visitor who has said hello.
struct Desk {
    server: Server,
    link: Link,
    place: Place,
    visitor: Visitor,
    following: Option<Following>,
    /// Frames about conversations that are not theirs.
    strikes: u32,
}

impl Desk {
    async fn serve(mut self: Box<Self>) {
        let end = self.run().await;
        Box::pin(self.link.close(end)).await;
    }

    /// Waits for what comes and deals with it. Only the waiting is part of this future, which every idle socket has in its memory;
    /// the dealing is boxed.
    async fn run(&mut self) -> End {
        let mut asking = interval_at(Instant::now() + ASK_EVERY, ASK_EVERY);
        asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let news = async {
                match &mut self.following {
                    Some(following) => following.next().await,
                    None => std::future::pending().await,
                }
            };
            let step = tokio::select! {
                () = self.server.stop.cancelled() => Err(STOPPING),
                frame = self.link.next() => match frame {
                    Ok(frame) => Box::pin(self.answer(frame)).await,
                    Err(end) => Err(end),
                },
                event = news => Box::pin(self.tell(event)).await,
                _ = asking.tick() => Box::pin(self.link.ask()).await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Passes news on; where some were missed, the visitor may have been forgotten among them.
    async fn tell(&mut self, event: Option<Event>) -> Result<(), End> {
        let is_there = match &event {
            Some(Event::Erased) => false,
            None => {
                let store = self.server.engine.store();
                let found = store.visitor(&self.visitor.tenant, &self.visitor.id).await;
                stored(&mut self.link, found).await?.is_some()
            }
            Some(_) => true,
        };
        if !is_there {
            let reason = "This chat was erased. Register again to begin another.";
            self.link.refuse(ErrorCode::Unauthenticated, reason, None).await?;
            return Err(End::Close(POLICY, "erased"));
        }
        match &mut self.following {
            Some(following) => {
                following
                    .tell(&self.server.engine, &mut self.link, self.place.id, event)
                    .await
            }
            None => Ok(()),
        }
    }

    async fn answer(&mut self, frame: ClientFrame) -> Result<(), End> {
        let named = match &frame {
            ClientFrame::Subscribe { conversation, .. }
            | ClientFrame::Unsubscribe { conversation }
            | ClientFrame::Page { conversation, .. }
            | ClientFrame::Send { conversation, .. }
            | ClientFrame::Typing { conversation } => conversation,
            ClientFrame::Hello { .. } => {
                return self
                    .link
                    .refuse(ErrorCode::HelloExpected, "Hello was said already.", None)
                    .await;
            }
            // Of the inbox alone, and nothing a visitor could mean.
            ClientFrame::Read { .. } | ClientFrame::List { .. } => return self.strike(None).await,
            ClientFrame::Ping {} => return Ok(()),
        };
        if *named != self.visitor.conversation {
            let id = if let ClientFrame::Send { id, .. } = &frame {
                Some(id.clone())
            } else {
                None
            };
            return self.strike(id).await;
        }
        let engine = &self.server.engine;
        match frame {
            ClientFrame::Subscribe { conversation, last_seq } => {
                let tenant = &self.visitor.tenant;
                let begun = Following::begin(engine, &mut self.link, tenant, conversation, last_seq).await?;
                self.following = Some(begun);
            }
            ClientFrame::Unsubscribe { .. } => self.following = None,
            ClientFrame::Page { after, before, .. } => {
                let Some(following) = &mut self.following else {
                    return self.strike(None).await;
                };
                match (after, before) {
                    (_, Some(before)) => following.before(engine, &mut self.link, before).await?,
                    (after, None) => following.after(engine, &mut self.link, after.unwrap_or(0)).await?,
                }
            }
            ClientFrame::Send { conversation, id, text } => self.take(conversation, id, text).await?,
            ClientFrame::Typing { conversation } => {
                engine.typing(&conversation, visitor_author(&self.visitor), self.place.id);
            }
            _ => {}
        }
        Ok(())
    }

    async fn take(&mut self, conversation: ConversationId, id: MessageId, text: String) -> Result<(), End> {
        let checked = self.server.rates.visitor(&conversation);
        if !self.link.admits_message(&id, checked).await? {
            return Ok(());
        }
        let origin = Some(self.place.id);
        let sent = self
            .server
            .engine
            .send_as_visitor(&self.visitor, &conversation, &id, &text, origin)
            .await;
        acknowledge(&mut self.link, self.following.as_mut(), conversation, id, sent).await
    }

    /// Somebody else's conversation and one that does not exist are the same to a visitor. Three are no mistake.
    async fn strike(&mut self, id: Option<MessageId>) -> Result<(), End> {
        self.strikes += 1;
        self.link
            .refuse(ErrorCode::NotFound, "There is no such conversation.", id)
            .await?;
        if self.strikes >= MALFORMED_FRAMES {
            Err(End::Close(POLICY, "not your conversation"))
        } else {
            Ok(())
        }
    }
}

/// Tells the sender what became of a message.
pub(super) async fn acknowledge(
    link: &mut Link,
    following: Option<&mut Following>,
    conversation: ConversationId,
    id: MessageId,
    sent: Result<parlor_store::Appended, SendError>,
) -> Result<(), End> {
    match sent {
        Ok(appended) => {
            let (seq, at) = (appended.message.seq, appended.message.at);
            if let Some(following) = following {
                following.acknowledged(seq);
            }
            link.send(&ServerFrame::Ack {
                conversation,
                id,
                seq,
                at,
            })
            .await
        }
        Err(error) => {
            let code = match &error {
                SendError::Text(_) => ErrorCode::InvalidText,
                SendError::IdConflict => ErrorCode::IdConflict,
                SendError::NotFound => ErrorCode::NotFound,
                SendError::Store(cause) => {
                    tracing::error!(%cause, "a message could not be stored");
                    ErrorCode::Unavailable
                }
            };
            link.refuse(code, error.to_string(), Some(id)).await
        }
    }
}
