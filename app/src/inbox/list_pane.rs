//! The list of conversations: filters, rows, and more of them on request.

use leptos::ev;
use leptos::prelude::*;
use parlor_protocol::{AuthorKind, ConversationId, ConversationState, ConversationSummary};

use super::desk::Desk;
use super::list::{StateFilter, unread};
use super::moment::Ago;

/// The id of the filter box, which the key `/` goes to.
pub const FILTER_ID: &str = "inbox-filter";

/// The id of a conversation's row.
#[must_use]
pub fn row_id(conversation: &ConversationId) -> String {
    format!("row-{conversation}")
}

/// The page of a conversation.
#[must_use]
pub fn conversation_path(conversation: &ConversationId) -> String {
    format!("/inbox/{conversation}")
}

/// The pane.
#[component]
pub fn ListPane(
    /// How delivery as a whole stands, in a line.
    hubspot: String,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let nothing = move || desk.shown.with(Vec::is_empty);
    let more = move || desk.list.with(|list| list.older_than().is_some());
    view! {
        <nav class="inbox-list" aria-label="Conversations">
            <Filters/>
            <ul class="inbox-list-rows">
                <For each=move || desk.shown.get() key=Clone::clone let:id>
                    <Row id/>
                </For>
            </ul>
            <Show when=nothing>
                <p class="inbox-list-none">{move || desk.why_nothing_is_shown()}</p>
            </Show>
            <Show when=more>
                <button
                    type="button"
                    class="inbox-list-more"
                    disabled=move || desk.loading_older.get()
                    on:click=move |_| desk.load_older()
                >
                    {move || if desk.loading_older.get() { "Loading…" } else { "Load more" }}
                </button>
            </Show>
            <p class="inbox-list-hubspot">{hubspot}</p>
        </nav>
    }
}

#[component]
fn Filters() -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <div class="inbox-list-filters">
            <label class="visually-hidden" for=FILTER_ID>
                "Filter by name, e-mail or text"
            </label>
            <input
                id=FILTER_ID
                type="search"
                placeholder="Filter (press /)"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || desk.typed.get()
                on:input:target=move |event| desk.typed.set(event.target().value())
            />
            <div class="inbox-list-states" role="group" aria-label="Which conversations">
                {StateFilter::EVERY
                    .into_iter()
                    .map(|filter| {
                        view! {
                            <button
                                type="button"
                                aria-pressed=move || (desk.filter.get() == filter).to_string()
                                on:click=move |_| desk.filter.set(filter)
                            >
                                {filter.label()}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
        </div>
    }
}

#[component]
fn Row(id: ConversationId) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let summary = Memo::new({
        let id = id.clone();
        move |_| desk.list.with(|list| list.get(&id).cloned())
    });
    // A row whose conversation is gone from the list is about to go itself.
    let read = move |pick: fn(&ConversationSummary) -> String| {
        move || summary.with(|row| row.as_ref().map(pick).unwrap_or_default())
    };
    let waiting = Memo::new(move |_| summary.with(|row| row.as_ref().map(unread).unwrap_or_default()));
    let held = Memo::new(move |_| summary.with(|row| row.as_ref().is_some_and(|row| row.held)));
    let closed =
        Memo::new(move |_| summary.with(|row| row.as_ref().is_some_and(|row| row.state == ConversationState::Closed)));
    let last_at = Memo::new(move |_| summary.with(|row| row.as_ref().map(|row| row.last_at).unwrap_or_default()));
    let is_current = {
        let id = id.clone();
        move || {
            desk.selected
                .with(|selected| selected.as_ref() == Some(&id))
                .then_some("page")
        }
    };
    let open = {
        let id = id.clone();
        move |event: ev::MouseEvent| {
            // Ctrl and its like open another tab, as a link does.
            if event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() || event.button() != 0 {
                return;
            }
            event.prevent_default();
            // A click that the Enter key made counts no presses: whoever uses the keyboard wants to write.
            desk.open(id.clone(), event.detail() == 0);
        }
    };
    let focused = {
        let id = id.clone();
        move |_| desk.cursor.set(Some(id.clone()))
    };
    view! {
        <li>
            <a
                id=row_id(&id)
                class="inbox-row"
                class:is-unread=move || waiting.get() != 0
                href=conversation_path(&id)
                aria-current=is_current
                on:click=open
                on:focus=focused
            >
                <span class="inbox-row-name" dir="auto">
                    {read(|row| row.visitor_name.clone())}
                </span>
                <span class="inbox-row-time"><Ago at=last_at/></span>
                <span class="inbox-row-preview" dir="auto">
                    {read(preview)}
                </span>
                <Show when=move || waiting.get() != 0>
                    <span class="inbox-row-unread">
                        {move || waiting.get()} <span class="visually-hidden">" not read"</span>
                    </span>
                </Show>
                <span class="inbox-row-meta">
                    <span dir="auto">{read(|row| row.widget_name.clone())}</span>
                    <Show when=move || closed.get()>
                        <span class="badge">"closed"</span>
                    </Show>
                    <Show when=move || held.get()>
                        <span class="badge badge-held">"held"</span>
                        <span class="inbox-row-hint">"press r to release"</span>
                    </Show>
                </span>
            </a>
        </li>
    }
}

fn preview(row: &ConversationSummary) -> String {
    match row.last_author {
        Some(AuthorKind::Visitor) => row.preview.clone(),
        Some(AuthorKind::Rep) => format!("↩ {}", row.preview),
        None => "Registered; has written nothing yet".to_owned(),
    }
}
