//! The page around the island: which part of it shows, and the short words in it.
//!
//! The server rendered all of it, and it is changed by hand: what leptos brings to life, a visitor has to download first.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The registration form.
pub const FORM: &str = "registration";
/// "Looking for your chat…".
pub const RESUMING: &str = "resuming";
/// The greeting, the messages, the composer.
pub const CHAT: &str = "chat";
/// A word above it all.
pub const NOTICE: &str = "notice";
/// The greeting above an empty chat.
pub const GREETING: &str = "greeting";
/// Says that the chat was closed.
pub const CLOSED: &str = "closed";
/// Says that the chat ends with the page.
pub const KEEPS_NOTHING: &str = "keeps-nothing";
/// Says what is wrong with the connection.
pub const TROUBLE: &str = "trouble";

/// Which part shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The registration form.
    Form,
    /// A token was found in storage; whether it still holds is being asked.
    Resuming,
    /// The chat.
    Chat,
}

/// Shows one part and hides the others.
pub fn show(mode: Mode) {
    for (part, its_mode) in [(FORM, Mode::Form), (RESUMING, Mode::Resuming), (CHAT, Mode::Chat)] {
        set_hidden(part, mode != its_mode);
    }
}

/// Says something in an element that is hidden while there is nothing to say.
pub fn say(id: &str, words: Option<&str>) {
    if let Some(element) = element(id) {
        element.set_text_content(words);
        element.set_hidden(words.is_none());
    }
}

/// Hides an element, or shows it.
pub fn set_hidden(id: &str, is_hidden: bool) {
    if let Some(element) = element(id) {
        element.set_hidden(is_hidden);
    }
}

/// An element of the page.
pub fn element(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
