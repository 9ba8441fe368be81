//! The end of conversations in SQLite.

use parlor_protocol::{ConversationId, ConversationState};
use rusqlite::Connection;

use super::conversations::next_change;
use super::delivery::dirty_record;
use super::row::{all, change, signed};
use super::writer::Batch;
use crate::{Ended, StoreError, Timestamp};

pub(super) fn set_state(batch: &Batch<'_>, tenant: &str, id: &str, state: ConversationState) -> Result<(), StoreError> {
    let number = next_change(batch, tenant)?;
    let closed_at = (state == ConversationState::Closed).then_some(batch.now.millis());
    change(
        batch.connection,
        "UPDATE conversation SET state = ?3, change = ?4, closed_at = ?5, to_sum_up = (?5 IS NOT NULL AND last_seq > 0)
         WHERE tenant_id = ?1 AND id = ?2",
        (tenant, id, state.as_str(), signed(number), closed_at),
    )?;
    Ok(())
}

pub(super) fn end_idle(
    batch: &Batch<'_>,
    tenant: &str,
    idle_since: Timestamp,
    limit: usize,
) -> Result<Vec<ConversationId>, StoreError> {
    let idle: Vec<ConversationId> = all(
        batch.connection,
        "conversation",
        "SELECT id FROM conversation INDEXED BY conversation_open
         WHERE tenant_id = ?1 AND state = 'open' AND last_at <= ?2 ORDER BY last_at, id LIMIT ?3",
        (tenant, idle_since.millis(), signed(limit)),
        |row| row.parsed("id"),
    )?;
    for id in &idle {
        set_state(batch, tenant, id.as_str(), ConversationState::Closed)?;
    }
    Ok(idle)
}

pub(super) fn to_sum_up(
    connection: &Connection,
    tenant: &str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Ended>, StoreError> {
    all(
        connection,
        "conversation",
        "SELECT conversation.id, conversation.closed_at, hubspot_record.record, hubspot_record.state,
                hubspot_record.attempts, hubspot_record.failing_since, hubspot_record.unconfirmed_until,
                hubspot_record.restored, erasure_job.since AS erasing_since, erasure_job.removed
         FROM conversation INDEXED BY conversation_to_sum_up
         JOIN hubspot_address
             ON hubspot_address.tenant_id = conversation.tenant_id AND hubspot_address.email = conversation.email
         JOIN hubspot_record
             ON hubspot_record.tenant_id = hubspot_address.tenant_id
            AND hubspot_record.record = hubspot_address.record AND hubspot_record.state IN ('live', 'full')
         LEFT JOIN erasure_job
             ON erasure_job.tenant_id = hubspot_record.tenant_id AND erasure_job.record = hubspot_record.record
         WHERE conversation.tenant_id = ?1 AND conversation.to_sum_up = 1
           AND conversation.held = 0 AND conversation.abandoned = 0 AND hubspot_record.next_attempt_at <= ?3
         ORDER BY conversation.closed_at, conversation.id LIMIT ?2",
        (tenant, signed(limit), now.millis()),
        |row| {
            Ok(Ended {
                id: row.parsed("id")?,
                record: dirty_record(row)?,
                closed_at: row.moment("closed_at")?,
            })
        },
    )
}

pub(super) fn note_summed_up(
    batch: &Batch<'_>,
    tenant: &str,
    id: &str,
    closed_at: Timestamp,
) -> Result<(), StoreError> {
    change(
        batch.connection,
        "UPDATE conversation SET to_sum_up = 0 WHERE tenant_id = ?1 AND id = ?2 AND closed_at = ?3",
        (tenant, id, closed_at.millis()),
    )?;
    Ok(())
}
