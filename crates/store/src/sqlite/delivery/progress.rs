//! How far delivery has come: which records have something to do, and with which text.

use std::time::Duration;

use rusqlite::Connection;

use super::records::state_if_any;
use crate::sqlite::conversations::read_message;
use crate::sqlite::row::{Fields, all, one, signed};
use crate::{
    Coalescing, ConversationDelivery, DirtyRecord, ErasingRecord, RecordState, StoreError, Timestamp,
    TranscriptConversation, Undelivered,
};

/// The undelivered conversations of a tenant with the moment at which each is due. Parameters: ?1 tenant, then the coalescing's
/// three times in milliseconds. A message that was removed counts as if it had come with the newest.
macro_rules! undelivered {
    () => {
        "SELECT conversation.email, coalesce(message.at, conversation.last_at) AS since,
                CASE WHEN conversation.state = 'closed' THEN 0
                     WHEN conversation.delivered_seq = 0 THEN coalesce(message.at, conversation.last_at) + ?2
                     ELSE min(conversation.last_at + ?3, coalesce(message.at, conversation.last_at) + ?4) END AS due
         FROM conversation INDEXED BY conversation_undelivered
         LEFT JOIN message
             ON message.tenant_id = conversation.tenant_id AND message.conversation_id = conversation.id
            AND message.seq = conversation.delivered_seq + 1
         WHERE conversation.tenant_id = ?1 AND conversation.held = 0 AND conversation.abandoned = 0
           AND conversation.last_seq > conversation.delivered_seq"
    };
}

fn millis(duration: Duration) -> i64 {
    signed(duration.as_millis())
}

/// The moment a record has waited since is its oldest undelivered message's, or the moment its confirmation was due. What is due
/// of one conversation takes the whole record along.
pub(super) fn dirty(
    connection: &Connection,
    tenant: &str,
    now: Timestamp,
    due_by: Timestamp,
    coalescing: Coalescing,
    limit: usize,
) -> Result<Vec<DirtyRecord>, StoreError> {
    all(
        connection,
        "hubspot_record",
        concat!(
            "WITH undelivered AS (",
            undelivered!(),
            "), waiting AS (
             SELECT hubspot_address.record, undelivered.since, undelivered.due
             FROM undelivered
             JOIN hubspot_address
                 ON hubspot_address.tenant_id = ?1 AND hubspot_address.email = undelivered.email
                AND hubspot_address.record IS NOT NULL
             UNION ALL
             SELECT record, unconfirmed_until, unconfirmed_until FROM hubspot_record
             WHERE tenant_id = ?1 AND unconfirmed_until <= ?5
             UNION ALL
             SELECT record, since, since FROM erasure_job WHERE tenant_id = ?1 AND removed = 0
         )
         SELECT hubspot_record.record, hubspot_record.state, hubspot_record.attempts, hubspot_record.failing_since,
                hubspot_record.unconfirmed_until, hubspot_record.restored, erasure_job.since AS erasing_since,
                erasure_job.removed
         FROM waiting
         JOIN hubspot_record ON hubspot_record.tenant_id = ?1 AND hubspot_record.record = waiting.record
         LEFT JOIN erasure_job
             ON erasure_job.tenant_id = hubspot_record.tenant_id AND erasure_job.record = hubspot_record.record
         WHERE hubspot_record.next_attempt_at <= ?5
           AND hubspot_record.state IN ('live', 'full')
         GROUP BY hubspot_record.record
         HAVING min(waiting.due) <= ?6
         ORDER BY min(waiting.since), hubspot_record.record LIMIT ?7"
        ),
        (
            tenant,
            millis(coalescing.first),
            millis(coalescing.quiet),
            millis(coalescing.most),
            now.millis(),
            due_by.millis(),
            signed(limit),
        ),
        dirty_record,
    )
}

pub(super) fn transcript(
    connection: &Connection,
    tenant: &str,
    record: &str,
) -> Result<Vec<TranscriptConversation>, StoreError> {
    // One transaction, so that all conversations are of one moment.
    let moment = connection.unchecked_transaction()?;
    let mut conversations = all(
        &moment,
        "conversation",
        "SELECT conversation.id, conversation.created_at, conversation.email, visitor.email_verified,
                visitor.first_name, coalesce(visitor.last_name, '') AS last_name, widget.name AS widget_name,
                coalesce(conversation.page ->> 'url', '') AS page_url,
                coalesce((
                    SELECT max(hubspot_note_range.to_seq)
                    FROM hubspot_note_range
                    JOIN hubspot_note
                        ON hubspot_note.tenant_id = hubspot_note_range.tenant_id
                       AND hubspot_note.key = hubspot_note_range.key
                    WHERE hubspot_note_range.tenant_id = conversation.tenant_id
                      AND hubspot_note_range.conversation_id = conversation.id
                      AND hubspot_note.record = hubspot_address.record
                      AND hubspot_note.kind = 'overflow' AND hubspot_note.state = 'filled'
                ), 0) AS in_notes
         FROM hubspot_address
         JOIN conversation
             ON conversation.tenant_id = hubspot_address.tenant_id AND conversation.email = hubspot_address.email
         JOIN visitor ON visitor.tenant_id = conversation.tenant_id AND visitor.id = conversation.visitor_id
         JOIN widget ON widget.tenant_id = conversation.tenant_id AND widget.id = conversation.widget_id
         WHERE hubspot_address.tenant_id = ?1 AND hubspot_address.record = ?2
           AND conversation.held = 0 AND conversation.abandoned = 0 AND conversation.last_seq > 0
         ORDER BY conversation.created_at, conversation.id",
        [tenant, record],
        |row| {
            Ok(TranscriptConversation {
                id: row.parsed("id")?,
                created_at: row.moment("created_at")?,
                widget_name: row.get("widget_name")?,
                page_url: row.get("page_url")?,
                email: row.parsed("email")?,
                email_verified: row.get("email_verified")?,
                first_name: row.get("first_name")?,
                last_name: row.get("last_name")?,
                in_notes: row.number("in_notes")?,
                messages: Vec::new(),
            })
        },
    )?;
    for conversation in &mut conversations {
        conversation.messages = all(
            &moment,
            "message",
            "SELECT * FROM message WHERE tenant_id = ?1 AND conversation_id = ?2 ORDER BY seq",
            [tenant, conversation.id.as_str()],
            read_message,
        )?;
    }
    moment.finish()?;
    Ok(conversations)
}

/// A row with the columns of a record.
pub(in crate::sqlite) fn dirty_record(row: &Fields<'_>) -> Result<DirtyRecord, StoreError> {
    Ok(DirtyRecord {
        record: row.get("record")?,
        state: state_if_any(row, "state")?.unwrap_or(RecordState::Live),
        attempts: row.number("attempts")?,
        failing_since: row.get::<Option<i64>>("failing_since")?.map(Timestamp::from_millis),
        unconfirmed_until: row.get::<Option<i64>>("unconfirmed_until")?.map(Timestamp::from_millis),
        erasing: match row.get::<Option<i64>>("erasing_since")? {
            Some(since) => Some(ErasingRecord {
                since: Timestamp::from_millis(since),
                is_removed: row.get("removed")?,
            }),
            None => None,
        },
        is_restored: row.get("restored")?,
    })
}

pub(super) fn next_due(
    connection: &Connection,
    tenant: &str,
    coalescing: Coalescing,
) -> Result<Option<Timestamp>, StoreError> {
    let due = one(
        connection,
        "hubspot_record",
        concat!(
            "WITH undelivered AS (",
            undelivered!(),
            ")
         SELECT min(due) AS due FROM (
             SELECT min(next_attempt_at) AS due FROM hubspot_address WHERE tenant_id = ?1 AND state = 'pending'
             UNION ALL
             SELECT min(max(undelivered.due, hubspot_record.next_attempt_at))
             FROM undelivered
             JOIN hubspot_address
                 ON hubspot_address.tenant_id = ?1 AND hubspot_address.email = undelivered.email
             JOIN hubspot_record
                 ON hubspot_record.tenant_id = hubspot_address.tenant_id
                AND hubspot_record.record = hubspot_address.record AND hubspot_record.state IN ('live', 'full')
             UNION ALL
             SELECT min(max(conversation.closed_at, hubspot_record.next_attempt_at))
             FROM conversation INDEXED BY conversation_to_sum_up
             JOIN hubspot_address
                 ON hubspot_address.tenant_id = ?1 AND hubspot_address.email = conversation.email
             JOIN hubspot_record
                 ON hubspot_record.tenant_id = ?1
                AND hubspot_record.record = hubspot_address.record AND hubspot_record.state IN ('live', 'full')
             WHERE conversation.tenant_id = ?1 AND conversation.to_sum_up = 1
               AND conversation.held = 0 AND conversation.abandoned = 0
             UNION ALL
             SELECT min(max(unconfirmed_until, next_attempt_at)) FROM hubspot_record
             WHERE tenant_id = ?1 AND state IN ('live', 'full') AND unconfirmed_until IS NOT NULL
             UNION ALL
             SELECT min(max(erasure_job.since, hubspot_record.next_attempt_at))
             FROM erasure_job
             JOIN hubspot_record
                 ON hubspot_record.tenant_id = erasure_job.tenant_id AND hubspot_record.record = erasure_job.record
                AND hubspot_record.state IN ('live', 'full')
             WHERE erasure_job.tenant_id = ?1 AND erasure_job.removed = 0
         )"
        ),
        (
            tenant,
            millis(coalescing.first),
            millis(coalescing.quiet),
            millis(coalescing.most),
        ),
        |row| row.get::<Option<i64>>("due"),
    )?;
    Ok(due.flatten().map(Timestamp::from_millis))
}

pub(super) fn of_conversation(
    connection: &Connection,
    tenant: &str,
    conversation: &str,
) -> Result<Option<ConversationDelivery>, StoreError> {
    one(
        connection,
        "conversation",
        "SELECT conversation.delivered_seq, conversation.last_seq, conversation.held, conversation.abandoned,
                hubspot_record.record, hubspot_record.state,
                coalesce(hubspot_address.state = 'refused', FALSE) AS address_refused,
                coalesce(hubspot_address.state = 'dead', FALSE) AS address_dead,
                coalesce(hubspot_record.attempts, hubspot_address.attempts, 0) AS attempts,
                CASE WHEN hubspot_record.record IS NULL THEN hubspot_address.detail ELSE hubspot_record.detail END
                    AS detail
         FROM conversation
         LEFT JOIN hubspot_address
             ON hubspot_address.tenant_id = conversation.tenant_id AND hubspot_address.email = conversation.email
         LEFT JOIN hubspot_record
             ON hubspot_record.tenant_id = hubspot_address.tenant_id
            AND hubspot_record.record = hubspot_address.record
         WHERE conversation.tenant_id = ?1 AND conversation.id = ?2",
        [tenant, conversation],
        |row| {
            let mut delivery = ConversationDelivery {
                record: row.get("record")?,
                state: state_if_any(row, "state")?,
                delivered_seq: row.number("delivered_seq")?,
                last_seq: row.number("last_seq")?,
                held: row.get("held")?,
                address_refused: row.get("address_refused")?,
                address_dead: row.get("address_dead")?,
                attempts: row.number("attempts")?,
                detail: row.get("detail")?,
            };
            if row.get::<bool>("abandoned")? && delivery.state != Some(RecordState::Gone) {
                // The address has another contact by now, or waits for one; this conversation stays with the deleted one.
                delivery = ConversationDelivery {
                    record: None,
                    state: Some(RecordState::Gone),
                    address_refused: false,
                    address_dead: false,
                    attempts: 0,
                    detail: None,
                    ..delivery
                };
            }
            Ok(delivery)
        },
    )
}

pub(super) fn undelivered(connection: &Connection, tenant: &str) -> Result<Undelivered, StoreError> {
    let undelivered = one(
        connection,
        "conversation",
        "SELECT (
             SELECT min(coalesce(message.at, conversation.last_at))
             FROM conversation INDEXED BY conversation_undelivered
             LEFT JOIN message
                 ON message.tenant_id = conversation.tenant_id AND message.conversation_id = conversation.id
                AND message.seq = conversation.delivered_seq + 1
             LEFT JOIN hubspot_address
                 ON hubspot_address.tenant_id = ?1 AND hubspot_address.email = conversation.email
             LEFT JOIN hubspot_record
                 ON hubspot_record.tenant_id = ?1 AND hubspot_record.record = hubspot_address.record
             WHERE conversation.tenant_id = ?1 AND conversation.held = 0 AND conversation.abandoned = 0
               AND conversation.last_seq > conversation.delivered_seq
               AND coalesce(hubspot_address.state, 'pending') IN ('pending', 'linked')
               AND coalesce(hubspot_record.state, 'live') IN ('live', 'full')
         ) AS oldest, (
             SELECT count(*) FROM hubspot_record
             WHERE tenant_id = ?1 AND state IN ('live', 'full') AND unconfirmed_until IS NOT NULL
         ) AS unconfirmed",
        [tenant],
        |row| {
            Ok(Undelivered {
                oldest: row.get::<Option<i64>>("oldest")?.map(Timestamp::from_millis),
                unconfirmed: row.number("unconfirmed")?,
            })
        },
    )?;
    Ok(undelivered.unwrap_or_default())
}

pub(super) fn backlog(connection: &Connection, tenant: &str) -> Result<u64, StoreError> {
    let count = one(
        connection,
        "conversation",
        "SELECT count(*) AS backlog FROM conversation
         WHERE tenant_id = ?1 AND held = 0 AND abandoned = 0 AND last_seq > delivered_seq",
        [tenant],
        |row| row.number("backlog"),
    )?;
    Ok(count.unwrap_or(0))
}
