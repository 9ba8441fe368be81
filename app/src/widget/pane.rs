//! The chat.

#![allow(clippy::large_types_passed_by_value, reason = "a component takes its props by value")]

use leptos::prelude::*;
use parlor_protocol::ConversationState;

use super::page::WidgetPageData;
use super::session::{Mode, VisitorSession};
use crate::ui::{Composer, MessageList, Thread};

/// The messages and the composer.
#[component]
pub fn ChatPane(
    /// What the page was rendered with.
    data: StoredValue<WidgetPageData>,
    /// The visitor's session.
    session: VisitorSession,
) -> impl IntoView {
    let data = data.get_value();
    let thread = session.live.signal();
    let is_empty = move || {
        thread.with(|thread| {
            thread
                .as_ref()
                .is_none_or(|thread| thread.committed().is_empty() && thread.outgoing().is_empty())
        })
    };
    let is_closed = move || thread.with(|thread| thread.as_ref().map(Thread::state) == Some(ConversationState::Closed));
    view! {
        <div class="chat" hidden=move || session.mode.get() != Mode::Chat>
            <p class="chat-greeting" dir="auto" hidden=move || !is_empty()>{data.greeting}</p>
            <MessageList
                thread=thread
                on_retry=Callback::new(move |id| session.live.retry(&id))
                on_older=Callback::new(move |()| session.live.load_older())
            />
            <p class="chat-note" role="status" hidden=move || !is_closed()>
                {move || is_closed().then_some("This chat was closed. Write again to open it.")}
            </p>
            <p class="chat-note" role="status" hidden=move || !session.keeps_nothing.get()>
                {move || session.keeps_nothing.get().then_some(
                    "This browser keeps nothing for embedded pages: if you leave, this chat cannot be continued.",
                )}
            </p>
            <p class="chat-note is-trouble" role="status" hidden=move || session.trouble.get().is_none()>
                {move || session.trouble.get()}
            </p>
            <Composer
                action=format!("/widget/{}/messages", data.key)
                message_id=data.message_id
                text=data.composer_text
                refused=data.composer_error
                on_send=Callback::new(move |text| session.live.send(text))
                on_typing=Callback::new(move |()| session.live.typing())
            />
        </div>
    }
}
