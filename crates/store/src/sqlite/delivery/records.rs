//! Records: what was sent to each, what it holds, and when it may be written to again.

use rusqlite::Connection;

use crate::sqlite::erasure::jobs::{end_erasure, move_erasure};
use crate::sqlite::row::{Fields, all, change, corrupt, one, signed};
use crate::sqlite::writer::Batch;
use crate::{Delivered, Postponement, Reason, RecordState, Sending, StoreError, Timestamp, ValueHash};

/// How many of a record's newest values are remembered; what is older has long been replaced.
const VALUES: usize = 200;

const fn word(state: RecordState) -> &'static str {
    match state {
        RecordState::Live => "live",
        RecordState::Full => "full",
        RecordState::Gone => "gone",
        RecordState::Refused => "refused",
        RecordState::Dead => "dead",
    }
}

/// The state in a column that may be empty.
pub(super) fn state_if_any(row: &Fields<'_>, column: &'static str) -> Result<Option<RecordState>, StoreError> {
    let Some(found) = row.get::<Option<String>>(column)? else {
        return Ok(None);
    };
    [
        RecordState::Live,
        RecordState::Full,
        RecordState::Gone,
        RecordState::Refused,
        RecordState::Dead,
    ]
    .into_iter()
    .find(|state| word(*state) == found)
    .map(Some)
    .ok_or_else(|| corrupt("hubspot_record", "state", &"no such state"))
}

pub(super) fn sent_values(connection: &Connection, tenant: &str, record: &str) -> Result<Vec<ValueHash>, StoreError> {
    all(
        connection,
        "hubspot_value",
        "SELECT hash FROM hubspot_value WHERE tenant_id = ?1 AND record = ?2 ORDER BY sent_at DESC",
        [tenant, record],
        |row| row.get("hash").map(ValueHash),
    )
}

pub(super) fn note_sending(
    batch: &Batch<'_>,
    tenant: &str,
    values: &[Sending],
    now: Timestamp,
) -> Result<(), StoreError> {
    for value in values {
        change(
            batch.connection,
            "INSERT INTO hubspot_value (tenant_id, record, hash, sent_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant_id, record, hash) DO UPDATE SET sent_at = max(sent_at, excluded.sent_at)",
            (tenant, &value.record, value.hash.0, now.millis()),
        )?;
        change(
            batch.connection,
            "DELETE FROM hubspot_value
             WHERE tenant_id = ?1 AND record = ?2 AND sent_at < (
                 SELECT sent_at FROM hubspot_value WHERE tenant_id = ?1 AND record = ?2
                 ORDER BY sent_at DESC LIMIT 1 OFFSET ?3
             )",
            (tenant, &value.record, signed(VALUES - 1)),
        )?;
    }
    Ok(())
}

pub(super) fn suspect_sent_since(
    batch: &Batch<'_>,
    tenant: &str,
    sent_since: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    change(
        batch.connection,
        "UPDATE hubspot_record SET unconfirmed_until = max(coalesce(unconfirmed_until, ?3), ?3)
         WHERE tenant_id = ?1 AND EXISTS (
             SELECT 1 FROM hubspot_value
             WHERE hubspot_value.tenant_id = hubspot_record.tenant_id
               AND hubspot_value.record = hubspot_record.record AND hubspot_value.sent_at >= ?2
         )",
        (tenant, sent_since.millis(), until.millis()),
    )?;
    Ok(())
}

pub(super) fn note_delivered(batch: &Batch<'_>, tenant: &str, delivered: &[Delivered]) -> Result<(), StoreError> {
    for value in delivered {
        change(
            batch.connection,
            "UPDATE hubspot_record
             SET attempts = 0, detail = NULL, failing_since = NULL, correlation_id = NULL, next_attempt_at = 0,
                 unconfirmed_until = CASE WHEN ?3 IS NULL THEN NULL ELSE max(coalesce(unconfirmed_until, ?3), ?3) END
             WHERE tenant_id = ?1 AND record = ?2",
            (tenant, &value.record, value.confirm_at.map(Timestamp::millis)),
        )?;
        for (conversation, seq) in &value.up_to {
            // Only while it still belongs there: a merge in between means that it must be written to another record.
            change(
                batch.connection,
                "UPDATE conversation SET delivered_seq = max(delivered_seq, min(?4, last_seq))
                 WHERE tenant_id = ?1 AND id = ?2 AND EXISTS (
                     SELECT 1 FROM hubspot_address
                     WHERE hubspot_address.tenant_id = conversation.tenant_id
                       AND hubspot_address.email = conversation.email AND hubspot_address.record = ?3
                 )",
                (tenant, conversation.as_str(), &value.record, signed(*seq)),
            )?;
        }
    }
    Ok(())
}

/// Answers those that were given up instead.
pub(super) fn postpone(
    batch: &Batch<'_>,
    tenant: &str,
    records: &[String],
    postponement: &Postponement,
) -> Result<Vec<String>, StoreError> {
    let Postponement {
        until,
        unconfirmed_until,
        reason,
        give_up_failing_since,
    } = postponement;
    let mut dead = Vec::new();
    for record in records {
        let failing = one(
            batch.connection,
            "hubspot_record",
            "UPDATE hubspot_record
             SET attempts = attempts + 1, next_attempt_at = ?3, detail = ?5, correlation_id = ?6,
                 failing_since = coalesce(failing_since, ?7),
                 unconfirmed_until = CASE WHEN ?4 IS NULL THEN unconfirmed_until
                                          ELSE max(coalesce(unconfirmed_until, ?4), ?4) END
             WHERE tenant_id = ?1 AND record = ?2 RETURNING failing_since, state",
            (
                tenant,
                record,
                until.millis(),
                unconfirmed_until.map(Timestamp::millis),
                &reason.words,
                &reason.correlation_id,
                batch.now.millis(),
            ),
            |row| Ok((row.moment("failing_since")?, row.get::<String>("state")?)),
        )?;
        if let (Some((since, state)), Some(limit)) = (failing, give_up_failing_since)
            && since <= *limit
            && state == word(RecordState::Live)
        {
            set_state(batch, tenant, record, RecordState::Dead, reason, batch.now)?;
            dead.push(record.clone());
        }
    }
    Ok(dead)
}

pub(super) fn set_state(
    batch: &Batch<'_>,
    tenant: &str,
    record: &str,
    state: RecordState,
    reason: &Reason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let changed = change(
        batch.connection,
        "UPDATE hubspot_record
         SET state = ?3, state_since = ?5, detail = nullif(?4, ''), correlation_id = ?6,
             attempts = CASE WHEN ?3 = 'live' THEN 0 ELSE attempts END,
             failing_since = CASE WHEN ?3 = 'live' THEN NULL ELSE failing_since END,
             next_attempt_at = CASE WHEN ?3 = 'live' THEN 0 ELSE next_attempt_at END
         WHERE tenant_id = ?1 AND record = ?2",
        (
            tenant,
            record,
            word(state),
            &reason.words,
            now.millis(),
            &reason.correlation_id,
        ),
    )?;
    match state {
        RecordState::Gone if changed > 0 => {
            abandon_conversations(batch, tenant, record, true)?;
            // What was to be erased there is gone with it.
            end_erasure(batch, tenant, record)
        }
        RecordState::Live if changed > 0 => abandon_conversations(batch, tenant, record, false),
        _ => Ok(()),
    }
}

/// HubSpot named a record that was deleted: somebody restored it, so it is written to again with all that was its.
pub(super) fn revive_if_gone(batch: &Batch<'_>, tenant: &str, record: &str) -> Result<(), StoreError> {
    let state = one(
        batch.connection,
        "hubspot_record",
        "SELECT state FROM hubspot_record WHERE tenant_id = ?1 AND record = ?2",
        [tenant, record],
        |row| state_if_any(row, "state"),
    )?;
    match state.flatten() {
        Some(RecordState::Gone) => set_state(batch, tenant, record, RecordState::Live, &Reason::default(), batch.now),
        _ => Ok(()),
    }
}

/// What was written for a record that is gone is marked conversation by conversation, not by a moment: a clock that goes
/// back, or two events within a millisecond, must not bring deleted text into a new contact.
fn abandon_conversations(batch: &Batch<'_>, tenant: &str, record: &str, abandoned: bool) -> Result<(), StoreError> {
    change(
        batch.connection,
        "UPDATE conversation SET abandoned = ?3
         WHERE tenant_id = ?1 AND abandoned <> ?3 AND email IN (
             SELECT email FROM hubspot_address WHERE tenant_id = ?1 AND record = ?2
         )",
        (tenant, record, abandoned),
    )?;
    Ok(())
}

pub(super) fn rekey(batch: &Batch<'_>, tenant: &str, old: &str, new: &str) -> Result<(), StoreError> {
    if old == new {
        return Ok(());
    }
    change(
        batch.connection,
        "INSERT INTO hubspot_record (tenant_id, record, state, state_since, unconfirmed_until, restored)
         SELECT tenant_id, ?3, 'live', ?4, unconfirmed_until, restored FROM hubspot_record WHERE tenant_id = ?1 AND record = ?2
         ON CONFLICT (tenant_id, record) DO UPDATE
         SET unconfirmed_until = CASE WHEN excluded.unconfirmed_until IS NULL THEN unconfirmed_until
             ELSE max(coalesce(unconfirmed_until, excluded.unconfirmed_until), excluded.unconfirmed_until) END,
             restored = max(restored, excluded.restored)",
        (tenant, old, new, batch.now.millis()),
    )?;
    change(
        batch.connection,
        "UPDATE conversation SET delivered_seq = 0
         WHERE tenant_id = ?1 AND email IN (SELECT email FROM hubspot_address WHERE tenant_id = ?1 AND record = ?2)",
        [tenant, old],
    )?;
    // Which of the two values the merged record shows is HubSpot's choice: both are ours.
    change(
        batch.connection,
        "INSERT OR IGNORE INTO hubspot_value (tenant_id, record, hash, sent_at)
         SELECT tenant_id, ?3, hash, sent_at FROM hubspot_value WHERE tenant_id = ?1 AND record = ?2",
        [tenant, old, new],
    )?;
    change(
        batch.connection,
        "UPDATE hubspot_address SET record = ?3 WHERE tenant_id = ?1 AND record = ?2",
        [tenant, old, new],
    )?;
    // HubSpot moves a contact's notes with it.
    change(
        batch.connection,
        "UPDATE hubspot_note SET record = ?3 WHERE tenant_id = ?1 AND record = ?2",
        [tenant, old, new],
    )?;
    move_erasure(batch, tenant, old, new)?;
    // HubSpot answers with it, so it is there again, should it have been deleted once.
    revive_if_gone(batch, tenant, new)?;
    for sql in [
        "DELETE FROM hubspot_value WHERE tenant_id = ?1 AND record = ?2",
        "DELETE FROM hubspot_record WHERE tenant_id = ?1 AND record = ?2",
    ] {
        change(batch.connection, sql, [tenant, old])?;
    }
    Ok(())
}
