//! The contact card: who the visitor is and how far HubSpot knows.

use parlor_protocol::{ContactCard, ConversationId, Delivery, DeliveryStatus, HubspotRecord, TenantId};
use parlor_store::{ConversationDelivery, RecordState, StoreError};

use crate::Engine;

impl Engine {
    /// The card of a conversation; `None` when there is no such conversation.
    pub async fn card(&self, tenant: &TenantId, id: &ConversationId) -> Result<Option<ContactCard>, StoreError> {
        let Some(conversation) = self.store.conversation(tenant, id).await? else {
            return Ok(None);
        };
        let Some(reached) = self.store.delivery_of(tenant, id).await? else {
            return Ok(None);
        };
        Ok(Some(ContactCard {
            name: conversation.visitor_name,
            email: conversation.email,
            email_verified: false,
            widget_name: conversation.widget_name,
            registered_at: conversation.created_at.millis(),
            page: conversation.page,
            hubspot: reached.record.as_ref().map(|record| HubspotRecord {
                id: record.clone(),
                url: self.delivery.record_url(record),
            }),
            delivery: if conversation.is_erased {
                Delivery {
                    delivered_seq: reached.delivered_seq,
                    last_seq: reached.last_seq,
                    status: DeliveryStatus::Erased,
                    detail: None,
                }
            } else {
                self.delivery_in_view(reached)
            },
        }))
    }

    fn delivery_in_view(&self, reached: ConversationDelivery) -> Delivery {
        let complete = reached.delivered_seq >= reached.last_seq && reached.record.is_some();
        let trouble = self.delivery.trouble();
        let (status, detail) = match reached.state {
            _ if reached.held => (DeliveryStatus::Held, None),
            _ if reached.address_refused => (DeliveryStatus::Refused, reached.detail),
            _ if reached.address_dead => (DeliveryStatus::Dead, reached.detail),
            Some(RecordState::Gone) => (DeliveryStatus::Gone, None),
            Some(RecordState::Refused) => (DeliveryStatus::Refused, reached.detail),
            Some(RecordState::Dead) => (DeliveryStatus::Dead, reached.detail),
            Some(RecordState::Full) if complete => (DeliveryStatus::Full, None),
            _ if complete => (DeliveryStatus::Delivered, None),
            _ if !self.delivery.is_connected() => (DeliveryStatus::NoToken, None),
            _ => match trouble.or(reached.detail.filter(|_| reached.attempts > 0)) {
                Some(detail) => (DeliveryStatus::Waiting, Some(detail)),
                None => (DeliveryStatus::Pending, None),
            },
        };
        Delivery {
            delivered_seq: reached.delivered_seq,
            last_seq: reached.last_seq,
            status,
            detail,
        }
    }
}
