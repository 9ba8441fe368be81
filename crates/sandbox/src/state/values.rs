//! Property values: how they come in, and which ones HubSpot refuses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schema::Schema;
use super::value_types;
use crate::errors::{ApiError, InvalidValue};

/// What a property holds at most, in UTF-16 units.
pub(crate) const LONGEST_VALUE: usize = 65_536;

/// A value as a client may write it: HubSpot turns numbers and flags into text, and nothing into an empty value.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum RawValue {
    Text(String),
    Number(serde_json::Number),
    Flag(bool),
    Nothing(()),
}

impl From<RawValue> for String {
    fn from(value: RawValue) -> Self {
        match value {
            RawValue::Text(text) => text,
            RawValue::Number(number) => number.to_string(),
            RawValue::Flag(flag) => flag.to_string(),
            RawValue::Nothing(()) => Self::new(),
        }
    }
}

/// The properties of one write, by name.
pub(crate) type RawValues = BTreeMap<String, RawValue>;

/// Values that the account admits, as it keeps them; an empty one clears.
pub(crate) type Values = BTreeMap<String, String>;

/// The values a write asks for, when the account admits them all.
pub(crate) fn check(schema: &Schema, raw: RawValues, portal_id: u64) -> Result<Values, ApiError> {
    let mut values = Values::new();
    let mut invalid = Vec::new();
    for (name, value) in raw {
        match admit(schema, &name, String::from(value), portal_id) {
            Ok(value) => {
                values.insert(name, value);
            }
            Err(refusal) => invalid.push(refusal),
        }
    }
    if invalid.is_empty() {
        Ok(values)
    } else {
        Err(ApiError::invalid_values(&invalid))
    }
}

fn admit(schema: &Schema, name: &str, value: String, portal_id: u64) -> Result<String, InvalidValue> {
    let invalid = |error, message| InvalidValue {
        is_valid: false,
        message,
        error,
        name: name.to_owned(),
        localized_error_message: None,
        portal_id: None,
    };
    let Some(property) = schema.get(name) else {
        let message = format!("Property \"{name}\" does not exist");
        return Err(InvalidValue {
            localized_error_message: Some(message.clone()),
            portal_id: Some(portal_id),
            ..invalid("PROPERTY_DOESNT_EXIST", message)
        });
    };
    if property.modification_metadata.read_only_value {
        let message = format!("\"{name}\" is a read only property; its value cannot be set.");
        return Err(invalid("READ_ONLY_VALUE", message));
    }
    if value.is_empty() {
        return Ok(value);
    }
    if name == "email" && !is_email(value.trim()) {
        return Err(invalid("INVALID_EMAIL", format!("Email address {value} is invalid")));
    }
    // HubSpot's exact words for a value that is too long are not known.
    if value.encode_utf16().count() > LONGEST_VALUE {
        let message = format!("The value is longer than the maximum of {LONGEST_VALUE} characters");
        return Err(invalid("VALUE_TOO_LONG", message));
    }
    if name == "email" {
        // HubSpot keeps addresses in lower case.
        return Ok(value.trim().to_lowercase());
    }
    value_types::admit(property, value).map_err(|refused| invalid(refused.error, refused.message))
}

/// Whether HubSpot takes this for an e-mail address: stricter than browsers, it wants a domain with a known look.
pub(crate) fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let top_level = labels.last().copied().unwrap_or_default();
    (1..=64).contains(&local.len())
        && address.len() <= 254
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .chars()
            .all(|character| character.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(character))
        && labels.len() >= 2
        && labels.iter().all(|label| is_domain_label(label))
        && top_level.chars().count() >= 2
        && !top_level.chars().all(|character| character.is_ascii_digit())
}

fn is_domain_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .chars()
            .all(|character| character.is_alphanumeric() || character == '-')
}
