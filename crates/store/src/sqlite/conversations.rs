//! Conversations and their messages in SQLite; appends go together through [`super::append`].

use async_trait::async_trait;
use parlor_protocol::{
    Author, ConversationId, ConversationState, ConversationSummary, ERASED_NAME, Message, RepId, TenantId,
};

use super::SqliteStore;
use super::delivery::order_contact;
use super::row::{Fields, all, change, corrupt, one, signed};
use super::writer::Batch;
use super::{ending, summaries};
use crate::{Append, AppendOutcome, Conversation, Conversations, Ended, StoreError, Timestamp};

#[async_trait]
impl Conversations for SqliteStore {
    async fn append(&self, message: Append) -> Result<AppendOutcome, StoreError> {
        self.writer.append(message).await
    }

    async fn conversation(&self, tenant: &TenantId, id: &ConversationId) -> Result<Option<Conversation>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.read(move |connection| {
            one(
                connection,
                "conversation",
                "SELECT conversation.*, visitor.first_name, visitor.last_name, widget.name AS widget_name
                 FROM conversation
                 JOIN visitor ON visitor.tenant_id = conversation.tenant_id AND visitor.id = conversation.visitor_id
                 JOIN widget ON widget.tenant_id = conversation.tenant_id AND widget.id = conversation.widget_id
                 WHERE conversation.tenant_id = ?1 AND conversation.id = ?2",
                [tenant.as_str(), id.as_str()],
                read_conversation,
            )
        })
        .await
    }

    async fn messages_after(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.read(move |connection| {
            all(
                connection,
                "message",
                "SELECT * FROM message WHERE tenant_id = ?1 AND conversation_id = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4",
                (tenant.as_str(), id.as_str(), signed(after), signed(limit)),
                read_message,
            )
        })
        .await
    }

    async fn messages_before(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.read(move |connection| {
            let mut messages = all(
                connection,
                "message",
                "SELECT * FROM message WHERE tenant_id = ?1 AND conversation_id = ?2 AND seq < ?3
                 ORDER BY seq DESC LIMIT ?4",
                (
                    tenant.as_str(),
                    id.as_str(),
                    before.map_or(i64::MAX, signed),
                    signed(limit),
                ),
                read_message,
            )?;
            messages.reverse();
            Ok(messages)
        })
        .await
    }

    async fn set_conversation_state(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        state: ConversationState,
    ) -> Result<Option<bool>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.write(move |batch| {
            let now_in = one(
                batch.connection,
                "conversation",
                "SELECT state FROM conversation WHERE tenant_id = ?1 AND id = ?2",
                [tenant.as_str(), id.as_str()],
                |row| row.conversation_state("state"),
            )?;
            match now_in {
                Some(now_in) if now_in != state => {
                    ending::set_state(batch, tenant.as_str(), id.as_str(), state)?;
                    Ok(Some(true))
                }
                Some(_) => Ok(Some(false)),
                None => Ok(None),
            }
        })
        .await
    }

    async fn end_idle_conversations(
        &self,
        tenant: &TenantId,
        idle_since: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| ending::end_idle(batch, tenant.as_str(), idle_since, limit))
            .await
    }

    async fn to_sum_up(&self, tenant: &TenantId, now: Timestamp, limit: usize) -> Result<Vec<Ended>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| ending::to_sum_up(connection, tenant.as_str(), now, limit))
            .await
    }

    async fn note_summed_up(
        &self,
        tenant: &TenantId,
        id: &ConversationId,
        closed_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.write(move |batch| ending::note_summed_up(batch, tenant.as_str(), id.as_str(), closed_at))
            .await
    }

    async fn release_conversation(&self, tenant: &TenantId, id: &ConversationId) -> Result<Option<bool>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.write(move |batch| {
            let found = one(
                batch.connection,
                "conversation",
                "SELECT held, email FROM conversation WHERE tenant_id = ?1 AND id = ?2",
                [tenant.as_str(), id.as_str()],
                |row| Ok((row.get::<bool>("held")?, row.get::<String>("email")?)),
            )?;
            match found {
                Some((true, email)) => {
                    let number = next_change(batch, tenant.as_str())?;
                    change(
                        batch.connection,
                        "UPDATE conversation SET held = FALSE, change = ?3 WHERE tenant_id = ?1 AND id = ?2",
                        (tenant.as_str(), id.as_str(), signed(number)),
                    )?;
                    order_contact(batch, tenant.as_str(), &email)?;
                    Ok(Some(true))
                }
                Some((false, _)) => Ok(Some(false)),
                None => Ok(None),
            }
        })
        .await
    }

    async fn summary(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        id: &ConversationId,
    ) -> Result<Option<ConversationSummary>, StoreError> {
        let (tenant, rep, id) = (tenant.clone(), rep.clone(), id.clone());
        self.read(move |connection| summaries::one_of(connection, &tenant, &rep, &id))
            .await
    }

    async fn summaries_for_all_since(
        &self,
        tenant: &TenantId,
        since: u64,
        limit: usize,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| summaries::for_all_since(connection, &tenant, since, limit))
            .await
    }

    async fn summaries_since(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        since: u64,
        limit: usize,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        let (tenant, rep) = (tenant.clone(), rep.clone());
        self.read(move |connection| summaries::since(connection, &tenant, &rep, since, limit))
            .await
    }

    async fn summaries_before(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        let (tenant, rep) = (tenant.clone(), rep.clone());
        self.read(move |connection| summaries::before(connection, &tenant, &rep, before, limit))
            .await
    }

    async fn latest_change(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let sql = "SELECT latest FROM change_counter WHERE tenant_id = ?1";
            let latest = one(connection, "change_counter", sql, [tenant.as_str()], |row| {
                row.number("latest")
            })?;
            Ok(latest.unwrap_or(0))
        })
        .await
    }

    async fn mark_read(
        &self,
        tenant: &TenantId,
        rep: &RepId,
        id: &ConversationId,
        seq: u64,
    ) -> Result<Option<u64>, StoreError> {
        let (tenant, rep, id) = (tenant.clone(), rep.clone(), id.clone());
        self.write(move |batch| {
            // No row comes from a conversation that is not there, so none is inserted and none returned.
            one(
                batch.connection,
                "read_mark",
                "INSERT INTO read_mark (tenant_id, rep_id, conversation_id, seq)
                 SELECT tenant_id, ?2, id, min(?4, last_seq) FROM conversation WHERE tenant_id = ?1 AND id = ?3
                 ON CONFLICT (tenant_id, rep_id, conversation_id) DO UPDATE SET seq = max(seq, excluded.seq)
                 RETURNING seq",
                (tenant.as_str(), rep.as_str(), id.as_str(), signed(seq)),
                |row| row.number("seq"),
            )
        })
        .await
    }
}

/// The tenant's next change number.
pub(super) fn next_change(batch: &Batch<'_>, tenant: &str) -> Result<u64, StoreError> {
    one(
        batch.connection,
        "change_counter",
        "INSERT INTO change_counter (tenant_id, latest) VALUES (?1, 1)
         ON CONFLICT (tenant_id) DO UPDATE SET latest = latest + 1 RETURNING latest",
        [tenant],
        |row| row.number("latest"),
    )?
    .ok_or_else(|| StoreError::Database("change_counter gave no number".to_owned()))
}

fn read_conversation(row: &Fields<'_>) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        id: row.parsed("id")?,
        visitor: row.parsed("visitor_id")?,
        visitor_name: full_name(row)?,
        email: row.get("email")?,
        widget: row.parsed("widget_id")?,
        widget_name: row.get("widget_name")?,
        page: serde_json::from_str(&row.get::<String>("page")?)
            .map_err(|_| corrupt("conversation", "page", &"not a page's context"))?,
        state: row.conversation_state("state")?,
        held: row.get("held")?,
        is_erased: row.get::<Option<String>>("erased")?.is_some(),
        last_seq: row.number("last_seq")?,
        created_at: row.moment("created_at")?,
    })
}

/// A message from any query that has the table's columns.
pub(super) fn read_message(row: &Fields<'_>) -> Result<Message, StoreError> {
    Ok(Message {
        seq: row.number("seq")?,
        id: row.parsed("id")?,
        author: Author {
            kind: row.author_kind("author_kind")?,
            name: row.get("author_name")?,
        },
        text: row.get("text")?,
        at: row.get("at")?,
    })
}

/// First and last name as one; of somebody erased, words that say so.
pub(super) fn full_name(row: &Fields<'_>) -> Result<String, StoreError> {
    let first_name: String = row.get("first_name")?;
    if first_name.is_empty() {
        return Ok(ERASED_NAME.to_owned());
    }
    Ok(match row.get::<Option<String>>("last_name")? {
        Some(last_name) => format!("{first_name} {last_name}"),
        None => first_name,
    })
}
