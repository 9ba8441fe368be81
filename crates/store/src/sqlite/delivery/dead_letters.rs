//! Dead letters in SQLite: addresses and records that rest, and how they are sent on their way again.

use std::time::Duration;

use async_trait::async_trait;
use parlor_protocol::{ConversationId, TenantId};
use rusqlite::Connection;

use super::records;
use crate::sqlite::SqliteStore;
use crate::sqlite::row::{Fields, all, change, one, signed};
use crate::sqlite::writer::Batch;
use crate::{DeadLetter, DeadLetters, Reason, RecordState, Rest, StoreError, Timestamp};

#[async_trait]
impl DeadLetters for SqliteStore {
    async fn dead_letters(&self, tenant: &TenantId, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| list(connection, tenant.as_str(), limit))
            .await
    }

    async fn count_dead_letters(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let count = one(
                connection,
                "hubspot_record",
                "SELECT (SELECT count(*) FROM hubspot_record WHERE tenant_id = ?1 AND state IN ('refused', 'dead'))
                      + (SELECT count(*) FROM hubspot_address WHERE tenant_id = ?1 AND state IN ('refused', 'dead'))
                     AS letters",
                [tenant.as_str()],
                |row| row.number("letters"),
            )?;
            Ok(count.unwrap_or(0))
        })
        .await
    }

    async fn replay(&self, tenant: &TenantId, conversation: Option<&ConversationId>) -> Result<u64, StoreError> {
        let (tenant, conversation) = (tenant.clone(), conversation.cloned());
        self.write(move |batch| {
            replay(
                batch,
                tenant.as_str(),
                conversation.as_ref().map(ConversationId::as_str),
            )
        })
        .await
    }

    async fn write_again(
        &self,
        tenant: &TenantId,
        conversation: &ConversationId,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let (tenant, conversation) = (tenant.clone(), conversation.clone());
        self.write(move |batch| write_again(batch, tenant.as_str(), conversation.as_str(), now))
            .await
    }
}

/// The newest conversation of an address or a record stands for it; `abandoned` ones belong to an earlier record.
const LETTERS: &str = "
    WITH letter AS (
        SELECT hubspot_address.email, NULL AS record, state, detail, correlation_id, rests_since AS since
        FROM hubspot_address WHERE tenant_id = ?1 AND state IN ('refused', 'dead')
        UNION ALL
        SELECT (SELECT min(email) FROM hubspot_address
                WHERE hubspot_address.tenant_id = ?1 AND hubspot_address.record = hubspot_record.record),
               record, state, detail, correlation_id, state_since
        FROM hubspot_record WHERE tenant_id = ?1 AND state IN ('refused', 'dead')
    )
    SELECT letter.*,
           (SELECT conversation.id FROM conversation
            WHERE conversation.tenant_id = ?1 AND conversation.held = 0 AND conversation.abandoned = 0
              AND (conversation.email = letter.email OR conversation.email IN (
                  SELECT email FROM hubspot_address
                  WHERE hubspot_address.tenant_id = ?1 AND hubspot_address.record = letter.record))
            ORDER BY conversation.created_at DESC, conversation.id DESC LIMIT 1) AS conversation_id,
           (SELECT coalesce(sum(conversation.last_seq - conversation.delivered_seq), 0) FROM conversation
            WHERE conversation.tenant_id = ?1 AND conversation.held = 0 AND conversation.abandoned = 0
              AND (conversation.email = letter.email OR conversation.email IN (
                  SELECT email FROM hubspot_address
                  WHERE hubspot_address.tenant_id = ?1 AND hubspot_address.record = letter.record))) AS undelivered
    FROM letter WHERE letter.email IS NOT NULL AND conversation_id IS NOT NULL
    ORDER BY letter.since DESC, letter.email LIMIT ?2";

fn list(connection: &Connection, tenant: &str, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
    all(connection, "hubspot_record", LETTERS, (tenant, signed(limit)), read)
}

fn read(row: &Fields<'_>) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        conversation: row.parsed("conversation_id")?,
        email: row.parsed("email")?,
        record: row.get("record")?,
        rest: match row.get::<String>("state")?.as_str() {
            "dead" => Rest::Dead,
            _ => Rest::Refused,
        },
        reason: Reason {
            words: row.get::<Option<String>>("detail")?.unwrap_or_default(),
            correlation_id: row.get("correlation_id")?,
        },
        since: row.moment("since")?,
        undelivered: row.number("undelivered")?,
    })
}

/// Sends on its way what rests: the address of a conversation and its record, or all of the tenant's.
fn replay(batch: &Batch<'_>, tenant: &str, conversation: Option<&str>) -> Result<u64, StoreError> {
    let resting: Vec<String> = all(
        batch.connection,
        "hubspot_record",
        "SELECT record FROM hubspot_record
         WHERE tenant_id = ?1 AND state IN ('refused', 'dead') AND (?2 IS NULL OR record IN (
             SELECT hubspot_address.record FROM conversation
             JOIN hubspot_address
                 ON hubspot_address.tenant_id = conversation.tenant_id AND hubspot_address.email = conversation.email
             WHERE conversation.tenant_id = ?1 AND conversation.id = ?2
         ))",
        (tenant, conversation),
        |row| row.get("record"),
    )?;
    for record in &resting {
        records::set_state(batch, tenant, record, RecordState::Live, &Reason::default(), batch.now)?;
    }
    let addresses = change(
        batch.connection,
        "UPDATE hubspot_address
         SET state = 'pending', attempts = 0, detail = NULL, failing_since = NULL, rests_since = NULL,
             correlation_id = NULL, next_attempt_at = ?3
         WHERE tenant_id = ?1 AND state IN ('refused', 'dead') AND (?2 IS NULL OR email IN (
             SELECT email FROM conversation WHERE tenant_id = ?1 AND id = ?2
         ))",
        (tenant, conversation, batch.now.millis()),
    )?;
    Ok((resting.len() + addresses).try_into().unwrap_or(u64::MAX))
}

fn write_again(
    batch: &Batch<'_>,
    tenant: &str,
    conversation: &str,
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let known = one(
        batch.connection,
        "conversation",
        "SELECT held OR abandoned AS out FROM conversation WHERE tenant_id = ?1 AND id = ?2",
        [tenant, conversation],
        |row| row.get::<bool>("out"),
    )?;
    match known {
        None => return Ok(None),
        Some(true) => return Ok(Some(false)),
        Some(false) => {}
    }
    let replayed = replay(batch, tenant, Some(conversation))?;
    // A record that is to be confirmed now is read, rendered and compared, whatever was delivered.
    let records = change(
        batch.connection,
        "UPDATE hubspot_record
         SET next_attempt_at = 0, unconfirmed_until = max(coalesce(unconfirmed_until, ?3), ?3)
         WHERE tenant_id = ?1 AND state IN ('live', 'full') AND record IN (
             SELECT hubspot_address.record FROM conversation
             JOIN hubspot_address
                 ON hubspot_address.tenant_id = conversation.tenant_id AND hubspot_address.email = conversation.email
             WHERE conversation.tenant_id = ?1 AND conversation.id = ?2
         )",
        (tenant, conversation, now.millis()),
    )?;
    let addresses = change(
        batch.connection,
        "UPDATE hubspot_address SET next_attempt_at = min(next_attempt_at, ?3)
         WHERE tenant_id = ?1 AND state = 'pending' AND email IN (
             SELECT email FROM conversation WHERE tenant_id = ?1 AND id = ?2
         )",
        (tenant, conversation, now.millis()),
    )?;
    Ok(Some(replayed > 0 || records > 0 || addresses > 0))
}

/// What failed while HubSpot as a whole was away has that much longer.
pub(super) fn excuse(batch: &Batch<'_>, tenant: &str, by: Duration) -> Result<(), StoreError> {
    for sql in [
        "UPDATE hubspot_record SET failing_since = min(failing_since + ?2, ?3)
         WHERE tenant_id = ?1 AND failing_since IS NOT NULL",
        "UPDATE hubspot_address SET failing_since = min(failing_since + ?2, ?3)
         WHERE tenant_id = ?1 AND failing_since IS NOT NULL",
    ] {
        change(
            batch.connection,
            sql,
            (tenant, signed(by.as_millis()), batch.now.millis()),
        )?;
    }
    Ok(())
}
