//! The island: the messages and the composer. The rest of the page is the server's; `screen` and `live_form` change it.

use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use parlor_protocol::{Author, AuthorKind, ConversationState, RegistrationInput};

use super::ask;
use super::island_data::IslandData;
use super::live_form;
use super::page::ChatData;
use super::screen;
use super::session::VisitorSession;
use crate::api::visitor::RegisterAnswer;
use crate::browser::LiveThread;
use crate::ui::{Composer, MessageList, Thread};

const IS_CLOSED: &str = "This chat was closed. Write again to open it.";

/// The chat; alive, it brings the registration form to life, too.
#[island]
pub fn VisitorChat() -> impl IntoView {
    #[expect(
        clippy::expect_used,
        reason = "starting up: on a page without its data nothing comes to life, and the plain forms work on"
    )]
    let data = IslandData::of_page().expect("the page carries the island's data");
    let key = data.key.clone();
    let live = LiveThread::new(data.chat.map(thread));
    let thread = live.signal();

    Effect::new(move |_| {
        let session = VisitorSession::start(key.clone(), live);
        live_form::bring_to_life(move |input| register(Rc::clone(&session), input));
    });
    Effect::new(move |_| {
        let (is_empty, is_closed) = thread.with(|thread| (is_empty(thread.as_ref()), is_closed(thread.as_ref())));
        screen::set_hidden(screen::GREETING, !is_empty);
        screen::say(screen::CLOSED, is_closed.then_some(IS_CLOSED));
    });
    let was_closed = thread.with_untracked(|thread| is_closed(thread.as_ref()));
    view! {
        <MessageList
            thread=thread
            on_retry=Callback::new(move |id| live.retry(&id))
            on_older=Callback::new(move |()| live.load_older())
        />
        <p class="chat-note" id=screen::CLOSED role="status" hidden=!was_closed>{was_closed.then_some(IS_CLOSED)}</p>
        <p class="chat-note" id=screen::KEEPS_NOTHING role="status" hidden></p>
        <p class="chat-note is-trouble" id=screen::TROUBLE role="status" hidden></p>
        <Composer
            action=format!("/widget/{}/messages", data.key)
            message_id=data.message_id
            text=data.composer_text
            refused=data.composer_error
            on_send=Callback::new(move |text| live.send(text))
            on_typing=Callback::new(move |()| live.typing())
        />
    }
}

fn thread(chat: ChatData) -> Thread {
    let me = Author {
        kind: AuthorKind::Visitor,
        name: chat.visitor_name,
    };
    Thread::new(chat.conversation, me, chat.messages, chat.state)
}

fn is_empty(thread: Option<&Thread>) -> bool {
    thread.is_none_or(|thread| thread.committed().is_empty() && thread.outgoing().is_empty())
}

fn is_closed(thread: Option<&Thread>) -> bool {
    thread.map(Thread::state) == Some(ConversationState::Closed)
}

fn register(session: Rc<VisitorSession>, input: RegistrationInput) {
    live_form::set_busy(true);
    spawn_local(async move {
        match ask::register(session.key(), &input).await {
            Ok(RegisterAnswer::Registered {
                conversation,
                name,
                code,
            }) => {
                session.begin(conversation, name, code);
                // The form is gone, and the focus with it: the next thing to do is to write.
                request_animation_frame(|| {
                    if let Some(composer) = screen::element("text") {
                        let _ = composer.focus();
                    }
                });
            }
            Ok(RegisterAnswer::Invalid(wrong)) => live_form::show_errors(wrong),
            Err(error) => live_form::show_problem(Some(&error.to_string())),
        }
        live_form::set_busy(false);
    });
}
