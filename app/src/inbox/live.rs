//! The desk's ear: what comes over `/ws/inbox`, what has been read, and when to call the rep.

use leptos::ev;
use leptos::prelude::*;
use parlor_protocol::limit::PROTOCOL_VERSION;
use parlor_protocol::{ClientFrame, ConversationId, ErrorCode, ServerFrame};

use super::attention;
use super::desk::{Desk, sign_in_again};
use super::list::{Arrival, ConversationList, title};
use super::moment;
use crate::browser::storage::Area;
use crate::browser::{Connection, ConnectionState, page};

/// Where this browser remembers that the rep wants to hear a ring.
const RING: &str = "parlor.inbox.ring";
/// Where it remembers that the rep wants desktop notifications.
const NOTIFY: &str = "parlor.inbox.notify";
/// What is remembered.
const ON: &str = "on";

impl Desk {
    /// Brings the desk to life. Call it once, in the browser, after hydration.
    pub fn start(self) {
        self.ring.set(Area::Local.get(RING).as_deref() == Some(ON));
        self.notify
            .set(Area::Local.get(NOTIFY).as_deref() == Some(ON) && attention::may_notify());
        self.now.set(Some(page::now()));
        set_interval(
            move || self.now.set(Some(page::now())),
            std::time::Duration::from_millis(moment::LOOK_MS),
        );
        self.watch_the_window();
        self.mark_what_is_read();
        Effect::new(move |_| document().set_title(&title(self.list.with(ConversationList::unread_conversations))));
        self.thread.restore();
        self.restore_parked();
        self.connect();
    }

    fn connect(self) {
        let Some(url) = page::socket_url("/ws/inbox") else {
            return;
        };
        let connection = Connection::open(
            url,
            || ClientFrame::Hello {
                versions: vec![PROTOCOL_VERSION],
                token: None,
            },
            move |frame| self.take(&frame),
            move |state| self.enter(state),
        );
        self.connection.set_value(Some(connection.clone()));
        self.thread.connect(connection);
    }

    fn enter(self, state: ConnectionState) {
        self.link.set(state);
        if state != ConnectionState::Open {
            self.loading_older.set(false);
            self.list.update(ConversationList::connection_lost);
        }
    }

    fn take(self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Welcome { .. } => {
                // Also when it comes again on the same socket: the server had to leave news out.
                self.list.update(ConversationList::connection_lost);
                self.ask_for_changes();
                self.thread.resume();
                self.resume_parked();
            }
            ServerFrame::List {
                conversations,
                more,
                older: true,
            } => {
                self.loading_older.set(false);
                self.list
                    .update(|list| list.take_older_page(conversations.clone(), *more));
            }
            ServerFrame::List {
                conversations,
                more,
                older: false,
            } => {
                let arrivals = self
                    .list
                    .try_update(|list| list.take_newer_page(conversations.clone(), *more));
                for (summary, arrival) in conversations.iter().zip(arrivals.unwrap_or_default()) {
                    self.call(arrival, &summary.id);
                }
                if *more {
                    self.ask_for_changes();
                }
            }
            ServerFrame::Conversation { summary } => {
                let arrival = self.list.try_update(|list| list.take_change(summary.clone()));
                self.call(arrival.unwrap_or_default(), &summary.id);
            }
            ServerFrame::State { conversation, state } => {
                self.list.update(|list| list.set_state(conversation, *state));
            }
            ServerFrame::Read { conversation, seq } => self.list.update(|list| list.mark_read(conversation, *seq)),
            ServerFrame::Message { conversation, message } => self.cards.update(|cards| {
                if let Some(card) = cards.get_mut(conversation) {
                    card.delivery.note_message(message.seq);
                }
            }),
            ServerFrame::Card { conversation, card } => {
                self.cards
                    .update(|cards| drop(cards.insert(conversation.clone(), (**card).clone())));
            }
            ServerFrame::Error {
                code: ErrorCode::Unauthenticated,
                ..
            } => sign_in_again(),
            ServerFrame::Error {
                code: ErrorCode::NotFound,
                reason,
                id: None,
                ..
            } => {
                self.problem.set(Some(reason.clone()));
            }
            _ => {}
        }
        self.thread.apply(frame);
        self.apply_to_parked(frame);
    }

    fn ask_for_changes(self) {
        let since = self.list.with_untracked(ConversationList::resume_from);
        self.send(&ClientFrame::List {
            since: Some(since),
            before: None,
        });
    }

    fn watch_the_window(self) {
        let look = move || {
            self.looking
                .set(!document().hidden() && document().has_focus().unwrap_or(false));
        };
        look();
        // The island lives as long as its page: nobody takes the listeners off.
        window_event_listener(ev::focus, move |_| look());
        window_event_listener(ev::blur, move |_| look());
        window_event_listener(ev::visibilitychange, move |_| look());
        window_event_listener(ev::popstate, move |_| self.follow_address());
        window_event_listener(ev::beforeunload, move |event| {
            let is_parked_lost = self
                .parked
                .with_value(|parked| parked.iter().any(|thread| self.thread.would_lose(thread)));
            if is_parked_lost || self.thread.would_lose_messages() {
                event.prevent_default();
            }
        });
    }

    /// Read is what stood at the end of a thread that somebody looked at.
    fn mark_what_is_read(self) {
        Effect::new(move |_| {
            if !self.looking.get() || !self.at_end.get() || self.link.get() != ConnectionState::Open {
                return;
            }
            let Some((conversation, seq)) = self.thread.signal().with(|thread| {
                let thread = thread.as_ref()?;
                Some((thread.conversation().clone(), thread.last_seq()?))
            }) else {
                return;
            };
            let is_news = self.list.with_untracked(|list| {
                list.get(&conversation)
                    .is_none_or(|row| row.read_seq.unwrap_or_default() < seq)
            });
            if self.selected.with(|selected| selected.as_ref() == Some(&conversation))
                && is_news
                && self.send(&ClientFrame::Read {
                    conversation: conversation.clone(),
                    seq,
                })
            {
                self.list.update(|list| list.mark_read(&conversation, seq));
            }
        });
    }

    /// Calls the rep for what they are not looking at.
    fn call(self, arrival: Arrival, id: &ConversationId) {
        if !arrival.is_new && !arrival.visitor_wrote {
            return;
        }
        let row = self
            .list
            .with_untracked(|list| list.get(id).map(|row| (row.visitor_name.clone(), row.preview.clone())));
        let Some((name, preview)) = row else { return };
        if arrival.is_new {
            self.announcement.set(format!("New conversation: {name}"));
        }
        if self.looking.get_untracked() && self.selected.with_untracked(|selected| selected.as_ref() == Some(id)) {
            return;
        }
        if self.ring.get_untracked() {
            attention::ring();
        }
        if self.notify.get_untracked() && document().hidden() {
            let text = if preview.is_empty() {
                "A new conversation"
            } else {
                preview.as_str()
            };
            let opened = id.clone();
            attention::notify(&name, text, id.as_str(), move || self.open(opened, true));
        }
    }

    /// Turns the ring on or off; on, it sounds once, so that the rep knows it.
    pub fn toggle_ring(self) {
        let on = !self.ring.get_untracked();
        self.ring.set(on);
        remember(RING, on);
        if on {
            attention::ring();
        }
    }

    /// Turns desktop notifications on, asking the browser for its permission, or off.
    pub fn toggle_notify(self) {
        if self.notify.get_untracked() {
            self.notify.set(false);
            return remember(NOTIFY, false);
        }
        attention::ask_to_notify(move |allowed| {
            self.notify.set(allowed);
            remember(NOTIFY, allowed);
            if !allowed {
                let problem =
                    "This browser does not allow notifications here; its settings for this site can change that.";
                self.problem.set(Some(problem.to_owned()));
            }
        });
    }
}

fn remember(name: &str, on: bool) {
    if on {
        // Where storage is refused, the choice holds for this page.
        let _ = Area::Local.set(name, ON);
    } else {
        Area::Local.remove(name);
    }
}
