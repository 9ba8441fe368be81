//! Reps in SQLite.

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, RepId, TenantId};

use super::SqliteStore;
use super::row::{Fields, is_taken, one};
use crate::{NewRep, Rep, Reps, StoreError};

#[async_trait]
impl Reps for SqliteStore {
    async fn add_rep(&self, tenant: &TenantId, rep: NewRep) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            let added = batch
                .connection
                .prepare_cached(
                    "INSERT INTO rep (tenant_id, id, email, name, password_hash, password_version, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
                )?
                .execute((
                    tenant.as_str(),
                    rep.id.as_str(),
                    rep.email.as_str(),
                    &rep.name,
                    &rep.password_hash,
                    batch.now.millis(),
                ));
            match added {
                Ok(_) => Ok(()),
                Err(error) if is_taken(&error) => {
                    let is_email = error.to_string().contains("rep.email");
                    let what = if is_email {
                        "a rep of this address"
                    } else {
                        "a rep of this id"
                    };
                    Err(StoreError::Exists { what })
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn rep_by_email(&self, email: &ClaimedEmail) -> Result<Option<Rep>, StoreError> {
        let email = email.clone();
        self.read(move |connection| {
            one(
                connection,
                "rep",
                "SELECT * FROM rep WHERE email = ?1",
                [email.as_str()],
                rep,
            )
        })
        .await
    }

    async fn rep(&self, tenant: &TenantId, id: &RepId) -> Result<Option<Rep>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.read(move |connection| {
            let sql = "SELECT * FROM rep WHERE tenant_id = ?1 AND id = ?2";
            one(connection, "rep", sql, [tenant.as_str(), id.as_str()], rep)
        })
        .await
    }

    async fn set_password(
        &self,
        tenant: &TenantId,
        id: &RepId,
        password_hash: String,
    ) -> Result<Option<u64>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.write(move |batch| {
            one(
                batch.connection,
                "rep",
                "UPDATE rep SET password_hash = ?3, password_version = password_version + 1
                 WHERE tenant_id = ?1 AND id = ?2 RETURNING password_version",
                [tenant.as_str(), id.as_str(), &password_hash],
                |row| row.number("password_version"),
            )
        })
        .await
    }
}

fn rep(row: &Fields<'_>) -> Result<Rep, StoreError> {
    Ok(Rep {
        tenant: row.parsed("tenant_id")?,
        id: row.parsed("id")?,
        email: row.parsed("email")?,
        name: row.get("name")?,
        password_hash: row.get("password_hash")?,
        password_version: row.number("password_version")?,
    })
}
