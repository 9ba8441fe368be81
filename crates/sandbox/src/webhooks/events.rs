//! Events: what a subscription is told of a change, as it stands on the wire.
//!
//! The order of the fields and the change flags are those of recorded deliveries.

use serde::Serialize;

use super::apps::WebhookApp;
use super::behaviour::EventTypeSpelling;
use super::details::Details;
use super::event_types::EventType;
use super::subscriptions::{Subscription, SubscriptionId};
use crate::state::changes::{Change, ChangeKind};

/// One event. Its type is kept apart, since HubSpot has two names for that field.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookEvent {
    pub(crate) event_id: u64,
    subscription_id: SubscriptionId,
    portal_id: u64,
    pub(crate) app_id: u64,
    occurred_at: i64,
    #[serde(flatten)]
    details: Details,
    change_source: &'static str,
    source_id: String,
    #[serde(skip)]
    event_type: EventType,
}

/// An event as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentEvent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_type: Option<EventType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<EventType>,
    attempt_number: u32,
    #[serde(flatten)]
    event: &'a WebhookEvent,
}

impl WebhookEvent {
    /// The events that one app gets for a change. `next_id` counts them.
    pub(crate) fn of_change(app: &WebhookApp, change: &Change, portal_id: u64, next_id: &mut u64) -> Vec<Self> {
        let property = match &change.kind {
            ChangeKind::PropertyChange { name, .. } => Some(name.as_str()),
            _ => None,
        };
        let mut events = Vec::new();
        for occurrence in occurrences(&change.kind) {
            for subscription in app.subscriptions() {
                if subscription.wants(change.object_type, occurrence, property) {
                    events.push(Self::new(*next_id, app.app_id, subscription, change, portal_id));
                    *next_id += 1;
                }
            }
        }
        events
    }

    fn new(event_id: u64, app_id: u64, subscription: &Subscription, change: &Change, portal_id: u64) -> Self {
        let event_type = subscription.event_type;
        Self {
            event_id,
            subscription_id: subscription.id,
            portal_id,
            app_id,
            occurred_at: change.at.unix_milliseconds(),
            details: Details::new(change, event_type),
            change_source: change.source.as_str(),
            source_id: change.source.id(),
            event_type,
        }
    }

    /// The event for one attempt. `prefers_event_type` decides where the spelling is mixed.
    pub(crate) fn sent(&self, attempt: u32, spelling: EventTypeSpelling, prefers_event_type: bool) -> SentEvent<'_> {
        let (subscription_type, event_type) = match spelling {
            EventTypeSpelling::SubscriptionType => (true, false),
            EventTypeSpelling::EventType => (false, true),
            EventTypeSpelling::Both => (true, true),
            EventTypeSpelling::Mixed => (!prefers_event_type, prefers_event_type),
        };
        SentEvent {
            subscription_type: subscription_type.then_some(self.event_type),
            event_type: event_type.then_some(self.event_type),
            attempt_number: attempt,
            event: self,
        }
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.details.weight()
    }
}

/// What subscriptions call a change. A deletion for privacy is told as a deletion too, in an event of its own.
const fn occurrences(kind: &ChangeKind) -> &'static [&'static str] {
    match kind {
        ChangeKind::Creation => &["creation"],
        ChangeKind::PropertyChange { .. } => &["propertyChange"],
        ChangeKind::Deletion => &["deletion"],
        ChangeKind::Restore => &["restore"],
        ChangeKind::PrivacyDeletion => &["privacyDeletion", "deletion"],
        ChangeKind::Merge { .. } => &["merge"],
        ChangeKind::AssociationChange { .. } => &["associationChange"],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{EventTypeSpelling, WebhookEvent};
    use crate::DEFAULT_APP_ID;
    use crate::Moment;
    use crate::state::changes::{Change, ChangeKind, ChangeSource};
    use crate::state::object_types::{ObjectType, RecordId};
    use crate::webhooks::apps::WebhookApps;

    fn record(id: u64) -> RecordId {
        id.to_string().parse().unwrap()
    }

    /// What an app with these subscriptions is told of a change.
    fn told(subscriptions: &[&str], object_type: ObjectType, kind: ChangeKind) -> Vec<Value> {
        let now = Moment::from_unix_milliseconds(1_769_081_993_375);
        let mut apps = WebhookApps::default();
        for subscription in subscriptions {
            let new = subscription.parse().unwrap();
            apps.subscribe(DEFAULT_APP_ID, new, now).unwrap();
        }
        let change = Change {
            at: now,
            object_type,
            id: record(101),
            kind,
            source: ChangeSource::CrmUi,
        };
        let app = apps.get(DEFAULT_APP_ID).unwrap();
        WebhookEvent::of_change(app, &change, 62_515, &mut 7)
            .iter()
            .map(|event| serde_json::to_value(event.sent(0, EventTypeSpelling::SubscriptionType, false)).unwrap())
            .collect()
    }

    /// The one event, without what all have alike, after checking that.
    fn special(subscription: &str, object_type: ObjectType, kind: ChangeKind) -> Value {
        let mut events = told(&[subscription], object_type, kind);
        assert_eq!(events.len(), 1, "{subscription}");
        let mut event = events.remove(0);
        let fields = event.as_object_mut().unwrap();
        for (name, value) in [
            ("eventId", json!(7)),
            ("subscriptionId", json!(4_578_255)),
            ("portalId", json!(62_515)),
            ("appId", json!(DEFAULT_APP_ID)),
            ("occurredAt", json!(1_769_081_993_375_i64)),
            ("subscriptionType", json!(subscription.split(':').next())),
            ("attemptNumber", json!(0)),
            ("changeSource", json!("CRM_UI")),
            ("sourceId", json!("userId:26648231")),
        ] {
            assert_eq!(fields.remove(name), Some(value), "{name} of {subscription}");
        }
        event
    }

    #[test]
    fn every_kind_of_change_has_the_fields_that_hubspot_documents() {
        use ObjectType::{Company, Contact, Deal, Note, Ticket};
        let change = || ChangeKind::PropertyChange {
            name: "dealstage".to_owned(),
            value: "won".to_owned(),
        };
        let merge = || ChangeKind::Merge {
            merged: vec![record(102), record(103)],
            properties_moved: 4,
        };
        assert_eq!(
            special("contact.creation", Contact, ChangeKind::Creation),
            json!({"objectId": 101, "changeFlag": "CREATED"})
        );
        assert_eq!(
            special("company.deletion", Company, ChangeKind::Deletion),
            json!({"objectId": 101, "changeFlag": "DELETED"})
        );
        assert_eq!(
            special("ticket.restore", Ticket, ChangeKind::Restore),
            json!({"objectId": 101})
        );
        assert_eq!(
            special("deal.propertyChange:dealstage", Deal, change()),
            json!({"objectId": 101, "propertyName": "dealstage", "propertyValue": "won"})
        );
        assert_eq!(
            special("object.propertyChange:0-3:dealstage", Deal, change()),
            json!({"objectId": 101, "objectTypeId": "0-3", "propertyName": "dealstage", "propertyValue": "won",
                   "isSensitive": false})
        );
        assert_eq!(
            special("object.creation:0-46", Note, ChangeKind::Creation),
            json!({"objectId": 101, "objectTypeId": "0-46", "changeFlag": "CREATED"})
        );
        assert_eq!(
            special("contact.merge", Contact, merge()),
            json!({"objectId": 101, "primaryObjectId": 101, "mergedObjectIds": [102, 103], "newObjectId": 101,
                   "numberOfPropertiesMoved": 4})
        );
        let association = ChangeKind::AssociationChange {
            type_name: "CONTACT_TO_COMPANY".to_owned(),
            to: record(9),
            primary: true,
            removed: true,
        };
        assert_eq!(
            special("contact.associationChange", Contact, association),
            json!({"associationType": "CONTACT_TO_COMPANY", "fromObjectId": 101, "toObjectId": 9,
                   "associationRemoved": true, "isPrimaryAssociation": true})
        );
    }

    #[test]
    fn a_deletion_for_privacy_is_told_as_a_deletion_as_well() {
        let subscriptions = ["contact.privacyDeletion", "contact.deletion", "object.deletion:0-1"];
        let events = told(&subscriptions, ObjectType::Contact, ChangeKind::PrivacyDeletion);
        let types: Vec<&str> = events
            .iter()
            .map(|event| event["subscriptionType"].as_str().unwrap())
            .collect();
        assert_eq!(
            types,
            ["contact.privacyDeletion", "contact.deletion", "object.deletion"]
        );
        assert_eq!(events[0].get("changeFlag"), None);
        assert_eq!(events[1]["changeFlag"], "DELETED");
        let ids: Vec<u64> = events.iter().map(|event| event["eventId"].as_u64().unwrap()).collect();
        assert_eq!(ids, [7, 8, 9]);
    }

    #[test]
    fn only_what_was_subscribed_to_is_told() {
        let subscriptions = [
            "contact.propertyChange:email",
            "contact.creation",
            "object.creation:0-3",
        ];
        let city = ChangeKind::PropertyChange {
            name: "city".to_owned(),
            value: "Rome".to_owned(),
        };
        assert!(told(&subscriptions, ObjectType::Contact, city).is_empty());
        assert!(told(&subscriptions, ObjectType::Company, ChangeKind::Creation).is_empty());
        assert_eq!(told(&subscriptions, ObjectType::Deal, ChangeKind::Creation).len(), 1);
    }
}
