//! Addresses: the order "create or find the contact", and what came of it.

use parlor_protocol::{ClaimedEmail, ConversationId};
use rusqlite::Connection;

use crate::sqlite::row::{all, change, one, signed};
use crate::sqlite::writer::Batch;
use crate::{PendingAddress, Postponement, Reason, StoreError, Timestamp};

/// Orders the contact of an address, unless it is ordered already or linked to a record that is still there.
pub(in crate::sqlite) fn order_contact(batch: &Batch<'_>, tenant: &str, email: &str) -> Result<(), StoreError> {
    change(
        batch.connection,
        "INSERT INTO hubspot_address (tenant_id, email, state, next_attempt_at, ordered_at)
         VALUES (?1, ?2, 'pending', ?3, ?3)
         ON CONFLICT (tenant_id, email) DO UPDATE
         SET state = 'pending', record = NULL, attempts = 0, detail = NULL, failing_since = NULL, rests_since = NULL,
             correlation_id = NULL, next_attempt_at = excluded.next_attempt_at, ordered_at = excluded.ordered_at
         WHERE hubspot_address.state IN ('refused', 'dead')
            OR EXISTS (
                SELECT 1 FROM hubspot_record
                WHERE hubspot_record.tenant_id = hubspot_address.tenant_id
                  AND hubspot_record.record = hubspot_address.record AND hubspot_record.state = 'gone'
            )",
        (tenant, email, batch.now.millis()),
    )?;
    Ok(())
}

pub(super) fn pending(
    connection: &Connection,
    tenant: &str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<PendingAddress>, StoreError> {
    all(
        connection,
        "hubspot_address",
        "SELECT hubspot_address.email, hubspot_address.attempts, coalesce(visitor.first_name, '') AS first_name,
                coalesce(visitor.last_name, '') AS last_name
         FROM hubspot_address
         LEFT JOIN visitor ON visitor.tenant_id = hubspot_address.tenant_id AND visitor.id = (
             SELECT conversation.visitor_id FROM conversation
             WHERE conversation.tenant_id = hubspot_address.tenant_id
               AND conversation.email = hubspot_address.email AND conversation.held = 0
             ORDER BY conversation.created_at DESC, conversation.id DESC LIMIT 1
         )
         WHERE hubspot_address.tenant_id = ?1 AND hubspot_address.state = 'pending'
           AND hubspot_address.next_attempt_at <= ?2
         ORDER BY hubspot_address.ordered_at, hubspot_address.email LIMIT ?3",
        (tenant, now.millis(), signed(limit)),
        |row| {
            Ok(PendingAddress {
                email: row.parsed("email")?,
                first_name: row.get("first_name")?,
                last_name: row.get("last_name")?,
                attempts: row.number("attempts")?,
            })
        },
    )
}

pub(super) fn link(batch: &Batch<'_>, tenant: &str, links: &[(ClaimedEmail, String)]) -> Result<(), StoreError> {
    for (email, record) in links {
        let is_known = one(
            batch.connection,
            "conversation",
            "SELECT 1 FROM conversation WHERE tenant_id = ?1 AND email = ?2 LIMIT 1",
            [tenant, email.as_str()],
            |_| Ok(()),
        )?;
        if is_known.is_none() {
            // It was forgotten while HubSpot was asked for its contact.
            continue;
        }
        let linked_before = one(
            batch.connection,
            "hubspot_address",
            "SELECT record FROM hubspot_address WHERE tenant_id = ?1 AND email = ?2",
            [tenant, email.as_str()],
            |row| row.get::<Option<String>>("record"),
        )?;
        change(
            batch.connection,
            "INSERT INTO hubspot_record (tenant_id, record, state, state_since, restored)
             VALUES (?1, ?2, 'live', ?3,
                     EXISTS (SELECT 1 FROM setting WHERE tenant_id = 'default' AND name = 'store.restored_at'))
             ON CONFLICT DO NOTHING",
            (tenant, record, batch.now.millis()),
        )?;
        change(
            batch.connection,
            "INSERT INTO hubspot_address (tenant_id, email, record, state, next_attempt_at, ordered_at)
             VALUES (?1, ?2, ?3, 'linked', ?4, ?4)
             ON CONFLICT (tenant_id, email) DO UPDATE
             SET record = excluded.record, state = 'linked', attempts = 0, detail = NULL, failing_since = NULL,
                 rests_since = NULL, correlation_id = NULL",
            (tenant, email.as_str(), record, batch.now.millis()),
        )?;
        if linked_before.flatten().as_ref() != Some(record) {
            // Nothing of this address stands in that record's value yet, whatever an earlier record's value holds.
            change(
                batch.connection,
                "UPDATE conversation SET delivered_seq = 0
                 WHERE tenant_id = ?1 AND email = ?2 AND abandoned = 0 AND delivered_seq > 0",
                [tenant, email.as_str()],
            )?;
        }
        super::records::revive_if_gone(batch, tenant, record)?;
    }
    Ok(())
}

/// Answers those that were given up instead.
pub(super) fn postpone(
    batch: &Batch<'_>,
    tenant: &str,
    emails: &[ClaimedEmail],
    postponement: &Postponement,
) -> Result<Vec<ClaimedEmail>, StoreError> {
    let Postponement {
        until,
        reason,
        give_up_failing_since,
        ..
    } = postponement;
    let mut dead = Vec::new();
    for email in emails {
        let failing_since = one(
            batch.connection,
            "hubspot_address",
            "UPDATE hubspot_address
             SET attempts = attempts + 1, next_attempt_at = ?3, detail = ?4, correlation_id = ?5,
                 failing_since = coalesce(failing_since, ?6)
             WHERE tenant_id = ?1 AND email = ?2 AND state = 'pending' RETURNING failing_since",
            (
                tenant,
                email.as_str(),
                until.millis(),
                &reason.words,
                &reason.correlation_id,
                batch.now.millis(),
            ),
            |row| row.moment("failing_since"),
        )?;
        if failing_since.is_some_and(|since| give_up_failing_since.is_some_and(|limit| since <= limit)) {
            rest(batch, tenant, email.as_str(), "dead", reason)?;
            dead.push(email.clone());
        }
    }
    Ok(dead)
}

/// Nobody tries the address any more.
pub(super) fn rest(
    batch: &Batch<'_>,
    tenant: &str,
    email: &str,
    state: &str,
    reason: &Reason,
) -> Result<(), StoreError> {
    change(
        batch.connection,
        "UPDATE hubspot_address SET state = ?3, record = NULL, detail = ?4, correlation_id = ?5, rests_since = ?6
         WHERE tenant_id = ?1 AND email = ?2",
        (
            tenant,
            email,
            state,
            &reason.words,
            &reason.correlation_id,
            batch.now.millis(),
        ),
    )?;
    Ok(())
}

pub(super) fn of_record(connection: &Connection, tenant: &str, record: &str) -> Result<Vec<ClaimedEmail>, StoreError> {
    all(
        connection,
        "hubspot_address",
        "SELECT email FROM hubspot_address WHERE tenant_id = ?1 AND record = ?2 ORDER BY email",
        [tenant, record],
        |row| row.parsed("email"),
    )
}

pub(super) fn conversations_of_record(
    connection: &Connection,
    tenant: &str,
    record: &str,
) -> Result<Vec<ConversationId>, StoreError> {
    all(
        connection,
        "conversation",
        "SELECT conversation.id
         FROM hubspot_address
         JOIN conversation
             ON conversation.tenant_id = hubspot_address.tenant_id AND conversation.email = hubspot_address.email
         WHERE hubspot_address.tenant_id = ?1 AND hubspot_address.record = ?2
         ORDER BY conversation.created_at, conversation.id",
        [tenant, record],
        |row| row.parsed("id"),
    )
}

pub(super) fn conversations_of(
    connection: &Connection,
    tenant: &str,
    email: &str,
) -> Result<Vec<ConversationId>, StoreError> {
    all(
        connection,
        "conversation",
        "SELECT id FROM conversation WHERE tenant_id = ?1 AND email = ?2 ORDER BY created_at, id",
        [tenant, email],
        |row| row.parsed("id"),
    )
}
