//! Many measurements of one thing as three numbers.

use std::time::Duration;

use serde::Serialize;

/// Half were at most this, 99 of 100 at most that; in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Percentiles {
    pub p50_us: f64,
    pub p99_us: f64,
    pub samples: usize,
}

impl Percentiles {
    /// Sorts and picks. All zero where nothing was measured.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |hundredths: usize| {
            let index = times.len().saturating_sub(1) * hundredths / 100;
            times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
        };
        Self {
            p50_us: at(50),
            p99_us: at(99),
            samples: times.len(),
        }
    }
}

/// The middle of several runs; the mean of the middle two where their number is even.
pub fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_unstable_by(f64::total_cmp);
    let last = runs.len().saturating_sub(1);
    let at = |index: usize| runs.get(index).copied().unwrap_or(0.0);
    f64::midpoint(at(last / 2), at(last - last / 2))
}

/// So many in so long, each second.
#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
