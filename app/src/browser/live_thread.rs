//! A thread that lives: the value of `ui::thread` in a signal, tied to a connection, an outbox and the clock.

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use parlor_protocol::{ClientFrame, MessageId, ServerFrame};

use super::outbox::Outbox;
use super::{Connection, page};
use crate::ui::Thread;

/// At most one `typing` frame goes out in this time, in milliseconds.
const TYPING_EVERY_MS: i64 = 3_000;

/// The one thread of a pane. `Copy`: event handlers take it along. The pane may go over to another conversation by
/// [`LiveThread::show`].
#[derive(Clone, Copy)]
pub struct LiveThread {
    thread: RwSignal<Option<Thread>>,
    connection: StoredValue<Option<Connection>, LocalStorage>,
    timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    typed_at: StoredValue<i64>,
    /// Ids that no outbox could keep: leaving the page would lose them.
    unkept: StoredValue<Vec<MessageId>>,
}

impl LiveThread {
    /// Begins with what the page was rendered with. Creates signals: call it in a component's body.
    #[must_use]
    pub fn new(thread: Option<Thread>) -> Self {
        Self {
            thread: RwSignal::new(thread),
            connection: StoredValue::new_local(None),
            timer: StoredValue::new_local(None),
            typed_at: StoredValue::new(0),
            unkept: StoredValue::new(Vec::new()),
        }
    }

    /// The value, for views.
    #[must_use]
    pub fn signal(self) -> ReadSignal<Option<Thread>> {
        self.thread.read_only()
    }

    /// Gives the thread its connection.
    pub fn connect(self, connection: Connection) {
        self.connection.set_value(Some(connection));
    }

    /// Goes over to another conversation, with what its outbox kept. Subscribes when the connection stands.
    pub fn show(self, mut thread: Thread) {
        thread.restore(Outbox::of(thread.conversation()).kept());
        self.thread.set(Some(thread));
        self.resume();
    }

    /// Takes back what the outbox of the rendered conversation kept. Call it once, after hydration.
    pub fn restore(self) {
        self.update(|thread| thread.restore(Outbox::of(thread.conversation()).kept()));
    }

    /// After a welcome: subscribes from where the thread ends and sends again what is not acknowledged.
    pub fn resume(self) {
        let frames = self.update(|thread| {
            let mut frames = vec![thread.subscribe()];
            frames.extend(thread.resend());
            frames
        });
        self.transmit(frames.unwrap_or_default());
    }

    /// Takes in a frame. Answers how many live messages of the other side it brought.
    pub fn apply(self, frame: &ServerFrame) -> usize {
        let Some((applied, outbox)) =
            self.update(|thread| (thread.apply(frame, page::now()), Outbox::of(thread.conversation())))
        else {
            return 0;
        };
        for id in &applied.settled {
            outbox.forget(id);
            self.unkept.update_value(|unkept| unkept.retain(|other| other != id));
        }
        self.transmit(applied.send);
        self.set_timer();
        applied.arrived
    }

    /// Sends a text that the composer has checked. It stands in the list at once, and goes out when the connection stands.
    pub fn send(self, text: String) {
        let Some(id) = page::new_message_id() else { return };
        let frame = self.update(|thread| {
            let frame = thread.send(id, text, page::now());
            self.keep(thread, thread.outgoing().last());
            frame
        });
        self.typed_at.set_value(0);
        self.transmit(frame);
    }

    /// Sends a failed message once more.
    pub fn retry(self, id: &MessageId) {
        let frame = self.update(|thread| {
            let (frame, message) = thread.retry(id, page::new_message_id())?;
            if message.id != *id {
                Outbox::of(thread.conversation()).forget(id);
            }
            self.keep(thread, Some(&message));
            Some(frame)
        });
        self.transmit(frame.flatten());
    }

    /// Asks for the messages above the oldest.
    pub fn load_older(self) {
        if self.is_open() {
            let frame = self.update(Thread::older);
            self.transmit(frame.flatten());
        }
    }

    /// Tells the others that somebody types here; of many calls only one every three seconds goes out.
    pub fn typing(self) {
        let now = page::now();
        if now - self.typed_at.get_value() >= TYPING_EVERY_MS
            && let Some(conversation) = self
                .thread
                .with_untracked(|thread| thread.as_ref().map(|thread| thread.conversation().clone()))
        {
            self.typed_at.set_value(now);
            self.transmit([ClientFrame::Typing { conversation }]);
        }
    }

    /// Whether leaving the page would lose a message: it is not acknowledged and storage refused it.
    #[must_use]
    pub fn would_lose_messages(self) -> bool {
        self.unkept.with_value(|unkept| {
            self.thread.with_untracked(|thread| {
                thread
                    .as_ref()
                    .is_some_and(|thread| thread.outgoing().iter().any(|message| unkept.contains(&message.id)))
            })
        })
    }

    fn keep(self, thread: &Thread, message: Option<&crate::ui::thread::Outgoing>) {
        if let Some(message) = message
            && !Outbox::of(thread.conversation()).keep(message)
        {
            self.unkept.update_value(|unkept| unkept.push(message.id.clone()));
        }
    }

    fn is_open(self) -> bool {
        self.connection.with_value(|connection| {
            connection
                .as_ref()
                .is_some_and(|connection| connection.state() == super::ConnectionState::Open)
        })
    }

    fn update<R>(self, change: impl FnOnce(&mut Thread) -> R) -> Option<R> {
        self.thread.try_update(|thread| thread.as_mut().map(change)).flatten()
    }

    fn transmit(self, frames: impl IntoIterator<Item = ClientFrame>) {
        self.connection.with_value(|connection| {
            if let Some(connection) = connection {
                for frame in frames {
                    connection.send(&frame);
                }
            }
        });
    }

    /// Wakes up when something is due next.
    fn set_timer(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        let Some(due_at) = self
            .thread
            .with_untracked(|thread| thread.as_ref().and_then(Thread::due_at))
        else {
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "a wait of seconds, in milliseconds")]
        let wait = (due_at - page::now()).max(0) as f64;
        let timer = page::after(wait, move || {
            // A pane that is gone has nothing to do.
            if self.timer.try_update_value(Option::take).is_none() {
                return;
            }
            let frames = self.update(|thread| thread.tick(page::now()));
            self.transmit(frames.unwrap_or_default());
            self.set_timer();
        });
        self.timer.set_value(timer);
    }
}
