//! When a delivery that failed is tried again.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::Moment;

/// How long after the first attempt each retry comes, in minutes. HubSpot documents ten of them over 24 hours with random
/// delays; the times between are the sandbox's.
const RETRY_MINUTES: [f64; 10] = [1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 840.0, 1_320.0];

/// How far each is moved at random, up or down, as a part of it. The last stays within 24 hours, and none overtakes another.
const SPREAD: f64 = 0.08;

/// When the attempt with this number (the first is 0) is made; `None` when there are no more.
pub(crate) fn retry_at(first_attempt: Moment, attempt: u32, factor: f64, random: &mut StdRng) -> Option<Moment> {
    let place = usize::try_from(attempt).ok()?.checked_sub(1)?;
    let minutes = RETRY_MINUTES.get(place)?;
    let milliseconds = minutes * 60_000.0 * factor * random.random_range(1.0 - SPREAD..=1.0 + SPREAD);
    #[expect(clippy::cast_possible_truncation, reason = "a day has 86,400,000 milliseconds")]
    let milliseconds = milliseconds.round() as i64;
    Some(Moment::from_unix_milliseconds(
        first_attempt.unix_milliseconds().saturating_add(milliseconds),
    ))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::retry_at;
    use crate::Moment;

    #[test]
    fn ten_retries_come_one_after_the_other_within_a_day() {
        let first = Moment::from_unix_milliseconds(1_000);
        for seed in 0..200 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut previous = first;
            for attempt in 1..=10 {
                let at = retry_at(first, attempt, 1.0, &mut random).unwrap();
                assert!(at > previous, "{attempt}");
                previous = at;
            }
            assert!(previous.unix_milliseconds() <= 1_000 + 86_400_000);
            assert_eq!(retry_at(first, 11, 1.0, &mut random), None);
        }
    }

    #[test]
    fn the_factor_compresses_them() {
        let first = Moment::from_unix_milliseconds(0);
        let mut random = StdRng::seed_from_u64(1);
        let last = retry_at(first, 10, 0.001, &mut random).unwrap();
        assert!((70_000..=86_400).contains(&last.unix_milliseconds()), "{last:?}");
        assert_eq!(retry_at(first, 3, 0.0, &mut random), Some(first));
    }
}
