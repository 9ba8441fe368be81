//! The portal's limit, kept on our side: calls wait their turn, so that HubSpot seldom has to say 429.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parlor_hubspot::RateLimit;

/// The limit per ten seconds until HubSpot has said what it is: the smallest there is (Free and Starter).
const FIRST_LIMIT: u64 = 100;
pub(crate) const WINDOW: Duration = Duration::from_secs(10);

/// Whose calls they are, and so which part of the limit is theirs: neither holds up the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Share {
    /// Four fifths.
    Delivery,
    /// The fifth that is left.
    VisitorTokens,
}

impl Share {
    fn of(self, limit: u64) -> u64 {
        let calls = match self {
            Self::Delivery => limit * 4 / 5,
            Self::VisitorTokens => limit / 5,
        };
        calls.max(1)
    }
}

pub(crate) struct Pace {
    share: Share,
    limiter: Mutex<(u64, std::sync::Arc<DefaultDirectRateLimiter>)>,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self::of(Share::Delivery)
    }

    pub(crate) fn of(share: Share) -> Self {
        let calls = share.of(FIRST_LIMIT);
        Self {
            share,
            limiter: Mutex::new((calls, limiter(calls))),
        }
    }

    /// Waits for the next call's turn.
    pub(crate) async fn turn(&self) {
        let limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
        limiter.until_ready().await;
    }

    /// Learns from the latest answer's headers.
    pub(crate) fn learn(&self, seen: Option<RateLimit>) {
        let Some(seen) = seen else { return };
        let (Some(most), Some(interval)) = (seen.max, seen.interval) else {
            return;
        };
        if interval != WINDOW || most == 0 {
            return;
        }
        let calls = self.share.of(most);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many calls have their turn at once.
    async fn at_once(pace: &Pace) -> usize {
        let mut turns = 0;
        while tokio::time::timeout(Duration::ZERO, pace.turn()).await.is_ok() {
            turns += 1;
        }
        turns
    }

    fn limit(most: u64) -> RateLimit {
        RateLimit {
            interval: Some(WINDOW),
            max: Some(most),
            ..RateLimit::default()
        }
    }

    #[tokio::test]
    async fn the_shares_stay_within_the_limit_together_also_once_it_is_learnt() {
        let (delivery, tokens) = (Pace::new(), Pace::of(Share::VisitorTokens));
        // Half at once, half over the window.
        assert_eq!((at_once(&delivery).await, at_once(&tokens).await), (40, 10));
        for pace in [&delivery, &tokens] {
            pace.learn(Some(limit(190)));
        }
        assert_eq!((at_once(&delivery).await, at_once(&tokens).await), (76, 19));
        tokens.learn(Some(limit(1)));
        assert_eq!(at_once(&tokens).await, 1, "never none at all");
    }
}
