//! The state of delivery in SQLite: addresses, records and what stands in each record's value.

mod addresses;
mod dead_letters;
mod notes;
mod progress;
mod records;

use std::time::Duration;

pub(super) use addresses::order_contact;
use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, TenantId};
pub(super) use progress::dirty_record;

use super::SqliteStore;
use super::leases;
use crate::{
    Coalescing, ConversationDelivery, Delivered, Deliveries, DirtyRecord, Fence, PendingAddress, Postponement, Reason,
    RecordState, Sending, StoreError, Timestamp, TranscriptConversation, Undelivered, ValueHash,
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
        postponement: Postponement,
    ) -> Result<Vec<ClaimedEmail>, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| addresses::postpone(batch, tenant.as_str(), &emails, &postponement))
            .await
    }

    async fn refuse_address(&self, tenant: &TenantId, email: &ClaimedEmail, reason: &Reason) -> Result<(), StoreError> {
        let (tenant, email, reason) = (tenant.clone(), email.clone(), reason.clone());
        self.write(move |batch| addresses::rest(batch, tenant.as_str(), email.as_str(), "refused", &reason))
            .await
    }

    async fn dirty_records(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        due_by: Timestamp,
        coalescing: Coalescing,
        limit: usize,
    ) -> Result<Vec<DirtyRecord>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| progress::dirty(connection, tenant.as_str(), now, due_by, coalescing, limit))
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

    async fn note_sending(
        &self,
        tenant: &TenantId,
        fence: &Fence,
        values: Vec<Sending>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (tenant, fence) = (tenant.clone(), fence.clone());
        self.write(move |batch| {
            let holds = leases::holds(batch, tenant.as_str(), &fence)?;
            if holds {
                records::note_sending(batch, tenant.as_str(), &values, now)?;
            }
            Ok(holds)
        })
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
        postponement: Postponement,
    ) -> Result<Vec<String>, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| records::postpone(batch, tenant.as_str(), &records, &postponement))
            .await
    }

    async fn excuse_failures(&self, tenant: &TenantId, by: Duration) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| dead_letters::excuse(batch, tenant.as_str(), by))
            .await
    }

    async fn set_record_state(
        &self,
        tenant: &TenantId,
        record: &str,
        state: RecordState,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (tenant, record, reason) = (tenant.clone(), record.to_owned(), reason.clone());
        self.write(move |batch| records::set_state(batch, tenant.as_str(), &record, state, &reason, now))
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

    async fn next_due(&self, tenant: &TenantId, coalescing: Coalescing) -> Result<Option<Timestamp>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| progress::next_due(connection, tenant.as_str(), coalescing))
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

    async fn undelivered(&self, tenant: &TenantId) -> Result<Undelivered, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| progress::undelivered(connection, tenant.as_str()))
            .await
    }

    async fn backlog(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| progress::backlog(connection, tenant.as_str()))
            .await
    }
}
