//! Subscriptions: what an app wants to be told of.

use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::event_types::EventType;
use crate::Moment;
use crate::state::object_types::ObjectType;

/// A subscription's number. HubSpot writes it as a string of digits in its answers, and as a number in events.
pub(crate) type SubscriptionId = u64;

/// What a subscription is made from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSubscription {
    pub(crate) event_type: EventType,
    #[serde(default)]
    pub(crate) property_name: Option<String>,
    #[serde(default)]
    pub(crate) object_type_id: Option<String>,
    #[serde(default)]
    pub(crate) event_type_name: Option<String>,
    /// HubSpot's subscriptions begin paused unless told otherwise.
    #[serde(default)]
    pub(crate) active: bool,
}

impl NewSubscription {
    /// The subscription when it is whole, with its object type as an id; else what is missing. HubSpot's exact words are not
    /// known.
    pub(crate) fn checked(mut self) -> Result<Self, String> {
        let event_type = self.event_type;
        if event_type.is_property_change() && self.property_name.as_deref().is_none_or(str::is_empty) {
            return Err(format!("propertyName is required for subscriptions to {event_type}"));
        }
        if !event_type.is_property_change() {
            self.property_name = None;
        }
        if !event_type.is_generic() {
            return Ok(self);
        }
        let Some(named) = self.object_type_id.take() else {
            return Err(format!("objectTypeId is required for subscriptions to {event_type}"));
        };
        let custom = named
            .split_once('-')
            .is_some_and(|(kind, number)| is_digits(kind) && is_digits(number));
        self.object_type_id = match named.parse::<ObjectType>() {
            Ok(known) => Some(known.type_id().to_owned()),
            Err(_) if custom => Some(named),
            Err(_) => return Err(format!("'{named}' is no objectTypeId")),
        };
        Ok(self)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The short form of the control calls, active at once: `contact.creation`, `contact.propertyChange:email`,
/// `object.creation:0-3`, `object.propertyChange:0-3:amount`.
impl FromStr for NewSubscription {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(':').map(str::trim);
        let event_type: EventType = parts.next().unwrap_or_default().parse()?;
        let object_type_id = if event_type.is_generic() {
            parts.next().map(str::to_owned)
        } else {
            None
        };
        let property_name = if event_type.is_property_change() {
            parts.next().map(str::to_owned)
        } else {
            None
        };
        if parts.next().is_some() {
            return Err(format!("'{text}' says more than {event_type} takes"));
        }
        let new = Self {
            event_type,
            property_name,
            object_type_id,
            event_type_name: None,
            active: true,
        };
        new.checked().map_err(|missing| {
            format!("'{text}' is not enough: {missing}; write contact.propertyChange:email or object.creation:0-1")
        })
    }
}

/// A subscription, kept and answered in the same shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    pub(crate) event_type: EventType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) property_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object_type_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_type_name: Option<String>,
    pub(crate) active: bool,
    #[serde(serialize_with = "as_string", deserialize_with = "from_string")]
    pub(crate) id: SubscriptionId,
    created_at: Moment,
    updated_at: Moment,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn as_string<S: Serializer>(id: &SubscriptionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn from_string<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SubscriptionId, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(serde::de::Error::custom)
}

impl Subscription {
    pub(crate) fn new(id: SubscriptionId, new: NewSubscription, now: Moment) -> Self {
        Self {
            event_type: new.event_type,
            property_name: new.property_name,
            object_type_id: new.object_type_id,
            event_type_name: new.event_type_name,
            active: new.active,
            id,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn set_active(&mut self, active: bool, now: Moment) {
        self.active = active;
        self.updated_at = now;
    }

    /// Whether it asks for the same.
    pub(crate) fn is_same(&self, new: &NewSubscription) -> bool {
        self.event_type == new.event_type
            && self.property_name == new.property_name
            && self.object_type_id == new.object_type_id
            && self.event_type_name == new.event_type_name
    }

    /// Whether it wants to be told of this.
    pub(crate) fn wants(&self, object_type: ObjectType, occurrence: &str, property: Option<&str>) -> bool {
        let subject = if self.event_type.is_generic() {
            self.object_type_id.as_deref() == Some(object_type.type_id())
        } else {
            self.event_type.subject() == object_type.singular()
        };
        self.active
            && subject
            && self.event_type.occurrence() == occurrence
            && self.property_name.as_deref() == property
    }

    /// What it asks for, in the short form.
    pub(crate) fn short(&self) -> String {
        let parts = [
            Some(self.event_type.to_string()),
            self.object_type_id.clone(),
            self.property_name.clone(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(":")
    }
}

#[cfg(test)]
mod tests {
    use super::NewSubscription;

    #[test]
    fn the_short_form_names_object_type_and_property_where_they_belong() {
        let read = |text: &str| {
            text.parse::<NewSubscription>()
                .map(|new| (new.event_type.to_string(), new.object_type_id, new.property_name))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read("contact.creation"),
            Ok(("contact.creation".to_owned(), None, None))
        );
        assert_eq!(
            read("contact.propertyChange:email"),
            Ok(("contact.propertyChange".to_owned(), None, some("email")))
        );
        assert_eq!(
            read("object.propertyChange:deal:amount"),
            Ok(("object.propertyChange".to_owned(), some("0-3"), some("amount")))
        );
        assert_eq!(
            read("object.creation:2-123456"),
            Ok(("object.creation".to_owned(), some("2-123456"), None))
        );
        for wrong in [
            "contact.birth",
            "contact.propertyChange",
            "object.creation",
            "object.creation:unicorn",
            "contact.creation:email",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
