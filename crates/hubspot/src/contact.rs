//! A contact, as HubSpot tells it.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A contact record's id: a number which HubSpot writes as a string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ContactId(String);

/// A text that is no contact id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a HubSpot contact id is 1 to 20 digits")]
pub struct InvalidContactId;

impl ContactId {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id HubSpot names in the message of a 409: "Contact already exists. Existing ID: 37765128953".
    pub(crate) fn named_in(message: &str) -> Option<Self> {
        const BEFORE: &str = "Existing ID:";
        let rest = message[message.find(BEFORE)? + BEFORE.len()..].trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..digits].parse().ok()
    }
}

impl FromStr for ContactId {
    type Err = InvalidContactId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidContactId)
        }
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ContactId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A contact record. Its `Debug` shows the names of the properties and none of their values.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The record's id. It may differ from the id asked for: after a merge HubSpot answers with the record that survived.
    pub id: ContactId,
    /// The properties HubSpot sent: those asked for and a few of its own. `None` is a property without a value; one that does
    /// not exist in the account is absent.
    #[serde(default, deserialize_with = "property_values")]
    pub properties: BTreeMap<String, Option<String>>,
    /// When the record was created.
    #[serde(default, deserialize_with = "timestamp")]
    pub created_at: Option<OffsetDateTime>,
    /// When the record was changed last.
    #[serde(default, deserialize_with = "timestamp")]
    pub updated_at: Option<OffsetDateTime>,
    /// Whether the record is in the recycling bin.
    #[serde(default)]
    pub archived: bool,
    /// The trace id of the batch input this record answers, where HubSpot echoes it.
    #[serde(default)]
    pub(crate) object_write_trace_id: Option<String>,
}

impl Contact {
    /// A property's value; `None` where it has none, is empty or was not asked for.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref().filter(|value| !value.is_empty())
    }

    /// Whether this record is the one with that id, now or before a merge.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        self.id.as_str() == id || self.lists("hs_merged_object_ids", |item| item == id)
    }

    /// Whether the address is this record's first or one of its further ones, without regard to case.
    pub(crate) fn has_email(&self, email: &str) -> bool {
        let equal = |other: &str| other.to_lowercase() == email.to_lowercase();
        self.property("email").is_some_and(equal) || self.lists("hs_additional_emails", equal)
    }

    /// Whether a property that holds a list, separated by semicolons, has a fitting item.
    fn lists(&self, name: &str, fits: impl Fn(&str) -> bool) -> bool {
        self.property(name)
            .is_some_and(|list| list.split(';').any(|item| fits(item.trim())))
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Contact")
            .field("id", &self.id)
            .field("properties", &self.properties.keys())
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .field("archived", &self.archived)
            .finish_non_exhaustive()
    }
}

/// HubSpot writes every value as a string or null. Should it write a number one day, its digits are taken.
fn property_values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Option<String>>, D::Error> {
    let values = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let text = |value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Ok(values.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// A time that cannot be read is no reason to lose the record.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value
        .as_str()
        .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_existing_id_is_read_from_the_words_of_a_conflict() {
        let named = |text: &str| ContactId::named_in(text).map(|id| id.to_string());
        assert_eq!(
            named("Contact already exists. Existing ID: 37765128953"),
            Some("37765128953".to_owned())
        );
        assert_eq!(named("Contact already exists. Existing ID:7)"), Some("7".to_owned()));
        assert_eq!(named("Contact already exists."), None);
        assert_eq!(named("Existing ID: none"), None);
        assert_eq!(named("Existing ID: 123456789012345678901"), None);
    }

    #[test]
    fn an_id_is_digits_and_can_never_change_a_path() {
        for text in ["", "a", "1/2", "..", "-1", "1 ", "١"] {
            assert_eq!(text.parse::<ContactId>(), Err(InvalidContactId), "{text:?}");
        }
    }

    #[test]
    fn a_record_with_little_in_it_is_still_a_record() {
        let contact: Contact = serde_json::from_str(r#"{"id":"7"}"#).unwrap();
        assert_eq!(
            (contact.id.as_str(), contact.properties.len(), contact.archived),
            ("7", 0, false)
        );
        let odd = r#"{"id":"7","properties":{"a":1,"b":null,"c":"x"},"createdAt":"soon","unknown":[]}"#;
        let contact: Contact = serde_json::from_str(odd).unwrap();
        assert_eq!(
            (contact.property("a"), contact.property("b"), contact.property("c")),
            (Some("1"), None, Some("x"))
        );
        assert_eq!(contact.created_at, None);
    }

    #[test]
    fn debug_shows_no_value() {
        let contact: Contact = serde_json::from_str(r#"{"id":"7","properties":{"email":"ada@example.com"}}"#).unwrap();
        let text = format!("{contact:?}");
        assert!(text.contains("email") && !text.contains("ada"), "{text}");
    }
}
