//! The state of delivery in SQLite: addresses, records and what stands in each record's value.

mod addresses;
mod notes;
mod progress;
mod records;

pub(super) use addresses::order_contact;
use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, TenantId};

use super::SqliteStore;
use crate::{
    ConversationDelivery, Delivered, Deliveries, DirtyRecord, PendingAddress, RecordState, Sending, StoreError,
    Timestamp, TranscriptConversation, ValueHash,
};

#[async_trait]
impl Deliveries for SqliteStore {
    async fn pending_addresses(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<PendingAddress>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| addresses::pending(connection, tenant.as_str(), now, limit))
            .await
    }

    async fn link_addresses(&self, tenant: &TenantId, links: Vec<(ClaimedEmail, String)>) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| addresses::link(batch, tenant.as_str(), &links))
            .await
    }

    async fn postpone_addresses(
        &self,
        tenant: &TenantId,
        emails: Vec<ClaimedEmail>,
        next_attempt_at: Timestamp,
        detail: &str,
    ) -> Result<(), StoreError> {
        let (tenant, detail) = (tenant.clone(), detail.to_owned());
        self.write(move |batch| addresses::postpone(batch, tenant.as_str(), &emails, next_attempt_at, &detail))
            .await
    }

    async fn refuse_address(&self, tenant: &TenantId, email: &ClaimedEmail, detail: &str) -> Result<(), StoreError> {
        let (tenant, email, detail) = (tenant.clone(), email.clone(), detail.to_owned());
        self.write(move |batch| addresses::refuse(batch, tenant.as_str(), email.as_str(), &detail))
            .await
    }

    async fn dirty_records(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DirtyRecord>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| progress::dirty(connection, tenant.as_str(), now, limit))
            .await
    }

    async fn transcript(&self, tenant: &TenantId, record: &str) -> Result<Vec<TranscriptConversation>, StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.read(move |connection| progress::transcript(connection, tenant.as_str(), &record))
            .await
    }

    async fn sent_values(&self, tenant: &TenantId, record: &str) -> Result<Vec<ValueHash>, StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.read(move |connection| records::sent_values(connection, tenant.as_str(), &record))
            .await
    }

    async fn note_sending(&self, tenant: &TenantId, values: Vec<Sending>, now: Timestamp) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| records::note_sending(batch, tenant.as_str(), &values, now))
            .await
    }

    async fn suspect_values_sent_since(
        &self,
        tenant: &TenantId,
        sent_since: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| records::suspect_sent_since(batch, tenant.as_str(), sent_since, until))
            .await
    }

    async fn note_delivered(&self, tenant: &TenantId, delivered: Vec<Delivered>) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| records::note_delivered(batch, tenant.as_str(), &delivered))
            .await
    }

    async fn postpone_records(
        &self,
        tenant: &TenantId,
        records: Vec<String>,
        next_attempt_at: Timestamp,
        unconfirmed_until: Option<Timestamp>,
        detail: &str,
    ) -> Result<(), StoreError> {
        let (tenant, detail) = (tenant.clone(), detail.to_owned());
        self.write(move |batch| {
            records::postpone(
                batch,
                tenant.as_str(),
                &records,
                next_attempt_at,
                unconfirmed_until,
                &detail,
            )
        })
        .await
    }

    async fn set_record_state(
        &self,
        tenant: &TenantId,
        record: &str,
        state: RecordState,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (tenant, record, detail) = (tenant.clone(), record.to_owned(), detail.to_owned());
        self.write(move |batch| records::set_state(batch, tenant.as_str(), &record, state, &detail, now))
            .await
    }

    async fn rekey_record(&self, tenant: &TenantId, old: &str, new: &str) -> Result<(), StoreError> {
        let (tenant, old, new) = (tenant.clone(), old.to_owned(), new.to_owned());
        self.write(move |batch| records::rekey(batch, tenant.as_str(), &old, &new))
            .await
    }

    async fn addresses_of(&self, tenant: &TenantId, record: &str) -> Result<Vec<ClaimedEmail>, StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.read(move |connection| addresses::of_record(connection, tenant.as_str(), &record))
            .await
    }

    async fn conversations_of(&self, tenant: &TenantId, record: &str) -> Result<Vec<ConversationId>, StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.read(move |connection| addresses::conversations_of_record(connection, tenant.as_str(), &record))
            .await
    }

    async fn conversations_of_address(
        &self,
        tenant: &TenantId,
        email: &ClaimedEmail,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let (tenant, email) = (tenant.clone(), email.clone());
        self.read(move |connection| addresses::conversations_of(connection, tenant.as_str(), email.as_str()))
            .await
    }

    async fn next_due(&self, tenant: &TenantId) -> Result<Option<Timestamp>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| progress::next_due(connection, tenant.as_str()))
            .await
    }

    async fn delivery_of(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
    ) -> Result<Option<ConversationDelivery>, StoreError> {
        let (tenant, conversation) = (tenant.clone(), conversation.clone());
        self.read(move |connection| progress::of_conversation(connection, tenant.as_str(), conversation.as_str()))
            .await
    }

    async fn backlog(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| progress::backlog(connection, tenant.as_str()))
            .await
    }
}
