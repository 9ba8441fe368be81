//! Opening: who may, what the file is, its settings and its schema.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{Error as MigrationError, MigrationDefinitionError};

use super::lock::{Attempt, DatabaseLock, try_take};
use super::migrations::{APPLICATION_ID, MIGRATIONS, NEWEST};
use super::readers::READERS;
use crate::{Clock, StoreError};

/// How long a connection waits for another process that writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a command waits for the schema while another process has the lock: a server that is just starting, or another
/// command, has it up to date in a moment.
const STARTED_WITHIN: Duration = Duration::from_secs(3);
/// How often it looks meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Prepared statements each connection keeps; there are fewer in all.
const STATEMENTS: usize = 128;

/// Who opens the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The server: alone with its database, as no other server may open it.
    Server,
    /// A command such as `parlor rep add`, which may work beside a running server.
    Command,
}

/// How to open.
#[derive(Clone)]
pub struct OpenOptions {
    /// The database file; it is made when there is none, its folder is not.
    pub path: PathBuf,
    /// Where commit times come from.
    pub clock: Arc<dyn Clock>,
    /// Who opens it.
    pub role: Role,
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenOptions")
            .field("path", &self.path)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// What opening gives.
pub(super) struct Opened {
    /// The path as shown in messages.
    pub(super) path: String,
    /// The connection that writes.
    pub(super) connection: Connection,
    /// Those that only read.
    pub(super) readers: Vec<Connection>,
    /// The lock of a server.
    pub(super) lock: Option<DatabaseLock>,
}

/// An error message needs the path; this holds it for all of them.
struct Opening<'a> {
    options: &'a OpenOptions,
    shown: String,
}

pub(super) fn open(options: &OpenOptions) -> Result<Opened, StoreError> {
    let opening = Opening {
        options,
        shown: options.path.display().to_string(),
    };
    let path = opening.resolve()?;

    // What needs no trace comes first: a file that is not ours does not even get a lock beside it.
    let mut schema = 0;
    if !has_log(&path) {
        schema = opening.inspect(&path)?;
    }
    let mut lock = match options.role {
        Role::Server => Some(opening.lock(&path)?),
        Role::Command => None,
    };
    if has_log(&path) {
        schema = opening.inspect(&path)?;
    }
    if lock.is_none() && schema < NEWEST {
        lock = opening.lock_unless_newest(&path)?;
    }

    let mut connection = opening.connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA trusted_schema = OFF;
             PRAGMA secure_delete = ON;
             PRAGMA cache_size = -65536;
             PRAGMA wal_autocheckpoint = 16000;
             PRAGMA journal_size_limit = 134217728;",
        )
        .map_err(|error| opening.failed(&error))?;
    // Where the file system cannot share memory, SQLite silently stays with another journal.
    let journal: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .map_err(|error| opening.failed(&error))?;
    if journal != "wal" {
        return Err(opening.failed(&format!("it keeps the journal mode {journal}, and Parlor needs WAL")));
    }
    if lock.is_some() {
        MIGRATIONS.to_latest(&mut connection).map_err(|error| match error {
            MigrationError::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
                opening.too_new(schema_of(&connection).unwrap_or(NEWEST + 1))
            }
            other => opening.failed(&format!("its schema could not be brought up to date: {other}")),
        })?;
    }
    if options.role == Role::Server {
        super::leases::end_all(&connection).map_err(|error| opening.failed(&error))?;
    }
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        let reader = opening.connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        reader
            .execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384;")
            .map_err(|error| opening.failed(&error))?;
        readers.push(reader);
    }
    if options.role == Role::Command {
        // It was for the migration alone: a server may start beside a command.
        drop(lock.take());
    }
    Ok(Opened {
        path: opening.shown,
        connection,
        readers,
        lock,
    })
}

impl Opening<'_> {
    fn failed(&self, reason: &dyn fmt::Display) -> StoreError {
        StoreError::Open {
            path: self.shown.clone(),
            reason: reason.to_string(),
        }
    }

    fn too_new(&self, found: usize) -> StoreError {
        StoreError::TooNew {
            path: self.shown.clone(),
            found,
            known: NEWEST,
        }
    }

    /// The file's one true path, so that two names of it (a link, a relative path) mean one lock.
    fn resolve(&self) -> Result<PathBuf, StoreError> {
        let path = &self.options.path;
        match path.canonicalize() {
            Ok(resolved) if resolved.is_dir() => Err(self.failed(&"it is a folder, not a file")),
            Ok(resolved) => Ok(resolved),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or_else(|| self.failed(&"it names no file"))?;
                let folder = path
                    .parent()
                    .filter(|folder| !folder.as_os_str().is_empty())
                    .unwrap_or(Path::new("."));
                let folder = folder
                    .canonicalize()
                    .map_err(|error| self.failed(&format!("its folder {}: {error}", folder.display())))?;
                Ok(folder.join(name))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn lock(&self, path: &Path) -> Result<DatabaseLock, StoreError> {
        match try_take(path, self.options.clock.now()) {
            Ok(Attempt::Taken(lock)) => Ok(lock),
            Ok(Attempt::HeldBy(holder)) => Err(StoreError::InUse {
                path: self.shown.clone(),
                holder,
            }),
            Err(error) => Err(self.failed(&format!("its lock file (the same name and .lock): {error}"))),
        }
    }

    /// The lock under which a command brings the schema up to date itself; `None` once another process has done it.
    #[expect(
        clippy::disallowed_methods,
        reason = "another process is waited for, and says nothing when it is done; only a command gets here"
    )]
    fn lock_unless_newest(&self, path: &Path) -> Result<Option<DatabaseLock>, StoreError> {
        let begun = Instant::now();
        loop {
            let holder = match self.lock(path) {
                Err(StoreError::InUse { holder, .. }) => holder,
                taken => return taken.map(Some),
            };
            let looked = self.inspect(path);
            if matches!(looked, Ok(NEWEST)) {
                return Ok(None);
            }
            if begun.elapsed() >= STARTED_WITHIN {
                let schema = looked?;
                return Err(self.failed(&format!(
                    "its schema ({schema}) is older than this program's ({NEWEST}), and another process has it open \
                     ({holder}): if that is a server just starting, try again in a moment; if it is one of an older \
                     version, restart the server with this version first"
                )));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Looks at the file without changing it: whether it is Parlor's, and of which schema.
    fn inspect(&self, path: &Path) -> Result<usize, StoreError> {
        if !path.exists() {
            return Ok(0);
        }
        let shared_memory = beside(path, "-shm");
        let had_shared_memory = shared_memory.exists();
        let connection = if has_log(path) {
            self.connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?
        } else {
            // Without a log nothing but the file itself counts, and SQLite can be told to leave no file beside it.
            self.connect(
                Path::new(&self.immutable_uri(path)?),
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
            )?
        };
        let looked = connection.query_row(
            "SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM pragma_application_id),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
        );
        drop(connection);
        if !had_shared_memory && self.options.role == Role::Server && shared_memory.exists() {
            // Only a server gets here, with the lock in its hand: nobody else uses what SQLite put there for the look.
            std::fs::remove_file(&shared_memory).map_err(|error| self.failed(&error))?;
        }
        let (version, application, objects) = looked.map_err(|error| self.failed(&error))?;
        if application != APPLICATION_ID && (objects > 0 || version != 0) {
            return Err(self.failed(&"it is the SQLite database of another program"));
        }
        match usize::try_from(version) {
            Ok(version) if version <= NEWEST => Ok(version),
            Ok(version) => Err(self.too_new(version)),
            Err(_) => Err(self.failed(&format!("its schema has the number {version}"))),
        }
    }

    fn immutable_uri(&self, path: &Path) -> Result<String, StoreError> {
        let text = path.to_str().ok_or_else(|| self.failed(&"its path is not UTF-8"))?;
        let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Ok(format!("file:{escaped}?immutable=1"))
    }

    fn connect(&self, path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| self.failed(&error))?;
        connection
            .busy_timeout(BUSY_TIMEOUT)
            .map_err(|error| self.failed(&error))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

fn schema_of(connection: &Connection) -> Option<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).ok()?;
    usize::try_from(version).ok()
}

/// Whether changes lie in a log that the file itself does not hold yet.
pub(super) fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::SystemClock;

    #[test]
    fn a_commit_survives_a_power_cut_and_readers_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parlor.db");
        let opened = open(&OpenOptions {
            path,
            clock: Arc::new(SystemClock),
            role: Role::Server,
        })
        .unwrap();
        let pragma = |connection: &Connection, name: &str| -> String {
            connection
                .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| {
                    row.get(0)
                })
                .unwrap()
        };
        let full = "2";
        assert_eq!(pragma(&opened.connection, "synchronous"), full);
        assert_eq!(pragma(&opened.connection, "journal_mode"), "wal");
        assert_eq!(pragma(&opened.connection, "foreign_keys"), "1");
        // What is erased is overwritten.
        assert_eq!(pragma(&opened.connection, "secure_delete"), "1");
        for reader in &opened.readers {
            assert_eq!(pragma(reader, "query_only"), "1");
            assert!(reader.execute_batch("CREATE TABLE t (x)").is_err());
        }
    }
}
