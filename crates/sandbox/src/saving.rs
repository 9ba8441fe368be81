//! Getting the records to their file: one save at a time, each of the newest state, and each for everybody who waits.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::spawn_blocking;

use crate::state::{Records, records_file};
use crate::{Sandbox, SandboxError};

/// What is known of the file.
#[derive(Default)]
pub(crate) struct Saving {
    /// Who waits for a save waits here, and holds up no thread meanwhile.
    turn: tokio::sync::Mutex<()>,
    /// Held while the file is written, so that an older state never replaces a newer one: what keeps the file to this sandbox.
    lock: Mutex<Option<File>>,
    /// The version of the records that the file has.
    saved: AtomicU64,
}

impl Saving {
    /// Takes the file, when there is to be one, and reads what it has.
    pub(crate) fn begin(path: Option<&Path>) -> Result<(Self, Option<Records>), SandboxError> {
        let Some(path) = path else {
            return Ok((Self::default(), None));
        };
        let lock = records_file::lock(path)?;
        let kept = records_file::load(path)?;
        let saving = Self {
            lock: Mutex::new(lock),
            ..Self::default()
        };
        Ok((saving, kept))
    }

    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn saved(&self) -> u64 {
        self.saved.load(Ordering::Acquire)
    }
}

impl Sandbox {
    /// Writes the records to their file now, when there is one and something changed.
    pub fn save(&self) -> Result<(), SandboxError> {
        let Some(path) = &self.options().records_file else {
            return Ok(());
        };
        let saving = self.saving();
        let mut lock = saving.lock();
        let (version, records) = {
            let state = self.state();
            if state.version == saving.saved() {
                return Ok(());
            }
            (state.version, state.records.for_file())
        };
        if lock.is_none() {
            *lock = records_file::lock(path)?;
        }
        records_file::save(path, &records)?;
        saving.saved.store(version, Ordering::Release);
        Ok(())
    }

    /// Waits until everything that happened so far is in the file. All who come while it is being written share the next save:
    /// a save takes as long as there are records, however many wait for it.
    pub(crate) async fn saved(&self) {
        if self.options().records_file.is_none() {
            return;
        }
        let wanted = self.state().version;
        let _turn = self.saving().turn.lock().await;
        if self.saving().saved() >= wanted {
            return;
        }
        let sandbox = self.clone();
        match spawn_blocking(move || sandbox.save()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the sandbox's records are not saved"),
            Err(error) => tracing::error!(%error, "saving the sandbox's records failed"),
        }
    }

    /// Lets go of the file, for the next sandbox. Whoever changes records after that takes it again.
    pub(crate) fn release(&self) {
        self.saving().lock().take();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{DEFAULT_TOKEN, SandboxOptions};

    #[tokio::test(flavor = "multi_thread")]
    #[expect(
        clippy::disallowed_methods,
        clippy::await_holding_lock,
        reason = "a client of its own, and a file that is held up on purpose"
    )]
    async fn a_read_does_not_wait_for_the_file_and_writes_share_a_save() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.json");
        let running = Sandbox::start(SandboxOptions {
            records_file: Some(path.clone()),
            ..SandboxOptions::default()
        })
        .await
        .unwrap();
        let sandbox = running.sandbox().clone();
        let contacts = format!("{}/crm/v3/objects/contacts", running.base_url());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        sandbox.save().unwrap();

        let held = sandbox.saving().lock();
        let writes: Vec<_> = (0..16)
            .map(|number| {
                let body = format!("{{\"properties\": {{\"email\": \"{number}@example.com\"}}}}");
                let request = http.post(&contacts).bearer_auth(DEFAULT_TOKEN);
                let request = request.header("content-type", "application/json").body(body);
                tokio::spawn(async move { request.send().await.unwrap().status() })
            })
            .collect();
        while sandbox.contacts().len() < 16 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let read = http.get(&contacts).bearer_auth(DEFAULT_TOKEN).send();
        let read = tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
        assert_eq!(read.unwrap().status(), 200);
        assert!(
            writes.iter().all(|write| !write.is_finished()),
            "not on disk, not answered"
        );
        drop(held);
        for write in writes {
            assert_eq!(write.await.unwrap(), 201);
        }
        let version = sandbox.state().version;
        assert_eq!(sandbox.saving().saved(), version);
        let kept = records_file::load(&path).unwrap().unwrap();
        assert_eq!(
            kept.of(crate::state::object_types::ObjectType::Contact).all().count(),
            16
        );
    }
}
