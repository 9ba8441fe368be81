//! How long to wait before trying again.

/// The first wait's greatest length in milliseconds.
pub const FIRST_MS: f64 = 1_000.0;

/// No wait is longer, in milliseconds: whoever waits for an answer does not know that the server is back.
pub const LONGEST_MS: f64 = 10_000.0;

/// The spread after the server said that it restarts (close code 1012), in milliseconds.
pub const RESTART_MS: f64 = 3_000.0;

/// Exponential backoff with full jitter: somewhere between nothing and a bound that doubles from one second to ten.
/// `random` lies in 0..1. Full jitter keeps clients that lost the same server from coming back in step.
#[must_use]
pub fn full_jitter(attempt: u32, random: f64) -> f64 {
    ceiling(attempt) * random
}

/// The bound of the wait before attempt number `attempt` (from 0), in milliseconds.
#[must_use]
pub fn ceiling(attempt: u32) -> f64 {
    (f64::from(1_u32 << attempt.min(5)) * FIRST_MS).min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_ten_seconds_and_jitter_only_shortens_it() {
        let bounds: Vec<u64> = (0..8)
            .map(|attempt| format!("{}", ceiling(attempt)).parse().unwrap())
            .collect();
        assert_eq!(bounds, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000]);
        assert!(full_jitter(3, 0.0) < 1.0);
        assert!(full_jitter(3, 0.999) < ceiling(3));
        assert!(full_jitter(u32::MAX, 0.5) <= LONGEST_MS);
    }
}
