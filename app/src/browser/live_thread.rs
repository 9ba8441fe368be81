//! A thread that lives: the value of `ui::thread` in a signal, tied to a connection, an outbox and the clock.

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use parlor_protocol::{ClientFrame, ConversationId, MessageId, ServerFrame};

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
    ties: StoredValue<Ties, LocalStorage>,
}

/// What ties the thread to the world. In one value: each type of a stored value weighs something in the download.
#[derive(Default)]
struct Ties {
    connection: Option<Connection>,
    timer: Option<TimeoutHandle>,
    typed_at: i64,
    /// Ids that no outbox could keep: leaving the page would lose them.
    unkept: Vec<MessageId>,
}

impl LiveThread {
    /// Begins with what the page was rendered with. Creates signals: call it in a component's body.
    #[must_use]
    pub fn new(thread: Option<Thread>) -> Self {
        Self {
            thread: RwSignal::new(thread),
            ties: StoredValue::new_local(Ties::default()),
        }
    }

    /// The value, for views.
    #[must_use]
    pub fn signal(self) -> ReadSignal<Option<Thread>> {
        self.thread.read_only()
    }

    /// The conversation, where there is one.
    #[must_use]
    pub fn conversation(self) -> Option<ConversationId> {
        self.look(|thread| thread.conversation().clone())
    }

    /// Gives the thread its connection.
    pub fn connect(self, connection: Connection) {
        self.tied(|ties| ties.connection = Some(connection));
    }

    /// Goes over to another conversation, with what its outbox kept. Subscribes when the connection stands.
    pub fn show(self, mut thread: Thread) {
        thread.restore(Outbox::of(thread.conversation()).kept());
        self.thread.set(Some(thread));
        self.resume();
    }

    /// Shows no thread any more; answers the one that was shown.
    pub fn leave(self) -> Option<Thread> {
        self.thread.try_update(Option::take).flatten()
    }

    /// Takes back what the outbox of the rendered conversation kept. Call it once, after hydration.
    pub fn restore(self) {
        self.update(|thread| thread.restore(Outbox::of(thread.conversation()).kept()));
    }

    /// After a welcome: subscribes from where the thread ends and sends again what is not acknowledged.
    pub fn resume(self) {
        let frame = self.update(Thread::subscribe);
        self.transmit(frame);
        self.send_next();
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
            self.tied(|ties| ties.unkept.retain(|other| other != id));
        }
        self.transmit(applied.send);
        self.send_next();
        applied.arrived
    }

    /// Sends a text that the composer has checked. It stands in the list at once, and goes out when the connection stands.
    pub fn send(self, text: String) {
        let Some(id) = page::new_message_id() else { return };
        self.update(|thread| {
            thread.write(id, text, page::now());
            self.keep(thread, thread.outgoing().last());
        });
        self.tied(|ties| ties.typed_at = 0);
        self.send_next();
    }

    /// Sends a failed message once more.
    pub fn retry(self, id: &MessageId) {
        self.update(|thread| {
            let message = thread.retry(id, page::new_message_id())?;
            if message.id != *id {
                Outbox::of(thread.conversation()).forget(id);
            }
            self.keep(thread, Some(&message));
            Some(())
        });
        self.send_next();
    }

    /// Asks for the messages above the oldest.
    pub fn load_older(self) {
        if self.connection().is_some_and(|connection| connection.is_open()) {
            let frame = self.update(Thread::older);
            self.transmit(frame.flatten());
        }
    }

    /// Tells the others that somebody types here; of many calls only one every three seconds goes out.
    pub fn typing(self) {
        let now = page::now();
        let is_due = self.tied(|ties| now - ties.typed_at >= TYPING_EVERY_MS);
        if is_due == Some(true)
            && let Some(conversation) = self.conversation()
        {
            self.tied(|ties| ties.typed_at = now);
            self.transmit([ClientFrame::Typing { conversation }]);
        }
    }

    /// Whether leaving the page would lose a message: it is not acknowledged and storage refused it.
    #[must_use]
    pub fn would_lose_messages(self) -> bool {
        self.look(|thread| self.would_lose(thread)) == Some(true)
    }

    /// The same of a thread that was shown here before.
    #[must_use]
    pub fn would_lose(self, thread: &Thread) -> bool {
        let mut outgoing = thread.outgoing().iter();
        self.tied(|ties| outgoing.any(|message| ties.unkept.contains(&message.id))) == Some(true)
    }

    fn keep(self, thread: &Thread, message: Option<&crate::ui::outgoing::Outgoing>) {
        if let Some(message) = message
            && !Outbox::of(thread.conversation()).keep(message)
        {
            self.tied(|ties| ties.unkept.push(message.id.clone()));
        }
    }

    fn connection(self) -> Option<Connection> {
        self.tied(|ties| ties.connection.clone()).flatten()
    }

    fn look<R>(self, look: impl FnOnce(&Thread) -> R) -> Option<R> {
        self.thread.with_untracked(|thread| thread.as_ref().map(look))
    }

    fn update<R>(self, change: impl FnOnce(&mut Thread) -> R) -> Option<R> {
        self.thread.try_update(|thread| thread.as_mut().map(change)).flatten()
    }

    /// `None` once the pane is gone.
    fn tied<R>(self, change: impl FnOnce(&mut Ties) -> R) -> Option<R> {
        self.ties.try_update_value(change)
    }

    fn transmit(self, frames: impl IntoIterator<Item = ClientFrame>) {
        if let Some(connection) = self.connection() {
            for frame in frames {
                connection.send(&frame);
            }
        }
    }

    /// Sends the next message of ours, if it is time for one, and wakes up when something is due next.
    fn send_next(self) {
        if let Some(connection) = self.connection().filter(Connection::is_open) {
            // No view shows which message is on its way: nothing is told of the change.
            self.thread.try_update_untracked(|thread| {
                if let Some(thread) = thread
                    && let Some(frame) = thread.next_to_send()
                    && !connection.send(&frame)
                {
                    thread.was_not_taken(page::now());
                }
            });
        }
        self.set_timer();
    }

    /// Wakes up when something is due next.
    fn set_timer(self) {
        if let Some(timer) = self.tied(|ties| ties.timer.take()).flatten() {
            timer.clear();
        }
        let Some(due_at) = self.look(Thread::due_at).flatten() else {
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "a wait of seconds, in milliseconds")]
        let wait = (due_at - page::now()).max(0) as f64;
        let timer = page::after(wait, move || {
            // A pane that is gone has nothing to do.
            if self.tied(|ties| ties.timer = None).is_none() {
                return;
            }
            self.update(|thread| thread.tick(page::now()));
            self.send_next();
        });
        self.tied(|ties| ties.timer = timer);
    }
}
