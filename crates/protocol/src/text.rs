//! What people type, checked once at the edge: names, e-mail addresses, messages. Inside, the values are valid.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limit::{EMAIL_CHARACTERS, MESSAGE_UNITS, NAME_CHARACTERS};

/// Why a text was not taken. `Display` is the sentence a visitor reads, without the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvalidText {
    /// Nothing but white space where something is needed.
    #[error("Please fill this in.")]
    Empty,
    /// A name of more than [`NAME_CHARACTERS`].
    #[error("Please use at most 100 characters.")]
    NameTooLong,
    /// A control character in a name or message.
    #[error("Please remove the invisible control characters.")]
    ControlCharacter,
    /// Not an e-mail address by the HTML standard's rule.
    #[error("Please enter an e-mail address like name@example.com.")]
    NotAnEmail,
    /// An address of more than [`EMAIL_CHARACTERS`].
    #[error("Please use an e-mail address of at most 254 characters.")]
    EmailTooLong,
    /// A message of more than [`MESSAGE_UNITS`].
    #[error("Please keep a message to 5,000 characters; send the rest in another.")]
    MessageTooLong,
}

macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

/// A person's first or last name: 1 to 100 characters after trimming, in any script, on one line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

text_type!(PersonName);

impl PersonName {
    /// Takes what was typed into a name field.
    pub fn parse(typed: &str) -> Result<Self, InvalidText> {
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Err(InvalidText::Empty);
        }
        if trimmed.chars().count() > NAME_CHARACTERS {
            return Err(InvalidText::NameTooLong);
        }
        // A line break of any kind would let a name forge a line of the transcript or a header.
        if trimmed
            .chars()
            .any(|character| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}'))
        {
            return Err(InvalidText::ControlCharacter);
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PersonName(…)")
    }
}

/// An e-mail address that somebody typed. It proves nothing: it may attach a chat to a contact for logging, and never
/// reveals a name, a history or the contact's existence. A proven address is another type.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimedEmail(String);

text_type!(ClaimedEmail);

impl ClaimedEmail {
    /// Takes an address by the HTML standard's rule for `<input type=email>`
    /// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>) and keeps it in lower case, the form in
    /// which HubSpot compares addresses.
    pub fn parse(typed: &str) -> Result<Self, InvalidText> {
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Err(InvalidText::Empty);
        }
        if trimmed.chars().count() > EMAIL_CHARACTERS {
            return Err(InvalidText::EmailTooLong);
        }
        let (local, domain) = trimmed.split_once('@').ok_or(InvalidText::NotAnEmail)?;
        let local_is_valid = !local.is_empty()
            && local
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte));
        if local_is_valid && domain.split('.').all(is_domain_label) {
            Ok(Self(trimmed.to_ascii_lowercase()))
        } else {
            Err(InvalidText::NotAnEmail)
        }
    }
}

impl fmt::Debug for ClaimedEmail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClaimedEmail(…)")
    }
}

fn is_domain_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A message's text: 1 to 5,000 UTF-16 units, not only white space, no C0 control but newline and tab. Line breaks are
/// `\n`, whatever a form or a client sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageText(String);

text_type!(MessageText);

impl MessageText {
    /// Takes what was typed into a composer.
    pub fn parse(typed: &str) -> Result<Self, InvalidText> {
        // A form post separates lines by CRLF, a script by LF: one message must not become two texts.
        let text = typed.replace("\r\n", "\n").replace('\r', "\n");
        if text.trim().is_empty() {
            return Err(InvalidText::Empty);
        }
        if text
            .chars()
            .any(|character| character < ' ' && !matches!(character, '\n' | '\t'))
        {
            return Err(InvalidText::ControlCharacter);
        }
        if text.encode_utf16().count() > MESSAGE_UNITS {
            return Err(InvalidText::MessageTooLong);
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MessageText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_may_be_of_any_script_and_is_trimmed() {
        for (typed, kept) in [
            ("  Ada ", "Ada"),
            ("李", "李"),
            ("Þórður", "Þórður"),
            ("عائشة", "عائشة"),
            ("O’Brien-Šmíd", "O’Brien-Šmíd"),
        ] {
            assert_eq!(PersonName::parse(typed).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn a_name_is_one_line_of_one_to_a_hundred_characters() {
        assert_eq!(PersonName::parse(" \u{3000}"), Err(InvalidText::Empty));
        assert!(PersonName::parse(&"é".repeat(100)).is_ok());
        assert_eq!(PersonName::parse(&"é".repeat(101)), Err(InvalidText::NameTooLong));
        for forged in [
            "Ada\r\nBcc: x",
            "Ada\nFROM: admin",
            "Ada\u{2028}FROM: admin",
            "Ada\u{85}x",
            "Ada\0",
        ] {
            assert_eq!(PersonName::parse(forged), Err(InvalidText::ControlCharacter));
        }
    }

    #[test]
    fn an_email_follows_the_html_rule_and_is_compared_in_lower_case() {
        for valid in [
            "a@b",
            "Ada.Lovelace+chat@Example.COM",
            "o'brien@example.co.uk",
            "x@xn--bcher-kva.example",
            ".a.@b.c",
        ] {
            assert_eq!(ClaimedEmail::parse(valid).unwrap().as_str(), valid.to_lowercase());
        }
        for wrong in [
            "ada",
            "@b.c",
            "a@",
            "a@b..c",
            "a@-b.c",
            "a@b-.c",
            "a b@c.d",
            "a@b@c",
            "ü@b.c",
            "a@bücher.example",
            "a@b.c\r\nBcc: d@e.f",
        ] {
            assert_eq!(ClaimedEmail::parse(wrong), Err(InvalidText::NotAnEmail), "{wrong}");
        }
        let long = format!("{}@{}.example", "a".repeat(64), ["b".repeat(60).as_str(); 3].join("."));
        assert!(long.len() > 254 || ClaimedEmail::parse(&long).is_ok());
        assert_eq!(
            ClaimedEmail::parse(&format!("{}@b.c", "a".repeat(251))),
            Err(InvalidText::EmailTooLong)
        );
        assert_eq!(ClaimedEmail::parse("  "), Err(InvalidText::Empty));
    }

    #[test]
    fn a_message_keeps_its_lines_and_refuses_control_characters() {
        assert_eq!(MessageText::parse("a\r\nb\rc").unwrap().as_str(), "a\nb\nc");
        assert_eq!(MessageText::parse(" \n\t "), Err(InvalidText::Empty));
        assert_eq!(MessageText::parse("a\u{1b}[31mb"), Err(InvalidText::ControlCharacter));
        assert!(MessageText::parse(&"😀".repeat(2_500)).is_ok());
        assert_eq!(
            MessageText::parse(&"😀".repeat(2_501)),
            Err(InvalidText::MessageTooLong)
        );
    }

    #[test]
    fn debug_shows_nothing_personal() {
        let shown = format!(
            "{:?} {:?} {:?}",
            PersonName::parse("Ada").unwrap(),
            ClaimedEmail::parse("ada@example.com").unwrap(),
            MessageText::parse("secret").unwrap()
        );
        assert!(!shown.contains("Ada") && !shown.contains("example.com") && !shown.contains("secret"));
    }

    proptest! {
        #[test]
        fn no_input_makes_parsing_panic(text in "\\PC*|(?s).*") {
            let _ = (PersonName::parse(&text), ClaimedEmail::parse(&text), MessageText::parse(&text));
        }

        #[test]
        fn taking_a_taken_text_again_changes_nothing(text in "(?s).{0,200}") {
            if let Ok(once) = MessageText::parse(&text) {
                prop_assert_eq!(MessageText::parse(once.as_str()), Ok(once));
            }
        }
    }
}
