//! One server per database: a lock on a file beside it, which names its holder.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Timestamp;

/// The lock, held until it is dropped (or the process ends, however it ends).
#[derive(Debug)]
pub(super) struct DatabaseLock {
    file: File,
}

/// What came of an attempt.
pub(super) enum Attempt {
    /// The lock is held.
    Taken(DatabaseLock),
    /// Another process holds it; this is what it wrote about itself.
    HeldBy(String),
}

/// Tries to take the lock for a database.
pub(super) fn try_take(database: &Path, now: Timestamp) -> std::io::Result<Attempt> {
    // The file stays when the lock is let go: removing it would let two processes lock two files of one name.
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path_of_lock(database))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            write!(file, "process {} since {now}", std::process::id())?;
            Ok(Attempt::Taken(DatabaseLock { file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // It may be just about to write; that it holds the lock is certain all the same.
            if file.take(200).read_to_string(&mut holder).is_err() || holder.is_empty() {
                "a process that is just starting".clone_into(&mut holder);
            }
            Ok(Attempt::HeldBy(holder))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn path_of_lock(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl Drop for DatabaseLock {
    fn drop(&mut self) {
        // Closing the file would do it too; this says so, and holds while a child process still has the file open.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the database's lock could not be released; it goes with the process");
        }
    }
}
