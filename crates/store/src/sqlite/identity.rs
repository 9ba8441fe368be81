//! Proofs and visitor tokens in SQLite.
//!
//! Whatever adds or removes a visitor token moves its tenant's count along, in the same transaction.

use async_trait::async_trait;
use parlor_protocol::{TenantId, WidgetId};

use super::SqliteStore;
use super::row::{Fields, all, change, corrupt, one, signed};
use super::writer::Batch;
use crate::{
    Identities, Provider, RevokedProof, SecretHash, StoreError, StoredToken, Timestamp, WidgetIdentity,
    WidgetIdentityChange,
};

#[async_trait]
impl Identities for SqliteStore {
    async fn widget_identity(&self, tenant: &TenantId, widget: &WidgetId) -> Result<WidgetIdentity, StoreError> {
        let (tenant, widget) = (tenant.clone(), widget.clone());
        self.read(move |connection| identity_of(connection, &tenant, &widget))
            .await
    }

    async fn change_widget_identity(
        &self,
        tenant: &TenantId,
        widget: &WidgetId,
        wanted: WidgetIdentityChange,
    ) -> Result<Option<WidgetIdentity>, StoreError> {
        let (tenant, widget) = (tenant.clone(), widget.clone());
        self.write(move |batch| {
            // Within the transaction, which nobody else writes beside, be it another process.
            let identity = wanted.applied_to(identity_of(batch.connection, &tenant, &widget)?);
            let set = change(
                batch.connection,
                "INSERT INTO widget_identity (tenant_id, widget_id, provider, waits_for_consent, secret, public_key,
                                              landing_page, not_before)
                 SELECT tenant_id, id, ?3, ?4, ?5, ?6, ?7, ?8 FROM widget WHERE tenant_id = ?1 AND id = ?2
                 ON CONFLICT (tenant_id, widget_id) DO UPDATE
                 SET provider = excluded.provider, waits_for_consent = excluded.waits_for_consent,
                     secret = excluded.secret, public_key = excluded.public_key,
                     landing_page = excluded.landing_page, not_before = excluded.not_before",
                (
                    tenant.as_str(),
                    widget.as_str(),
                    identity.provider.as_str(),
                    identity.waits_for_consent,
                    &identity.secret,
                    identity.public_key,
                    identity.landing_page,
                    identity.not_before.millis(),
                ),
            )?;
            Ok((set == 1).then_some(identity))
        })
        .await
    }

    async fn revoke_proof(
        &self,
        tenant: &TenantId,
        widget: &WidgetId,
        proof: SecretHash,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let (tenant, widget) = (tenant.clone(), widget.clone());
        self.write(move |batch| {
            let revoked = change(
                batch.connection,
                "INSERT INTO revoked_proof (tenant_id, widget_id, hash, expires_at)
                 SELECT tenant_id, id, ?3, ?4 FROM widget WHERE tenant_id = ?1 AND id = ?2
                 ON CONFLICT (tenant_id, widget_id, hash) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)",
                (tenant.as_str(), widget.as_str(), proof.0, until.millis()),
            )?;
            Ok(revoked == 1)
        })
        .await
    }

    async fn revoked_proofs(&self, now: Timestamp) -> Result<Vec<RevokedProof>, StoreError> {
        self.read(move |connection| {
            let sql = "SELECT widget_id, hash, expires_at FROM revoked_proof WHERE expires_at > ?1 ORDER BY expires_at";
            all(connection, "revoked_proof", sql, [now.millis()], |row| {
                Ok(RevokedProof {
                    widget: row.parsed("widget_id")?,
                    hash: row.hash("hash")?,
                    until: row.moment("expires_at")?,
                })
            })
        })
        .await
    }

    async fn visitor_token(
        &self,
        tenant: &TenantId,
        key: SecretHash,
        now: Timestamp,
    ) -> Result<Option<StoredToken>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            one(
                connection,
                "visitor_token",
                "SELECT sealed, expires_at FROM visitor_token WHERE tenant_id = ?1 AND key = ?2 AND expires_at > ?3",
                (tenant.as_str(), key.0, now.millis()),
                |row| {
                    Ok(StoredToken {
                        sealed: row.get("sealed")?,
                        expires_at: row.moment("expires_at")?,
                    })
                },
            )
        })
        .await
    }

    async fn keep_visitor_token(
        &self,
        tenant: &TenantId,
        key: SecretHash,
        generation: SecretHash,
        token: StoredToken,
        most: u64,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| keep_token(batch, tenant.as_str(), key, generation, &token, most))
            .await
    }

    async fn forget_visitor_tokens(&self, tenant: &TenantId, generation: SecretHash) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            let sql = "DELETE FROM visitor_token WHERE tenant_id = ?1 AND generation = ?2";
            remove_tokens(batch, tenant.as_str(), sql, (tenant.as_str(), generation.0))
        })
        .await
    }

    async fn forget_other_generations(&self, tenant: &TenantId, generation: SecretHash) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            let sql = "DELETE FROM visitor_token WHERE tenant_id = ?1 AND generation <> ?2";
            remove_tokens(batch, tenant.as_str(), sql, (tenant.as_str(), generation.0))
        })
        .await
    }

    async fn count_visitor_tokens(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let sql = "SELECT count(*) AS kept FROM visitor_token WHERE tenant_id = ?1 AND expires_at > ?2";
            let parameters = (tenant.as_str(), now.millis());
            let counted = one(connection, "visitor_token", sql, parameters, |row| row.number("kept"))?;
            Ok(counted.unwrap_or_default())
        })
        .await
    }

    async fn remove_expired_identity(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |batch| {
            let sql = "DELETE FROM revoked_proof WHERE expires_at <= ?1";
            let mut removed = signed(change(batch.connection, sql, [now.millis()])?).unsigned_abs();
            let tenants: Vec<String> = all(
                batch.connection,
                "visitor_token_count",
                "SELECT tenant_id FROM visitor_token_count WHERE kept > 0",
                [],
                |row| row.get("tenant_id"),
            )?;
            for tenant in &tenants {
                let sql = "DELETE FROM visitor_token WHERE tenant_id = ?1 AND expires_at <= ?2";
                removed += remove_tokens(batch, tenant, sql, (tenant, now.millis()))?;
            }
            Ok(removed)
        })
        .await
    }
}

fn identity_of(
    connection: &rusqlite::Connection,
    tenant: &TenantId,
    widget: &WidgetId,
) -> Result<WidgetIdentity, StoreError> {
    let sql = "SELECT * FROM widget_identity WHERE tenant_id = ?1 AND widget_id = ?2";
    let parameters = [tenant.as_str(), widget.as_str()];
    let found = one(connection, "widget_identity", sql, parameters, read_identity)?;
    Ok(found.unwrap_or_default())
}

fn read_identity(row: &Fields<'_>) -> Result<WidgetIdentity, StoreError> {
    let provider: String = row.get("provider")?;
    Ok(WidgetIdentity {
        provider: [Provider::Parlor, Provider::HubSpot]
            .into_iter()
            .find(|known| known.as_str() == provider)
            .ok_or_else(|| corrupt("widget_identity", "provider", &"no such provider"))?,
        waits_for_consent: row.get("waits_for_consent")?,
        secret: row.get("secret")?,
        public_key: row.get("public_key")?,
        landing_page: row.get("landing_page")?,
        not_before: row.moment("not_before")?,
    })
}

fn keep_token(
    batch: &Batch<'_>,
    tenant: &str,
    key: SecretHash,
    generation: SecretHash,
    token: &StoredToken,
    most: u64,
) -> Result<(), StoreError> {
    let values = (tenant, key.0, generation.0, &token.sealed, token.expires_at.millis());
    let added = change(
        batch.connection,
        "INSERT INTO visitor_token (tenant_id, key, generation, sealed, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant_id, key) DO NOTHING",
        values,
    )?;
    if added == 0 {
        change(
            batch.connection,
            "UPDATE visitor_token SET generation = ?3, sealed = ?4, expires_at = ?5 WHERE tenant_id = ?1 AND key = ?2",
            values,
        )?;
    }
    let kept: Option<u64> = one(
        batch.connection,
        "visitor_token_count",
        "INSERT INTO visitor_token_count (tenant_id, kept) VALUES (?1, ?2)
         ON CONFLICT (tenant_id) DO UPDATE SET kept = visitor_token_count.kept + excluded.kept
         RETURNING kept",
        (tenant, signed(added)),
        |row| row.number("kept"),
    )?;
    let excess = kept.unwrap_or_default().saturating_sub(most);
    if excess > 0 {
        // The index holds them in this order, so only those that go are looked at.
        let sql = "DELETE FROM visitor_token WHERE tenant_id = ?1 AND key IN (
                       SELECT key FROM visitor_token WHERE tenant_id = ?1 ORDER BY expires_at LIMIT ?2
                   )";
        remove_tokens(batch, tenant, sql, (tenant, signed(excess)))?;
    }
    Ok(())
}

/// Removes tokens of a tenant and takes them off its count; answers how many.
pub(super) fn remove_tokens(
    batch: &Batch<'_>,
    tenant: &str,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<u64, StoreError> {
    let removed = signed(change(batch.connection, sql, parameters)?);
    if removed > 0 {
        change(
            batch.connection,
            "UPDATE visitor_token_count SET kept = kept - ?2 WHERE tenant_id = ?1",
            (tenant, removed),
        )?;
    }
    Ok(removed.unsigned_abs())
}
