//! Erasure in SQLite.

pub(super) mod jobs;
mod text;

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, TenantId};

use super::SqliteStore;
use super::row::{all, one, signed};
use crate::{Erased, ErasureNote, Erasures, Forget, StoreError, Timestamp};

#[async_trait]
impl Erasures for SqliteStore {
    async fn forget(&self, tenant: &TenantId, forget: Forget) -> Result<Erased, StoreError> {
        let tenant = tenant.clone();
        let erased = self
            .write(move |batch| text::forget(batch, tenant.as_str(), &forget))
            .await?;
        self.fold_log(&erased).await;
        Ok(erased)
    }

    async fn not_erased(
        &self,
        tenant: &TenantId,
        email: Option<ClaimedEmail>,
        began_until: Timestamp,
        conversations: Vec<ConversationId>,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let email = email.as_ref().map(ClaimedEmail::as_str);
            text::not_erased(connection, tenant.as_str(), email, began_until, &conversations)
        })
        .await
    }

    async fn erased_after(
        &self,
        tenant: &TenantId,
        change: u64,
        limit: usize,
    ) -> Result<Vec<(u64, ConversationId)>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            all(
                connection,
                "conversation",
                "SELECT change, id FROM conversation
                 WHERE tenant_id = ?1 AND erased IS NOT NULL AND change > ?2 ORDER BY change LIMIT ?3",
                (tenant.as_str(), signed(change), signed(limit)),
                |row| Ok((row.number("change")?, row.parsed("id")?)),
            )
        })
        .await
    }

    async fn forgotten_among(
        &self,
        tenant: &TenantId,
        conversations: Vec<ConversationId>,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            all(
                connection,
                "conversation",
                "SELECT id FROM conversation
                 WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2)) AND erased = 'forgotten' ORDER BY id",
                (tenant.as_str(), text::json(&conversations)?),
                |row| row.parsed("id"),
            )
        })
        .await
    }

    async fn addresses(&self, tenant: &TenantId) -> Result<Vec<ClaimedEmail>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            all(
                connection,
                "conversation",
                "SELECT email FROM conversation WHERE tenant_id = ?1 AND email <> ''
                 UNION SELECT email FROM hubspot_address WHERE tenant_id = ?1",
                [tenant.as_str()],
                |row| row.parsed("email"),
            )
        })
        .await
    }

    async fn erasure_notes(&self, tenant: &TenantId, record: &str) -> Result<Vec<ErasureNote>, StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.read(move |connection| jobs::notes(connection, tenant.as_str(), &record))
            .await
    }

    async fn settle_erasure_note(&self, tenant: &TenantId, note: &ErasureNote) -> Result<(), StoreError> {
        let (tenant, note) = (tenant.clone(), note.clone());
        self.write(move |batch| jobs::settle_note(batch, tenant.as_str(), &note))
            .await
    }

    async fn note_removed(&self, tenant: &TenantId, record: &str, since: Timestamp) -> Result<(), StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.write(move |batch| jobs::removed(batch, tenant.as_str(), &record, since))
            .await
    }

    async fn finish_erasure(&self, tenant: &TenantId, record: &str, since: Timestamp) -> Result<bool, StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.write(move |batch| jobs::finish(batch, tenant.as_str(), &record, since))
            .await
    }

    async fn revive_erasures(&self, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| jobs::revive(batch, tenant.as_str(), now)).await
    }

    async fn count_erasures(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let sql = "SELECT count(*) AS jobs FROM erasure_job WHERE tenant_id = ?1";
            let jobs = one(connection, "erasure_job", sql, [tenant.as_str()], |row| {
                row.number("jobs")
            })?;
            Ok(jobs.unwrap_or(0))
        })
        .await
    }

    async fn expired(
        &self,
        tenant: &TenantId,
        before: Timestamp,
        given_up_before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| text::expired(connection, tenant.as_str(), before, given_up_before, limit))
            .await
    }

    async fn expire(&self, tenant: &TenantId, conversations: Vec<ConversationId>) -> Result<Erased, StoreError> {
        let tenant = tenant.clone();
        let erased = self
            .write(move |batch| text::expire(batch, tenant.as_str(), &conversations))
            .await?;
        self.fold_log(&erased).await;
        Ok(erased)
    }
}

impl SqliteStore {
    /// The log still holds what the database no longer does.
    async fn fold_log(&self, erased: &Erased) {
        if !erased.conversations.is_empty() {
            self.writer.fold().await;
        }
    }
}
