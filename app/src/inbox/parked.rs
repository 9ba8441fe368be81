//! Replies written in a conversation that was left before they were acknowledged: they still go out, and a reload finds them.

use leptos::prelude::*;
use parlor_protocol::{ConversationState, ServerFrame};

use super::desk::Desk;
use crate::browser::outbox::Outbox;
use crate::browser::page;
use crate::ui::Thread;
use crate::ui::outgoing::SendState;

impl Desk {
    /// Takes back what this rep wrote before a reload, in whichever conversation. Call it once, after hydration.
    pub(super) fn restore_parked(self) {
        let shown = self.selected.get_untracked();
        for conversation in Outbox::conversations() {
            if shown.as_ref() == Some(&conversation) {
                continue;
            }
            let kept = Outbox::of(&conversation).kept();
            let mut thread = Thread::new(conversation, self.me(), Vec::new(), ConversationState::Open);
            thread.restore(kept);
            self.park(thread);
        }
    }

    /// Leaves a thread; it is kept as long as something of it waits.
    pub(super) fn park(self, thread: Thread) {
        if thread.has_unsent() {
            self.parked.update_value(|parked| parked.push(thread));
        }
    }

    /// After a welcome: what was on its way may have been lost.
    pub(super) fn resume_parked(self) {
        self.parked
            .update_value(|parked| parked.iter_mut().for_each(Thread::begin_again));
        self.send_parked();
    }

    /// What was written in a conversation that was left since is settled as if it were still shown.
    pub(super) fn apply_to_parked(self, frame: &ServerFrame) {
        if self.parked.with_value(Vec::is_empty) {
            return;
        }
        let failed = self.parked.try_update_value(|parked| {
            for thread in &mut *parked {
                for id in thread.apply(frame, page::now()).settled {
                    Outbox::of(thread.conversation()).forget(&id);
                }
            }
            parked.retain(Thread::has_unsent);
            let ServerFrame::Error { id: Some(id), .. } = frame else {
                return None;
            };
            parked.iter().find_map(|thread| match thread.send_state(id) {
                Some(SendState::Failed { reason }) => Some((thread.conversation().clone(), reason.clone())),
                _ => None,
            })
        });
        if let Some((conversation, reason)) = failed.flatten() {
            let name = self
                .list
                .with_untracked(|list| list.get(&conversation).map(|row| row.visitor_name.clone()));
            let whom = name.map(|name| format!(" to {name}")).unwrap_or_default();
            self.problem.set(Some(format!("A reply{whom} was not sent: {reason}")));
        }
        self.send_parked();
    }

    /// Sends what it is time for, and comes back when patience ends.
    fn send_parked(self) {
        let due_at = self.parked.try_update_value(|parked| {
            for thread in &mut *parked {
                if self.is_connected()
                    && let Some(frame) = thread.next_to_send()
                    && !self.send(&frame)
                {
                    thread.was_not_taken(page::now());
                }
            }
            parked.iter().filter_map(Thread::due_at).min()
        });
        if let Some(timer) = self.parked_timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        if let Some(due_at) = due_at.flatten() {
            #[expect(clippy::cast_precision_loss, reason = "a wait of seconds, in milliseconds")]
            let wait = (due_at - page::now()).max(0) as f64;
            let timer = page::after(wait, move || {
                self.parked
                    .update_value(|parked| parked.iter_mut().for_each(|thread| thread.tick(page::now())));
                self.send_parked();
            });
            self.parked_timer.set_value(timer);
        }
    }
}
