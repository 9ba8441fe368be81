//! How fast one socket may speak. A refused message stays pending with its sender; only who ignores the delay is shut out.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Messages a second, and at once: nobody types faster, and a reconnecting browser resends what it kept.
const MESSAGES: (u32, u32) = (5, 30);

/// Frames of any kind, likewise.
const FRAMES: (u32, u32) = (25, 150);

/// Refusals in a row after which a client is not listening to them.
const IGNORED: u32 = 20;

/// One socket's limits.
pub(super) struct Rates {
    messages: DefaultDirectRateLimiter,
    frames: DefaultDirectRateLimiter,
    refused_in_a_row: u32,
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
            refused_in_a_row: 0,
        }
    }

    /// A message.
    pub(super) fn message(&mut self) -> Verdict {
        let checked = check(&self.messages);
        if checked.is_ok() {
            self.refused_in_a_row = 0;
        }
        self.judge(checked)
    }

    /// A frame of any kind.
    pub(super) fn frame(&mut self) -> Verdict {
        let checked = check(&self.frames);
        self.judge(checked)
    }

    fn judge(&mut self, checked: Result<(), Duration>) -> Verdict {
        match checked {
            Ok(()) => Verdict::Fine,
            Err(wait) => {
                self.refused_in_a_row += 1;
                if self.refused_in_a_row > IGNORED {
                    Verdict::Enough
                } else {
                    Verdict::Wait(wait)
                }
            }
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
