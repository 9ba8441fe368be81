//! How fast somebody may write, and one socket may speak. A refused message stays pending with its sender; only who ignores
//! the delay is shut out.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use parlor_protocol::{ConversationId, RepId};

/// Messages a second, and at once: nobody types faster, and a reconnecting browser resends what it kept.
const MESSAGES: (u32, u32) = (5, 30);

/// Frames of any kind on one socket, likewise.
const FRAMES: (u32, u32) = (25, 150);

/// What was under way when the first refusal went out is no client's fault: a resend after an outage, say.
const HEARD_WITHIN: Duration = Duration::from_secs(3);

/// Refusals after that, without a pause, by which a client shows that it does not listen.
const IGNORED: u32 = 20;

/// Refusals that nothing excuses.
const FLOOD: u32 = 400;

/// How fast each visitor and each rep writes, by whatever sockets and forms: a new connection gives nobody a new start.
pub struct MessageRates {
    visitors: DefaultKeyedRateLimiter<ConversationId>,
    reps: DefaultKeyedRateLimiter<RepId>,
}

impl MessageRates {
    /// Nobody has written yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            visitors: RateLimiter::keyed(quota(MESSAGES)),
            reps: RateLimiter::keyed(quota(MESSAGES)),
        }
    }

    /// Counts a message of the visitor whose conversation this is, or says how long they have to wait.
    pub fn visitor(&self, conversation: &ConversationId) -> Result<(), Duration> {
        count(&self.visitors, conversation)
    }

    /// Counts a message of a rep, likewise.
    pub fn rep(&self, rep: &RepId) -> Result<(), Duration> {
        count(&self.reps, rep)
    }

    /// Forgets whoever has been quiet for long enough, which takes seconds; they would otherwise pile up.
    pub fn forget_idle(&self) {
        self.visitors.retain_recent();
        self.visitors.shrink_to_fit();
        self.reps.retain_recent();
    }
}

impl Default for MessageRates {
    fn default() -> Self {
        Self::new()
    }
}

fn count<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, who: &K) -> Result<(), Duration> {
    limiter.check_key(who).map_err(|refused| {
        metrics::counter!("parlor_messages_rate_limited_total").increment(1);
        wait(&refused)
    })
}

/// One socket's frames, and how its client takes being refused.
pub(super) struct Rates {
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
            frames: RateLimiter::direct(quota(FRAMES)),
            refused: None,
        }
    }

    /// A frame that is no message.
    pub(super) fn frame(&mut self) -> Verdict {
        let checked = self.frames.check().map_err(|refused| wait(&refused));
        self.judge(checked)
    }

    /// What a limit's answer means on this socket.
    pub(super) fn judge(&mut self, checked: Result<(), Duration>) -> Verdict {
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

fn quota((each_second, at_once): (u32, u32)) -> Quota {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(number(each_second)).allow_burst(number(at_once))
}

fn wait(refused: &NotUntil<<DefaultClock as Clock>::Instant>) -> Duration {
    refused.wait_time_from(DefaultClock::default().now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(number: usize) -> ConversationId {
        ConversationId::parse(format!("0190a1b2-c3d4-7e5f-8a9b-{number:012x}")).unwrap()
    }

    #[test]
    fn one_who_writes_fast_waits_and_nobody_else_does() {
        let rates = MessageRates::new();
        let (hasty, calm) = (conversation(1), conversation(2));
        let taken = (0..100).filter(|_| rates.visitor(&hasty).is_ok()).count();
        assert!((30..40).contains(&taken), "{taken}");
        let wait = (0..100).find_map(|_| rates.visitor(&hasty).err()).unwrap();
        assert!(wait <= Duration::from_millis(200), "{wait:?}");
        rates.visitor(&calm).unwrap();
        rates.forget_idle();
        let taken = (0..100).filter(|_| rates.visitor(&hasty).is_ok()).count();
        assert!(taken < 10, "who just wrote is remembered: {taken}");
    }

    #[tokio::test]
    async fn who_wrote_long_ago_is_forgotten() {
        let rates = MessageRates::new();
        for number in 0..1_000 {
            rates.visitor(&conversation(number)).unwrap();
        }
        assert_eq!(rates.visitors.len(), 1_000);
        let forgotten = async {
            while !rates.visitors.is_empty() {
                rates.forget_idle();
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(15), forgotten).await.unwrap();
    }
}
