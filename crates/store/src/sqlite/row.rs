//! Between rows and types. A row that does not hold what its column promises is an error with the column's name, never a
//! panic, and never with the value, which may be personal.

use std::fmt::Display;

use parlor_protocol::{AuthorKind, ConversationState};
use rusqlite::types::FromSql;
use rusqlite::{ErrorCode, Row};

use crate::{SecretHash, StoreError, Timestamp};

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// The error of a column that holds something impossible.
pub(super) fn corrupt(table: &str, column: &str, reason: &dyn Display) -> StoreError {
    StoreError::Database(format!("{table}.{column} holds something impossible ({reason})"))
}

/// A row of a table, or of a query named like the table most of it comes from.
pub(super) struct Fields<'a> {
    pub(super) table: &'static str,
    pub(super) row: &'a Row<'a>,
}

impl Fields<'_> {
    /// A column as SQLite holds it.
    pub(super) fn get<T: FromSql>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row
            .get(column)
            .map_err(|error| corrupt(self.table, column, &error))
    }

    /// A text that is an id, a name, an address: whatever can be made of a text.
    pub(super) fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: TryFrom<String>,
        T::Error: Display,
    {
        T::try_from(self.get::<String>(column)?).map_err(|error| corrupt(self.table, column, &error))
    }

    /// The same where there may be nothing.
    pub(super) fn parsed_if_any<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: TryFrom<String>,
        T::Error: Display,
    {
        self.get::<Option<String>>(column)?
            .map(|text| T::try_from(text).map_err(|error| corrupt(self.table, column, &error)))
            .transpose()
    }

    /// A number that is not negative.
    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T::Error: Display,
    {
        T::try_from(self.get::<i64>(column)?).map_err(|error| corrupt(self.table, column, &error))
    }

    /// A moment.
    pub(super) fn moment(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.get(column).map(Timestamp::from_millis)
    }

    /// The SHA-256 of a secret.
    pub(super) fn hash(&self, column: &'static str) -> Result<SecretHash, StoreError> {
        self.get(column).map(SecretHash)
    }

    /// A conversation's state.
    pub(super) fn conversation_state(&self, column: &'static str) -> Result<ConversationState, StoreError> {
        let word: String = self.get(column)?;
        [ConversationState::Open, ConversationState::Closed]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| corrupt(self.table, column, &"no such state"))
    }

    /// Who wrote, where somebody did.
    pub(super) fn author_kind_if_any(&self, column: &'static str) -> Result<Option<AuthorKind>, StoreError> {
        self.get::<Option<String>>(column)?
            .map(|word| author_kind(&word, self.table, column))
            .transpose()
    }

    /// Who wrote.
    pub(super) fn author_kind(&self, column: &'static str) -> Result<AuthorKind, StoreError> {
        author_kind(&self.get::<String>(column)?, self.table, column)
    }
}

fn author_kind(word: &str, table: &str, column: &str) -> Result<AuthorKind, StoreError> {
    [AuthorKind::Visitor, AuthorKind::Rep]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| corrupt(table, column, &"no such side"))
}

/// Asks for at most one row.
pub(super) fn one<T>(
    connection: &rusqlite::Connection,
    table: &'static str,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: impl FnOnce(&Fields<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    match rows.next()? {
        Some(row) => read(&Fields { table, row }).map(Some),
        None => Ok(None),
    }
}

/// Asks for all rows.
pub(super) fn all<T>(
    connection: &rusqlite::Connection,
    table: &'static str,
    sql: &str,
    parameters: impl rusqlite::Params,
    mut read: impl FnMut(&Fields<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&Fields { table, row })?);
    }
    Ok(found)
}

/// Changes rows; answers how many.
pub(super) fn change(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(sql)?.execute(parameters)?)
}

/// A number for SQLite, whose integers have a sign: what is greater than all of them becomes the greatest.
pub(super) fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Whether a statement failed because something that must be unique is there already.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.code == ErrorCode::ConstraintViolation
            && [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE].contains(&failure.extended_code))
}
