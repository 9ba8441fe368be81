//! The document of `/inbox` and `/inbox/<conversation>`, and what the server has to know to render it.

#[cfg(feature = "ssr")]
use leptos::prelude::*;
use parlor_protocol::text::InvalidText;
use parlor_protocol::{ContactCard, ConversationSummary, Message};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::Inbox;
#[cfg(feature = "ssr")]
use super::list::{ConversationList, title};
#[cfg(feature = "ssr")]
use crate::ui::document::{Document, PageAssets};

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepData {
    /// The rep's id.
    pub id: parlor_protocol::RepId,
    /// The name that visitors see.
    pub name: String,
    /// The address the rep signs in with.
    pub email: String,
}

/// The composer as a plain form, for a page that is not alive yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComposerForm {
    /// The id that the form's message gets; made anew for each page, or the one that was refused.
    pub message_id: String,
    /// What stands in it: what was sent and refused, or nothing.
    pub text: String,
    /// Why it was refused.
    pub refused: Option<InvalidText>,
}

/// The conversation that the address names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectedData {
    /// Its line of the list.
    pub summary: ConversationSummary,
    /// The newest page of its messages, in the order of `seq`.
    pub messages: Vec<Message>,
    /// Its contact.
    pub card: ContactCard,
    /// The composer.
    pub form: ComposerForm,
}

/// What the inbox is rendered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxPageData {
    /// Who is signed in.
    pub rep: RepData,
    /// The newest conversations, with this rep's `read_seq`.
    pub conversations: Vec<ConversationSummary>,
    /// The newest change number, read no later than the conversations: what the socket resumes from.
    pub change: u64,
    /// Whether there are older conversations.
    pub more: bool,
    /// The conversation that the address names.
    pub selected: Option<SelectedData>,
    /// How delivery to HubSpot as a whole stands, in a line.
    pub hubspot: String,
}

/// The page.
#[cfg(feature = "ssr")]
#[component]
pub fn InboxPage(
    /// What it shows.
    data: InboxPageData,
    /// Where its files lie.
    assets: PageAssets,
) -> impl IntoView {
    let list = ConversationList::new(data.conversations.clone(), data.change, data.more);
    view! {
        <Document title=title(list.unread_conversations()) class="inbox-page" assets>
            <Inbox data/>
        </Document>
    }
}

#[cfg(all(test, feature = "ssr"))]
#[path = "page_tests.rs"]
mod tests;
