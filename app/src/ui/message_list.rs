//! The messages of a thread, oldest above. The list follows what is new only while its reader is at the end of it.
//!
//! The scrolling element is a column in reverse with the list as its only child: without any script it shows the end, and
//! older messages that come in above move nothing. `scrollTop` is 0 at the end and negative above.

use leptos::either::Either;
use leptos::html;
use leptos::prelude::*;
use parlor_protocol::{Author, AuthorKind, MessageId};
use wasm_bindgen::JsValue;

use super::links::{self, Piece};
use super::outgoing::SendState;
use super::thread::Thread;
use super::time;

/// So close to an end counts as being there, in CSS pixels.
const NEAR_PX: i32 = 60;
/// Messages of one author within this time stand together, in milliseconds.
const GROUP_MS: i64 = 5 * 60_000;

/// What stands in the place of a message that was erased.
const ERASED: &str = "This message was erased.";

/// A message as the list shows it.
struct Row {
    id: MessageId,
    author: Author,
    text: String,
    at: i64,
    is_mine: bool,
    starts_group: bool,
    /// Not committed when the row was made: its state is watched.
    is_outgoing: bool,
}

fn rows(thread: &Thread) -> Vec<Row> {
    let committed = thread.committed().iter().map(|message| Row {
        id: message.id.clone(),
        author: message.author.clone(),
        text: message.text.clone(),
        at: message.at,
        is_mine: thread.is_mine(&message.author),
        starts_group: true,
        is_outgoing: false,
    });
    let outgoing = thread.outgoing().iter().map(|message| Row {
        id: message.id.clone(),
        author: thread.me().clone(),
        text: message.text.clone(),
        at: message.at,
        is_mine: true,
        starts_group: true,
        is_outgoing: true,
    });
    let mut rows: Vec<Row> = committed.chain(outgoing).collect();
    for index in 1..rows.len() {
        let (before, row) = (&rows[index - 1], &rows[index]);
        rows[index].starts_group = before.author != row.author || row.at - before.at > GROUP_MS;
    }
    rows
}

/// The list, the line that says who is typing, and the button that leads back to the end.
#[component]
pub fn MessageList(
    /// The thread; nothing is shown while there is none.
    #[prop(into)]
    thread: Signal<Option<Thread>>,
    /// What assistive technology calls the list.
    #[prop(optional, into, default = "Messages".to_owned())]
    label: String,
    /// Follows whether the reader is at the end.
    #[prop(optional, default = RwSignal::new(true))]
    at_end: RwSignal<bool>,
    /// Sends a failed message again.
    on_retry: Callback<MessageId>,
    /// Loads what stands above the oldest message.
    on_older: Callback<()>,
) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    // The server knows neither the reader's zone nor their language: the browser puts both in once the page lives.
    let is_alive = RwSignal::new(false);
    let has_unseen = RwSignal::new(false);
    follow(scroller, thread, has_unseen);
    Effect::new(move |_| {
        is_alive.set(true);
        if let Some(scroller) = scroller.get_untracked() {
            show_local_times(&scroller);
        }
    });

    let on_scroll = move |_| {
        let Some(element) = scroller.get_untracked() else {
            return;
        };
        let is_at_end = -element.scroll_top() < NEAR_PX;
        at_end.set(is_at_end);
        if is_at_end {
            has_unseen.set(false);
        }
        if element.scroll_height() - element.client_height() + element.scroll_top() < NEAR_PX {
            on_older.run(());
        }
    };
    let scroll_down = move |_| {
        if let Some(element) = scroller.get_untracked() {
            element.set_scroll_top(0);
        }
        has_unseen.set(false);
    };
    let has_older = move || thread.with(|thread| thread.as_ref().is_some_and(Thread::has_older));
    view! {
        <div class="messages">
            <div class="messages-scroller" node_ref=scroller on:scroll=on_scroll tabindex="0" role="log" aria-live="polite" aria-label=label>
                <div class="messages-content">
                    <button
                        type="button"
                        class="button button-quiet messages-older"
                        hidden=move || !(is_alive.get() && has_older())
                        on:click=move |_| on_older.run(())
                    >
                        "Earlier messages"
                    </button>
                    <ol class="messages-list">
                        <For
                            each=move || thread.with(|thread| thread.as_ref().map(rows).unwrap_or_default())
                            key=|row| (row.id.clone(), row.starts_group, row.text.is_empty())
                            children=move |row| message(row, thread, is_alive.get_untracked(), on_retry)
                        />
                    </ol>
                </div>
            </div>
            <button type="button" class="button messages-new" hidden=move || !has_unseen.get() on:click=scroll_down>
                "New messages"
            </button>
            <p class="messages-typing" aria-live="polite">
                {move || thread.with(|thread| thread.as_ref().and_then(typing_line))}
            </p>
        </div>
    }
}

/// Puts the reader's zone and language into the times that the server rendered.
fn show_local_times(list: &web_sys::Element) {
    let times = list.get_elements_by_tag_name("time");
    for index in 0..times.length() {
        if let Some(element) = times.item(index)
            && let Some(datetime) = element.get_attribute("datetime")
        {
            let at = js_sys::Date::new(&JsValue::from_str(&datetime));
            element.set_text_content(Some(&time::local_short(&at)));
            let _ = element.set_attribute("title", &time::local_full(&at));
        }
    }
}

/// Keeps the end in view while the reader is there, and what they read in place while they are not.
fn follow(scroller: NodeRef<html::Div>, thread: Signal<Option<Thread>>, has_unseen: RwSignal<bool>) {
    let height = StoredValue::new(0);
    Effect::new(move |before: Option<Option<MessageId>>| {
        let last = thread.with(|thread| thread.as_ref().and_then(Thread::last));
        let (id, is_mine) = last.unzip();
        let is_new = before.is_some_and(|before| before != id);
        let is_mine = is_mine.unwrap_or_default();
        // After the new rows are laid out.
        request_animation_frame(move || {
            let Some(element) = scroller.try_get_untracked().flatten() else {
                return;
            };
            let grown = element.scroll_height() - height.get_value();
            height.set_value(element.scroll_height());
            if !is_new {
                return;
            }
            if is_mine || -element.scroll_top() - grown.max(0) < NEAR_PX && -element.scroll_top() < NEAR_PX {
                element.set_scroll_top(0);
            } else {
                element.set_scroll_top(element.scroll_top() - grown);
                has_unseen.set(true);
            }
        });
        id
    });
}

fn message(row: Row, thread: Signal<Option<Thread>>, is_alive: bool, on_retry: Callback<MessageId>) -> impl IntoView {
    let (at, title) = if is_alive {
        let at = time::date(row.at);
        (time::local_short(&at), Some(time::local_full(&at)))
    } else {
        (time::utc_hour_minute(row.at), None)
    };
    let class = match (row.is_mine, row.starts_group) {
        (true, true) => "message is-mine starts-group",
        (true, false) => "message is-mine",
        (false, true) => "message starts-group",
        (false, false) => "message",
    };
    let text = if row.text.is_empty() { ERASED } else { row.text.as_str() };
    let text: Vec<_> = links::pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => Either::Left(text),
            Piece::Link(link) => {
                let address = link.clone();
                Either::Right(
                    view! { <a href=address target="_blank" rel="noopener noreferrer nofollow ugc">{link}</a> },
                )
            }
        })
        .collect();
    view! {
        <li class=class>
            {row.starts_group.then(|| author(&row.author, row.is_mine))}
            <div class="message-bubble">
                <p class="message-text" dir="auto">{text}</p>
                <p class="message-meta">
                    <time datetime=time::utc_machine_readable(row.at) title=title>{at}</time>
                    {row.is_mine.then(|| state(row.id, row.is_outgoing, thread, on_retry))}
                </p>
            </div>
        </li>
    }
}

/// The badge says which side speaks: a visitor may give any name, and may not look like a rep.
fn author(author: &Author, is_mine: bool) -> impl IntoView + use<> {
    let name = author.name.clone();
    let class = if is_mine {
        "message-author visually-hidden"
    } else {
        "message-author"
    };
    let badge = match author.kind {
        AuthorKind::Rep => "badge badge-rep",
        AuthorKind::Visitor => "badge",
    };
    view! {
        <p class=class>
            <bdi>{name}</bdi>
            <span class=badge>{author.kind.as_str()}</span>
        </p>
    }
}

fn state(
    id: MessageId,
    is_outgoing: bool,
    thread: Signal<Option<Thread>>,
    on_retry: Callback<MessageId>,
) -> impl IntoView {
    move || {
        let current = |thread: &Option<Thread>| thread.as_ref()?.send_state(&id).cloned();
        let state = if is_outgoing { thread.with(current) } else { None };
        let (class, title, mark, words) = match state {
            Some(SendState::Failed { reason }) => {
                let id = id.clone();
                return Either::Left(view! {
                    <span class="message-state is-failed">
                        <span class="message-reason">"Not sent. " {reason}</span>
                        <button type="button" class="button button-small" on:click=move |_| on_retry.run(id.clone())>
                            "Send again"
                        </button>
                    </span>
                });
            }
            Some(SendState::Pending) => ("message-state is-pending", "Sending", "○", " Sending"),
            None => ("message-state", "Sent", "✓", " Sent"),
        };
        Either::Right(view! { <span class=class title=title>{mark}<span class="visually-hidden">{words}</span></span> })
    }
}

fn typing_line(thread: &Thread) -> Option<String> {
    match thread.typing().as_slice() {
        [] => None,
        [author] => Some(format!("{} is typing…", author.name)),
        _ => Some("Several people are typing…".to_owned()),
    }
}
