//! How the visitor's side knows who it is: the session's cookie first, a token in storage where the cookie was dropped, a
//! token in memory as the last resort, with an honest word to the visitor.

use leptos::prelude::*;
use leptos::task::spawn_local;
use parlor_protocol::limit::PROTOCOL_VERSION;
use parlor_protocol::{
    Author, AuthorKind, ClientFrame, ConversationId, ConversationState, ErrorCode, ServerFrame, WidgetKey,
};

use super::host;
use crate::api::ApiError;
use crate::api::visitor;
use crate::browser::storage::Area;
use crate::browser::{Connection, ConnectionState, LiveThread, json, page};
use crate::ui::Thread;

/// Trouble shorter than this is not worth a word, in milliseconds.
const PATIENCE_MS: f64 = 2_000.0;
/// The wait before a code is tried once more, in milliseconds. It is good for a minute.
const EXCHANGE_AGAIN_MS: f64 = 3_000.0;
/// Attempts to exchange a code.
const EXCHANGE_ATTEMPTS: u32 = 15;

/// What the island shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The registration form.
    Form,
    /// A token was found in storage; whether it still holds is being asked.
    Resuming,
    /// The chat.
    Chat,
}

/// The visitor's session; `Copy`, for event handlers.
#[derive(Clone, Copy)]
pub struct VisitorSession {
    /// What to show.
    pub mode: RwSignal<Mode>,
    /// The chat's thread.
    pub live: LiveThread,
    /// What is wrong with the connection, once it is worth a word.
    pub trouble: RwSignal<Option<&'static str>>,
    /// Neither cookie nor storage holds: the chat ends with the page.
    pub keeps_nothing: RwSignal<bool>,
    /// A word above it all.
    pub notice: RwSignal<Option<String>>,
    key: StoredValue<WidgetKey>,
    code: StoredValue<Option<String>>,
    token: StoredValue<Option<String>>,
    connection: StoredValue<Option<Connection>, LocalStorage>,
    state: StoredValue<ConnectionState>,
    is_patient: StoredValue<bool>,
}

impl VisitorSession {
    /// A session that does nothing yet. Creates signals: call it in a component's body.
    pub fn new(key: WidgetKey, thread: Option<Thread>, notice: Option<String>) -> Self {
        Self {
            mode: RwSignal::new(if thread.is_some() { Mode::Chat } else { Mode::Form }),
            live: LiveThread::new(thread),
            trouble: RwSignal::new(None),
            keeps_nothing: RwSignal::new(false),
            notice: RwSignal::new(notice),
            key: StoredValue::new(key),
            code: StoredValue::new(None),
            token: StoredValue::new(None),
            connection: StoredValue::new_local(None),
            state: StoredValue::new(ConnectionState::Stopped),
            is_patient: StoredValue::new(false),
        }
    }

    /// Once the page lives: goes on with the chat it was rendered with, or with that of a token in storage.
    pub fn start(self) {
        if self.mode.get_untracked() == Mode::Chat {
            self.live.restore();
            self.connect();
        } else if self.take_stored_token() {
            self.mode.set(Mode::Resuming);
            self.connect();
        }
    }

    /// After a registration: the chat begins.
    pub fn begin(self, conversation: ConversationId, name: String, code: String) {
        self.code.set_value(Some(code));
        self.token.set_value(None);
        self.notice.set(None);
        self.show(
            conversation,
            Author {
                kind: AuthorKind::Visitor,
                name,
            },
        );
        self.connect();
    }

    fn show(self, conversation: ConversationId, me: Author) {
        self.live
            .show(Thread::new(conversation, me, Vec::new(), ConversationState::Open));
        self.mode.set(Mode::Chat);
    }

    fn connect(self) {
        let Some(url) = page::socket_url(&format!("/ws/visitor?widget={}", self.key.get_value())) else {
            return;
        };
        let hello = move || ClientFrame::Hello {
            versions: vec![PROTOCOL_VERSION],
            token: self.token.get_value(),
        };
        self.is_patient.set_value(false);
        let connection = Connection::open_reading(
            json::visitor_frame,
            url,
            hello,
            move |frame| self.received(&frame),
            move |state| self.entered(state),
        );
        self.live.connect(connection.clone());
        self.connection.set_value(Some(connection));
    }

    fn disconnect(self) {
        if let Some(connection) = self.connection.try_update_value(Option::take).flatten() {
            connection.close();
        }
    }

    fn received(self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Welcome {
                you,
                conversation: Some(conversation),
                ..
            } => {
                // Cookie or token hold: the code is not needed any more.
                self.code.set_value(None);
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
                self.notice
                    .set(Some("This page is out of date. Please reload it to go on.".to_owned()));
            }
            frame => host::arrived(self.live.apply(frame)),
        }
    }

    fn welcomed(self, conversation: &ConversationId, you: &Author) {
        let is_shown = self.live.signal().with_untracked(|thread| {
            thread
                .as_ref()
                .is_some_and(|thread| thread.conversation() == conversation)
        });
        if is_shown {
            self.mode.set(Mode::Chat);
            self.live.resume();
        } else {
            self.show(conversation.clone(), you.clone());
        }
    }

    /// Nobody knows us: try what is left, in the order of worth.
    fn refused(self) {
        if self.token.try_update_value(Option::take).flatten().is_some() {
            Area::Local.remove(&self.storage_name());
        }
        if self.code.with_value(Option::is_some) {
            self.exchange(EXCHANGE_ATTEMPTS);
        } else if self.take_stored_token() {
            self.connect();
        } else {
            if self.mode.get_untracked() == Mode::Chat {
                self.notice.set(Some(
                    "Your session has ended. Please introduce yourself again.".to_owned(),
                ));
            }
            self.trouble.set(None);
            self.mode.set(Mode::Form);
        }
    }

    fn exchange(self, attempts: u32) {
        let Some(code) = self.code.get_value() else { return };
        spawn_local(async move {
            match visitor::token(code).await {
                Ok(granted) => {
                    self.code.set_value(None);
                    self.keeps_nothing
                        .set(!Area::Local.set(&self.storage_name(), &granted.token));
                    self.token.set_value(Some(granted.token));
                    self.connect();
                }
                Err(ApiError::Network | ApiError::Unavailable) if attempts > 1 => {
                    page::after(EXCHANGE_AGAIN_MS, move || self.exchange(attempts - 1));
                }
                Err(_) => {
                    self.code.set_value(None);
                    self.refused();
                }
            }
        });
    }

    fn take_stored_token(self) -> bool {
        let token = Area::Local.get(&self.storage_name());
        let is_found = token.is_some();
        self.token.set_value(token);
        is_found
    }

    fn storage_name(self) -> String {
        format!("parlor.token.{}", self.key.get_value())
    }

    fn entered(self, state: ConnectionState) {
        self.state.set_value(state);
        match state {
            ConnectionState::Open | ConnectionState::Stopped => {
                self.trouble.set(None);
                self.is_patient.set_value(false);
            }
            ConnectionState::Connecting | ConnectionState::Waiting => {
                if self.trouble.with_untracked(Option::is_some) {
                    self.trouble.set(Some(in_words()));
                } else if !self.is_patient.get_value() {
                    self.is_patient.set_value(true);
                    page::after(PATIENCE_MS, move || {
                        if self.is_patient.try_update_value(std::mem::take) == Some(true) {
                            self.trouble.set(Some(in_words()));
                        }
                    });
                }
            }
        }
    }
}

fn in_words() -> &'static str {
    if page::is_online() {
        "Connecting… Messages are sent once the connection stands."
    } else {
        "You are offline; messages are sent when you are back."
    }
}
