//! Ids as types. An id names something and carries no authority: sessions and tokens do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: expected {expected}")]
pub struct InvalidId {
    what: &'static str,
    expected: &'static str,
}

/// Whether the text is a UUID in its canonical form: 8-4-4-4-12 hexadecimal digits in lower case.
fn is_canonical_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

fn is_widget_key(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_tenant_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a text as an id when it has the id's form.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if $valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { what: $what, expected: $expected })
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A conversation (UUIDv7, given by the server).
    ConversationId, "conversation id", is_canonical_uuid, "a UUID in lower case, 36 characters"
);
id!(
    /// A visitor of one widget (UUIDv7, given by the server).
    VisitorId, "visitor id", is_canonical_uuid, "a UUID in lower case, 36 characters"
);
id!(
    /// A message, unique within its conversation. Its client makes it (UUIDv4), so that a resend is the same message.
    MessageId, "message id", is_canonical_uuid, "a UUID in lower case, 36 characters"
);
id!(
    /// A rep (UUIDv7, given by the server).
    RepId, "rep id", is_canonical_uuid, "a UUID in lower case, 36 characters"
);
id!(
    /// A widget (UUIDv7, given by the server). Not public; the key is.
    WidgetId, "widget id", is_canonical_uuid, "a UUID in lower case, 36 characters"
);
id!(
    /// A widget's public key: it stands in the snippet on the host page.
    WidgetKey, "widget key", is_widget_key, "8 to 64 lower-case letters and digits"
);
id!(
    /// An installation's customer, owner of one HubSpot portal. A plain installation has one, named `default`.
    TenantId, "tenant id", is_tenant_name, "1 to 64 lower-case letters, digits and hyphens"
);

impl TenantId {
    /// The tenant of a plain installation.
    #[must_use]
    pub fn default_tenant() -> Self {
        Self("default".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_of_a_uuid_is_an_id() {
        assert!(MessageId::parse("0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b").is_ok());
        for wrong in [
            "",
            "0190A1B2-C3D4-4E5F-8A9B-0C1D2E3F4A5B",
            "0190a1b2c3d44e5f8a9b0c1d2e3f4a5b",
            "0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5' OR 1=1 --",
            "{\"$ne\":null}",
        ] {
            let error = MessageId::parse(wrong).unwrap_err();
            assert_eq!(
                error.to_string(),
                "not a valid message id: expected a UUID in lower case, 36 characters"
            );
        }
    }

    #[test]
    fn a_widget_key_has_no_character_that_means_something_in_a_url() {
        assert!(WidgetKey::parse("demo4f7k2m9x").is_ok());
        for wrong in ["short", "UPPERCASE1", "../../etc", "key%2f0000", "key key key"] {
            assert!(WidgetKey::parse(wrong).is_err(), "{wrong}");
        }
    }
}
