//! How fast one socket may speak. A refused message stays pending with its sender; only who ignores the delay is shut out.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Messages a second, and at once: nobody types faster, and a reconnecting browser resends what it kept.
const MESSAGES: (u32, u32) = (5, 30);

/// Frames of any kind, likewise.
const FRAMES: (u32, u32) = (25, 150);

/// What was under way when the first refusal went out is no client's fault: a resend after an outage, say.
const HEARD_WITHIN: Duration = Duration::from_secs(3);

/// Refusals after that, without a pause, by which a client shows that it does not listen.
const IGNORED: u32 = 20;

/// Refusals that nothing excuses.
const FLOOD: u32 = 400;

/// One socket's limits.
pub(super) struct Rates {
    messages: DefaultDirectRateLimiter,
    frames: DefaultDirectRateLimiter,
    refused: Option<Refused>,
}

/// A row of refusals, from the first to the first frame that was in time.
struct Refused {
    since: Instant,
    times: u32,
    after_hearing: u32,
}

/// What a limit says.
pub(super) enum Verdict {
    /// Go on.
    Fine,
    /// Not before this has passed.
    Wait(Duration),
    /// The delay was ignored too often.
    Enough,
}

impl Rates {
    pub(super) fn new() -> Self {
        Self {
            messages: limiter(MESSAGES),
            frames: limiter(FRAMES),
            refused: None,
        }
    }

    /// A message.
    pub(super) fn message(&mut self) -> Verdict {
        let checked = check(&self.messages);
        self.judge(checked)
    }

    /// Any other frame.
    pub(super) fn frame(&mut self) -> Verdict {
        let checked = check(&self.frames);
        self.judge(checked)
    }

    fn judge(&mut self, checked: Result<(), Duration>) -> Verdict {
        let Err(wait) = checked else {
            self.refused = None;
            return Verdict::Fine;
        };
        let now = Instant::now();
        let refused = self.refused.get_or_insert(Refused {
            since: now,
            times: 0,
            after_hearing: 0,
        });
        refused.times += 1;
        if now.duration_since(refused.since) > HEARD_WITHIN {
            refused.after_hearing += 1;
        }
        if refused.times > FLOOD || refused.after_hearing > IGNORED {
            Verdict::Enough
        } else {
            Verdict::Wait(wait)
        }
    }
}

fn limiter((each_second, at_once): (u32, u32)) -> DefaultDirectRateLimiter {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(number(each_second)).allow_burst(number(at_once)))
}

fn check(limiter: &DefaultDirectRateLimiter) -> Result<(), Duration> {
    limiter
        .check()
        .map_err(|refused| refused.wait_time_from(DefaultClock::default().now()))
}
