//! The widget's document, as the server renders it. Without script the forms work as they are.

#[cfg(feature = "ssr")]
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use parlor_protocol::text::InvalidText;
use parlor_protocol::{ConversationId, ConversationState, Message};
#[cfg(feature = "ssr")]
use parlor_protocol::{RegistrationErrors, RegistrationInput, WidgetKey};
use serde::Serialize;

#[cfg(feature = "ssr")]
use super::form::RegistrationForm;
#[cfg(feature = "ssr")]
use super::host::HostScript;
#[cfg(feature = "ssr")]
use super::island::VisitorChat;
#[cfg(feature = "ssr")]
use super::island_data::IslandData;
#[cfg(feature = "ssr")]
use super::screen;
#[cfg(feature = "ssr")]
use crate::ui::document::{Document, PageAssets};

/// All that the page shows.
#[cfg(feature = "ssr")]
#[derive(Clone)]
pub struct WidgetPageData {
    /// The widget's public key.
    pub key: WidgetKey,
    /// The widget's name.
    pub name: String,
    /// The line above the form.
    pub greeting: String,
    /// The accent colour, `#rrggbb`. The page gets it through `/widget/<key>/theme.css`.
    pub accent: String,
    /// Whether the last name must be filled in.
    pub last_name_required: bool,
    /// The origins that may embed the widget; only they are listened and spoken to.
    pub origins: Vec<String>,
    /// The session's conversation; without one the form is shown.
    pub chat: Option<ChatData>,
    /// The form.
    pub form: FormData,
    /// A word above it all: what went wrong, what was done.
    pub notice: Option<String>,
    /// The id of the message that the plain composer posts.
    pub message_id: String,
    /// What a plain composer posted and was refused.
    pub composer_text: String,
    /// Why it was refused.
    pub composer_error: Option<InvalidText>,
}

/// A conversation as the page is rendered with.
#[derive(Clone, Serialize)]
pub struct ChatData {
    /// Its id.
    pub conversation: ConversationId,
    /// The visitor's first and last name.
    pub visitor_name: String,
    /// The newest page of messages, in the order of `seq`.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more_before: bool,
    /// Open or closed.
    pub state: ConversationState,
}

/// The form as the page is rendered with.
#[cfg(feature = "ssr")]
#[derive(Clone, Default)]
pub struct FormData {
    /// The signed stamp of when it was rendered.
    pub stamp: String,
    /// What was typed.
    pub input: RegistrationInput,
    /// What is wrong with it.
    pub errors: RegistrationErrors,
}

/// The document.
#[cfg(feature = "ssr")]
#[component]
pub fn WidgetPage(
    /// What it shows.
    data: WidgetPageData,
    /// Where its files lie.
    assets: PageAssets,
) -> impl IntoView {
    let address = format!("/widget/{}", data.key);
    let has_chat = data.chat.is_some();
    let is_empty = data.chat.as_ref().is_none_or(|chat| chat.messages.is_empty());
    let island = IslandData {
        key: data.key,
        chat: data.chat,
        message_id: data.message_id,
        composer_text: data.composer_text,
        composer_error: data.composer_error,
    };
    let island_data = island.provide();
    let has_notice = data.notice.is_some();
    view! {
        <Document title=data.name.clone() class="widget-page" assets=assets theme=format!("{address}/theme.css")>
            <main class="widget">
                <header class="widget-header">
                    <p class="widget-name" dir="auto">{data.name.clone()}</p>
                    // Shown and served by host.js, where there is a panel to close.
                    <button type="button" class="widget-close" aria-label="Close chat" hidden>
                        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6 6 18"/></svg>
                    </button>
                </header>
                <p class="widget-notice" id=screen::NOTICE role="status" hidden=!has_notice>{data.notice}</p>
                <RegistrationForm
                    action=format!("{address}/register")
                    privacy=format!("Your details go to {}’s team and their CRM.", data.name)
                    greeting=data.greeting.clone()
                    last_name_required=data.last_name_required
                    form=data.form
                    is_shown=!has_chat
                />
                <p class="widget-resuming" id=screen::RESUMING role="status" hidden>"Looking for your chat…"</p>
                <div class="chat" id=screen::CHAT hidden=!has_chat>
                    <p class="chat-greeting" id=screen::GREETING dir="auto" hidden=!is_empty>{data.greeting}</p>
                    <VisitorChat/>
                </div>
            </main>
            {island_data}
            <HostScript origins=data.origins/>
            // For a browser without script, and one that the program never reaches; the style sheet takes it away once the page
            // lives.
            {has_chat.then(|| view! { <p class="widget-refresh"><a href=address>"Check for new messages"</a></p> })}
        </Document>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use parlor_protocol::{Author, AuthorKind, MessageId};

    use super::*;
    use crate::ui::document::render;

    const ID: &str = "0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b";
    const PAYLOAD: &str = "</textarea></script><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";

    fn data() -> WidgetPageData {
        WidgetPageData {
            key: WidgetKey::parse("demo4f7k2m9x").unwrap(),
            name: "Acme".into(),
            greeting: "How can we help?".into(),
            accent: "#2f5bd7".into(),
            last_name_required: true,
            origins: vec!["http://localhost:3001".into()],
            chat: None,
            form: FormData::default(),
            notice: None,
            message_id: ID.into(),
            composer_text: String::new(),
            composer_error: None,
        }
    }

    fn with_chat(name: &str, text: &str) -> WidgetPageData {
        let message = Message {
            seq: 1,
            id: MessageId::parse(ID).unwrap(),
            author: Author {
                kind: AuthorKind::Rep,
                name: name.into(),
            },
            text: text.into(),
            at: 1_700_000_000_000,
        };
        let chat = ChatData {
            conversation: ConversationId::parse(ID).unwrap(),
            visitor_name: name.into(),
            messages: vec![message],
            more_before: false,
            state: ConversationState::Open,
        };
        WidgetPageData {
            chat: Some(chat),
            ..data()
        }
    }

    fn html(data: WidgetPageData) -> String {
        let leptos_options = LeptosOptions::builder()
            .output_name("parlor")
            .site_pkg_dir("pkg/digest/widget")
            .build();
        let assets = PageAssets {
            stylesheet: "/pkg/digest/widget/parlor.css".into(),
            leptos_options,
        };
        let rendered = render(move || view! { <WidgetPage data=data assets=assets/> });
        assert!(!rendered.nonce.is_empty());
        assert!(rendered.html.contains(&format!("nonce=\"{}\"", rendered.nonce)));
        rendered.html
    }

    #[test]
    fn without_script_the_page_has_a_form_that_posts() {
        let html = html(data());
        assert!(
            html.to_ascii_lowercase()
                .starts_with("<!doctype html><html lang=\"en\">"),
            "{}",
            &html[..200]
        );
        assert!(html.contains("action=\"/widget/demo4f7k2m9x/register\""));
        for field in ["first_name", "last_name", "email", "website", "form"] {
            assert!(html.contains(&format!("name=\"{field}\"")), "{field}");
        }
        assert!(html.contains("href=\"/widget/demo4f7k2m9x/theme.css\""));
        assert!(html.contains("Your details go to Acme’s team and their CRM."));
        assert!(
            !html.contains("style=\""),
            "the Content-Security-Policy forbids inline styles"
        );
    }

    #[test]
    fn a_refused_form_comes_back_with_what_was_typed_and_what_is_wrong() {
        let input = RegistrationInput {
            first_name: "Zoë".into(),
            email: "zoe".into(),
            ..RegistrationInput::default()
        };
        let errors = input.check(true).unwrap_err();
        let html = html(WidgetPageData {
            form: FormData {
                stamp: "stamp".into(),
                input,
                errors,
            },
            ..data()
        });
        assert!(html.contains("value=\"Zoë\""));
        assert!(html.contains("Please enter an e-mail address like name@example.com."));
        assert!(html.contains("aria-describedby=\"email-error\""));
        assert!(!html.contains("aria-describedby=\"first_name-error\""));
        assert!(html.contains("value=\"stamp\""));
    }

    #[test]
    fn without_script_the_chat_has_a_composer_that_posts() {
        let html = html(with_chat("Grace", "Hello, see https://example.com."));
        assert!(html.contains("action=\"/widget/demo4f7k2m9x/messages\""));
        assert!(html.contains(&format!("name=\"id\" value=\"{ID}\"")));
        assert!(html.contains("href=\"https://example.com\""));
        assert!(html.contains("rel=\"noopener noreferrer nofollow ugc\""));
        assert!(html.contains("22:13") && html.contains("Check for new messages"));
    }

    #[test]
    fn a40_what_people_write_is_text_everywhere_on_the_page() {
        let html = html(WidgetPageData {
            name: PAYLOAD.into(),
            greeting: PAYLOAD.into(),
            notice: Some(PAYLOAD.into()),
            composer_text: PAYLOAD.into(),
            composer_error: Some(InvalidText::ControlCharacter),
            ..with_chat(PAYLOAD, PAYLOAD)
        });
        assert!(!html.contains("<script>alert") && !html.contains("<img"));
        assert_eq!(html.matches("</textarea>").count(), 1);
    }
}
