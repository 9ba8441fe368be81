//! One writer to a portal, on however many nodes: a lease, and the holder's own doubt that it still has it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use parlor_store::{Fence, StoreError, Taken, Timestamp};

use super::Delivery;
use crate::Context;

/// The lease's name.
const NAME: &str = "delivery";

/// Before a call the lease has to last for the call's time-out and so much more.
const MARGIN: Duration = Duration::from_secs(5);

/// A lease is asked for anew when it has less than that left, beyond what a call takes.
const RENEW: Duration = Duration::from_secs(10);

/// A fresh lease lasts for a call's time-out and so much more.
const FRESH: Duration = Duration::from_secs(20);

/// The lease as this process knows it.
pub(super) struct Lease {
    holder: String,
    timeout: Duration,
    held: Mutex<Option<Held>>,
}

#[derive(Clone)]
struct Held {
    fence: Fence,
    /// When it was asked for: by the passing of time, and by the clock.
    asked: (Duration, Timestamp),
}

/// What became of the wish to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hold {
    /// As before.
    Kept,
    /// Somebody else may have written since, or this process before it ended: what was written last is in doubt.
    New,
    /// Somebody else delivers, until then at least.
    Busy(Timestamp),
}

impl Lease {
    pub(super) fn new(context: &Context, timeout: Duration) -> Self {
        let holder = context.random::<16>().map(|byte| format!("{byte:02x}")).concat();
        Self {
            holder,
            timeout,
            held: Mutex::new(None),
        }
    }

    /// How long a lease lasts: longer than a call may take, by far.
    pub(super) fn lasts(&self) -> Duration {
        self.timeout + FRESH
    }

    /// What a call that is made now has to name; absent while nothing is held.
    pub(super) fn fence(&self) -> Option<Fence> {
        self.held().clone().map(|held| held.fence)
    }

    /// How much is left of it, by whichever of the two says that more has passed: a machine that slept may have stopped the one,
    /// and somebody may have set the other back.
    fn left(&self, context: &Context) -> Duration {
        let Some(held) = self.held().clone() else {
            return Duration::ZERO;
        };
        let passed = context.elapsed().saturating_sub(held.asked.0);
        let passed = passed.max(context.now().since(held.asked.1));
        self.lasts().saturating_sub(passed)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivery {
    /// Takes the lease, or keeps it, where too little of it is left to make a call.
    pub(super) async fn hold_lease(&self) -> Result<Hold, StoreError> {
        let lease = &self.lease;
        if lease.left(&self.context) > lease.timeout + RENEW {
            return Ok(Hold::Kept);
        }
        let asked = (self.context.elapsed(), self.context.now());
        let tenant = &self.options.tenant;
        // Whoever takes over waits until a call that was made at the last moment has ended, one way or the other.
        let taken = self
            .store
            .take_lease(tenant, NAME, &lease.holder, lease.lasts(), lease.timeout)
            .await?;
        let hold = match &taken {
            Taken::Kept(_) => Hold::Kept,
            Taken::New(_) => Hold::New,
            Taken::Busy(until) => Hold::Busy(*until),
        };
        let fence = match taken {
            Taken::Kept(fence) | Taken::New(fence) => Some(fence),
            Taken::Busy(_) => None,
        };
        *lease.held() = fence.map(|fence| Held { fence, asked });
        // The store may have taken its time.
        if !matches!(hold, Hold::Busy(_)) && lease.left(&self.context) <= lease.timeout + MARGIN {
            return Ok(Hold::Busy(self.context.now() + MARGIN));
        }
        Ok(hold)
    }

    /// Lets another take over at once; nothing may be under way.
    pub(super) async fn give_lease_back(&self) {
        let held = self.lease.held().take();
        if let Some(held) = held
            && let Err(error) = self.store.give_lease_back(&self.options.tenant, &held.fence).await
        {
            tracing::warn!(%error, "the lease could not be given back: another node waits for its end");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use async_trait::async_trait;
    use parlor_store::Clock;

    use super::*;
    use crate::{OsRandom, Timer};

    /// A clock and a passing of time that say what they are told, in seconds.
    #[derive(Default)]
    struct Told {
        clock: AtomicI64,
        passed: AtomicU64,
    }

    impl Clock for Told {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.clock.load(Ordering::SeqCst) * 1_000)
        }
    }

    #[async_trait]
    impl Timer for Told {
        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.passed.load(Ordering::SeqCst))
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn a_lease_ends_when_either_the_clock_or_the_passing_of_time_says_so() {
        let told = Arc::new(Told::default());
        let context = Context::new(told.clone(), Arc::new(OsRandom)).with_timer(told.clone());
        let lease = Lease::new(&context, Duration::from_secs(10));
        assert_eq!(lease.left(&context), Duration::ZERO, "nothing is held yet");
        for (clock, passed, left) in [(4, 4, 26), (31, 0, 0), (-3_600, 31, 0), (12, 7, 18)] {
            told.clock.store(0, Ordering::SeqCst);
            told.passed.store(0, Ordering::SeqCst);
            let fence = Fence {
                name: NAME.to_owned(),
                token: 1,
            };
            *lease.held() = Some(Held {
                fence,
                asked: (context.elapsed(), context.now()),
            });
            told.clock.store(clock, Ordering::SeqCst);
            told.passed.store(passed, Ordering::SeqCst);
            assert_eq!(lease.left(&context), Duration::from_secs(left), "{clock} and {passed}");
        }
    }
}
