//! What can be subscribed to: the 48 types that HubSpot's description of its webhooks lists.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Those of products, line items, conversations and `event.completed` can be subscribed to; nothing in the sandbox makes them
/// happen.
const EVENT_TYPES: [&str; 48] = [
    "company.associationChange",
    "company.creation",
    "company.deletion",
    "company.merge",
    "company.propertyChange",
    "company.restore",
    "contact.associationChange",
    "contact.creation",
    "contact.deletion",
    "contact.merge",
    "contact.privacyDeletion",
    "contact.propertyChange",
    "contact.restore",
    "conversation.creation",
    "conversation.deletion",
    "conversation.newMessage",
    "conversation.privacyDeletion",
    "conversation.propertyChange",
    "deal.associationChange",
    "deal.creation",
    "deal.deletion",
    "deal.merge",
    "deal.propertyChange",
    "deal.restore",
    "event.completed",
    "line_item.associationChange",
    "line_item.creation",
    "line_item.deletion",
    "line_item.merge",
    "line_item.propertyChange",
    "line_item.restore",
    "object.associationChange",
    "object.creation",
    "object.deletion",
    "object.merge",
    "object.propertyChange",
    "object.restore",
    "product.creation",
    "product.deletion",
    "product.merge",
    "product.propertyChange",
    "product.restore",
    "ticket.associationChange",
    "ticket.creation",
    "ticket.deletion",
    "ticket.merge",
    "ticket.propertyChange",
    "ticket.restore",
];

/// One of HubSpot's types of event, such as `contact.creation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventType(&'static str);

impl EventType {
    /// What it happens to: `contact`, or `object` for the generic ones.
    pub(crate) fn subject(self) -> &'static str {
        self.0.split_once('.').map_or(self.0, |(subject, _)| subject)
    }

    /// What happens: `creation`.
    pub(crate) fn occurrence(self) -> &'static str {
        self.0.split_once('.').map_or("", |(_, occurrence)| occurrence)
    }

    /// Whether it is one of `object.*`, which name the type of object beside.
    pub(crate) fn is_generic(self) -> bool {
        self.subject() == "object"
    }

    /// Whether it is about one property.
    pub(crate) fn is_property_change(self) -> bool {
        self.occurrence() == "propertyChange"
    }
}

impl FromStr for EventType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = EVENT_TYPES.iter().find(|known| **known == text);
        known
            .map(|known| Self(known))
            .ok_or_else(|| format!("'{text}' is no event type that HubSpot's webhooks know"))
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
