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

    use super::*;

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
}
