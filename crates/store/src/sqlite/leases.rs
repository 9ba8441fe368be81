//! Leases in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use parlor_protocol::TenantId;
use rusqlite::Connection;

use super::SqliteStore;
use super::row::{change, one, signed};
use super::writer::Batch;
use crate::{Fence, Leases, StoreError, Taken, Timestamp};

#[async_trait]
impl Leases for SqliteStore {
    async fn take_lease(
        &self,
        tenant: &TenantId,
        name: &str,
        holder: &str,
        lasts: Duration,
        grace: Duration,
    ) -> Result<Taken, StoreError> {
        let (tenant, name, holder) = (tenant.clone(), name.to_owned(), holder.to_owned());
        self.write(move |batch| take(batch, tenant.as_str(), name, &holder, lasts, grace))
            .await
    }

    async fn give_lease_back(&self, tenant: &TenantId, fence: &Fence) -> Result<(), StoreError> {
        let (tenant, fence) = (tenant.clone(), fence.clone());
        self.write(move |batch| {
            change(
                batch.connection,
                "UPDATE lease SET holder = '', expires_at = 0 WHERE tenant_id = ?1 AND name = ?2 AND token = ?3",
                (tenant.as_str(), &fence.name, signed(fence.token)),
            )?;
            Ok(())
        })
        .await
    }
}

fn take(
    batch: &Batch<'_>,
    tenant: &str,
    name: String,
    holder: &str,
    lasts: Duration,
    grace: Duration,
) -> Result<Taken, StoreError> {
    let last = one(
        batch.connection,
        "lease",
        "SELECT holder, token, expires_at FROM lease WHERE tenant_id = ?1 AND name = ?2",
        [tenant, &name],
        |row| {
            Ok((
                row.get::<String>("holder")?,
                row.number::<u64>("token")?,
                row.moment("expires_at")?,
            ))
        },
    )?;
    let kept = last.as_ref().is_some_and(|(last, ..)| last == holder);
    if let Some((last, _, expires_at)) = &last
        && !kept
        && !last.is_empty()
        && *expires_at + grace > batch.now
    {
        return Ok(Taken::Busy(*expires_at + grace));
    }
    let token = match last {
        Some((_, token, _)) if kept => token,
        Some((_, token, _)) => token + 1,
        None => 1,
    };
    change(
        batch.connection,
        "INSERT INTO lease (tenant_id, name, holder, token, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant_id, name) DO UPDATE
         SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at",
        (tenant, &name, holder, signed(token), (batch.now + lasts).millis()),
    )?;
    let fence = Fence { name, token };
    Ok(if kept { Taken::Kept(fence) } else { Taken::New(fence) })
}

/// Whether the lease is still the one that this token was given for.
pub(super) fn holds(batch: &Batch<'_>, tenant: &str, fence: &Fence) -> Result<bool, StoreError> {
    let token = one(
        batch.connection,
        "lease",
        "SELECT token FROM lease WHERE tenant_id = ?1 AND name = ?2",
        [tenant, &fence.name],
        |row| row.number::<u64>("token"),
    )?;
    Ok(token == Some(fence.token))
}

/// A server that has the database has it alone: whoever held a lease is gone, and what it had begun is for the next holder to
/// doubt.
pub(super) fn end_all(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE lease SET holder = '', expires_at = ?1",
        [Timestamp::default().millis()],
    )?;
    Ok(())
}
