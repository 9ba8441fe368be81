//! The selected conversation: who it is with, its messages, and the answer.

use leptos::prelude::*;
use parlor_protocol::{ConversationId, ConversationState};

use super::desk::Desk;
use super::list_pane::conversation_path;
use super::page::ComposerForm;
use crate::ui::{Composer, MessageList};

/// The id of the thread's heading.
pub const HEADING_ID: &str = "thread-title";

/// The id of the composer's text area.
pub const COMPOSER_ID: &str = "text";

/// The pane.
#[component]
pub fn ThreadPane(
    /// The plain form of the conversation that the page was rendered with.
    form: Option<(ConversationId, ComposerForm)>,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <main class="inbox-thread" aria-labelledby=move || desk.selected.with(Option::is_some).then_some(HEADING_ID)>
            <p class="inbox-problem" role="alert">
                {move || desk.problem.get()}
            </p>
            // Keyed: nothing of one conversation's composer may be left standing in another's.
            <For
                each=move || desk.selected.get()
                key=Clone::clone
                children=move |id| {
                    let form = form.as_ref().filter(|(rendered, _)| *rendered == id).map(|(_, form)| form.clone());
                    conversation(id, form)
                }
            />
            <Show when=move || desk.selected.with(Option::is_none)>
                <div class="inbox-thread-none">
                    <p>"Choose a conversation on the list."</p>
                    <p>
                        <kbd>"j"</kbd> " and " <kbd>"k"</kbd> " move, " <kbd>"Enter"</kbd> " opens, " <kbd>"?"</kbd>
                        " shows all keys."
                    </p>
                </div>
            </Show>
        </main>
    }
}

fn conversation(id: ConversationId, form: Option<ComposerForm>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let draft = desk.draft(&id);
    let action = format!("{}/messages", conversation_path(&id));
    // Alive, the composer makes its own ids; and a refusal holds as long as its text stands unchanged.
    let (message_id, refused) = form
        .map(|form| (form.message_id, form.refused.filter(|_| form.text == draft)))
        .unwrap_or_default();
    // A list that has just been laid out shows its end.
    Effect::new(move |_| desk.at_end.set(true));
    view! {
        <Header id=id.clone()/>
        <HeldBanner id/>
        <MessageList
            thread=desk.thread.signal()
            at_end=desk.at_end
            on_retry=Callback::new(move |id| desk.thread.retry(&id))
            on_older=Callback::new(move |()| desk.thread.load_older())
        />
        <Composer
            action=action
            message_id=message_id
            text=draft
            refused=refused
            on_send=Callback::new(move |text| desk.thread.send(text))
            on_typing=Callback::new(move |()| desk.thread.typing())
        />
    }
}

#[component]
fn Header(id: ConversationId) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let name = move || {
        desk.summary
            .with(|row| row.as_ref().map(|row| row.visitor_name.clone()))
    };
    let email = move || desk.summary.with(|row| row.as_ref().map(|row| row.email.clone()));
    let is_closed = Memo::new(move |_| {
        desk.summary
            .with(|row| row.as_ref().is_some_and(|row| row.state == ConversationState::Closed))
    });
    let is_waiting = move || desk.busy.get() || desk.now.with(Option::is_none);
    view! {
        <header class="inbox-thread-head">
            <a
                href="/inbox"
                class="inbox-thread-back"
                on:click=move |event| {
                    event.prevent_default();
                    desk.leave();
                }
            >
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M15 5l-7 7 7 7"/>
                </svg>
                <span class="visually-hidden">"Back to the list"</span>
            </a>
            <div class="inbox-thread-who">
                <h2 id=HEADING_ID tabindex="-1" dir="auto">
                    {name}
                </h2>
                <p>
                    <span class="badge" class:badge-good=move || !is_closed.get()>
                        {move || if is_closed.get() { "closed" } else { "open" }}
                    </span>
                    " "
                    <bdi>{email}</bdi>
                </p>
            </div>
            <button
                type="button"
                class="button button-quiet inbox-thread-card"
                aria-controls="contact"
                aria-expanded=move || desk.card_open.get().to_string()
                on:click=move |_| desk.card_open.update(|open| *open = !*open)
            >
                "Contact"
            </button>
            <button
                type="button"
                class="button button-quiet"
                title="Key: e"
                disabled=is_waiting
                on:click=move |_| desk.close_or_reopen(id.clone())
            >
                {move || if is_closed.get() { "Reopen" } else { "Close" }}
            </button>
        </header>
    }
}

#[component]
fn HeldBanner(id: ConversationId) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let held = Memo::new(move |_| desk.summary.with(|row| row.as_ref().is_some_and(|row| row.held)));
    let id = StoredValue::new(id);
    view! {
        <Show when=move || held.get()>
            <div class="inbox-held">
                <p>"This registration looked automated, so it is kept from HubSpot."</p>
                <button
                    type="button"
                    class="button"
                    title="Key: r"
                    disabled=move || desk.busy.get() || desk.now.with(Option::is_none)
                    on:click=move |_| desk.release(id.get_value())
                >
                    "Release to HubSpot"
                </button>
            </div>
        </Show>
    }
}
