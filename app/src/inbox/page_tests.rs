#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use parlor_protocol::{
    Author, AuthorKind, ConversationId, ConversationState, Delivery, DeliveryStatus, MessageId, PageContext, RepId,
};

use super::*;
use crate::inbox::{PasswordPage, PasswordPageData, PasswordProblem, SignInPage, SignInPageData, SignInProblem};
use crate::ui::document::render;

const ID: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
const HOSTILE: &str = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>";

fn assets() -> PageAssets {
    PageAssets {
        stylesheet: "/pkg/inbox.css".into(),
        leptos_options: LeptosOptions::builder().output_name("parlor").build(),
    }
}

fn summary(id: &str, name: &str) -> ConversationSummary {
    ConversationSummary {
        id: ConversationId::parse(id).unwrap(),
        change: 7,
        state: ConversationState::Open,
        held: true,
        visitor_name: name.into(),
        email: "ada@example.com".into(),
        widget_name: "Demo".into(),
        last_seq: 2,
        preview: "Is it on?".into(),
        last_author: Some(AuthorKind::Visitor),
        last_at: 1_700_000_000_000,
        read_seq: Some(1),
    }
}

fn selected(name: &str, text: &str) -> SelectedData {
    SelectedData {
        summary: summary(ID, name),
        messages: vec![Message {
            seq: 1,
            id: MessageId::parse("0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b").unwrap(),
            author: Author {
                kind: AuthorKind::Visitor,
                name: name.into(),
            },
            text: text.into(),
            at: 1_700_000_000_000,
        }],
        card: ContactCard {
            name: name.into(),
            email: "ada@example.com".into(),
            email_verified: false,
            widget_name: "Demo".into(),
            registered_at: 1_700_000_000_000,
            page: PageContext {
                url: "https://example.com/pricing".into(),
                title: text.into(),
                referrer: "javascript:alert(1)".into(),
                ..PageContext::default()
            },
            hubspot: None,
            delivery: Delivery {
                delivered_seq: 1,
                last_seq: 1,
                status: DeliveryStatus::Held,
                detail: None,
            },
        },
        form: ComposerForm {
            message_id: "the-id".into(),
            text: text.into(),
            refused: None,
        },
    }
}

fn inbox(selected: Option<SelectedData>, name: &str) -> String {
    let data = InboxPageData {
        rep: RepData {
            id: RepId::parse(ID).unwrap(),
            name: "Sam".into(),
            email: "sam@example.com".into(),
        },
        conversations: vec![summary(ID, name)],
        change: 7,
        more: false,
        selected,
        hubspot: "HubSpot: connected (portal 123)".into(),
    };
    render(|| view! { <InboxPage data=data assets=assets()/> }).html
}

#[test]
fn the_page_is_useful_before_its_program_has_arrived() {
    let html = inbox(Some(selected("Ada Lovelace", "Hello there")), "Ada Lovelace");
    for part in [
        "<title>(1) Parlor inbox</title>",
        &format!("href=\"/inbox/{ID}\""),
        "aria-current=\"page\"",
        "Hello there",
        "Is it on?",
        "press r to release",
        "This registration looked automated, so it is kept from HubSpot.",
        "held back from HubSpot until released",
        "href=\"https://example.com/pricing\"",
        "claimed",
        "HubSpot: connected (portal 123)",
        &format!("action=\"/inbox/{ID}/messages\""),
        "value=\"the-id\"",
        "action=\"/inbox/sign-out\"",
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
}

#[test]
fn a_page_without_a_conversation_says_what_to_do() {
    let html = inbox(None, "Ada Lovelace");
    assert!(html.contains("Choose a conversation"));
    assert!(!html.contains("<textarea"));
    assert!(!html.contains("aria-current"));
}

#[test]
fn a40_what_visitors_write_is_text_in_every_place() {
    let html = inbox(Some(selected(HOSTILE, HOSTILE)), HOSTILE);
    assert!(!html.contains("<script>alert"), "{html}");
    assert!(!html.contains("<img src"), "{html}");
    assert!(!html.contains("href=\"javascript:"), "{html}");
    assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
}

#[test]
fn no_style_stands_in_the_page_which_its_policy_would_refuse() {
    let html = inbox(Some(selected("Ada", "Hello")), "Ada");
    assert!(!html.contains(" style=") && !html.contains("<style"), "{html}");
}

#[test]
fn a_failed_sign_in_keeps_the_address_and_says_the_same_whatever_was_wrong() {
    let page = |problem| {
        let data = SignInPageData {
            email: "sam@example.com".into(),
            next: "/inbox".into(),
            problem,
        };
        render(|| view! { <SignInPage data=data assets=assets()/> }).html
    };
    let refused = page(Some(SignInProblem::Refused));
    assert!(refused.contains("E-mail or password is not right."));
    assert!(refused.contains("value=\"sam@example.com\"") && refused.contains("value=\"/inbox\""));
    assert!(page(Some(SignInProblem::TooMany { minutes: 5 })).contains("Too many attempts; try again in 5 minutes."));
    assert!(!page(None).contains("role=\"alert\""));
}

#[test]
fn a_password_that_was_refused_is_told_at_its_field_and_never_sent_back() {
    let data = PasswordPageData {
        email: "sam@example.com".into(),
        problem: Some(PasswordProblem::TooShort { least: 12 }),
        changed: false,
    };
    let html = render(|| view! { <PasswordPage data=data assets=assets()/> }).html;
    assert!(html.contains("Please use at least 12 characters."));
    assert_eq!(html.matches("type=\"password\"").count(), 3);
}
