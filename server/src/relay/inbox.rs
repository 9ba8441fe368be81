//! `/ws/inbox`: one rep, the list of conversations and the threads they look at.

use axum::extract::ws::WebSocket;
use futures_util::future::select_all;
use parlor_engine::{Event, Rep, StoreError, Subscription, rep_author};
use parlor_protocol::limit::PROTOCOL_VERSION;
use parlor_protocol::{ClientFrame, ConversationId, ErrorCode, ServerFrame};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tower_sessions::SessionStore;
use tower_sessions::session::Id;

use super::fitting::count_that_fit;
use super::follow::{Following, stored};
use super::link::{ASK_EVERY, End, Link, POLICY, STOPPING};
use super::sockets::Place;
use super::visitor::{HELLO_WITHIN, acknowledge, versions_agree};
use crate::signed_in::SignedIn;
use crate::state::Server;

/// Threads one window follows at once; the oldest makes room.
const THREADS: usize = 4;

/// Serves a rep's socket to its end.
pub(super) async fn serve(server: Server, socket: WebSocket, place: Place, signed_in: Option<SignedIn>) {
    let mut link = Link::new(socket);
    match timeout(HELLO_WITHIN, versions_agree(&mut link)).await {
        Ok(Ok(_)) => {}
        Ok(Err(end)) => return link.close(end).await,
        Err(_) => return link.close(End::Close(POLICY, "no hello")).await,
    }
    let Some(signed_in) = signed_in else {
        let _ = link
            .refuse(ErrorCode::Unauthenticated, "Sign in at /inbox/sign-in.", None)
            .await;
        return link.close(End::Close(POLICY, "unauthenticated")).await;
    };
    let SignedIn {
        rep,
        password_version,
        session,
    } = signed_in;
    let followed = server.engine.follow_inbox(&rep.tenant).await;
    let (news, change) = match stored(&mut link, followed).await {
        Ok(followed) => followed,
        Err(end) => return link.close(end).await,
    };
    let mut desk = Desk {
        server,
        link,
        place,
        rep,
        password_version,
        session,
        news,
        threads: Vec::new(),
    };
    let end = desk.run(change).await;
    desk.link.close(end).await;
}

/// A rep who has said hello.
struct Desk {
    server: Server,
    link: Link,
    place: Place,
    rep: Rep,
    password_version: u64,
    session: Option<Id>,
    news: Subscription,
    threads: Vec<Following>,
}

impl Desk {
    async fn run(&mut self, change: u64) -> End {
        if let Err(end) = self.welcome(change).await {
            return end;
        }
        let mut asking = interval_at(Instant::now() + ASK_EVERY, ASK_EVERY);
        asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A password changed, a rep removed or signed out ends their sockets within five seconds.
        let mut checking = tokio::time::interval(std::time::Duration::from_secs(4));
        checking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let thread_news = async {
                if self.threads.is_empty() {
                    return std::future::pending().await;
                }
                let waiting = self.threads.iter_mut().map(|thread| Box::pin(thread.next()));
                let (event, index, _) = select_all(waiting).await;
                (index, event)
            };
            let step = tokio::select! {
                () = self.server.stop.cancelled() => Err(STOPPING),
                frame = self.link.next() => match frame {
                    Ok(frame) => self.answer(frame).await,
                    Err(end) => Err(end),
                },
                event = self.news.next() => self.tell(event).await,
                (index, event) = thread_news => match self.threads.get_mut(index) {
                    Some(thread) => thread.tell(&self.server.engine, &mut self.link, self.place.id, event).await,
                    None => Ok(()),
                },
                _ = asking.tick() => self.link.ask().await,
                _ = checking.tick() => self.check().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn welcome(&mut self, change: u64) -> Result<(), End> {
        let you = rep_author(&self.rep);
        self.link
            .send(&ServerFrame::Welcome {
                version: PROTOCOL_VERSION,
                you,
                conversation: None,
                change: Some(change),
            })
            .await
    }

    /// Whether the rep still is who signed in.
    async fn check(&mut self) -> Result<(), End> {
        let rep = self
            .server
            .engine
            .rep_of_session(&self.rep.tenant, &self.rep.id, self.password_version)
            .await;
        let rep = self.stored(rep).await?;
        // A store that does not answer now has just been asked for the rep; it says nothing of the session's end.
        let has_session = match &self.session {
            Some(session) => !matches!(self.server.sessions.load(session).await, Ok(None)),
            None => false,
        };
        match rep {
            Some(rep) if has_session => {
                self.rep = rep;
                Ok(())
            }
            _ => {
                self.link
                    .refuse(ErrorCode::Unauthenticated, "You were signed out.", None)
                    .await?;
                Err(End::Close(POLICY, "signed out"))
            }
        }
    }

    async fn answer(&mut self, frame: ClientFrame) -> Result<(), End> {
        match frame {
            ClientFrame::Hello { .. } => {
                self.link
                    .refuse(ErrorCode::HelloExpected, "Hello was said already.", None)
                    .await
            }
            ClientFrame::List { since, before } => self.list(since, before).await,
            ClientFrame::Subscribe { conversation, last_seq } => self.follow(conversation, last_seq).await,
            ClientFrame::Unsubscribe { conversation } => {
                self.threads.retain(|thread| thread.conversation != conversation);
                Ok(())
            }
            ClientFrame::Page {
                conversation,
                after,
                before,
            } => {
                let followed = self
                    .threads
                    .iter_mut()
                    .find(|thread| thread.conversation == conversation);
                let Some(thread) = followed else {
                    return self.not_found().await;
                };
                match (after, before) {
                    (_, Some(before)) => thread.before(&self.server.engine, &mut self.link, before).await,
                    (after, None) => {
                        thread
                            .after(&self.server.engine, &mut self.link, after.unwrap_or(0))
                            .await
                    }
                }
            }
            ClientFrame::Send { conversation, id, text } => {
                let checked = self.server.rates.rep(&self.rep.id);
                if !self.link.admits_message(&id, checked).await? {
                    return Ok(());
                }
                let origin = Some(self.place.id);
                let sent = self
                    .server
                    .engine
                    .send_as_rep(&self.rep, &conversation, &id, &text, origin)
                    .await;
                let thread = self
                    .threads
                    .iter_mut()
                    .find(|thread| thread.conversation == conversation);
                acknowledge(&mut self.link, thread, conversation, id, sent).await
            }
            ClientFrame::Typing { conversation } => {
                if self.threads.iter().any(|thread| thread.conversation == conversation) {
                    self.server
                        .engine
                        .typing(&conversation, rep_author(&self.rep), self.place.id);
                }
                Ok(())
            }
            ClientFrame::Read { conversation, seq } => {
                let mark = self
                    .server
                    .engine
                    .mark_read(&self.rep.tenant, &self.rep.id, &conversation, seq)
                    .await;
                match self.stored(mark).await? {
                    Some(_) => Ok(()),
                    None => self.not_found().await,
                }
            }
            ClientFrame::Ping {} => Ok(()),
        }
    }

    async fn list(&mut self, since: Option<u64>, before: Option<u64>) -> Result<(), End> {
        let engine = &self.server.engine;
        let found = match since {
            Some(since) => engine.summaries_since(&self.rep, since).await,
            None => engine.summaries_before(&self.rep, before).await,
        };
        let (mut conversations, more) = self.stored(found).await?;
        let fitting = count_that_fit(conversations.iter());
        let more = more || fitting < conversations.len();
        conversations.truncate(fitting);
        self.link
            .send(&ServerFrame::List {
                conversations,
                more,
                older: since.is_none(),
            })
            .await
    }

    async fn follow(&mut self, conversation: ConversationId, last_seq: Option<u64>) -> Result<(), End> {
        let card = self.server.engine.card(&self.rep.tenant, &conversation).await;
        let Some(card) = self.stored(card).await? else {
            return self.not_found().await;
        };
        self.threads.retain(|thread| thread.conversation != conversation);
        if self.threads.len() >= THREADS {
            self.threads.remove(0);
        }
        let tenant = &self.rep.tenant;
        let engine = &self.server.engine;
        let thread = Following::begin(engine, &mut self.link, tenant, conversation.clone(), last_seq).await?;
        self.threads.push(thread);
        self.link
            .send(&ServerFrame::Card {
                conversation,
                card: Box::new(card),
            })
            .await
    }

    /// Passes the inbox's news on.
    async fn tell(&mut self, event: Option<Event>) -> Result<(), End> {
        match event {
            Some(Event::Changed(summary)) => {
                let summary = parlor_protocol::ConversationSummary::clone(&summary);
                self.link.send(&ServerFrame::Conversation { summary }).await
            }
            Some(Event::Read { rep, conversation, seq }) if rep == self.rep.id => {
                self.link.send(&ServerFrame::Read { conversation, seq }).await
            }
            Some(Event::Delivery(about)) => {
                let followed: Vec<ConversationId> = self
                    .threads
                    .iter()
                    .map(|thread| thread.conversation.clone())
                    .filter(|conversation| about.as_ref().is_none_or(|about| about == conversation))
                    .collect();
                for conversation in followed {
                    let card = self.server.engine.card(&self.rep.tenant, &conversation).await;
                    if let Some(card) = self.stored(card).await? {
                        self.link
                            .send(&ServerFrame::Card {
                                conversation,
                                card: Box::new(card),
                            })
                            .await?;
                    }
                }
                Ok(())
            }
            Some(_) => Ok(()),
            // Some news were missed: a new welcome makes the client ask for the list from the change it has.
            None => {
                let change = self.server.engine.latest_change(&self.rep.tenant).await;
                let change = self.stored(change).await?;
                self.welcome(change).await
            }
        }
    }

    async fn not_found(&mut self) -> Result<(), End> {
        self.link
            .refuse(ErrorCode::NotFound, "There is no such conversation.", None)
            .await
    }

    async fn stored<T>(&mut self, found: Result<T, StoreError>) -> Result<T, End> {
        stored(&mut self.link, found).await
    }
}
