//! The contact card beside a thread: who the visitor is, where they came from, and how far HubSpot knows.

use serde::{Deserialize, Serialize};

use crate::PageContext;

/// The contact's record in HubSpot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubspotRecord {
    /// The record's id.
    pub id: String,
    /// The record's page in HubSpot, when the portal is known.
    pub url: Option<String>,
}

/// Why the transcript is where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Everything written so far is in HubSpot.
    Delivered,
    /// On its way; nothing is wrong.
    Pending,
    /// HubSpot did not take it; it is tried again. `detail` says what HubSpot answered.
    Waiting,
    /// The registration is held back until a rep releases it.
    Held,
    /// No HubSpot token is configured; the backlog is delivered when there is one.
    NoToken,
    /// Other people's text fills the property: messages stand in notes on the contact.
    Full,
    /// The contact was deleted in HubSpot; old messages do not bring it back.
    Gone,
    /// HubSpot refuses this contact for good; `detail` says why.
    Refused,
    /// Text and identity were erased; nothing is written any more.
    Erased,
    /// It failed for seven days and is not tried any more until somebody replays it; `detail` says why.
    Dead,
}

/// How far a conversation has reached HubSpot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Up to which message the transcript in HubSpot reaches; 0 for none.
    pub delivered_seq: u64,
    /// The last message there is.
    pub last_seq: u64,
    /// Why it is there.
    pub status: DeliveryStatus,
    /// What to know beyond the status, in words: HubSpot's answer, what an operator has to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Delivery {
    /// There is a message that HubSpot does not have yet.
    pub fn note_message(&mut self, seq: u64) {
        self.last_seq = self.last_seq.max(seq);
        if self.status == DeliveryStatus::Delivered && self.last_seq > self.delivered_seq {
            self.status = DeliveryStatus::Pending;
        }
    }

    /// The state in one line, as the card shows it.
    #[must_use]
    pub fn in_words(&self) -> String {
        let reached = match self.delivered_seq {
            0 => "nothing in HubSpot yet".to_owned(),
            seq => format!("in HubSpot up to message {seq}"),
        };
        let detail = self.detail.as_deref().unwrap_or_default();
        match self.status {
            DeliveryStatus::Delivered => reached,
            DeliveryStatus::Pending => format!("{reached}, more on its way"),
            DeliveryStatus::Waiting => format!("{reached}; waiting: {detail}"),
            DeliveryStatus::Held => "held back from HubSpot until released".to_owned(),
            DeliveryStatus::NoToken => format!("{reached}; waiting: no HubSpot token is configured"),
            DeliveryStatus::Full => {
                format!("{reached}; other text fills the property, messages stand in notes on the contact")
            }
            DeliveryStatus::Gone => format!("{reached}; the contact was deleted in HubSpot"),
            DeliveryStatus::Refused => format!("{reached}; refused: {detail}"),
            DeliveryStatus::Erased => "erased: nothing is written to HubSpot".to_owned(),
            DeliveryStatus::Dead => format!("{reached}; given up after seven days: {detail}"),
        }
    }
}

/// The card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactCard {
    /// The visitor's first and last name.
    pub name: String,
    /// The visitor's address.
    pub email: String,
    /// Whether the address was proven, or only typed.
    pub email_verified: bool,
    /// The widget's name.
    pub widget_name: String,
    /// When the visitor registered (ms since the Unix epoch).
    pub registered_at: i64,
    /// The page they registered on.
    pub page: PageContext,
    /// Their record, once it is found or created.
    pub hubspot: Option<HubspotRecord>,
    /// How far HubSpot knows.
    pub delivery: Delivery,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_message_is_on_its_way_until_hubspot_has_it() {
        let mut delivery = Delivery {
            delivered_seq: 1,
            last_seq: 1,
            status: DeliveryStatus::Delivered,
            detail: None,
        };
        delivery.note_message(1);
        assert_eq!(delivery.in_words(), "in HubSpot up to message 1");
        delivery.note_message(2);
        assert_eq!(delivery.in_words(), "in HubSpot up to message 1, more on its way");
        delivery.status = DeliveryStatus::NoToken;
        delivery.note_message(3);
        assert_eq!((delivery.status, delivery.last_seq), (DeliveryStatus::NoToken, 3));
    }
}
