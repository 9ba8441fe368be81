//! HubSpot's portals in SQLite.

use async_trait::async_trait;
use parlor_protocol::TenantId;

use super::SqliteStore;
use super::row::{change, one, signed};
use crate::{PortalConnection, Portals, SecretHash, StoreError, Timestamp};

#[async_trait]
impl Portals for SqliteStore {
    async fn portal(&self, tenant: &TenantId) -> Result<PortalConnection, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let found = one(
                connection,
                "hubspot_portal",
                "SELECT * FROM hubspot_portal WHERE tenant_id = ?1",
                [tenant.as_str()],
                |row| {
                    Ok(PortalConnection {
                        portal_id: row
                            .get::<Option<i64>>("portal_id")?
                            .and_then(|id| u64::try_from(id).ok()),
                        token: row.get("token")?,
                        generation: row.number("generation")?,
                        connected_at: row.get::<Option<i64>>("connected_at")?.map(Timestamp::from_millis),
                        instead_of: row.get::<Option<[u8; 32]>>("instead_of")?.map(SecretHash),
                    })
                },
            )?;
            Ok(found.unwrap_or_default())
        })
        .await
    }

    async fn note_portal(&self, tenant: &TenantId, portal_id: u64) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            let known = one(
                batch.connection,
                "hubspot_portal",
                "INSERT INTO hubspot_portal (tenant_id, portal_id) VALUES (?1, ?2)
                 ON CONFLICT (tenant_id) DO UPDATE SET portal_id = coalesce(portal_id, excluded.portal_id)
                 RETURNING portal_id",
                (tenant.as_str(), signed(portal_id)),
                |row| row.number("portal_id"),
            )?;
            Ok(known.unwrap_or(portal_id))
        })
        .await
    }

    async fn keep_hubspot_token(&self, tenant: &TenantId, sealed: Vec<u8>, now: Timestamp) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            let generation = one(
                batch.connection,
                "hubspot_portal",
                "INSERT INTO hubspot_portal (tenant_id, token, generation, connected_at) VALUES (?1, ?2, 1, ?3)
                 ON CONFLICT (tenant_id) DO UPDATE
                 SET token = excluded.token, generation = generation + 1, connected_at = excluded.connected_at,
                     instead_of = NULL
                 RETURNING generation",
                (tenant.as_str(), &sealed, now.millis()),
                |row| row.number("generation"),
            )?;
            generation.ok_or_else(|| StoreError::Database("hubspot_portal gave no generation".to_owned()))
        })
        .await
    }

    async fn note_instead_of(
        &self,
        tenant: &TenantId,
        generation: u64,
        instead_of: SecretHash,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            change(
                batch.connection,
                "UPDATE hubspot_portal SET instead_of = ?3 WHERE tenant_id = ?1 AND generation = ?2",
                (tenant.as_str(), signed(generation), instead_of.0),
            )?;
            Ok(())
        })
        .await
    }

    async fn forget_hubspot_token(&self, tenant: &TenantId, generation: u64) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            change(
                batch.connection,
                "UPDATE hubspot_portal SET token = NULL, connected_at = NULL, instead_of = NULL
                 WHERE tenant_id = ?1 AND generation = ?2",
                (tenant.as_str(), signed(generation)),
            )?;
            Ok(())
        })
        .await
    }
}
