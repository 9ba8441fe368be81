//! What HubSpot still has of the forgotten: by record, until it is gone there.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::sqlite::row::{all, change, corrupt, one, signed};
use crate::sqlite::writer::Batch;
use crate::{ErasureNote, ErasureNoteAction, StoreError, Timestamp};

/// How long a record rests that HubSpot refused.
const REFUSED_REST_MS: i64 = 60 * 60 * 1000;

/// Orders that these conversations be removed from every record and note in which they may stand. Call it before they are erased,
/// as their addresses lead there. Answers how many records.
pub(super) fn order(batch: &Batch<'_>, tenant: &str, ids: &str, confirm_until: Timestamp) -> Result<u64, StoreError> {
    let records: Vec<String> = all(
        batch.connection,
        "hubspot_record",
        "SELECT hubspot_record.record FROM hubspot_record
         WHERE hubspot_record.tenant_id = ?1 AND hubspot_record.state <> 'gone' AND (
             hubspot_record.record IN (
                 SELECT hubspot_address.record FROM conversation
                 JOIN hubspot_address
                     ON hubspot_address.tenant_id = conversation.tenant_id
                    AND hubspot_address.email = conversation.email
                 WHERE conversation.tenant_id = ?1 AND conversation.id IN (SELECT value FROM json_each(?2))
             ) OR hubspot_record.record IN (
                 SELECT hubspot_note.record FROM hubspot_note_range
                 JOIN hubspot_note
                     ON hubspot_note.tenant_id = hubspot_note_range.tenant_id
                    AND hubspot_note.key = hubspot_note_range.key
                 WHERE hubspot_note_range.tenant_id = ?1
                   AND hubspot_note_range.conversation_id IN (SELECT value FROM json_each(?2))
             )
         )",
        (tenant, ids),
        |row| row.get("record"),
    )?;
    for record in &records {
        change(
            batch.connection,
            "INSERT INTO erasure_job (tenant_id, record, since) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant_id, record) DO UPDATE SET removed = 0, since = max(since + 1, excluded.since)",
            (tenant, record, batch.now.millis()),
        )?;
        // What HubSpot said of the record may name who was forgotten. What is under way may bring their text once more.
        change(
            batch.connection,
            "UPDATE hubspot_record
             SET state = CASE WHEN state = 'full' THEN 'full' ELSE 'live' END, attempts = 0, next_attempt_at = 0,
                 detail = NULL, failing_since = NULL, correlation_id = NULL, unconfirmed_until = max(coalesce(unconfirmed_until, ?3), ?3)
             WHERE tenant_id = ?1 AND record = ?2",
            (tenant, record, confirm_until.millis()),
        )?;
    }
    order_notes(batch, tenant, ids)?;
    Ok(signed(records.len()).unsigned_abs())
}

/// A note that holds nobody else's entries is to be archived. One of a store that was restored may have a twin, under its key with
/// letters x behind it, which nobody knows the entries of: it goes too.
fn order_notes(batch: &Batch<'_>, tenant: &str, ids: &str) -> Result<(), StoreError> {
    let families: Vec<String> = all(
        batch.connection,
        "hubspot_note_range",
        "DELETE FROM hubspot_note_range
         WHERE tenant_id = ?1 AND conversation_id IN (SELECT value FROM json_each(?2))
         RETURNING rtrim(key, 'x') AS family",
        (tenant, ids),
        |row| row.get("family"),
    )?;
    for family in families.into_iter().collect::<BTreeSet<_>>() {
        change(
            batch.connection,
            "INSERT OR REPLACE INTO erasure_note (tenant_id, key, record, action, note, asked_at)
             SELECT tenant_id, key, record,
                    CASE WHEN EXISTS (
                        SELECT 1 FROM hubspot_note_range
                        WHERE hubspot_note_range.tenant_id = hubspot_note.tenant_id
                          AND hubspot_note_range.key = hubspot_note.key
                    ) THEN 'rewrite' ELSE 'archive' END,
                    note, ?3
             FROM hubspot_note
             WHERE tenant_id = ?1 AND key >= ?2 AND key < ?2 || 'y' AND rtrim(key, 'x') = ?2
               AND record IN (SELECT record FROM erasure_job WHERE tenant_id = ?1)",
            (tenant, &family, batch.now.millis()),
        )?;
        change(
            batch.connection,
            "DELETE FROM hubspot_note
             WHERE tenant_id = ?1 AND key >= ?2 AND key < ?2 || 'y' AND rtrim(key, 'x') = ?2
               AND NOT EXISTS (
                   SELECT 1 FROM hubspot_note_range
                   WHERE hubspot_note_range.tenant_id = hubspot_note.tenant_id
                     AND hubspot_note_range.key = hubspot_note.key
               )",
            [tenant, &family],
        )?;
    }
    Ok(())
}

pub(super) fn notes(connection: &Connection, tenant: &str, record: &str) -> Result<Vec<ErasureNote>, StoreError> {
    all(
        connection,
        "erasure_note",
        "SELECT key, action, note, asked_at FROM erasure_note WHERE tenant_id = ?1 AND record = ?2 ORDER BY key",
        [tenant, record],
        |row| {
            Ok(ErasureNote {
                key: row.get("key")?,
                action: match row.get::<String>("action")?.as_str() {
                    "archive" => ErasureNoteAction::Archive,
                    "rewrite" => ErasureNoteAction::Rewrite,
                    _ => return Err(corrupt("erasure_note", "action", &"no such action")),
                },
                note: row.get("note")?,
                asked_at: row.moment("asked_at")?,
            })
        },
    )
}

pub(super) fn settle_note(batch: &Batch<'_>, tenant: &str, note: &ErasureNote) -> Result<(), StoreError> {
    if note.action == ErasureNoteAction::Rewrite {
        change(
            batch.connection,
            "UPDATE hubspot_note SET state = 'created' WHERE tenant_id = ?1 AND key = ?2 AND state = 'filled'",
            [tenant, &note.key],
        )?;
    }
    // Only this order: another erasure may have made a new one of the same note meanwhile.
    change(
        batch.connection,
        "DELETE FROM erasure_note WHERE tenant_id = ?1 AND key = ?2 AND asked_at = ?3",
        (tenant, &note.key, note.asked_at.millis()),
    )?;
    Ok(())
}

pub(super) fn removed(batch: &Batch<'_>, tenant: &str, record: &str, since: Timestamp) -> Result<(), StoreError> {
    change(
        batch.connection,
        "UPDATE erasure_job SET removed = 1 WHERE tenant_id = ?1 AND record = ?2 AND since = ?3",
        (tenant, record, since.millis()),
    )?;
    Ok(())
}

pub(super) fn finish(batch: &Batch<'_>, tenant: &str, record: &str, since: Timestamp) -> Result<bool, StoreError> {
    let ended = change(
        batch.connection,
        "DELETE FROM erasure_job WHERE tenant_id = ?1 AND record = ?2 AND since = ?3 AND removed = 1
           AND NOT EXISTS (SELECT 1 FROM erasure_note WHERE tenant_id = ?1 AND record = ?2)",
        (tenant, record, since.millis()),
    )?;
    if ended == 0 {
        return Ok(false);
    }
    // Hashes of texts that are gone everywhere.
    change(
        batch.connection,
        "DELETE FROM hubspot_value WHERE tenant_id = ?1 AND record = ?2 AND sent_at < (
             SELECT max(sent_at) FROM hubspot_value WHERE tenant_id = ?1 AND record = ?2
         )",
        [tenant, record],
    )?;
    drop_if_lonely(batch, tenant, record)?;
    Ok(true)
}

/// A record on which nobody is left and nothing is to be done is forgotten; HubSpot is asked anew when somebody comes.
pub(super) fn drop_if_lonely(batch: &Batch<'_>, tenant: &str, record: &str) -> Result<(), StoreError> {
    let is_needed = one(
        batch.connection,
        "hubspot_address",
        "SELECT 1 FROM hubspot_address WHERE tenant_id = ?1 AND record = ?2
         UNION ALL SELECT 1 FROM erasure_job WHERE tenant_id = ?1 AND record = ?2 LIMIT 1",
        [tenant, record],
        |_| Ok(()),
    )?;
    if is_needed.is_some() {
        return Ok(());
    }
    for sql in [
        "DELETE FROM hubspot_value WHERE tenant_id = ?1 AND record = ?2",
        "DELETE FROM hubspot_record WHERE tenant_id = ?1 AND record = ?2",
    ] {
        change(batch.connection, sql, [tenant, record])?;
    }
    Ok(())
}

pub(super) fn revive(batch: &Batch<'_>, tenant: &str, now: Timestamp) -> Result<(), StoreError> {
    change(
        batch.connection,
        "UPDATE hubspot_record SET state = 'live', state_since = ?2, attempts = 0, failing_since = NULL, next_attempt_at = 0
         WHERE tenant_id = ?1 AND state NOT IN ('live', 'full', 'gone') AND state_since <= ?3
           AND record IN (SELECT record FROM erasure_job WHERE tenant_id = ?1)",
        (tenant, now.millis(), now.millis() - REFUSED_REST_MS),
    )?;
    Ok(())
}

/// The record is deleted in HubSpot.
pub(in crate::sqlite) fn end_erasure(batch: &Batch<'_>, tenant: &str, record: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM erasure_note WHERE tenant_id = ?1 AND record = ?2",
        "DELETE FROM erasure_job WHERE tenant_id = ?1 AND record = ?2",
    ] {
        change(batch.connection, sql, [tenant, record])?;
    }
    drop_if_lonely(batch, tenant, record)
}

/// The record became another: what is to be erased there is now in that one.
pub(in crate::sqlite) fn move_erasure(batch: &Batch<'_>, tenant: &str, old: &str, new: &str) -> Result<(), StoreError> {
    for sql in [
        "INSERT INTO erasure_job (tenant_id, record, since)
         SELECT tenant_id, ?3, since FROM erasure_job WHERE tenant_id = ?1 AND record = ?2
         ON CONFLICT (tenant_id, record) DO UPDATE SET removed = 0, since = max(since + 1, excluded.since)",
        "DELETE FROM erasure_job WHERE tenant_id = ?1 AND record = ?2 AND ?3 <> ?2",
        "UPDATE erasure_note SET record = ?3 WHERE tenant_id = ?1 AND record = ?2",
    ] {
        change(batch.connection, sql, [tenant, old, new])?;
    }
    Ok(())
}
