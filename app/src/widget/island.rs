//! The island: the form, and the chat it becomes without a reload.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use parlor_protocol::{Author, AuthorKind, RegistrationInput};

use super::form::RegistrationForm;
use super::host;
use super::island_data::IslandData;
use super::pane::ChatPane;
use super::session::{Mode, VisitorSession};
use crate::api::visitor::{self, RegisterAnswer};
use crate::ui::Thread;

/// All of the widget.
#[island]
pub fn VisitorWidget(
    /// What the page was rendered with.
    data: IslandData,
) -> impl IntoView {
    let IslandData(data) = data;
    let thread = data.chat.clone().map(|chat| {
        let me = Author {
            kind: AuthorKind::Visitor,
            name: chat.visitor_name,
        };
        Thread::new(chat.conversation, me, chat.messages, chat.state)
    });
    let session = VisitorSession::new(data.key.clone(), thread, data.notice.clone());
    let errors = RwSignal::new(data.form.errors);
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let name = data.name.clone();
    let data = StoredValue::new(data);

    Effect::new(move |_| {
        data.with_value(|data| visitor::call_below(&data.key));
        session.start();
        window_event_listener(ev::beforeunload, move |event| {
            if session.live.would_lose_messages() {
                event.prevent_default();
                // Older browsers ask only when there is a text, and show their own.
                event.set_return_value("Some messages are not sent yet.");
            }
        });
    });
    let on_register = Callback::new(move |input: RegistrationInput| {
        is_busy.set(true);
        spawn_local(async move {
            match visitor::register(input, host::context()).await {
                Ok(RegisterAnswer::Registered {
                    conversation,
                    name,
                    code,
                }) => {
                    session.begin(conversation, name, code);
                    request_animation_frame(focus_composer);
                }
                Ok(RegisterAnswer::Invalid(wrong)) => errors.set(wrong),
                Err(error) => problem.set(Some(error.to_string())),
            }
            is_busy.set(false);
        });
    });
    view! {
        <main class="widget">
            <header class="widget-header">
                <p class="widget-name" dir="auto">{name}</p>
                // Shown and served by host.js, where there is a panel to close.
                <button type="button" class="widget-close" aria-label="Close chat" hidden>
                    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6 6 18"/></svg>
                </button>
            </header>
            <p class="widget-notice" role="status" hidden=move || session.notice.with(Option::is_none)>
                {move || session.notice.get()}
            </p>
            // All three are there from the beginning and shown in turn: what is only brought to life, never built, costs the
            // visitor half the download.
            <RegistrationForm
                data=data
                is_shown=Signal::derive(move || session.mode.get() == Mode::Form)
                errors=errors
                problem=problem
                is_busy=is_busy
                on_register=on_register
            />
            <p class="widget-resuming" role="status" hidden=move || session.mode.get() != Mode::Resuming>
                "Looking for your chat…"
            </p>
            <ChatPane data=data session=session/>
        </main>
    }
}

/// The form is gone, and the focus with it: the next thing to do is to write.
fn focus_composer() {
    use wasm_bindgen::JsCast;

    let composer = document().get_element_by_id("text");
    if let Some(composer) = composer
        .as_ref()
        .and_then(|element| element.dyn_ref::<web_sys::HtmlElement>())
    {
        let _ = composer.focus();
    }
}
