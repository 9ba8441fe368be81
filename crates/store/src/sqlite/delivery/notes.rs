//! Notes: planned, asked for, created, filled.

use async_trait::async_trait;
use parlor_protocol::TenantId;
use rusqlite::Connection;

use crate::sqlite::SqliteStore;
use crate::sqlite::row::{Fields, all, change, corrupt, signed};
use crate::sqlite::writer::Batch;
use crate::{DeliveryNotes, NoteKind, NoteRange, NoteState, PlannedNote, StoreError, StoredNote, Timestamp};

#[async_trait]
impl DeliveryNotes for SqliteStore {
    async fn notes_of(&self, tenant: &TenantId, record: &str) -> Result<Vec<StoredNote>, StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.read(move |connection| of_record(connection, tenant.as_str(), &record))
            .await
    }

    async fn plan_notes(&self, tenant: &TenantId, notes: Vec<PlannedNote>) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| notes.iter().try_for_each(|note| plan(batch, tenant.as_str(), note)))
            .await
    }

    async fn set_note_state(
        &self,
        tenant: &TenantId,
        key: &str,
        state: NoteState,
        note: Option<&str>,
        asked_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (tenant, key, note) = (tenant.clone(), key.to_owned(), note.map(str::to_owned));
        self.write(move |batch| {
            change(
                batch.connection,
                "UPDATE hubspot_note SET state = ?3, note = ?4, asked_at = ?5 WHERE tenant_id = ?1 AND key = ?2",
                (
                    tenant.as_str(),
                    &key,
                    state.as_str(),
                    &note,
                    asked_at.map(Timestamp::millis),
                ),
            )?;
            Ok(())
        })
        .await
    }

    async fn suspect_unfinished_notes(&self, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            change(
                batch.connection,
                "UPDATE hubspot_note SET state = CASE state WHEN 'planned' THEN 'asked' ELSE state END, asked_at = ?2
                 WHERE tenant_id = ?1 AND state <> 'filled'",
                (tenant.as_str(), now.millis()),
            )?;
            Ok(())
        })
        .await
    }

    async fn adopt_note(&self, tenant: &TenantId, note: PlannedNote, id: &str) -> Result<(), StoreError> {
        let (tenant, id) = (tenant.clone(), id.to_owned());
        self.write(move |batch| {
            plan(batch, tenant.as_str(), &note)?;
            change(
                batch.connection,
                "UPDATE hubspot_note SET state = 'filled', note = ?3, asked_at = NULL WHERE tenant_id = ?1 AND key = ?2",
                [tenant.as_str(), &note.key, &id],
            )?;
            Ok(())
        })
        .await
    }

    async fn note_read_after_restore(&self, tenant: &TenantId, record: &str) -> Result<(), StoreError> {
        let (tenant, record) = (tenant.clone(), record.to_owned());
        self.write(move |batch| {
            let sql = "UPDATE hubspot_record SET restored = 0 WHERE tenant_id = ?1 AND record = ?2";
            change(batch.connection, sql, [tenant.as_str(), &record])?;
            Ok(())
        })
        .await
    }
}

fn of_record(connection: &Connection, tenant: &str, record: &str) -> Result<Vec<StoredNote>, StoreError> {
    let mut notes = all(
        connection,
        "hubspot_note",
        "SELECT key, record, kind, number, state, note, asked_at, planned_at FROM hubspot_note
         WHERE tenant_id = ?1 AND record = ?2 ORDER BY kind, number, planned_at, key",
        [tenant, record],
        |row| {
            Ok(StoredNote {
                plan: PlannedNote {
                    key: row.get("key")?,
                    record: row.get("record")?,
                    kind: kind(row)?,
                    number: row.number("number")?,
                    ranges: Vec::new(),
                },
                state: state(row)?,
                note: row.get("note")?,
                asked_at: row.get::<Option<i64>>("asked_at")?.map(Timestamp::from_millis),
                planned_at: row.moment("planned_at")?,
            })
        },
    )?;
    for note in &mut notes {
        note.plan.ranges = all(
            connection,
            "hubspot_note_range",
            "SELECT conversation_id, from_seq, to_seq FROM hubspot_note_range
             WHERE tenant_id = ?1 AND key = ?2 ORDER BY conversation_id",
            [tenant, &note.plan.key],
            |row| {
                Ok(NoteRange {
                    conversation: row.parsed("conversation_id")?,
                    from_seq: row.number("from_seq")?,
                    to_seq: row.number("to_seq")?,
                })
            },
        )?;
    }
    Ok(notes)
}

fn plan(batch: &Batch<'_>, tenant: &str, note: &PlannedNote) -> Result<(), StoreError> {
    change(
        batch.connection,
        "INSERT INTO hubspot_note (tenant_id, key, record, kind, number, state, planned_at)
         VALUES (?1, ?2, ?3, ?4, ?5,
                 -- In the time between a backup and its restoring HubSpot may have got this very note.
                 CASE WHEN EXISTS (SELECT 1 FROM setting WHERE tenant_id = 'default' AND name = 'store.restored_at') THEN 'asked' ELSE 'planned' END,
                 ?6)
         ON CONFLICT (tenant_id, key) DO UPDATE
         SET record = excluded.record, state = CASE state WHEN 'filled' THEN 'created' ELSE state END",
        (
            tenant,
            &note.key,
            &note.record,
            note.kind.as_str(),
            note.number,
            batch.now.millis(),
        ),
    )?;
    change(
        batch.connection,
        "DELETE FROM hubspot_note_range WHERE tenant_id = ?1 AND key = ?2",
        [tenant, &note.key],
    )?;
    for range in &note.ranges {
        change(
            batch.connection,
            "INSERT INTO hubspot_note_range (tenant_id, key, conversation_id, from_seq, to_seq) VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                tenant,
                &note.key,
                range.conversation.as_str(),
                signed(range.from_seq),
                signed(range.to_seq),
            ),
        )?;
    }
    Ok(())
}

fn kind(row: &Fields<'_>) -> Result<NoteKind, StoreError> {
    let word: String = row.get("kind")?;
    [NoteKind::Overflow, NoteKind::Summary]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| corrupt("hubspot_note", "kind", &"no such kind"))
}

fn state(row: &Fields<'_>) -> Result<NoteState, StoreError> {
    let word: String = row.get("state")?;
    [
        NoteState::Planned,
        NoteState::Asked,
        NoteState::Created,
        NoteState::Filled,
    ]
    .into_iter()
    .find(|state| state.as_str() == word)
    .ok_or_else(|| corrupt("hubspot_note", "state", &"no such state"))
}
