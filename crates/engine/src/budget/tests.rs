#![allow(
    clippy::unwrap_used,
    clippy::duration_suboptimal_units,
    clippy::unchecked_time_subtraction,
    reason = "a test may panic, and counts in the unit of what it tests"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use parlor_store::Clock;

use super::*;
use crate::{OsRandom, Timer};

const LONG: Duration = Duration::from_secs(3_600);

/// Time that passes only by waiting for it.
#[derive(Default)]
struct Virtual(AtomicI64, AtomicU64);

impl Virtual {
    fn pass(&self, duration: Duration) {
        self.0
            .fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
        self.1
            .fetch_add(u64::try_from(duration.as_nanos()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Timer for Virtual {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.1.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(duration);
        tokio::task::yield_now().await;
    }
}

fn budget() -> (Budget, Arc<Virtual>) {
    let time = Arc::new(Virtual::default());
    let context = Context::new(time.clone(), Arc::new(OsRandom)).with_timer(time.clone());
    (Budget::new(context), time)
}

fn limit(max: u64, remaining: u64) -> RateLimit {
    RateLimit {
        interval: Some(WINDOW),
        max: Some(max),
        remaining: Some(remaining),
        ..RateLimit::default()
    }
}

fn daily(most: u64, remaining: u64) -> RateLimit {
    RateLimit {
        daily: Some(most),
        daily_remaining: Some(remaining),
        ..RateLimit::default()
    }
}

/// No window of ten seconds holds more than `most`, wherever within its call each arrived.
fn assert_never_above(most: usize, calls: &[(Duration, Duration)]) {
    for (first, (_, answered)) in calls.iter().enumerate() {
        // The earliest ten seconds that could hold this call begin at its answer.
        let within = calls[first..]
            .iter()
            .take_while(|(begun, _)| *begun < *answered + WINDOW)
            .count();
        assert!(within <= most, "{within} calls within ten seconds");
    }
}

#[tokio::test]
async fn delivery_has_nearly_all_of_the_limit_and_never_more() {
    for most in [5, 100, 110, 190, 250] {
        let (budget, time) = budget();
        budget.learn(Some(limit(most, most)), None);
        let mut calls = Vec::new();
        while time.elapsed() < Duration::from_secs(600) {
            let begun = {
                let _turn = budget.turn(Share::Delivery, LONG).await.unwrap();
                let begun = time.elapsed();
                time.pass(Duration::from_millis(1));
                begun
            };
            calls.push((begun, time.elapsed()));
        }
        assert_never_above(usize::try_from(most).unwrap(), &calls);
        let allowed = most * 60;
        let share = calls.len() as u64 * 100 / allowed;
        assert!(share >= if most > 10 { 95 } else { 75 }, "{share} % of {most}");
    }
}

#[tokio::test]
async fn what_people_wait_for_is_not_held_up_by_a_backlog() {
    let (budget, time) = budget();
    budget.learn(Some(limit(100, 100)), None);
    let mut longest = Duration::ZERO;
    for number in 0..2_000 {
        if number % 50 == 49 {
            let asked = time.elapsed();
            drop(budget.turn(Share::Others, LONG).await.unwrap());
            longest = longest.max(time.elapsed() - asked);
        }
        drop(budget.turn(Share::Delivery, LONG).await.unwrap());
    }
    assert!(longest <= Duration::from_millis(200), "{longest:?}");
}

#[tokio::test]
async fn others_have_everything_that_delivery_leaves() {
    let (budget, time) = budget();
    budget.learn(Some(limit(100, 100)), None);
    for _ in 0..100 {
        drop(budget.turn(Share::Others, Duration::ZERO).await.unwrap());
    }
    assert_eq!(time.elapsed(), Duration::ZERO);
    let refused = budget.turn(Share::Others, Duration::from_secs(3)).await;
    assert!(matches!(refused.err(), Some(NoTurn::TooLong(_))));
}

#[tokio::test]
async fn what_another_program_uses_of_the_same_key_counts() {
    let (budget, time) = budget();
    budget.learn(Some(limit(100, 40)), None);
    for _ in 0..40 {
        drop(budget.turn(Share::Others, Duration::ZERO).await.unwrap());
    }
    assert!(budget.turn(Share::Others, Duration::ZERO).await.is_err());
    time.pass(WINDOW);
    assert!(budget.turn(Share::Others, Duration::ZERO).await.is_ok());
}

#[tokio::test]
async fn once_most_of_the_day_is_used_the_rest_lasts_until_its_end_and_is_never_used_up() {
    let (budget, time) = budget();
    time.pass(Duration::from_secs(12 * 3_600));
    budget.learn(Some(daily(1_000, 201)), None);
    assert_eq!(budget.delivery_may_begin_at(), None);
    assert_eq!(budget.day_in_words(), None);
    let (mut remaining, mut last) = (201_u64, Duration::ZERO);
    let day = Duration::from_secs(24 * 3_600);
    loop {
        match budget.delivery_may_begin_at() {
            Some(at) if at.millis() >= 24 * 3_600_000 => break,
            Some(at) => time.pass(at.since(time.now())),
            None => {
                drop(budget.turn(Share::Delivery, LONG).await.unwrap());
                remaining -= 1;
                last = Duration::from_millis(u64::try_from(time.now().millis()).unwrap());
                budget.learn(Some(daily(1_000, remaining)), None);
            }
        }
    }
    assert_eq!(remaining, 20, "two in a hundred are left");
    assert!(last > day - Duration::from_secs(600), "the last was made at {last:?}");
    assert!(
        budget
            .day_in_words()
            .unwrap()
            .starts_with("98 % of the account's calls")
    );
    assert!(matches!(
        budget.turn(Share::Delivery, LONG).await.err(),
        Some(NoTurn::DayIsSpent(_))
    ));
    for _ in 0..10 {
        drop(budget.turn(Share::Others, LONG).await.unwrap());
    }
    assert!(
        budget.turn(Share::Others, LONG).await.is_err(),
        "the last of all are not Parlor's"
    );

    time.pass(day);
    assert_eq!(budget.delivery_may_begin_at(), None);
    assert!(budget.turn(Share::Delivery, LONG).await.is_ok());
}

#[test]
fn the_day_turns_at_midnight_where_the_account_is() {
    let (budget, time) = budget();
    // Five hours behind UTC, at one o'clock in UTC: three hours and more until midnight there.
    time.pass(Duration::from_secs(25 * 3_600));
    budget.learn_day(-5 * 3_600_000);
    budget.learn(Some(daily(100, 0)), None);
    let at = budget.delivery_may_begin_at().unwrap();
    assert_eq!(at.millis(), 29 * 3_600_000);
}
