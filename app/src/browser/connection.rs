//! The socket: hello, pings, and coming back after it is lost.
//!
//! It keeps no queue. Whoever sends learns whether the socket took the frame; what is not acknowledged stays with the
//! thread and is sent again once the state is [`ConnectionState::Open`] anew.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::leptos_dom::helpers::{IntervalHandle, TimeoutHandle, set_interval_with_handle};
use leptos::prelude::window;
use parlor_protocol::{ClientFrame, ErrorCode, ServerFrame};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::{backoff, json, page};

/// How often to look whether a ping is due or the other side silent, in milliseconds.
const LOOK_MS: f64 = 5_000.0;
/// A ping goes out after this long, in milliseconds.
const PING_MS: f64 = 25_000.0;
/// After so long without a frame, and two pings unanswered, the socket counts as dead, in milliseconds.
const SILENCE_MS: f64 = 60_000.0;
/// More unsent bytes than this in the browser's buffer, and a frame is not taken.
const BUFFER_BYTES: u32 = 256 * 1024;
/// Close code "service restart": the server comes back soon.
const SERVICE_RESTART: u16 = 1012;

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// A socket is being opened, or waits for the server's welcome.
    Connecting,
    /// The server has welcomed us: frames may be sent.
    Open,
    /// Lost; the next attempt comes by itself.
    Waiting,
    /// Given up for good: closed, or the server speaks no version of ours (the page has to be loaded anew).
    Stopped,
}

/// A connection that renews itself. Clones are the same connection.
#[derive(Clone)]
pub struct Connection(Rc<Inner>);

type Handler<E> = Closure<dyn FnMut(E)>;

/// A socket with the closures it calls; dropping it takes the closures off first.
struct Socket {
    raw: web_sys::WebSocket,
    _open: Handler<web_sys::Event>,
    _message: Handler<web_sys::MessageEvent>,
    _close: Handler<web_sys::CloseEvent>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.raw.set_onopen(None);
        self.raw.set_onmessage(None);
        self.raw.set_onclose(None);
        let _ = self.raw.close();
    }
}

struct Inner {
    url: String,
    read: fn(&str) -> Option<ServerFrame>,
    hello: Box<dyn Fn() -> ClientFrame>,
    on_frame: Box<dyn Fn(ServerFrame)>,
    on_state: Box<dyn Fn(ConnectionState)>,
    state: Cell<ConnectionState>,
    socket: RefCell<Option<Socket>>,
    /// Attempts since the last welcome.
    attempts: Cell<u32>,
    retry: Cell<Option<TimeoutHandle>>,
    look: Cell<Option<IntervalHandle>>,
    heard_at: Cell<f64>,
    pinged_at: Cell<f64>,
    unanswered: Cell<u32>,
    online: RefCell<Option<Handler<web_sys::Event>>>,
}

impl Connection {
    /// Opens a connection and keeps it open until [`Connection::close`]. `hello` is asked for the first frame at each
    /// attempt, so that it may name a token got meanwhile.
    pub fn open(
        url: String,
        hello: impl Fn() -> ClientFrame + 'static,
        on_frame: impl Fn(ServerFrame) + 'static,
        on_state: impl Fn(ConnectionState) + 'static,
    ) -> Self {
        Self::open_reading(json::any_frame, url, hello, on_frame, on_state)
    }

    /// The same with a reader of frames of its own, for a client that needs only some of them.
    pub fn open_reading(
        read: fn(&str) -> Option<ServerFrame>,
        url: String,
        hello: impl Fn() -> ClientFrame + 'static,
        on_frame: impl Fn(ServerFrame) + 'static,
        on_state: impl Fn(ConnectionState) + 'static,
    ) -> Self {
        let inner = Rc::new(Inner {
            url,
            read,
            hello: Box::new(hello),
            on_frame: Box::new(on_frame),
            on_state: Box::new(on_state),
            state: Cell::new(ConnectionState::Waiting),
            socket: RefCell::new(None),
            attempts: Cell::new(0),
            retry: Cell::new(None),
            look: Cell::new(None),
            heard_at: Cell::new(0.0),
            pinged_at: Cell::new(0.0),
            unanswered: Cell::new(0),
            online: RefCell::new(None),
        });
        inner.listen_for_network();
        let weak = Rc::downgrade(&inner);
        let look = set_interval_with_handle(
            move || {
                if let Some(inner) = weak.upgrade() {
                    inner.look();
                }
            },
            Duration::from_secs_f64(LOOK_MS / 1_000.0),
        );
        inner.look.set(look.ok());
        inner.connect();
        Self(inner)
    }

    /// Sends a frame; answers whether the socket took it. False means: not open, or too much waits to be sent already.
    pub fn send(&self, frame: &ClientFrame) -> bool {
        self.is_open() && self.0.transmit(frame)
    }

    /// Whether the server has welcomed us.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state() == ConnectionState::Open
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.0.state.get()
    }

    /// Drops the socket and opens another at once: with a token got meanwhile, say.
    pub fn reconnect(&self) {
        self.0.attempts.set(0);
        self.0.connect();
    }

    /// Ends the connection for good.
    pub fn close(&self) {
        self.0.stop();
    }
}

impl Inner {
    fn enter(&self, state: ConnectionState) {
        if self.state.replace(state) != state {
            (self.on_state)(state);
        }
    }

    fn connect(self: &Rc<Self>) {
        self.cancel_retry();
        let Ok(socket) = web_sys::WebSocket::new(&self.url) else {
            self.lost(0);
            return;
        };
        let weak = Rc::downgrade(self);
        let open = handler(&weak, |inner, _: web_sys::Event| {
            inner.transmit(&(inner.hello)());
        });
        let message = handler(&weak, |inner, event: web_sys::MessageEvent| inner.received(&event));
        let close = handler(&weak, |inner, event: web_sys::CloseEvent| inner.lost(event.code()));
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        self.heard_at.set(js_sys::Date::now());
        self.pinged_at.set(js_sys::Date::now());
        self.unanswered.set(0);
        self.replace_socket(Some(Socket {
            raw: socket,
            _open: open,
            _message: message,
            _close: close,
        }));
        self.enter(ConnectionState::Connecting);
    }

    /// The old socket is dropped a moment later: its own closures may be what is running.
    fn replace_socket(&self, next: Option<Socket>) {
        if let Some(old) = self.socket.replace(next) {
            old.raw.set_onopen(None);
            old.raw.set_onmessage(None);
            old.raw.set_onclose(None);
            page::after(0.0, move || drop(old));
        }
    }

    fn transmit(&self, frame: &ClientFrame) -> bool {
        let socket = self.socket.borrow();
        let Some(Socket { raw: socket, .. }) = socket.as_ref() else {
            return false;
        };
        socket.ready_state() == web_sys::WebSocket::OPEN
            && socket.buffered_amount() < BUFFER_BYTES
            && serde_json::to_string(frame).is_ok_and(|text| socket.send_with_str(&text).is_ok())
    }

    fn received(self: &Rc<Self>, event: &web_sys::MessageEvent) {
        self.heard_at.set(js_sys::Date::now());
        self.unanswered.set(0);
        // A frame of a later protocol that this program cannot read is passed over.
        let Some(frame) = event.data().as_string().and_then(|text| (self.read)(&text)) else {
            return;
        };
        match &frame {
            ServerFrame::Pong {} => return,
            ServerFrame::Welcome { .. } => {
                self.attempts.set(0);
                self.enter(ConnectionState::Open);
            }
            ServerFrame::Error {
                code: ErrorCode::UnsupportedVersion,
                ..
            } => self.stop(),
            _ => {}
        }
        (self.on_frame)(frame);
    }

    fn lost(self: &Rc<Self>, code: u16) {
        self.replace_socket(None);
        if self.state.get() == ConnectionState::Stopped {
            return;
        }
        let random = js_sys::Math::random();
        let wait = if code == SERVICE_RESTART {
            backoff::RESTART_MS * random
        } else {
            let attempt = self.attempts.get();
            self.attempts.set(attempt.saturating_add(1));
            backoff::full_jitter(attempt, random)
        };
        self.cancel_retry();
        let weak = Rc::downgrade(self);
        self.retry.set(page::after(wait, move || {
            if let Some(inner) = weak.upgrade()
                && inner.state.get() == ConnectionState::Waiting
            {
                inner.connect();
            }
        }));
        self.enter(ConnectionState::Waiting);
    }

    /// Browsers slow the timers of hidden pages down to one a minute: silence alone proves nothing, unanswered pings do.
    fn look(self: &Rc<Self>) {
        let now = js_sys::Date::now();
        match self.state.get() {
            ConnectionState::Open | ConnectionState::Connecting => {
                let silent = now - self.heard_at.get() > SILENCE_MS;
                if silent && (self.unanswered.get() >= 2 || self.state.get() == ConnectionState::Connecting) {
                    self.lost(0);
                } else if self.state.get() == ConnectionState::Open && now - self.pinged_at.get() >= PING_MS {
                    self.pinged_at.set(now);
                    self.unanswered.set(self.unanswered.get().saturating_add(1));
                    self.transmit(&ClientFrame::Ping {});
                }
            }
            ConnectionState::Waiting | ConnectionState::Stopped => {}
        }
    }

    fn listen_for_network(self: &Rc<Self>) {
        let online = handler(&Rc::downgrade(self), |inner, _: web_sys::Event| {
            if inner.state.get() == ConnectionState::Waiting {
                inner.attempts.set(0);
                inner.connect();
            }
        });
        let _ = window().add_event_listener_with_callback("online", online.as_ref().unchecked_ref());
        *self.online.borrow_mut() = Some(online);
    }

    fn cancel_retry(&self) {
        if let Some(retry) = self.retry.take() {
            retry.clear();
        }
    }

    fn stop(&self) {
        self.cancel_retry();
        if let Some(look) = self.look.take() {
            look.clear();
        }
        if let Some(online) = self.online.borrow_mut().take() {
            let _ = window().remove_event_listener_with_callback("online", online.as_ref().unchecked_ref());
        }
        self.replace_socket(None);
        self.enter(ConnectionState::Stopped);
    }
}

fn handler<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    inner: &Weak<Inner>,
    handle: impl Fn(Rc<Inner>, E) + 'static,
) -> Handler<E> {
    let inner = inner.clone();
    Closure::new(move |event: E| {
        if let Some(inner) = inner.upgrade() {
            handle(inner, event);
        }
    })
}
