//! How many sockets there are, and how many there may be: each is a file, and files run out for everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parlor_engine::SocketId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files kept for the database, assets, HubSpot and the listeners.
const RESERVE: usize = 200;

/// All sockets.
pub struct Sockets {
    places: Arc<Semaphore>,
    most: usize,
    next: AtomicU64,
}

/// One socket's place; free again when dropped.
pub struct Place {
    /// The socket's id.
    pub id: SocketId,
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("parlor_sockets").decrement(1.0);
    }
}

impl Sockets {
    /// Room for as many as set, or as the process may open files less a reserve.
    #[must_use]
    pub fn new(most: Option<usize>, open_files: usize) -> Self {
        let most = most.unwrap_or_else(|| open_files.saturating_sub(RESERVE).max(16));
        Self {
            places: Arc::new(Semaphore::new(most)),
            most,
            next: AtomicU64::new(1),
        }
    }

    /// A place, while there is one.
    #[must_use]
    pub fn enter(&self) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        metrics::gauge!("parlor_sockets").increment(1.0);
        let id = SocketId(self.next.fetch_add(1, Ordering::Relaxed));
        Some(Place {
            id,
            _permit: permit,
            _counted: Counted,
        })
    }

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.most - self.places.available_permits()
    }

    /// Waits until all are gone, but not longer than this. Answers how many are left.
    pub async fn wait_until_gone(&self, longest: Duration) -> usize {
        let most = u32::try_from(self.most).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(longest, self.places.acquire_many(most)).await;
        self.open()
    }
}
