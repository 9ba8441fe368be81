//! The audit in SQLite.

use async_trait::async_trait;
use parlor_protocol::TenantId;

use super::SqliteStore;
use super::row::{all, change, signed};
use super::writer::Batch;
use crate::{Audit, Audits, NewAudit, StoreError};

#[async_trait]
impl Audits for SqliteStore {
    async fn add_audit(&self, tenant: &TenantId, audit: NewAudit) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| add(batch, tenant.as_str(), &audit)).await
    }

    async fn audits(&self, tenant: &TenantId, limit: usize) -> Result<Vec<Audit>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            all(
                connection,
                "audit",
                "SELECT * FROM audit WHERE tenant_id = ?1 ORDER BY number DESC LIMIT ?2",
                (tenant.as_str(), signed(limit)),
                |row| {
                    Ok(Audit {
                        number: row.number("number")?,
                        at: row.moment("at")?,
                        actor: row.get("actor")?,
                        action: row.get("action")?,
                        visitors: row.number("visitors")?,
                        conversations: row.number("conversations")?,
                        messages: row.number("messages")?,
                    })
                },
            )
        })
        .await
    }
}

pub(super) fn add(batch: &Batch<'_>, tenant: &str, audit: &NewAudit) -> Result<(), StoreError> {
    change(
        batch.connection,
        "INSERT INTO audit (tenant_id, number, at, actor, action, visitors, conversations, messages)
         SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM audit WHERE tenant_id = ?1",
        (
            tenant,
            batch.now.millis(),
            &audit.actor,
            audit.action,
            signed(audit.visitors),
            signed(audit.conversations),
            signed(audit.messages),
        ),
    )?;
    Ok(())
}
