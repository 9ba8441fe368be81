//! The records file: JSON, replaced whole by a rename, so that a reader never sees half of it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Records;
use crate::SandboxError;

/// The format written, and the only one read.
const VERSION: u32 = 1;

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
    if version != VERSION {
        return Err(unreadable(format!(
            "it has format {version}, and this sandbox knows format {VERSION}"
        )));
    }
    let mut contents: Contents<Records> =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    contents.records.contacts.rebuild_index();
    Ok(Some(contents.records))
}

/// Replaces the file by these records.
pub(crate) fn save(path: &Path, records: &Records) -> Result<(), SandboxError> {
    write(path, records).map_err(|error| SandboxError::RecordsUnwritable {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn write(path: &Path, records: &Records) -> io::Result<()> {
    let temporary = temporary_path(path);
    let mut file = fs::File::create(&temporary)?;
    let contents = Contents {
        version: VERSION,
        records,
    };
    file.write_all(&serde_json::to_vec_pretty(&contents)?)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// Beside the file itself, because a rename cannot cross file systems.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}
