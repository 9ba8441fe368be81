//! The portal's limit, kept on our side: calls wait their turn, so that HubSpot seldom has to say 429.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parlor_hubspot::RateLimit;

/// Calls per ten seconds until HubSpot has said what it allows: under the smallest limit there is (100, Free and Starter).
const FIRST_CALLS: u64 = 80;
const WINDOW: Duration = Duration::from_secs(10);

pub(crate) struct Pace {
    limiter: Mutex<(u64, std::sync::Arc<DefaultDirectRateLimiter>)>,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            limiter: Mutex::new((FIRST_CALLS, limiter(FIRST_CALLS))),
        }
    }

    /// Waits for the next call's turn.
    pub(crate) async fn turn(&self) {
        let limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
        limiter.until_ready().await;
    }

    /// Learns from the latest answer's headers: four fifths of the limit are ours, the rest is for calls other than delivery.
    pub(crate) fn learn(&self, seen: Option<RateLimit>) {
        let Some(seen) = seen else { return };
        let (Some(most), Some(interval)) = (seen.max, seen.interval) else {
            return;
        };
        if interval != WINDOW || most == 0 {
            return;
        }
        let calls = (most * 4 / 5).max(1);
        let mut current = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 != calls {
            *current = (calls, limiter(calls));
        }
    }
}

/// A rolling window allows at most burst plus refill: half at once and half over the window stay within it.
fn limiter(calls: u64) -> std::sync::Arc<DefaultDirectRateLimiter> {
    let half = u32::try_from(calls / 2)
        .ok()
        .and_then(NonZeroU32::new)
        .unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(WINDOW / half.get()).unwrap_or(Quota::per_second(NonZeroU32::MIN));
    std::sync::Arc::new(RateLimiter::direct(quota.allow_burst(half)))
}
