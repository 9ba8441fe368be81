//! What goes from the store: texts, names, addresses, pages, and whatever leads back to them.

use parlor_protocol::{ClaimedEmail, ConversationId};
use rusqlite::Connection;

use super::jobs;
use crate::sqlite::audit;
use crate::sqlite::conversations::next_change;
use crate::sqlite::identity::remove_tokens;
use crate::sqlite::row::{all, change, signed};
use crate::sqlite::writer::Batch;
use crate::{Erased, Forget, NewAudit, StoreError, Timestamp};

/// Ids as SQLite's `json_each` takes them.
pub(super) fn json(conversations: &[ConversationId]) -> Result<String, StoreError> {
    serde_json::to_string(conversations).map_err(|error| StoreError::Database(error.to_string()))
}

pub(super) fn forget(batch: &Batch<'_>, tenant: &str, forget: &Forget) -> Result<Erased, StoreError> {
    // No token tells whose it is, and the person may have one without a conversation. They are made again when they are asked for.
    let sql = "DELETE FROM visitor_token WHERE tenant_id = ?1";
    remove_tokens(batch, tenant, sql, [tenant])?;
    let email = forget.email.as_ref().map(ClaimedEmail::as_str);
    let latest = Timestamp::from_millis(i64::MAX);
    let conversations = not_erased(batch.connection, tenant, email, latest, &forget.conversations)?;
    let ids = json(&conversations)?;
    let mut emails = emails_of(batch, tenant, &ids)?;
    emails.extend(email.map(str::to_owned));
    let records = jobs::order(batch, tenant, &ids, forget.confirm_until)?;
    let erased = Erased {
        records,
        ..erase(batch, tenant, conversations, &ids, "forgotten")?
    };
    for record in remove_addresses(batch, tenant, &emails)? {
        jobs::drop_if_lonely(batch, tenant, &record)?;
    }
    note(batch, tenant, &forget.actor, "forgotten", &erased)?;
    Ok(erased)
}

pub(super) fn not_erased(
    connection: &Connection,
    tenant: &str,
    email: Option<&str>,
    began_until: Timestamp,
    conversations: &[ConversationId],
) -> Result<Vec<ConversationId>, StoreError> {
    all(
        connection,
        "conversation",
        "SELECT id FROM conversation
         WHERE tenant_id = ?1 AND email = ?2 AND created_at <= ?3 AND erased IS NULL
         UNION
         SELECT id FROM conversation
         WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?4)) AND erased IS NULL
         ORDER BY id",
        (tenant, email, began_until.millis(), json(conversations)?),
        |row| row.parsed("id"),
    )
}

pub(super) fn expire(batch: &Batch<'_>, tenant: &str, expired: &[ConversationId]) -> Result<Erased, StoreError> {
    let conversations = not_erased(batch.connection, tenant, None, batch.now, expired)?;
    let ids = json(&conversations)?;
    let emails = emails_of(batch, tenant, &ids)?;
    // What HubSpot has of them is from now on a text that we would not write: it is kept like anybody else's.
    change(
        batch.connection,
        "DELETE FROM hubspot_value WHERE tenant_id = ?1 AND record IN (
             SELECT hubspot_address.record FROM conversation
             JOIN hubspot_address
                 ON hubspot_address.tenant_id = conversation.tenant_id AND hubspot_address.email = conversation.email
             WHERE conversation.tenant_id = ?1 AND conversation.id IN (SELECT value FROM json_each(?2))
         )",
        (tenant, &ids),
    )?;
    let erased = erase(batch, tenant, conversations, &ids, "expired")?;
    for record in remove_addresses(batch, tenant, &emails)? {
        jobs::drop_if_lonely(batch, tenant, &record)?;
    }
    note(batch, tenant, "retention", "expired", &erased)?;
    Ok(erased)
}

pub(super) fn expired(
    connection: &Connection,
    tenant: &str,
    before: Timestamp,
    given_up_before: Timestamp,
    limit: usize,
) -> Result<Vec<ConversationId>, StoreError> {
    all(
        connection,
        "conversation",
        "SELECT conversation.id
         FROM conversation
         LEFT JOIN hubspot_address
             ON hubspot_address.tenant_id = conversation.tenant_id AND hubspot_address.email = conversation.email
         LEFT JOIN hubspot_record
             ON hubspot_record.tenant_id = hubspot_address.tenant_id
            AND hubspot_record.record = hubspot_address.record
         WHERE conversation.tenant_id = ?1 AND conversation.erased IS NULL AND conversation.last_at < ?2
           AND (
               (conversation.held = 0 AND conversation.abandoned = 0
                AND conversation.delivered_seq = conversation.last_seq AND conversation.to_sum_up = 0
                AND hubspot_record.state IN ('live', 'full') AND hubspot_record.unconfirmed_until IS NULL
                AND NOT EXISTS (
                    SELECT 1 FROM hubspot_note
                    WHERE hubspot_note.tenant_id = hubspot_record.tenant_id
                      AND hubspot_note.record = hubspot_record.record AND hubspot_note.state <> 'filled'
                )
                AND NOT EXISTS (
                    SELECT 1 FROM erasure_job
                    WHERE erasure_job.tenant_id = hubspot_record.tenant_id
                      AND erasure_job.record = hubspot_record.record
                ))
               OR (conversation.last_at < ?3
                   AND (conversation.held = 1 OR conversation.abandoned = 1 OR hubspot_address.state = 'refused'
                        OR hubspot_record.state IN ('gone', 'refused')))
           )
         ORDER BY conversation.last_at, conversation.id LIMIT ?4",
        (tenant, before.millis(), given_up_before.millis(), signed(limit)),
        |row| row.parsed("id"),
    )
}

fn emails_of(batch: &Batch<'_>, tenant: &str, ids: &str) -> Result<Vec<String>, StoreError> {
    all(
        batch.connection,
        "conversation",
        "SELECT DISTINCT email FROM conversation WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))",
        (tenant, ids),
        |row| row.get("email"),
    )
}

/// Texts and identity of these conversations. What stays of a message is its place, its id, its side and its time.
fn erase(
    batch: &Batch<'_>,
    tenant: &str,
    conversations: Vec<ConversationId>,
    ids: &str,
    how: &str,
) -> Result<Erased, StoreError> {
    let run = |sql: &str| change(batch.connection, sql, (tenant, ids));
    let messages = run("UPDATE message SET text = '', author_name = ''
         WHERE tenant_id = ?1 AND conversation_id IN (SELECT value FROM json_each(?2))")?;
    let of_visitors = "(SELECT visitor_id FROM conversation
                        WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2)))";
    let visitors = run(&format!(
        "UPDATE visitor SET first_name = '', last_name = NULL, email = '', email_verified = 0
         WHERE tenant_id = ?1 AND id IN {of_visitors}"
    ))?;
    run(&format!(
        "DELETE FROM visitor_secret WHERE tenant_id = ?1 AND visitor_id IN {of_visitors}"
    ))?;
    // A session is JSON that names its visitor. There is no index on that: erasing is rare, and this reads each session once.
    run("DELETE FROM session WHERE EXISTS (
             SELECT 1 FROM json_each(?2) AS erased JOIN conversation
                 ON conversation.tenant_id = ?1 AND conversation.id = erased.value
             WHERE instr(session.data, conversation.visitor_id) > 0
         )")?;
    for conversation in &conversations {
        let number = next_change(batch, tenant)?;
        change(
            batch.connection,
            "UPDATE conversation
             SET email = '', page = '{}', state = 'closed', closed_at = coalesce(closed_at, ?5), to_sum_up = 0, held = 0, abandoned = 0, delivered_seq = last_seq,
                 erased = ?3, change = ?4
             WHERE tenant_id = ?1 AND id = ?2",
            (tenant, conversation.as_str(), how, signed(number), batch.now.millis()),
        )?;
    }
    Ok(Erased {
        visitors: signed(visitors).unsigned_abs(),
        messages: signed(messages).unsigned_abs(),
        conversations,
        records: 0,
    })
}

/// Takes addresses out of the queue that no conversation has any more; answers the records they were linked to.
fn remove_addresses(batch: &Batch<'_>, tenant: &str, emails: &[String]) -> Result<Vec<String>, StoreError> {
    let mut records = Vec::new();
    for email in emails {
        let removed: Vec<Option<String>> = all(
            batch.connection,
            "hubspot_address",
            "DELETE FROM hubspot_address
             WHERE tenant_id = ?1 AND email = ?2
               AND NOT EXISTS (SELECT 1 FROM conversation WHERE tenant_id = ?1 AND email = ?2)
             RETURNING record",
            [tenant, email],
            |row| row.get("record"),
        )?;
        records.extend(removed.into_iter().flatten());
    }
    records.sort();
    records.dedup();
    Ok(records)
}

fn note(batch: &Batch<'_>, tenant: &str, actor: &str, action: &'static str, erased: &Erased) -> Result<(), StoreError> {
    if erased.conversations.is_empty() {
        return Ok(());
    }
    let line = NewAudit {
        actor: actor.to_owned(),
        action,
        visitors: erased.visitors,
        conversations: signed(erased.conversations.len()).unsigned_abs(),
        messages: erased.messages,
    };
    audit::add(batch, tenant, &line)
}
