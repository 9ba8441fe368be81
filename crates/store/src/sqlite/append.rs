//! Messages appended together: one statement stores them all, one tells what became of each, one moves their
//! conversations on. The batch travels as a single JSON parameter.

use std::collections::HashSet;

use parlor_protocol::{Author, AuthorKind, ConversationState, Message};

use super::row::{Fields, all, change};
use super::writer::Batch;
use crate::conversations::Writer;
use crate::{Append, AppendOutcome, Appended, StoreError};

/// Numbers the messages that are new and whose writer may write: `seq` goes on from the conversation's last one, in the
/// order of the batch. Of several with one id the first counts.
const STORE: &str = "
    WITH incoming AS MATERIALIZED (
        SELECT key AS position, value ->> 0 AS tenant_id, value ->> 1 AS conversation_id, value ->> 2 AS author_kind,
               value ->> 3 AS author_id, value ->> 4 AS author_name, value ->> 5 AS id, value ->> 6 AS text
        FROM json_each(?1)
    ),
    permitted AS MATERIALIZED (
        SELECT incoming.*, conversation.last_seq, conversation.last_at,
               row_number() OVER (
                   PARTITION BY incoming.tenant_id, incoming.conversation_id, incoming.id ORDER BY incoming.position
               ) AS attempt
        FROM incoming
        CROSS JOIN conversation
            ON conversation.tenant_id = incoming.tenant_id AND conversation.id = incoming.conversation_id
        WHERE (incoming.author_kind = 'rep' OR conversation.visitor_id = incoming.author_id)
          AND conversation.erased IS NULL
          AND NOT EXISTS (
              SELECT 1 FROM message
              WHERE message.tenant_id = incoming.tenant_id
                AND message.conversation_id = incoming.conversation_id AND message.id = incoming.id
          )
    )
    INSERT INTO message (tenant_id, conversation_id, seq, id, author_kind, author_id, author_name, text, at)
    SELECT tenant_id, conversation_id,
           last_seq + row_number() OVER (PARTITION BY tenant_id, conversation_id ORDER BY position),
           id, author_kind, author_id, author_name, text, max(?2, last_at)
    FROM permitted
    WHERE attempt = 1";

/// What became of each, while the conversations still stand where they stood: a message past their `last_seq` is new.
const OUTCOMES: &str = "
    WITH incoming AS MATERIALIZED (
        SELECT key AS position, value ->> 0 AS tenant_id, value ->> 1 AS conversation_id, value ->> 2 AS author_kind,
               value ->> 3 AS author_id, value ->> 5 AS id
        FROM json_each(?1)
    )
    SELECT incoming.position, conversation.state, message.seq, message.author_kind, message.author_id,
           message.author_name, message.text, message.at, message.seq > conversation.last_seq AS is_new
    FROM incoming
    LEFT JOIN conversation
        ON conversation.tenant_id = incoming.tenant_id AND conversation.id = incoming.conversation_id
       AND (incoming.author_kind = 'rep' OR conversation.visitor_id = incoming.author_id)
       AND conversation.erased IS NULL
    LEFT JOIN message
        ON message.tenant_id = conversation.tenant_id AND message.conversation_id = conversation.id
       AND message.id = incoming.id
    ORDER BY incoming.position";

/// Moves the conversations on, each with a change number of its own.
const MOVE_ON: &str = "
    WITH incoming AS MATERIALIZED (
        SELECT value ->> 0 AS tenant_id, value ->> 1 AS conversation_id, max(key) AS position
        FROM json_each(?1) GROUP BY 1, 2
    ),
    fresh AS MATERIALIZED (
        SELECT conversation.tenant_id, conversation.id, incoming.position, max(message.seq) AS last_seq,
               max(message.at) AS last_at, max(message.author_kind = 'visitor') AS by_visitor
        FROM incoming
        CROSS JOIN conversation
            ON conversation.tenant_id = incoming.tenant_id AND conversation.id = incoming.conversation_id
        CROSS JOIN message
            ON message.tenant_id = conversation.tenant_id AND message.conversation_id = conversation.id
           AND message.seq > conversation.last_seq
        GROUP BY conversation.tenant_id, conversation.id
    ),
    numbered AS MATERIALIZED (
        SELECT fresh.*,
               change_counter.latest
                   + row_number() OVER (PARTITION BY fresh.tenant_id ORDER BY fresh.position) AS change
        FROM fresh JOIN change_counter ON change_counter.tenant_id = fresh.tenant_id
    )
    UPDATE conversation
    SET last_seq = numbered.last_seq, last_at = numbered.last_at, change = numbered.change,
        state = CASE WHEN numbered.by_visitor THEN 'open' ELSE conversation.state END,
        closed_at = CASE WHEN numbered.by_visitor THEN NULL ELSE conversation.closed_at END,
        to_sum_up = CASE WHEN numbered.by_visitor THEN 0 ELSE conversation.to_sum_up END
    FROM numbered
    WHERE conversation.tenant_id = numbered.tenant_id AND conversation.id = numbered.id";

/// The counters follow the greatest number just given.
const COUNT: &str = "
    UPDATE change_counter
    SET latest = max(latest, (
        SELECT coalesce(max(conversation.change), 0) FROM conversation
        WHERE conversation.tenant_id = change_counter.tenant_id
    ))
    WHERE tenant_id IN (SELECT DISTINCT value ->> 0 FROM json_each(?1))";

/// How much a message weighs in a batch, in bytes.
pub(super) fn bytes_of(message: &Append) -> usize {
    message.text.as_str().len() + message.name.len()
}

/// Appends all messages; the outcomes are in their order.
pub(super) fn append_all(batch: &Batch<'_>, messages: &[Append]) -> Result<Vec<AppendOutcome>, StoreError> {
    let incoming: Vec<[&str; 7]> = messages
        .iter()
        .map(|message| {
            let (kind, writer) = author_of(message);
            let tenant = message.tenant.as_str();
            let conversation = message.conversation.as_str();
            [
                tenant,
                conversation,
                kind.as_str(),
                writer,
                &message.name,
                message.id.as_str(),
                message.text.as_str(),
            ]
        })
        .collect();
    let incoming = serde_json::to_string(&incoming).map_err(|error| StoreError::Database(error.to_string()))?;

    let stored = change(batch.connection, STORE, (&incoming, batch.now.millis()))?;
    let mut told = Told::default();
    let mut next = messages.iter();
    let outcomes = all(batch.connection, "message", OUTCOMES, [&incoming], |row| {
        let message = next
            .next()
            .ok_or_else(|| StoreError::Database("more outcomes than appends".to_owned()))?;
        outcome(row, message, &mut told)
    })?;
    if stored > 0 {
        change(batch.connection, MOVE_ON, [&incoming])?;
        change(batch.connection, COUNT, [&incoming])?;
    }
    Ok(outcomes)
}

/// What earlier messages of the batch were told already: only the first of an id is new, only the first message opens.
#[derive(Default)]
struct Told<'a> {
    new: HashSet<(&'a str, &'a str, &'a str)>,
    reopened: HashSet<(&'a str, &'a str)>,
}

fn outcome<'a>(row: &Fields<'_>, asked: &'a Append, told: &mut Told<'a>) -> Result<AppendOutcome, StoreError> {
    if row.get::<Option<String>>("state")?.is_none() {
        return Ok(AppendOutcome::NotFound);
    }
    let kind = row.author_kind("author_kind")?;
    let message = Message {
        seq: row.number("seq")?,
        id: asked.id.clone(),
        author: Author {
            kind,
            name: row.get("author_name")?,
        },
        text: row.get("text")?,
        at: row.get("at")?,
    };
    if (kind, row.get::<String>("author_id")?.as_str()) != author_of(asked) || message.text != asked.text.as_str() {
        return Ok(AppendOutcome::IdConflict);
    }
    let conversation = (asked.tenant.as_str(), asked.conversation.as_str());
    let new = row.get::<bool>("is_new")? && told.new.insert((conversation.0, conversation.1, asked.id.as_str()));
    let reopened = new
        && kind == AuthorKind::Visitor
        && row.conversation_state("state")? == ConversationState::Closed
        && told.reopened.insert(conversation);
    Ok(AppendOutcome::Stored(Appended { message, new, reopened }))
}

fn author_of(message: &Append) -> (AuthorKind, &str) {
    match &message.writer {
        Writer::Visitor(visitor) => (AuthorKind::Visitor, visitor.as_str()),
        Writer::Rep(rep) => (AuthorKind::Rep, rep.as_str()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use parlor_protocol::{ConversationId, MessageId, MessageText, RepId, TenantId, VisitorId};
    use rusqlite::Connection;

    use super::*;
    use crate::Timestamp;
    use crate::sqlite::migrations::MIGRATIONS;

    fn uuid(number: u32) -> String {
        format!("00000000-0000-4000-8000-{number:012}")
    }

    fn message(conversation: u32, id: u32, text: &str) -> Append {
        Append {
            tenant: TenantId::default_tenant(),
            conversation: ConversationId::parse(uuid(conversation)).unwrap(),
            writer: Writer::Visitor(VisitorId::parse(uuid(conversation + 100)).unwrap()),
            name: "Ada".into(),
            id: MessageId::parse(uuid(id)).unwrap(),
            text: MessageText::parse(text).unwrap(),
        }
    }

    #[test]
    fn one_batch_holds_every_kind_of_message_at_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut connection).unwrap();
        let (one, two, visitor_one, visitor_two) = (uuid(1), uuid(2), uuid(101), uuid(102));
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF;
                 INSERT INTO change_counter VALUES ('default', 7);
                 INSERT INTO conversation (tenant_id, id, visitor_id, widget_id, email, page, state, held, change,
                                           last_at, created_at)
                 VALUES ('default', '{one}', '{visitor_one}', 'w', 'e', '{{}}', 'closed', 0, 1, 50, 50),
                        ('default', '{two}', '{visitor_two}', 'w', 'e', '{{}}', 'open', 0, 2, 900, 50);"
            ))
            .unwrap();
        let batch = Batch {
            connection: &connection,
            now: Timestamp::from_millis(100),
        };
        append_all(&batch, &[message(2, 9, "earlier")]).unwrap();

        let rep = Writer::Rep(RepId::parse(uuid(300)).unwrap());
        let outcomes = append_all(
            &batch,
            &[
                Append {
                    writer: rep,
                    ..message(1, 10, "by the rep")
                },
                message(1, 11, "first of the visitor"),
                message(2, 9, "earlier"),
                message(1, 11, "first of the visitor"),
                message(1, 11, "other text"),
                message(3, 12, "nowhere"),
                Append {
                    conversation: ConversationId::parse(uuid(2)).unwrap(),
                    ..message(1, 13, "intrusion")
                },
                message(2, 14, "in the other conversation"),
                message(1, 15, "last"),
            ],
        )
        .unwrap();
        let told: Vec<_> = outcomes
            .iter()
            .map(|outcome| match outcome {
                AppendOutcome::Stored(Appended { message, new, reopened }) => {
                    format!("{} at {} new {new} reopened {reopened}", message.seq, message.at)
                }
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "1 at 100 new true reopened false",
                "2 at 100 new true reopened true",
                "1 at 900 new false reopened false",
                "2 at 100 new false reopened false",
                "IdConflict",
                "NotFound",
                "NotFound",
                "2 at 900 new true reopened false",
                "3 at 100 new true reopened false",
            ]
        );
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT latest FROM change_counter"), 10);
        assert_eq!(
            count("SELECT count(DISTINCT change) FROM conversation WHERE change IN (9, 10)"),
            2
        );
        assert_eq!(count("SELECT count(*) FROM conversation WHERE state = 'open'"), 2);
        assert_eq!(count("SELECT sum(last_seq) FROM conversation"), 5);
    }
}
