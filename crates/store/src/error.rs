//! What can go wrong when something is kept or looked up.

/// An error of the store. Nothing of what failed was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another server has this database open.
    #[error(
        "{path} is in use by another Parlor server ({holder}): stop that one, or give this one another DATABASE_URL"
    )]
    InUse {
        /// The database file.
        path: String,
        /// What the other one wrote about itself: process id and since when.
        holder: String,
    },
    /// The database was written by a newer Parlor.
    #[error(
        "{path} was written by a newer Parlor (schema {found}, this one knows {known}): run that version or a later one; \
         nothing was changed"
    )]
    TooNew {
        /// The database file.
        path: String,
        /// The schema found.
        found: usize,
        /// The newest schema this program knows.
        known: usize,
    },
    /// The database could not be opened.
    #[error("{path} could not be opened as Parlor's database: {reason}")]
    Open {
        /// The database file.
        path: String,
        /// What the system or SQLite said.
        reason: String,
    },
    /// Something that must be unique is there already.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
    /// The database answered with an error; the caller may try again.
    #[error("the database failed: {0}")]
    Database(String),
    /// The store was closed, at the end of a stop.
    #[error("the store is closed")]
    Closed,
}
