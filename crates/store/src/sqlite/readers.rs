//! The connections that only read: a few, lent out one question at a time.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::StoreError;

/// How many questions are answered at once.
pub(super) const READERS: usize = 4;
/// The same number, as the semaphore wants it.
const ALL: u32 = 4;

/// The pool.
#[derive(Debug)]
pub(super) struct Readers {
    /// As many permits as there are connections in the pool.
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

/// A connection on loan; it goes back however the question ends.
struct Loan {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            idle: Arc::new(Mutex::new(connections)),
        }
    }

    /// Answers a question on a thread where blocking harms nobody.
    pub(super) async fn run<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let idle = Arc::clone(&self.idle);
        tokio::task::spawn_blocking(move || {
            let connection = lock(&idle).pop();
            let loan = Loan { connection, idle };
            let answer = match &loan.connection {
                Some(connection) => question(connection),
                None => Err(StoreError::Closed),
            };
            // In this order: who gets the permit must find the connection.
            drop(loan);
            drop(permit);
            answer
        })
        .await
        .map_err(|error| StoreError::Database(format!("a query ended early: {error}")))?
    }

    /// Waits for what is being answered, then closes the connections.
    pub(super) async fn close(&self) {
        if let Ok(all) = self.permits.acquire_many(ALL).await {
            self.permits.close();
            lock(&self.idle).clear();
            drop(all);
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            lock(&self.idle).push(connection);
        }
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    // A list of connections has no half-done state that a panic elsewhere could leave.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
