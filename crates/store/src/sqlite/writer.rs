//! The one writer: a thread that commits together what arrived together.
//!
//! There is no timer. While one commit is being synced, the next one's work gathers; a lone message never waits.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::append::{append_all, bytes_of};
use super::lock::DatabaseLock;
use super::open::BUSY_TIMEOUT;
use crate::{Append, AppendOutcome, Clock, StoreError, Timestamp};

/// Jobs that wait at most; further callers wait to be let in.
const QUEUE: usize = 1024;
/// Jobs in one commit at most.
const BATCH: usize = 512;
/// Message text in one commit at most, so that a flood of long messages cannot make one statement of hundreds of megabytes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How long writers wait for readers when the log is folded after an erasure.
const FOLD_WAIT: Duration = Duration::from_millis(200);
/// How long a store that is dropped waits for its thread.
const DROP_WAIT: Duration = Duration::from_secs(5);

/// One transaction in the making.
pub(super) struct Batch<'a> {
    /// The connection within the transaction.
    pub(super) connection: &'a Connection,
    /// The commit's time.
    pub(super) now: Timestamp,
}

/// Something to be done within a transaction by a waiter who is told after the commit.
trait Work: Send {
    fn perform(&mut self, batch: &Batch<'_>);
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Errand<T, F> {
    work: Option<F>,
    result: Result<T, StoreError>,
    sender: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work for Errand<T, F>
where
    T: Send,
    F: FnOnce(&Batch<'_>) -> Result<T, StoreError> + Send,
{
    fn perform(&mut self, batch: &Batch<'_>) {
        if let Some(work) = self.work.take() {
            self.result = apart(batch, work);
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        // Whoever asked may be gone; what they asked for is done all the same.
        let _ = self.sender.send(committed.and(self.result));
    }
}

enum Job {
    Append(Append, oneshot::Sender<Result<AppendOutcome, StoreError>>),
    Work(Box<dyn Work>),
    Fold(oneshot::Sender<()>),
    Close,
}

/// The way to the thread.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    /// Never sends: it ends when the thread has let go of everything.
    finished: Arc<Mutex<std::sync::mpsc::Receiver<()>>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Writer")
    }
}

impl Writer {
    /// Starts the thread. It holds the lock until it has closed the connection.
    pub(super) fn start(
        connection: Connection,
        lock: Option<DatabaseLock>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (finishing, finished) = std::sync::mpsc::channel();
        std::thread::Builder::new().name("parlor-store".into()).spawn(move || {
            let finishing = finishing;
            let lock = lock;
            write_until_closed(connection, queue, clock.as_ref());
            drop(lock);
            drop(finishing);
        })?;
        Ok(Self {
            jobs: Some(jobs),
            finished: Arc::new(Mutex::new(finished)),
        })
    }

    /// Appends a message within the next commit.
    pub(super) async fn append(&self, message: Append) -> Result<AppendOutcome, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Job::Append(message, sender)).await?;
        receiver.await.map_err(|_| StoreError::Closed)?
    }

    /// Does anything else within the next commit.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Batch<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let errand = Errand {
            work: Some(work),
            result: Err(StoreError::Closed),
            sender,
        };
        self.submit(Job::Work(Box::new(errand))).await?;
        receiver.await.map_err(|_| StoreError::Closed)?
    }

    /// Folds the log into the database, so that what was erased there is in no file any more. Where somebody reads an older state
    /// just then (a backup is made), the log is folded later, as always.
    pub(super) async fn fold(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.submit(Job::Fold(sender)).await.is_ok() {
            // A thread that ends meanwhile folds the log as its last act.
            let _ = receiver.await;
        }
    }

    async fn submit(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).await.map_err(|_| StoreError::Closed)
    }

    /// Finishes what is queued and waits until the thread has let go of the file.
    pub(super) async fn close(&self) {
        // When the thread is gone already there is nothing to tell it.
        let _ = self.submit(Job::Close).await;
        let finished = Arc::clone(&self.finished);
        let waited = tokio::task::spawn_blocking(move || {
            // An error is the sign waited for: the thread dropped its end.
            let _ = finished.lock().unwrap_or_else(PoisonError::into_inner).recv();
        });
        if let Err(error) = waited.await {
            tracing::warn!(%error, "the store's end could not be waited for");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        if finished.recv_timeout(DROP_WAIT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!(
                "the store is still committing while it is dropped; its file stays locked until that is done"
            );
        }
    }
}

fn write_until_closed(mut connection: Connection, mut queue: mpsc::Receiver<Job>, clock: &dyn Clock) {
    let mut jobs = Vec::new();
    let mut folds = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                // What waits already is still done; what comes later is refused.
                Job::Close => queue.close(),
                Job::Append(message, sender) => {
                    bytes += bytes_of(&message);
                    jobs.push(Job::Append(message, sender));
                }
                Job::Work(work) => jobs.push(Job::Work(work)),
                Job::Fold(sender) => folds.push(sender),
            }
            if jobs.len() < BATCH && bytes < BATCH_BYTES {
                next = queue.try_recv().ok();
            }
        }
        if !jobs.is_empty() {
            commit(&mut connection, std::mem::take(&mut jobs), clock.now());
        }
        if !folds.is_empty() {
            // Everybody who writes waits meanwhile.
            let folded = connection
                .busy_timeout(FOLD_WAIT)
                .and_then(|()| fold(&connection))
                .and_then(|()| connection.busy_timeout(BUSY_TIMEOUT));
            if let Err(error) = folded {
                tracing::warn!(%error, "the log could not be folded after an erasure; it is at the next stop");
            }
            for sender in folds.drain(..) {
                // Whoever asked may be gone.
                let _ = sender.send(());
            }
        }
    }
    if let Err(error) = fold(&connection) {
        tracing::warn!(%error, "the log could not be folded into the database; the next start reads it from the log");
    }
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the database could not be closed");
    }
}

fn fold(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Everything in one transaction; the answers go out after it is on disk.
fn commit(connection: &mut Connection, jobs: Vec<Job>, now: Timestamp) {
    let mut messages = Vec::new();
    let mut senders = Vec::new();
    let mut work = Vec::new();
    for job in jobs {
        match job {
            Job::Append(message, sender) => {
                messages.push(message);
                senders.push(sender);
            }
            Job::Work(one) => work.push(one),
            Job::Close | Job::Fold(_) => {}
        }
    }

    let (committed, appended) = match perform(connection, &mut work, &messages, now) {
        Ok(appended) => (Ok(()), appended),
        Err(error) => {
            tracing::error!(%error, jobs = work.len() + messages.len(), "a commit failed; nothing of it was kept");
            (Err(error.clone()), Err(error))
        }
    };

    for errand in work {
        errand.answer(committed.clone());
    }
    let mut outcomes = appended.map(Vec::into_iter);
    for sender in senders {
        let outcome = match &mut outcomes {
            Ok(outcomes) => outcomes
                .next()
                .ok_or_else(|| StoreError::Database("an append has no outcome".to_owned())),
            Err(error) => Err(error.clone()),
        };
        // Whoever asked may be gone; the message is on disk all the same, and a resend finds it.
        let _ = sender.send(outcome);
    }
}

/// The transaction. The outer result is the commit's; the inner one that of the appends, which may fail alone.
fn perform(
    connection: &mut Connection,
    work: &mut [Box<dyn Work>],
    messages: &[Append],
    now: Timestamp,
) -> Result<Result<Vec<AppendOutcome>, StoreError>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let batch = Batch {
        connection: &transaction,
        now,
    };
    // All these callers wait at the same time, so any order among them is one they could have come in; whoever appends
    // because a registration was answered comes in a later batch.
    for errand in work {
        errand.perform(&batch);
    }
    let appended = if messages.is_empty() {
        Ok(Vec::new())
    } else {
        apart(&batch, |batch| append_all(batch, messages))
    };
    // Where an error (a full disk) has undone the whole transaction, this fails, and nobody is told of a success.
    transaction.commit()?;
    Ok(appended)
}

/// Does some work so that, when it fails, nothing of it is kept and the rest of the transaction is.
fn apart<T>(batch: &Batch<'_>, work: impl FnOnce(&Batch<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    if batch.connection.is_autocommit() {
        // An earlier error has undone the transaction; a savepoint would now begin one of its own.
        return Err(StoreError::Database(
            "the transaction was undone by an earlier error".to_owned(),
        ));
    }
    batch.connection.prepare_cached("SAVEPOINT apart")?.execute([])?;
    let result = work(batch);
    if result.is_err() && !batch.connection.is_autocommit() {
        batch.connection.prepare_cached("ROLLBACK TO apart")?.execute([])?;
    }
    if !batch.connection.is_autocommit() {
        batch.connection.prepare_cached("RELEASE apart")?.execute([])?;
    }
    result
}
