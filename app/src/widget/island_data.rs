//! What the island needs of the page's data, on its way from the server's HTML to the browser.
//!
//! It stands in an attribute and not in the island's props, which leptos reads with serde_json: the browser has a parser.

use parlor_protocol::WidgetKey;
use parlor_protocol::text::InvalidText;
use serde::Serialize;

use super::page::ChatData;

/// The part of the page's data that the island goes on with. Nothing in it may be secret from the visitor.
#[derive(Clone, Serialize)]
pub struct IslandData {
    /// The widget's public key.
    pub key: WidgetKey,
    /// The session's conversation, if it has one.
    pub chat: Option<ChatData>,
    /// The id of the message that the plain composer posts.
    pub message_id: String,
    /// What a plain composer posted and was refused.
    pub composer_text: String,
    /// Why it was refused.
    pub composer_error: Option<InvalidText>,
}

const ELEMENT: &str = "island-data";

#[cfg(feature = "ssr")]
impl IslandData {
    /// Gives the data to the island that is rendered next. Answers the element that carries it to the browser.
    pub fn provide(self) -> impl leptos::prelude::IntoView {
        use leptos::prelude::*;

        let json = serde_json::to_string(&self).unwrap_or_default();
        provide_context(self);
        view! { <div id=ELEMENT data-json=json hidden></div> }
    }

    /// The data of the page that is being rendered.
    pub fn of_page() -> Option<Self> {
        leptos::prelude::use_context()
    }
}

#[cfg(not(feature = "ssr"))]
impl IslandData {
    /// The data of this page.
    pub fn of_page() -> Option<Self> {
        let text = super::screen::element(ELEMENT)?.get_attribute("data-json")?;
        read(&crate::browser::json::Json::parse(&text)?)
    }
}

#[cfg(not(feature = "ssr"))]
fn read(json: &crate::browser::json::Json) -> Option<IslandData> {
    Some(IslandData {
        key: WidgetKey::parse(json.text("key")?).ok()?,
        chat: match json.get("chat").some() {
            Some(chat) => Some(ChatData {
                conversation: chat.conversation()?,
                visitor_name: chat.text("visitor_name")?,
                messages: chat.messages()?,
                more_before: chat.flag("more_before"),
                state: chat.word("state")?,
            }),
            None => None,
        },
        message_id: json.text("message_id")?,
        composer_text: json.text("composer_text")?,
        composer_error: json.word("composer_error"),
    })
}
