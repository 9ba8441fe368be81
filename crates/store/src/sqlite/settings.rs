//! Settings in SQLite.

use async_trait::async_trait;

use super::row::{change, one};
use super::writer::Batch;
use super::{INSTALLATION, SqliteStore};
use crate::{Settings, StoreError};

/// The setting that a probe writes.
const PROBED_AT: &str = "store.probed_at";

#[async_trait]
impl Settings for SqliteStore {
    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| {
            let sql = "SELECT value FROM setting WHERE tenant_id = ?1 AND name = ?2";
            one(connection, "setting", sql, (INSTALLATION, &name), |row| {
                row.get("value")
            })
        })
        .await
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write(move |batch| keep(batch, &name, &value)).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.write(|batch| keep(batch, PROBED_AT, &batch.now.rfc3339())).await
    }
}

fn keep(batch: &Batch<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    change(
        batch.connection,
        "INSERT INTO setting (tenant_id, name, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value",
        (INSTALLATION, name, value),
    )?;
    Ok(())
}
