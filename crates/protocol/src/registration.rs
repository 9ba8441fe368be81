//! A visitor's registration: what the form sends, what is made of it, and what to say about each field.

use serde::{Deserialize, Serialize};

use crate::text::InvalidText;
use crate::{ClaimedEmail, PersonName};

/// Where the visitor was when they registered, as the host page tells it. Kept with the conversation from the first day,
/// because it cannot be had later. Every text is cut to its greatest length rather than refused: it is not the visitor's doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageContext {
    /// The page's address, without its fragment; at most 2,000 characters.
    pub url: String,
    /// The page's title; at most 300 characters.
    pub title: String,
    /// What led there; at most 2,000 characters.
    pub referrer: String,
    /// `utm_source`; at most 200 characters, like the four that follow.
    pub utm_source: String,
    /// `utm_medium`.
    pub utm_medium: String,
    /// `utm_campaign`.
    pub utm_campaign: String,
    /// `utm_term`.
    pub utm_term: String,
    /// `utm_content`.
    pub utm_content: String,
    /// The browser's language tag; at most 35 characters.
    pub language: String,
    /// HubSpot's `hubspotutk` cookie, where the host page hands it over as consented: 32 hexadecimal digits, or empty.
    pub hubspotutk: String,
}

impl PageContext {
    /// The same context within its limits and on one line each: control characters become spaces, texts are cut, an address
    /// that is not http or https and a `hubspotutk` of another form are dropped.
    #[must_use]
    pub fn tidied(self) -> Self {
        let is_web = |address: &String| address.starts_with("https://") || address.starts_with("http://");
        Self {
            url: Some(one_line(&self.url, 2_000)).filter(is_web).unwrap_or_default(),
            title: one_line(&self.title, 300),
            referrer: Some(one_line(&self.referrer, 2_000)).filter(is_web).unwrap_or_default(),
            utm_source: one_line(&self.utm_source, 200),
            utm_medium: one_line(&self.utm_medium, 200),
            utm_campaign: one_line(&self.utm_campaign, 200),
            utm_term: one_line(&self.utm_term, 200),
            utm_content: one_line(&self.utm_content, 200),
            language: one_line(&self.language, 35),
            hubspotutk: Some(self.hubspotutk)
                .filter(|value| value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .unwrap_or_default(),
        }
    }
}

fn one_line(text: &str, characters: usize) -> String {
    let is_break = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    let line: String = text
        .chars()
        .take(characters)
        .map(|character| if is_break(character) { ' ' } else { character })
        .collect();
    line.trim().to_owned()
}

/// What the form sends, unchecked.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegistrationInput {
    /// The field "First name".
    pub first_name: String,
    /// The field "Last name".
    pub last_name: String,
    /// The field "E-mail".
    pub email: String,
    /// A field no person sees. Whoever fills it in is a machine.
    pub website: String,
    /// The signed stamp of when the form was rendered; a form sent back sooner than a person could fill it in is held.
    pub form: String,
}

impl std::fmt::Debug for RegistrationInput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RegistrationInput(…)")
    }
}

/// A registration whose fields are valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The first name.
    pub first_name: PersonName,
    /// The last name; may be absent where the widget does not ask for it.
    pub last_name: Option<PersonName>,
    /// The address, as typed.
    pub email: ClaimedEmail,
}

/// A field and what is wrong with it.
pub type FieldError = Option<InvalidText>;

/// What is wrong, by field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationErrors {
    /// "First name".
    pub first_name: FieldError,
    /// "Last name".
    pub last_name: FieldError,
    /// "E-mail".
    pub email: FieldError,
}

impl RegistrationInput {
    /// Checks every field and reports all that is wrong at once.
    pub fn check(&self, last_name_required: bool) -> Result<Registration, RegistrationErrors> {
        let first_name = PersonName::parse(&self.first_name);
        let last_name = match PersonName::parse(&self.last_name) {
            Err(InvalidText::Empty) if !last_name_required => Ok(None),
            other => other.map(Some),
        };
        let email = ClaimedEmail::parse(&self.email);
        match (first_name, last_name, email) {
            (Ok(first_name), Ok(last_name), Ok(email)) => Ok(Registration {
                first_name,
                last_name,
                email,
            }),
            (first_name, last_name, email) => Err(RegistrationErrors {
                first_name: first_name.err(),
                last_name: last_name.err(),
                email: email.err(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let errors = RegistrationInput {
            email: "ada".into(),
            ..RegistrationInput::default()
        }
        .check(true)
        .unwrap_err();
        assert_eq!(errors.first_name, Some(InvalidText::Empty));
        assert_eq!(errors.last_name, Some(InvalidText::Empty));
        assert_eq!(errors.email, Some(InvalidText::NotAnEmail));
    }

    #[test]
    fn the_last_name_is_optional_where_the_widget_says_so_but_still_checked() {
        let input = |last_name: &str| RegistrationInput {
            first_name: "Ada".into(),
            last_name: last_name.into(),
            email: "ada@example.com".into(),
            ..RegistrationInput::default()
        };
        assert_eq!(input(" ").check(false).unwrap().last_name, None);
        assert!(input(" ").check(true).is_err());
        assert!(input("Love\nlace").check(false).is_err());
    }

    #[test]
    fn page_context_is_cut_and_flattened_never_refused() {
        let tidied = PageContext {
            url: "javascript:alert(1)".into(),
            title: format!("a\nFROM: admin {}", "x".repeat(400)),
            referrer: "https://example.com/\u{0}x".into(),
            hubspotutk: "not the cookie".into(),
            ..PageContext::default()
        }
        .tidied();
        assert_eq!(tidied.url, "");
        assert!(tidied.title.starts_with("a FROM: admin x") && tidied.title.chars().count() == 300);
        assert_eq!(tidied.referrer, "https://example.com/ x");
        assert_eq!(tidied.hubspotutk, "");
    }
}
