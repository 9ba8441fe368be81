//! The schema's history. A migration that has landed is never edited; a later one mends it.

use rusqlite_migration::{M, Migrations};

const STEPS: &[M<'static>] = &[
    M::up(include_str!("migrations/20261121080000_widget.sql")),
    M::up(include_str!("migrations/20261121080100_visitor.sql")),
    M::up(include_str!("migrations/20261121080200_visitor_secret.sql")),
    M::up(include_str!("migrations/20261121080300_conversation.sql")),
    M::up(include_str!("migrations/20261121080400_message.sql")),
    M::up(include_str!("migrations/20261121080500_rep.sql")),
    M::up(include_str!("migrations/20261121080600_read_mark.sql")),
    M::up(include_str!("migrations/20261121080700_session.sql")),
    M::up(include_str!("migrations/20261121080800_setting.sql")),
    M::up(include_str!("migrations/20261121080900_hubspot_address.sql")),
    M::up(include_str!("migrations/20261121081000_hubspot_record.sql")),
    M::up(include_str!("migrations/20261121081100_hubspot_value.sql")),
    M::up(include_str!("migrations/20261121124500_visitor_secret_form.sql")),
    M::up(include_str!("migrations/20261121131000_widget_identity.sql")),
    M::up(include_str!("migrations/20261121131100_revoked_proof.sql")),
    M::up(include_str!("migrations/20261121131200_visitor_token.sql")),
    M::up(include_str!("migrations/20261121161000_conversation_end.sql")),
    M::up(include_str!("migrations/20261121161001_lease.sql")),
    M::up(include_str!("migrations/20261121161002_dead_letter.sql")),
    M::up(include_str!("migrations/20261121161003_hubspot_portal.sql")),
    M::up(include_str!("migrations/20261121162000_hubspot_note.sql")),
    M::up(include_str!("migrations/20261121163000_conversation_erased.sql")),
    M::up(include_str!("migrations/20261121163001_erasure_job.sql")),
    M::up(include_str!("migrations/20261121163002_audit.sql")),
    M::up(include_str!("migrations/20261121163003_hubspot_record_restored.sql")),
];

/// All steps in order.
pub(super) const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

/// The newest schema this program knows: SQLite's `user_version` after all steps.
pub(super) const NEWEST: usize = STEPS.len();

/// Tells Parlor's database from any other SQLite file: "Parl", written by the first step.
pub(super) const APPLICATION_ID: i64 = 0x5061_726c;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::sync::Arc;
    use std::time::Duration;

    use parlor_protocol::{ClaimedEmail, ConversationId, PageContext, PersonName, TenantId, VisitorId, WidgetId};
    use rusqlite::Connection;

    use super::*;
    use crate::sqlite::{OpenOptions, Role, SqliteStore};
    use crate::{Clock, NewVisitor, SecretHash, SystemClock, Visitors};

    const WIDGET: &str = "01a1fd3c-0000-7000-8000-000000000001";
    const VISITOR: &str = "01a1fd3c-0000-7000-8000-000000000002";
    const CONVERSATION: &str = "01a1fd3c-0000-7000-8000-000000000003";

    #[test]
    fn every_migration_in_the_folder_is_applied_in_the_order_of_its_time() {
        MIGRATIONS.validate().unwrap();
        // Cargo runs tests in their package's folder.
        let folder = "src/sqlite/migrations";
        let mut in_folder: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        in_folder.sort();
        let source = include_str!("migrations.rs");
        let listed: Vec<String> = source
            .lines()
            .filter_map(|line| {
                line.trim()
                    .strip_prefix("M::up(include_str!(\"migrations/")?
                    .strip_suffix("\")),")
            })
            .map(str::to_owned)
            .collect();
        assert_eq!(listed, in_folder);
    }

    #[tokio::test]
    async fn codes_and_tokens_of_before_there_were_forms_stay_good() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parlor.db");
        let now = SystemClock.now();
        let later = now + Duration::from_mins(1);
        let mut before = Connection::open(&path).unwrap();
        MIGRATIONS.to_version(&mut before, 12).unwrap();
        before
            .execute_batch(&format!(
                "INSERT INTO widget VALUES ('default', '{WIDGET}', 'demo4f7k2m9x', 'Shop', '[]', 0, '#336699', '', 'end', 1, 0);
                 INSERT INTO visitor VALUES ('default', '{VISITOR}', '{WIDGET}', 'Ada', NULL, 'ada@example.com', 0, 0);
                 INSERT INTO conversation (tenant_id, id, visitor_id, widget_id, email, page, state, held, change, last_at, created_at)
                 VALUES ('default', '{CONVERSATION}', '{VISITOR}', '{WIDGET}', 'ada@example.com', '{{}}', 'open', 0, 1, 0, 0);
                 INSERT INTO change_counter VALUES ('default', 1);
                 INSERT INTO visitor_secret VALUES
                     ('default', zeroblob(32), 'code', '{VISITOR}', {later}),
                     ('default', CAST('a token whose hash is 32 letters' AS BLOB), 'token', '{VISITOR}', {later});",
                later = later.millis()
            ))
            .unwrap();
        drop(before);

        let options = OpenOptions {
            path: path.clone(),
            clock: Arc::new(SystemClock),
            role: Role::Server,
        };
        let store = SqliteStore::open(&options).unwrap();
        let token = SecretHash(*b"a token whose hash is 32 letters");
        let of_token = store.visitor_by_token(token, now).await.unwrap().unwrap();
        assert_eq!(of_token.id.as_str(), VISITOR);
        let of_code = store.exchange_code(SecretHash([0; 32]), SecretHash([1; 32]), now, later);
        assert_eq!(of_code.await.unwrap().unwrap().conversation.as_str(), CONVERSATION);

        let form = Some((SecretHash([2; 32]), later));
        let registration = |number: u8| NewVisitor {
            id: VisitorId::parse(format!("01a1fd3c-0000-7000-9000-00000000000{number}")).unwrap(),
            conversation: ConversationId::parse(format!("01a1fd3c-0000-7000-a000-00000000000{number}")).unwrap(),
            widget: WidgetId::parse(WIDGET).unwrap(),
            first_name: PersonName::parse("Grace").unwrap(),
            last_name: None,
            email: ClaimedEmail::parse("grace@example.com").unwrap(),
            page: PageContext::default(),
            held: false,
            code: (SecretHash([number; 32]), later),
            form,
        };
        let tenant = TenantId::default_tenant();
        assert!(store.register(&tenant, registration(5)).await.unwrap().is_new);
        assert!(!store.register(&tenant, registration(6)).await.unwrap().is_new);
        store.close().await;

        // The table made anew is as strict as the one before, and is searched by the same indexes.
        let after = Connection::open(&path).unwrap();
        let indexes: Vec<String> = after
            .prepare(
                "SELECT name FROM sqlite_schema WHERE tbl_name = 'visitor_secret' AND sql IS NOT NULL ORDER BY name",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(
            indexes,
            [
                "visitor_secret",
                "visitor_secret_expires_at",
                "visitor_secret_hash",
                "visitor_secret_visitor"
            ]
        );
        after.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        for refused in [
            "INSERT INTO visitor_secret SELECT tenant_id, randomblob(32), 'other', visitor_id, 0 FROM visitor_secret",
            "INSERT INTO visitor_secret SELECT tenant_id, randomblob(31), 'form', visitor_id, 0 FROM visitor_secret",
            "INSERT INTO visitor_secret SELECT tenant_id, randomblob(32), 'form', 'nobody', 0 FROM visitor_secret",
            "INSERT INTO visitor_secret SELECT 'other', hash, kind, visitor_id, 0 FROM visitor_secret",
        ] {
            assert!(after.execute_batch(refused).is_err(), "{refused}");
        }
    }
}
