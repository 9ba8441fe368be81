//! Sessions in SQLite.

use async_trait::async_trait;

use super::row::{change, one, signed};
use super::{INSTALLATION, SqliteStore};
use crate::{SecretHash, SessionRow, Sessions, StoreError, Timestamp};

#[async_trait]
impl Sessions for SqliteStore {
    async fn create_session(&self, session: SessionRow) -> Result<bool, StoreError> {
        self.write(move |batch| {
            let created = change(
                batch.connection,
                "INSERT INTO session (tenant_id, id, data, expires_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                (INSTALLATION, session.id.0, &session.data, session.expires_at.millis()),
            )?;
            Ok(created == 1)
        })
        .await
    }

    async fn save_session(&self, session: SessionRow) -> Result<(), StoreError> {
        self.write(move |batch| {
            change(
                batch.connection,
                "UPDATE session SET data = ?3, expires_at = ?4 WHERE tenant_id = ?1 AND id = ?2",
                (INSTALLATION, session.id.0, &session.data, session.expires_at.millis()),
            )?;
            Ok(())
        })
        .await
    }

    async fn session(&self, id: SecretHash, now: Timestamp) -> Result<Option<SessionRow>, StoreError> {
        self.read(move |connection| {
            one(
                connection,
                "session",
                "SELECT * FROM session WHERE tenant_id = ?1 AND id = ?2 AND expires_at > ?3",
                (INSTALLATION, id.0, now.millis()),
                |row| {
                    Ok(SessionRow {
                        id: row.hash("id")?,
                        data: row.get("data")?,
                        expires_at: row.moment("expires_at")?,
                    })
                },
            )
        })
        .await
    }

    async fn remove_session(&self, id: SecretHash) -> Result<(), StoreError> {
        self.write(move |batch| {
            change(
                batch.connection,
                "DELETE FROM session WHERE tenant_id = ?1 AND id = ?2",
                (INSTALLATION, id.0),
            )?;
            Ok(())
        })
        .await
    }

    async fn remove_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |batch| {
            let removed = change(
                batch.connection,
                "DELETE FROM session WHERE tenant_id = ?1 AND expires_at <= ?2",
                (INSTALLATION, now.millis()),
            )?;
            Ok(signed(removed).unsigned_abs())
        })
        .await
    }
}
