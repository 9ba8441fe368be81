//! Backup of a database in use, and the way back.
//!
//! A copy of the file alone lacks what lies in its log, and a copy of both may be of two moments. `VACUUM INTO` writes one moment, in a
//! read transaction: whoever writes meanwhile is not held up, and pages that were freed (erased text among them) are not in it.

use std::fs::{File, OpenOptions as FileOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::lock::{Attempt, DatabaseLock, try_take};
use super::migrations::{APPLICATION_ID, NEWEST};
use super::open::{BUSY_TIMEOUT, beside, has_log};
use super::row::change;
use super::{INSTALLATION, SqliteStore};
use crate::{StoreError, Timestamp};

/// Why there is no backup, or nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something of this name.
    #[error("{0} is there already: name another file, or move it away first")]
    Exists(String),
    /// A server, or another restoring, has the database.
    #[error("{path} is in use by a Parlor server ({holder}): stop it first")]
    InUse {
        /// The database.
        path: String,
        /// What the other one wrote about itself.
        holder: String,
    },
    /// The file is no backup of Parlor's, or is damaged.
    #[error("{path} is no backup that can be used: {reason}")]
    NoBackup {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The system or SQLite failed.
    #[error("{path}: {reason}")]
    Failed {
        /// The file.
        path: String,
        /// What was said.
        reason: String,
    },
}

impl BackupError {
    fn failed(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::Failed {
            path: path.display().to_string(),
            reason: reason.to_string(),
        }
    }
}

/// Writes a backup of a database, which may be in use, and reads it back. The file is whole when it gets its name, and this user's
/// alone.
///
/// # Errors
/// See [`BackupError`].
pub fn back_up(database: &Path, target: &Path) -> Result<(), BackupError> {
    if target.exists() {
        return Err(BackupError::Exists(target.display().to_string()));
    }
    if !database.exists() {
        return Err(BackupError::failed(database, &"there is no such database"));
    }
    let unfinished = beside(target, &format!(".unfinished-{}", std::process::id()));
    let written = write_backup(database, &unfinished)
        .and_then(|()| check(&unfinished))
        .and_then(|()| publish(&unfinished, target));
    if let Err(error) = std::fs::remove_file(&unfinished)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(%error, "an unfinished backup could not be removed");
    }
    written
}

fn write_backup(database: &Path, unfinished: &Path) -> Result<(), BackupError> {
    make_private(unfinished)?;
    let failed = |error: rusqlite::Error| BackupError::failed(database, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let name = unfinished
        .to_str()
        .ok_or_else(|| BackupError::failed(unfinished, &"the path is not UTF-8"))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(failed)?;
    Ok(())
}

/// Makes an empty file for this user alone; SQLite writes into an empty file as into none.
fn make_private(path: &Path) -> Result<File, BackupError> {
    FileOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| BackupError::failed(path, &error))
}

/// Gives the file its name, on disk, unless something has it.
fn publish(unfinished: &Path, target: &Path) -> Result<(), BackupError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(target.display().to_string()),
        _ => BackupError::failed(target, &error),
    };
    File::open(unfinished)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    std::fs::hard_link(unfinished, target).map_err(failed)?;
    sync_folder(target).map_err(failed)
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Reads all of it: a backup that is not whole must be found now, not when it is needed.
fn check(path: &Path) -> Result<(), BackupError> {
    let no_backup = |reason: &dyn std::fmt::Display| BackupError::NoBackup {
        path: path.display().to_string(),
        reason: reason.to_string(),
    };
    if has_log(path) {
        return Err(no_backup(
            &"there is a log beside it (-wal): it is a database that was copied or is in use, not a backup",
        ));
    }
    let text = path.to_str().ok_or_else(|| no_backup(&"its path is not UTF-8"))?;
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).map_err(|error| no_backup(&error))?;
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let application = pragma("application_id").map_err(|error| no_backup(&error))?;
    if application != APPLICATION_ID {
        return Err(no_backup(&"it is not Parlor's"));
    }
    let version = pragma("user_version").map_err(|error| no_backup(&error))?;
    if usize::try_from(version).is_ok_and(|version| version > NEWEST) {
        return Err(no_backup(&"a newer Parlor wrote it: use that version"));
    }
    let said: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| no_backup(&error))?;
    if said != "ok" {
        return Err(no_backup(&format!("SQLite finds it damaged: {said}")));
    }
    Ok(())
}

/// A backup on its way into the place of a database, which nobody else may open meanwhile. Until [`Restoring::finish`] the database
/// is as it was, whatever ends in between.
#[derive(Debug)]
pub struct Restoring {
    database: PathBuf,
    copy: PathBuf,
    _lock: DatabaseLock,
}

impl Restoring {
    /// Checks the backup and copies it beside the database.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub fn begin(database: &Path, backup: &Path, now: Timestamp) -> Result<Self, BackupError> {
        let failed = |error: std::io::Error| BackupError::failed(database, &error);
        let database = &resolve(database).map_err(failed)?;
        let lock = match try_take(database, now).map_err(failed)? {
            Attempt::Taken(lock) => lock,
            Attempt::HeldBy(holder) => {
                return Err(BackupError::InUse {
                    path: database.display().to_string(),
                    holder,
                });
            }
        };
        let of_backup = |error: std::io::Error| BackupError::failed(backup, &error);
        let path = backup.canonicalize().map_err(of_backup)?;
        if *database == path {
            return Err(BackupError::NoBackup {
                path: backup.display().to_string(),
                reason: "it is the database itself".to_owned(),
            });
        }
        check(&path)?;
        let restoring = Self {
            database: database.to_owned(),
            copy: beside(database, ".restoring"),
            _lock: lock,
        };
        restoring.remove_copy();
        let mut copy = make_private(&restoring.copy)?;
        std::io::copy(&mut File::open(&path).map_err(of_backup)?, &mut copy).map_err(failed)?;
        copy.sync_all().map_err(failed)?;
        Ok(restoring)
    }

    /// The copy: open it, do what has to be done before anybody sees it, and close it.
    #[must_use]
    pub fn copy(&self) -> &Path {
        &self.copy
    }

    /// Puts the copy in the database's place; answers where the database was put aside, if there was one.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub fn finish(self, now: Timestamp) -> Result<Option<PathBuf>, BackupError> {
        let failed = |error: std::io::Error| BackupError::failed(&self.database, &error);
        if has_log(&self.copy) {
            return Err(BackupError::failed(&self.copy, &"its log was not folded"));
        }
        let mut aside = None;
        if self.database.exists() {
            fold(&self.database);
            let kept = beside(&self.database, &format!(".replaced-{}", now.millis()));
            // A second name, not another: at every moment there is a whole database of this name.
            std::fs::hard_link(&self.database, &kept).map_err(failed)?;
            let log = beside(&self.database, "-wal");
            if has_log(&self.database) {
                // SQLite could not fold it; whoever looks into what was replaced needs it.
                std::fs::rename(&log, beside(&kept, "-wal")).map_err(failed)?;
            }
            aside = Some(kept);
        }
        for ending in ["-wal", "-shm"] {
            remove_if_there(&beside(&self.database, ending)).map_err(failed)?;
        }
        std::fs::rename(&self.copy, &self.database).map_err(failed)?;
        sync_folder(&self.database).map_err(failed)?;
        Ok(aside)
    }

    fn remove_copy(&self) {
        for ending in ["", "-wal", "-shm", ".lock"] {
            if let Err(error) = remove_if_there(&beside(&self.copy, ending)) {
                tracing::warn!(%error, "what an unfinished restoring left could not be removed");
            }
        }
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        self.remove_copy();
    }
}

/// The file's one true path: by it a server has locked it, and a link to it is not to be replaced.
fn resolve(database: &Path) -> std::io::Result<PathBuf> {
    match database.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let name = database.file_name().ok_or(ErrorKind::InvalidFilename)?;
            let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
            Ok(folder.unwrap_or(Path::new(".")).canonicalize()?.join(name))
        }
        resolved => resolved,
    }
}

/// Folds the log of a database that nobody has open; of a damaged one it may stay.
fn fold(database: &Path) {
    let folded = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    if let Err(error) = folded {
        tracing::warn!(%error, "the log of the replaced database could not be folded; it is kept beside it");
    }
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl SqliteStore {
    /// HubSpot knows more than this store, which is an older state: every record is read before it counts as written, its notes are
    /// looked at, and no note is asked for that may be there. `until` is until when what was under way may still be applied.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn doubt_everything(&self, until: Timestamp) -> Result<(), StoreError> {
        self.write(move |batch| {
            change(
                batch.connection,
                "UPDATE hubspot_record
                 SET restored = 1, unconfirmed_until = max(coalesce(unconfirmed_until, ?1), ?1)",
                [until.millis()],
            )?;
            change(
                batch.connection,
                "UPDATE hubspot_note SET state = 'asked', note = NULL, asked_at = ?1 WHERE state <> 'filled'",
                [batch.now.millis()],
            )?;
            change(batch.connection, "UPDATE erasure_job SET removed = 0", [])?;
            change(
                batch.connection,
                "INSERT INTO setting (tenant_id, name, value) VALUES (?1, 'store.restored_at', ?2)
                 ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value",
                (INSTALLATION, batch.now.rfc3339()),
            )?;
            Ok(())
        })
        .await
    }
}
