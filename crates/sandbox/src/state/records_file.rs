//! The records file: JSON, replaced whole by a rename, so that a reader never sees half of it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Records;
use super::first_format::{self, OldRecords};
use crate::SandboxError;

/// The format written. The first one is read too.
const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Contents<R> {
    version: u32,
    records: R,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// Reads the records; `None` when there is no such file yet.
pub(crate) fn load(path: &Path) -> Result<Option<Records>, SandboxError> {
    let unreadable = |reason: String| SandboxError::RecordsUnreadable {
        path: path.to_owned(),
        reason,
    };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let VersionOnly { version } = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let records: Result<Records, serde_json::Error> = match version {
        VERSION => serde_json::from_slice(&bytes).map(|Contents { records, .. }| records),
        first_format::VERSION => {
            serde_json::from_slice(&bytes).map(|Contents::<OldRecords> { records, .. }| records.into())
        }
        other => {
            return Err(unreadable(format!(
                "it has format {other}, and this sandbox knows the formats {} and {VERSION}",
                first_format::VERSION
            )));
        }
    };
    let mut records = records.map_err(|error| unreadable(error.to_string()))?;
    records.complete();
    Ok(Some(records))
}

/// Replaces the file by these records.
pub(crate) fn save(path: &Path, records: &Records) -> Result<(), SandboxError> {
    write(path, records).map_err(|error| SandboxError::RecordsUnwritable {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn write(path: &Path, records: &Records) -> io::Result<()> {
    let temporary = beside(path, ".new");
    let mut file = fs::File::create(&temporary)?;
    let contents = Contents {
        version: VERSION,
        records,
    };
    file.write_all(&serde_json::to_vec(&contents)?)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// Takes the file for this sandbox alone, until what is answered is dropped; also the end of the process lets go of it. `None`
/// where nothing can be locked: saving says what is wrong, when something is.
pub(crate) fn lock(path: &Path) -> Result<Option<File>, SandboxError> {
    let file = File::options().create(true).append(true).open(beside(path, ".lock"));
    let Ok(file) = file else {
        return Ok(None);
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(SandboxError::RecordsInUse { path: path.to_owned() }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// A file beside the file itself: a rename cannot cross file systems.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
