//! The journal: a file beside the database that says what was forgotten, so that restoring an older backup brings nobody back.
//!
//! One line of JSON for each erasure: when, the conversations, and the address as a keyed hash, which says nothing to whoever has not
//! the installation's key. It is written before the store is changed, and never shortened.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use parlor_protocol::{ClaimedEmail, ConversationId, TenantId};
use parlor_store::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Why the journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system said so.
    #[error("the journal of erasures {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What was said.
        reason: String,
    },
    /// A line of it cannot be read: somebody who was forgotten might come back.
    #[error("the journal of erasures {path} is damaged in line {line}: restore it from a backup, or mend that line")]
    Damaged {
        /// The file.
        path: String,
        /// The line.
        line: usize,
    },
}

/// Somebody was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// By whose wish it was done.
    pub tenant: TenantId,
    /// The address, as [`Journal::digest`] has it.
    pub address: String,
    /// The conversations that had text then.
    pub conversations: Vec<ConversationId>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    at: i64,
    tenant: TenantId,
    address: String,
    conversations: Vec<ConversationId>,
}

/// The file and the key.
#[derive(Clone)]
pub struct Journal {
    path: PathBuf,
    key: [u8; 32],
}

impl Journal {
    /// The journal of a database: the same name and `.erased`. The key is the installation's.
    #[must_use]
    pub fn beside(database: &Path, key: [u8; 32]) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(".erased");
        Self {
            path: PathBuf::from(name),
            key,
        }
    }

    /// An address as it stands in the journal.
    #[must_use]
    pub fn digest(&self, tenant: &TenantId, email: &ClaimedEmail) -> String {
        let mut digest =
            Hmac::<Sha256>::new_from_slice(&self.key).unwrap_or_else(|_| unreachable!("a key of any length will do"));
        for part in ["parlor erasure", tenant.as_str(), email.as_str()] {
            digest.update(part.as_bytes());
            digest.update(&[0]);
        }
        let bytes = digest.finalize().into_bytes();
        bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Adds a line, and answers once it is on disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn add(&self, entry: Entry) -> Result<(), JournalError> {
        let journal = self.clone();
        let added = tokio::task::spawn_blocking(move || journal.append(&entry)).await;
        added
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
            .map_err(|error| self.failed(&error))
    }

    /// All lines, oldest first. A last one that ends too soon is left out: the erasure it was for was not made.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub async fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        let path = self.path.clone();
        let text = match tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await {
            Ok(Ok(text)) => text,
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Ok(Err(error)) => return Err(self.failed(&error)),
            Err(error) => return Err(self.failed(&error)),
        };
        let mut entries = Vec::new();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            match serde_json::from_str::<Line>(line) {
                Ok(line) => entries.push(Entry {
                    at: Timestamp::from_millis(line.at),
                    tenant: line.tenant,
                    address: line.address,
                    conversations: line.conversations,
                }),
                Err(_) if !line.ends_with('\n') => {}
                // What a crash cut off was ended when the next line was added.
                Err(error) if error.is_eof() => {}
                Err(_) => {
                    return Err(JournalError::Damaged {
                        path: self.path.display().to_string(),
                        line: index + 1,
                    });
                }
            }
        }
        Ok(entries)
    }

    fn append(&self, entry: &Entry) -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        let line = Line {
            at: entry.at.millis(),
            tenant: entry.tenant.clone(),
            address: entry.address.clone(),
            conversations: entry.conversations.clone(),
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        if !ends_whole(&mut file)? {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // The file may be new.
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn failed(&self, reason: &dyn std::fmt::Display) -> JournalError {
        JournalError::File {
            path: self.path.display().to_string(),
            reason: reason.to_string(),
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Journal({})", self.path.display())
    }
}

/// Whether the file is empty or its last line is whole.
fn ends_whole(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(journal: &Journal, at: i64) -> Entry {
        let (tenant, email) = (
            TenantId::default_tenant(),
            ClaimedEmail::parse("Ada@Example.com").unwrap(),
        );
        Entry {
            at: Timestamp::from_millis(at),
            address: journal.digest(&tenant, &email),
            tenant,
            conversations: vec![ConversationId::parse("0190a1b2-c3d4-7e5f-8a9b-000000000001").unwrap()],
        }
    }

    #[tokio::test]
    async fn lines_come_back_in_order_and_name_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::beside(&folder.path().join("parlor.db"), [7; 32]);
        assert_eq!(journal.entries().await.unwrap(), []);
        let written = [entry(&journal, 1), entry(&journal, 2)];
        for entry in &written {
            journal.add(entry.clone()).await.unwrap();
        }
        assert_eq!(journal.entries().await.unwrap(), written);
        let text = std::fs::read_to_string(folder.path().join("parlor.db.erased")).unwrap();
        assert!(!text.to_lowercase().contains("ada"), "{text}");
        // Whoever guesses addresses needs the key as well.
        let other = Journal::beside(&folder.path().join("parlor.db"), [8; 32]);
        assert_ne!(entry(&other, 1).address, written[0].address);
    }

    #[tokio::test]
    async fn a_line_that_a_crash_cut_off_is_no_line_and_a_damaged_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parlor.db.erased");
        let journal = Journal::beside(&folder.path().join("parlor.db"), [7; 32]);
        journal.add(entry(&journal, 1)).await.unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        for length in 1..whole.len() - 1 {
            std::fs::write(&path, format!("{whole}{}", &whole[..length])).unwrap();
            assert_eq!(journal.entries().await.unwrap().len(), 1, "{length} bytes");
        }
        journal.add(entry(&journal, 2)).await.unwrap();
        assert_eq!(journal.entries().await.unwrap().len(), 2);
        std::fs::write(&path, format!("somebody\n{whole}")).unwrap();
        let refused = journal.entries().await.unwrap_err().to_string();
        assert!(refused.contains("line 1"), "{refused}");
    }
}
