//! The island: the panes side by side, and the keys.

#![expect(missing_docs, reason = "the island's macro adds a struct without a word")]

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::card_pane::CardPane;
use super::desk::{Desk, focus};
use super::help::HelpDialog;
use super::keyboard::{Circumstances, Command, Place, command};
use super::list_pane::{FILTER_ID, ListPane, row_id};
use super::page::InboxPageData;
use super::thread_pane::ThreadPane;
use super::top_bar::TopBar;
use crate::browser::outbox::Outbox;

/// The inbox.
#[island]
pub fn Inbox(
    /// What the server rendered it with.
    data: InboxPageData,
) -> impl IntoView {
    let hubspot = data.hubspot.clone();
    let rep = data.rep.clone();
    let form = data
        .selected
        .as_ref()
        .map(|selected| (selected.summary.id.clone(), selected.form.clone()));
    let owner = rep.id.clone();
    let desk = Desk::new(data);
    provide_context(desk);
    Effect::new(move |_| {
        Outbox::belong_to(owner.as_str());
        untrack(|| desk.start());
        window_event_listener(ev::keydown, move |event| pressed(&desk, &event));
    });
    view! {
        <div
            class="inbox"
            class:has-thread=move || desk.selected.with(Option::is_some)
            class:has-card=move || desk.card_open.get()
        >
            <TopBar rep/>
            <ListPane hubspot/>
            <ThreadPane form/>
            <Show when=move || desk.selected.with(Option::is_some)>
                <CardPane/>
            </Show>
            <HelpDialog/>
            <p class="visually-hidden" role="status">
                {move || desk.announcement.get()}
            </p>
        </div>
    }
}

fn pressed(desk: &Desk, event: &ev::KeyboardEvent) {
    // The dialog has keys of its own.
    if event.default_prevented() || desk.help.get_untracked() {
        return;
    }
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let at = Circumstances {
        modified: event.ctrl_key() || event.meta_key() || event.alt_key(),
        composing: event.is_composing(),
        place: element.as_ref().map_or(Place::List, place),
    };
    let Some(command) = command(&event.key(), at) else {
        return;
    };
    event.prevent_default();
    match command {
        Command::Next => desk.step(1),
        Command::Previous => desk.step(-1),
        Command::Release => {
            if let Some(id) = desk.target() {
                desk.release(id);
            }
        }
        Command::CloseOrReopen => {
            if let Some(id) = desk.target() {
                desk.close_or_reopen(id);
            }
        }
        Command::Filter => focus(FILTER_ID),
        Command::Help => desk.help.set(true),
        Command::Back if at.place == Place::Field => leave_field(desk, element),
        Command::Back if close_menu(element.as_ref()) => {}
        Command::Back if desk.card_open.get_untracked() => desk.card_open.set(false),
        Command::Back => desk.leave(),
    }
}

fn place(element: &Element) -> Place {
    match element.tag_name().as_str() {
        "INPUT" | "TEXTAREA" | "SELECT" => Place::Field,
        _ if element
            .dyn_ref::<HtmlElement>()
            .is_some_and(HtmlElement::is_content_editable) =>
        {
            Place::Field
        }
        // Nothing in particular has the focus.
        "BODY" => Place::List,
        _ if element.closest(".inbox-list").is_ok_and(|list| list.is_some()) => Place::List,
        _ => Place::Elsewhere,
    }
}

/// Closes the menu that the focus is in; answers whether there was one.
fn close_menu(element: Option<&Element>) -> bool {
    let menu = element.and_then(|element| element.closest("details[open]").ok().flatten());
    menu.is_some_and(|menu| menu.remove_attribute("open").is_ok())
}

/// Out of the filter, which is emptied; out of the composer, which keeps its text; to the row one came from.
fn leave_field(desk: &Desk, element: Option<Element>) {
    let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    let row = if element.id() == FILTER_ID {
        desk.typed.set(String::new());
        desk.cursor.get_untracked()
    } else {
        desk.selected.get_untracked()
    };
    // Where the list is hidden, no row takes the focus; the field is left all the same.
    drop(element.blur());
    if let Some(row) = row {
        focus(&row_id(&row));
    }
}
