//! How the visitor's side knows who it is: the session's cookie first, a token in storage where the cookie was dropped, a
//! token in memory as the last resort, with an honest word to the visitor.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::ev;
use leptos::prelude::window_event_listener;
use leptos::task::spawn_local;
use parlor_protocol::limit::PROTOCOL_VERSION;
use parlor_protocol::{
    Author, AuthorKind, ClientFrame, ConversationId, ConversationState, ErrorCode, ServerFrame, WidgetKey,
};

use super::screen::{self, Mode};
use super::{ask, host};
use crate::api::ApiError;
use crate::browser::storage::Area;
use crate::browser::{Connection, ConnectionState, LiveThread, json, page};
use crate::ui::Thread;

/// Trouble shorter than this is not worth a word, in milliseconds.
const PATIENCE_MS: f64 = 2_000.0;
/// The wait before a code is tried once more, in milliseconds. It is good for a minute.
const EXCHANGE_AGAIN_MS: f64 = 3_000.0;
/// Attempts to exchange a code.
const EXCHANGE_ATTEMPTS: u32 = 15;

const KEEPS_NOTHING: &str =
    "This browser keeps nothing for embedded pages: if you leave, this chat cannot be continued.";

/// How patient to be with a connection that does not stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It stands.
    None,
    /// It may be back in a moment.
    Young,
    /// The visitor was told.
    Told,
}

/// The visitor's session, from when the page comes to life to its end.
pub struct VisitorSession {
    live: LiveThread,
    key: WidgetKey,
    mode: Cell<Mode>,
    code: RefCell<Option<String>>,
    token: RefCell<Option<String>>,
    connection: RefCell<Option<Connection>>,
    trouble: Cell<Trouble>,
}

impl VisitorSession {
    /// Goes on with the chat that the page was rendered with, or with that of a token in storage.
    pub fn start(key: WidgetKey, live: LiveThread) -> Rc<Self> {
        let session = Rc::new(Self {
            live,
            key,
            mode: Cell::new(Mode::Form),
            code: RefCell::default(),
            token: RefCell::default(),
            connection: RefCell::default(),
            trouble: Cell::new(Trouble::None),
        });
        if live.conversation().is_some() {
            session.mode.set(Mode::Chat);
            live.restore();
            session.connect();
        } else if session.take_stored_token() {
            session.enter(Mode::Resuming);
            session.connect();
        }
        window_event_listener(ev::beforeunload, move |event| {
            if live.would_lose_messages() {
                event.prevent_default();
                // Older browsers ask only when there is a text, and show their own.
                event.set_return_value("Some messages are not sent yet.");
            }
        });
        session
    }

    /// The widget's key.
    pub fn key(&self) -> &WidgetKey {
        &self.key
    }

    /// After a registration: the chat begins.
    pub fn begin(self: &Rc<Self>, conversation: ConversationId, name: String, code: String) {
        self.code.replace(Some(code));
        self.token.replace(None);
        screen::say(screen::NOTICE, None);
        let kind = AuthorKind::Visitor;
        self.show(conversation, Author { kind, name });
        self.connect();
    }

    fn show(&self, conversation: ConversationId, me: Author) {
        self.live
            .show(Thread::new(conversation, me, Vec::new(), ConversationState::Open));
        self.enter(Mode::Chat);
    }

    fn enter(&self, mode: Mode) {
        self.mode.set(mode);
        screen::show(mode);
    }

    fn connect(self: &Rc<Self>) {
        let Some(url) = page::socket_url(&format!("/ws/visitor?widget={}", self.key)) else {
            return;
        };
        let [greeting, receiving, watching] = std::array::from_fn(|_| Rc::clone(self));
        self.trouble.set(Trouble::None);
        let connection = Connection::open_reading(
            json::visitor_frame,
            url,
            move || ClientFrame::Hello {
                versions: vec![PROTOCOL_VERSION],
                token: greeting.token.borrow().clone(),
            },
            move |frame| receiving.received(&frame),
            move |state| watching.connection_is(state),
        );
        self.live.connect(connection.clone());
        self.connection.replace(Some(connection));
    }

    fn disconnect(&self) {
        let connection = self.connection.take();
        if let Some(connection) = connection {
            connection.close();
        }
    }

    fn received(self: &Rc<Self>, frame: &ServerFrame) {
        match frame {
            ServerFrame::Welcome {
                you,
                conversation: Some(conversation),
                ..
            } => {
                // Cookie or token hold: the code is not needed any more.
                self.code.replace(None);
                self.welcomed(conversation, you);
            }
            ServerFrame::Error {
                code: ErrorCode::Unauthenticated,
                ..
            } => {
                self.disconnect();
                self.refused();
            }
            ServerFrame::Error {
                code: ErrorCode::UnsupportedVersion,
                ..
            } => {
                let words = "This page is out of date. Please reload it to go on.";
                screen::say(screen::NOTICE, Some(words));
            }
            frame => host::arrived(self.live.apply(frame)),
        }
    }

    fn welcomed(&self, conversation: &ConversationId, you: &Author) {
        if self.live.conversation().as_ref() == Some(conversation) {
            self.enter(Mode::Chat);
            self.live.resume();
        } else {
            self.show(conversation.clone(), you.clone());
        }
    }

    /// Nobody knows us: try what is left, in the order of worth.
    fn refused(self: &Rc<Self>) {
        if self.token.take().is_some() {
            Area::Local.remove(&self.storage_name());
        }
        let has_code = self.code.borrow().is_some();
        if has_code {
            self.exchange(EXCHANGE_ATTEMPTS);
        } else if self.take_stored_token() {
            self.connect();
        } else {
            if self.mode.get() == Mode::Chat {
                let words = "Your session has ended. Please introduce yourself again.";
                screen::say(screen::NOTICE, Some(words));
            }
            screen::say(screen::TROUBLE, None);
            self.enter(Mode::Form);
        }
    }

    fn exchange(self: &Rc<Self>, attempts: u32) {
        let session = Rc::clone(self);
        let Some(code) = self.code.borrow().clone() else { return };
        spawn_local(async move {
            match ask::token(&session.key, &code).await {
                Ok(token) => {
                    session.code.replace(None);
                    let is_kept = Area::Local.set(&session.storage_name(), &token);
                    screen::say(screen::KEEPS_NOTHING, (!is_kept).then_some(KEEPS_NOTHING));
                    session.token.replace(Some(token));
                    session.connect();
                }
                Err(ApiError::Network | ApiError::Unavailable) if attempts > 1 => {
                    page::after(EXCHANGE_AGAIN_MS, move || session.exchange(attempts - 1));
                }
                Err(_) => {
                    session.code.replace(None);
                    session.refused();
                }
            }
        });
    }

    fn take_stored_token(&self) -> bool {
        let token = Area::Local.get(&self.storage_name());
        let is_found = token.is_some();
        self.token.replace(token);
        is_found
    }

    fn storage_name(&self) -> String {
        format!("parlor.token.{}", self.key)
    }

    fn connection_is(self: &Rc<Self>, state: ConnectionState) {
        match (state, self.trouble.get()) {
            (ConnectionState::Open | ConnectionState::Stopped, _) => {
                self.trouble.set(Trouble::None);
                screen::say(screen::TROUBLE, None);
            }
            (ConnectionState::Connecting | ConnectionState::Waiting, Trouble::None) => {
                self.trouble.set(Trouble::Young);
                let session = Rc::clone(self);
                page::after(PATIENCE_MS, move || {
                    if session.trouble.get() == Trouble::Young {
                        session.tell();
                    }
                });
            }
            (_, Trouble::Young) => {}
            (_, Trouble::Told) => self.tell(),
        }
    }

    fn tell(&self) {
        self.trouble.set(Trouble::Told);
        let words = if page::is_online() {
            "Connecting… Messages are sent once the connection stands."
        } else {
            "You are offline; messages are sent when you are back."
        };
        screen::say(screen::TROUBLE, Some(words));
    }
}
