//! The SQLite backend: one file, one server.
//!
//! One thread owns the connection that writes and commits together what arrives together; a few read-only connections
//! answer questions beside it (WAL). What is acknowledged has been synced.

mod append;
mod audit;
mod backup;
mod conversations;
mod delivery;
mod ending;
mod erasure;
mod identity;
mod leases;
mod lock;
mod migrations;
mod open;
mod person;
mod portals;
mod readers;
mod reps;
mod row;
mod sessions;
mod settings;
mod summaries;
mod visitors;
mod widgets;
mod writer;

pub use backup::{BackupError, Restoring, back_up};
pub use open::{OpenOptions, Role};
use readers::Readers;
use rusqlite::Connection;
use writer::{Batch, Writer};

use crate::StoreError;

/// Rows that belong to the installation rather than to one of its customers stand under this tenant.
const INSTALLATION: &str = "default";

/// Everything that is kept, in a SQLite file. Dropping it finishes what is queued, as [`SqliteStore::close`] does, but waits
/// a few seconds at most.
#[derive(Debug)]
pub struct SqliteStore {
    // The order matters: fields are dropped from the first to the last, and the writer's connection has to be the last one
    // open to fold the log into the database.
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the database, makes it when there is none, and brings its schema up to date. It reads and writes files on the
    /// calling thread, so call it before there is anything else to do.
    pub fn open(options: &OpenOptions) -> Result<Self, StoreError> {
        let opened = open::open(options)?;
        let writer =
            Writer::start(opened.connection, opened.lock, options.clock.clone()).map_err(|error| StoreError::Open {
                path: opened.path.clone(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            readers: Readers::new(opened.readers),
            writer,
        })
    }

    /// Finishes what is queued, folds the log into the database and lets go of the file. Whatever comes later gets
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Answers a question from a read-only connection.
    async fn read<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.readers.run(question).await
    }

    /// Does something within the next commit and answers once that is on disk. When `work` fails, nothing of it is kept.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Batch<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.run(work).await
    }
}
