//! One person's data in SQLite.

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, TenantId};

use super::SqliteStore;
use super::row::{all, corrupt, one};
use crate::{PersonAddress, PersonConversation, Persons, StoreError};

#[async_trait]
impl Persons for SqliteStore {
    async fn person(&self, tenant: &TenantId, email: &ClaimedEmail) -> Result<Vec<PersonConversation>, StoreError> {
        let (tenant, email) = (tenant.clone(), email.clone());
        self.read(move |connection| {
            all(
                connection,
                "conversation",
                "SELECT conversation.*, visitor.first_name, coalesce(visitor.last_name, '') AS last_name,
                        visitor.email_verified, visitor.created_at AS registered_at, widget.name AS widget_name,
                        (SELECT count(*) FROM session WHERE instr(session.data, visitor.id) > 0) AS sessions,
                        (SELECT count(*) FROM visitor_secret
                         WHERE visitor_secret.tenant_id = visitor.tenant_id AND visitor_secret.visitor_id = visitor.id
                           AND visitor_secret.kind = 'token') AS tokens,
                        (SELECT coalesce(json_group_array(hubspot_note.note), '[]')
                         FROM hubspot_note_range JOIN hubspot_note
                             ON hubspot_note.tenant_id = hubspot_note_range.tenant_id
                            AND hubspot_note.key = hubspot_note_range.key AND hubspot_note.note IS NOT NULL
                         WHERE hubspot_note_range.tenant_id = conversation.tenant_id
                           AND hubspot_note_range.conversation_id = conversation.id) AS notes
                 FROM conversation
                 JOIN visitor ON visitor.tenant_id = conversation.tenant_id AND visitor.id = conversation.visitor_id
                 JOIN widget ON widget.tenant_id = conversation.tenant_id AND widget.id = conversation.widget_id
                 WHERE conversation.tenant_id = ?1 AND conversation.email = ?2
                 ORDER BY conversation.created_at, conversation.id",
                [tenant.as_str(), email.as_str()],
                |row| {
                    Ok(PersonConversation {
                        visitor: row.parsed("visitor_id")?,
                        first_name: row.get("first_name")?,
                        last_name: row.get("last_name")?,
                        email_verified: row.get("email_verified")?,
                        registered_at: row.moment("registered_at")?,
                        sessions: row.number("sessions")?,
                        tokens: row.number("tokens")?,
                        conversation: row.parsed("id")?,
                        widget_name: row.get("widget_name")?,
                        page: serde_json::from_str(&row.get::<String>("page")?)
                            .map_err(|_| corrupt("conversation", "page", &"not a page's context"))?,
                        state: row.get("state")?,
                        held: row.get("held")?,
                        delivered_seq: row.number("delivered_seq")?,
                        last_seq: row.number("last_seq")?,
                        last_at: row.moment("last_at")?,
                        notes: serde_json::from_str(&row.get::<String>("notes")?)
                            .map_err(|_| corrupt("hubspot_note", "note", &"not a list of ids"))?,
                    })
                },
            )
        })
        .await
    }

    async fn person_address(
        &self,
        tenant: &TenantId,
        email: &ClaimedEmail,
    ) -> Result<Option<PersonAddress>, StoreError> {
        let (tenant, email) = (tenant.clone(), email.clone());
        self.read(move |connection| {
            one(
                connection,
                "hubspot_address",
                "SELECT state, record, ordered_at, detail FROM hubspot_address WHERE tenant_id = ?1 AND email = ?2",
                [tenant.as_str(), email.as_str()],
                |row| {
                    Ok(PersonAddress {
                        state: row.get("state")?,
                        record: row.get("record")?,
                        ordered_at: row.moment("ordered_at")?,
                        detail: row.get("detail")?,
                    })
                },
            )
        })
        .await
    }
}
