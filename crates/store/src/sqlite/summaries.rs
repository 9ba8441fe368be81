//! The inbox's list in SQLite: conversations by the number of their latest change.

use parlor_protocol::{ConversationId, ConversationSummary, RepId, TenantId};
use rusqlite::Connection;

use super::conversations::full_name;
use super::row::{Fields, all, one, signed};
use crate::StoreError;

/// The lines of one tenant as one rep sees them; each query adds which and in what order. A preview is cut to 140
/// characters.
macro_rules! summaries {
    ($which:literal) => {
        concat!(
            "SELECT conversation.id, conversation.change, conversation.state, conversation.held, conversation.email,
                    conversation.last_seq, conversation.last_at, visitor.first_name, visitor.last_name,
                    widget.name AS widget_name, coalesce(substr(message.text, 1, 140), '') AS preview,
                    message.author_kind AS last_author, coalesce(read_mark.seq, 0) AS read_seq
             FROM conversation
             JOIN visitor ON visitor.tenant_id = conversation.tenant_id AND visitor.id = conversation.visitor_id
             JOIN widget ON widget.tenant_id = conversation.tenant_id AND widget.id = conversation.widget_id
             LEFT JOIN message
                 ON message.tenant_id = conversation.tenant_id AND message.conversation_id = conversation.id
                AND message.seq = conversation.last_seq
             LEFT JOIN read_mark
                 ON read_mark.tenant_id = conversation.tenant_id AND read_mark.rep_id = ?2
                AND read_mark.conversation_id = conversation.id
             WHERE conversation.tenant_id = ?1 AND ",
            $which
        )
    };
}

pub(super) fn one_of(
    connection: &Connection,
    tenant: &TenantId,
    rep: &RepId,
    id: &ConversationId,
) -> Result<Option<ConversationSummary>, StoreError> {
    let sql = summaries!("conversation.id = ?3");
    one(
        connection,
        "conversation",
        sql,
        [tenant.as_str(), rep.as_str(), id.as_str()],
        read,
    )
}

/// Lines as they go to every rep alike: without anybody's mark.
pub(super) fn for_all_since(
    connection: &Connection,
    tenant: &TenantId,
    since: u64,
    limit: usize,
) -> Result<Vec<ConversationSummary>, StoreError> {
    let sql = summaries!("conversation.change > ?3 ORDER BY conversation.change LIMIT ?4");
    let parameters = (tenant.as_str(), None::<&str>, signed(since), signed(limit));
    let lines = all(connection, "conversation", sql, parameters, read)?;
    let unmarked = |line| ConversationSummary { read_seq: None, ..line };
    Ok(lines.into_iter().map(unmarked).collect())
}

pub(super) fn since(
    connection: &Connection,
    tenant: &TenantId,
    rep: &RepId,
    since: u64,
    limit: usize,
) -> Result<Vec<ConversationSummary>, StoreError> {
    let sql = summaries!("conversation.change > ?3 ORDER BY conversation.change LIMIT ?4");
    all(
        connection,
        "conversation",
        sql,
        (tenant.as_str(), rep.as_str(), signed(since), signed(limit)),
        read,
    )
}

pub(super) fn before(
    connection: &Connection,
    tenant: &TenantId,
    rep: &RepId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConversationSummary>, StoreError> {
    let sql = summaries!("conversation.change < ?3 ORDER BY conversation.change DESC LIMIT ?4");
    let before = before.map_or(i64::MAX, signed);
    all(
        connection,
        "conversation",
        sql,
        (tenant.as_str(), rep.as_str(), before, signed(limit)),
        read,
    )
}

fn read(row: &Fields<'_>) -> Result<ConversationSummary, StoreError> {
    Ok(ConversationSummary {
        id: row.parsed("id")?,
        change: row.number("change")?,
        state: row.conversation_state("state")?,
        held: row.get("held")?,
        visitor_name: full_name(row)?,
        email: row.get("email")?,
        widget_name: row.get("widget_name")?,
        last_seq: row.number("last_seq")?,
        preview: row.get("preview")?,
        last_author: row.author_kind_if_any("last_author")?,
        last_at: row.get("last_at")?,
        read_seq: Some(row.number("read_seq")?),
    })
}
