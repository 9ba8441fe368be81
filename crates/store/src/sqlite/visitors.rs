//! Visitors and their secrets in SQLite.

use async_trait::async_trait;
use parlor_protocol::{PersonName, TenantId, VisitorId};
use rusqlite::Connection;

use super::SqliteStore;
use super::conversations::next_change;
use super::delivery::order_contact;
use super::row::{Fields, change, is_taken, one, signed};
use super::writer::Batch;
use crate::{NewVisitor, SecretHash, StoreError, StoredRegistration, Timestamp, Visitor, Visitors};

#[async_trait]
impl Visitors for SqliteStore {
    async fn register(&self, tenant: &TenantId, visitor: NewVisitor) -> Result<StoredRegistration, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| register(batch, &tenant, &visitor)).await
    }

    async fn add_code(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        code: (SecretHash, Timestamp),
    ) -> Result<bool, StoreError> {
        let (tenant, visitor) = (tenant.clone(), visitor.clone());
        self.write(move |batch| add_secret(batch, &tenant, Kind::Code, code, &visitor))
            .await
    }

    async fn visitor(&self, tenant: &TenantId, id: &VisitorId) -> Result<Option<Visitor>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.read(move |connection| visitor(connection, tenant.as_str(), id.as_str()))
            .await
    }

    async fn exchange_code(
        &self,
        code: SecretHash,
        token: SecretHash,
        now: Timestamp,
        token_expires_at: Timestamp,
    ) -> Result<Option<Visitor>, StoreError> {
        self.write(move |batch| {
            let found = one(
                batch.connection,
                "visitor_secret",
                "DELETE FROM visitor_secret WHERE hash = ?1 AND kind = 'code'
                 RETURNING tenant_id, visitor_id, expires_at > ?2 AS holds",
                (code.0, now.millis()),
                |row| {
                    Ok((
                        row.get::<String>("tenant_id")?,
                        row.get::<String>("visitor_id")?,
                        row.get::<bool>("holds")?,
                    ))
                },
            )?;
            let Some((tenant, id, true)) = found else {
                return Ok(None);
            };
            // A token that is there already belongs to somebody: the code is gone, and nobody gets in by it.
            let kept = change(
                batch.connection,
                "INSERT INTO visitor_secret (tenant_id, hash, kind, visitor_id, expires_at)
                 VALUES (?1, ?2, 'token', ?3, ?4) ON CONFLICT (hash) DO NOTHING",
                (&tenant, token.0, &id, token_expires_at.millis()),
            )?;
            if kept == 0 {
                return Ok(None);
            }
            visitor(batch.connection, &tenant, &id)
        })
        .await
    }

    async fn visitor_by_token(&self, token: SecretHash, now: Timestamp) -> Result<Option<Visitor>, StoreError> {
        self.read(move |connection| {
            let found = one(
                connection,
                "visitor_secret",
                "SELECT tenant_id, visitor_id FROM visitor_secret WHERE hash = ?1 AND kind = 'token' AND expires_at > ?2",
                (token.0, now.millis()),
                |row| Ok((row.get::<String>("tenant_id")?, row.get::<String>("visitor_id")?)),
            )?;
            match found {
                Some((tenant, id)) => visitor(connection, &tenant, &id),
                None => Ok(None),
            }
        })
        .await
    }

    async fn remove_expired_secrets(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |batch| {
            let sql = "DELETE FROM visitor_secret WHERE expires_at <= ?1";
            Ok(signed(change(batch.connection, sql, [now.millis()])?).unsigned_abs())
        })
        .await
    }
}

fn register(batch: &Batch<'_>, tenant: &TenantId, visitor: &NewVisitor) -> Result<StoredRegistration, StoreError> {
    if let Some((form, _)) = visitor.form
        && let Some(registered) = registered_by(batch, tenant, form)?
    {
        add_secret(batch, tenant, Kind::Code, visitor.code, &registered.visitor)?;
        return Ok(registered);
    }
    let now = batch.now.millis();
    let page = serde_json::to_string(&visitor.page).map_err(|error| StoreError::Database(error.to_string()))?;
    batch
        .connection
        .prepare_cached(
            "INSERT INTO visitor (tenant_id, id, widget_id, first_name, last_name, email, email_verified, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, FALSE, ?7)",
        )?
        .execute((
            tenant.as_str(),
            visitor.id.as_str(),
            visitor.widget.as_str(),
            visitor.first_name.as_str(),
            visitor.last_name.as_ref().map(PersonName::as_str),
            visitor.email.as_str(),
            now,
        ))
        .map_err(|error| exists(error, "a visitor of this id"))?;
    let number = next_change(batch, tenant.as_str())?;
    batch
        .connection
        .prepare_cached(
            "INSERT INTO conversation (tenant_id, id, visitor_id, widget_id, email, page, state, held, change, last_at,
                                       created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7, ?8, ?9, ?9)",
        )?
        .execute((
            tenant.as_str(),
            visitor.conversation.as_str(),
            visitor.id.as_str(),
            visitor.widget.as_str(),
            visitor.email.as_str(),
            &page,
            visitor.held,
            signed(number),
            now,
        ))
        .map_err(|error| exists(error, "a conversation of this id"))?;
    add_secret(batch, tenant, Kind::Code, visitor.code, &visitor.id)?;
    if let Some(form) = visitor.form {
        add_secret(batch, tenant, Kind::Form, form, &visitor.id)?;
    }
    if !visitor.held {
        order_contact(batch, tenant.as_str(), visitor.email.as_str())?;
    }
    Ok(StoredRegistration {
        visitor: visitor.id.clone(),
        conversation: visitor.conversation.clone(),
        change: number,
        is_new: true,
    })
}

/// Whom this form registered, while it counts; a form past its time makes room for itself.
fn registered_by(
    batch: &Batch<'_>,
    tenant: &TenantId,
    form: SecretHash,
) -> Result<Option<StoredRegistration>, StoreError> {
    change(
        batch.connection,
        "DELETE FROM visitor_secret WHERE tenant_id = ?1 AND hash = ?2 AND kind = 'form' AND expires_at <= ?3",
        (tenant.as_str(), form.0, batch.now.millis()),
    )?;
    one(
        batch.connection,
        "conversation",
        "SELECT conversation.id, conversation.visitor_id, conversation.change
         FROM visitor_secret JOIN conversation
             ON conversation.tenant_id = visitor_secret.tenant_id AND conversation.visitor_id = visitor_secret.visitor_id
         WHERE visitor_secret.tenant_id = ?1 AND visitor_secret.hash = ?2 AND visitor_secret.kind = 'form'",
        (tenant.as_str(), form.0),
        |row| {
            Ok(StoredRegistration {
                visitor: row.parsed("visitor_id")?,
                conversation: row.parsed("id")?,
                change: row.number("change")?,
                is_new: false,
            })
        },
    )
}

/// What leads to a visitor and is written here; tokens come from codes.
#[derive(Clone, Copy)]
enum Kind {
    Code,
    Form,
}

/// Keeps a secret for a visitor; answers whether there is such a visitor.
fn add_secret(
    batch: &Batch<'_>,
    tenant: &TenantId,
    kind: Kind,
    (hash, expires_at): (SecretHash, Timestamp),
    visitor: &VisitorId,
) -> Result<bool, StoreError> {
    let (kind, what) = match kind {
        Kind::Code => ("code", "this one-time code"),
        Kind::Form => ("form", "this form"),
    };
    let added = batch
        .connection
        .prepare_cached(
            "INSERT INTO visitor_secret (tenant_id, hash, kind, visitor_id, expires_at)
             SELECT tenant_id, ?2, ?3, id, ?5 FROM visitor WHERE tenant_id = ?1 AND id = ?4 AND first_name <> ''",
        )?
        .execute((tenant.as_str(), hash.0, kind, visitor.as_str(), expires_at.millis()))
        .map_err(|error| exists(error, what))?;
    Ok(added > 0)
}

fn exists(error: rusqlite::Error, what: &'static str) -> StoreError {
    if is_taken(&error) {
        StoreError::Exists { what }
    } else {
        error.into()
    }
}

fn visitor(connection: &Connection, tenant: &str, id: &str) -> Result<Option<Visitor>, StoreError> {
    one(
        connection,
        "visitor",
        "SELECT visitor.*, conversation.id AS conversation_id
         FROM visitor JOIN conversation
             ON conversation.tenant_id = visitor.tenant_id AND conversation.visitor_id = visitor.id
            AND conversation.erased IS NULL
         WHERE visitor.tenant_id = ?1 AND visitor.id = ?2",
        [tenant, id],
        read_visitor,
    )
}

fn read_visitor(row: &Fields<'_>) -> Result<Visitor, StoreError> {
    Ok(Visitor {
        tenant: row.parsed("tenant_id")?,
        id: row.parsed("id")?,
        conversation: row.parsed("conversation_id")?,
        widget: row.parsed("widget_id")?,
        first_name: row.parsed("first_name")?,
        last_name: row.parsed_if_any("last_name")?,
        email: row.parsed("email")?,
    })
}
