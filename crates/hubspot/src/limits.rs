//! What HubSpot says about its limits in an answer's headers.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// The rate-limit headers of one answer. Each part is `None` where HubSpot did not send it or sent something that is no
/// number: OAuth tokens have no daily limit, and some answers (a gateway's error page, search) have no headers at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// `X-HubSpot-RateLimit-Interval-Milliseconds`: the length of the rolling window, usually ten seconds.
    pub interval: Option<Duration>,
    /// `X-HubSpot-RateLimit-Max`: calls allowed within the window.
    pub max: Option<u64>,
    /// `X-HubSpot-RateLimit-Remaining`: calls left within the window.
    pub remaining: Option<u64>,
    /// `X-HubSpot-RateLimit-Daily`: calls allowed a day, in the account's time zone.
    pub daily: Option<u64>,
    /// `X-HubSpot-RateLimit-Daily-Remaining`: calls left today.
    pub daily_remaining: Option<u64>,
}

impl RateLimit {
    /// `None` where no header says anything.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let limit = Self {
            interval: number(headers, "x-hubspot-ratelimit-interval-milliseconds").map(Duration::from_millis),
            max: number(headers, "x-hubspot-ratelimit-max"),
            remaining: number(headers, "x-hubspot-ratelimit-remaining"),
            daily: number(headers, "x-hubspot-ratelimit-daily"),
            daily_remaining: number(headers, "x-hubspot-ratelimit-daily-remaining"),
        };
        (limit != Self::default()).then_some(limit)
    }
}

/// `Retry-After` in seconds, at most a day. HubSpot documents it for 477 (an account being moved to another data centre)
/// only; it is honoured wherever it appears. Its other form, a date, is not used by HubSpot and is ignored.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    const DAY: u64 = 24 * 60 * 60;
    number(headers, "retry-after").map(|seconds| Duration::from_secs(seconds.min(DAY)))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    // `parse` alone would accept a leading plus sign.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn every_header_is_read() {
        let limit = RateLimit::from_headers(&headers(&[
            ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
            ("x-hubspot-ratelimit-max", "190"),
            ("x-hubspot-ratelimit-remaining", "189"),
            ("x-hubspot-ratelimit-daily", "625000"),
            ("x-hubspot-ratelimit-daily-remaining", "624999"),
        ]));
        let expected = RateLimit {
            interval: Some(Duration::from_secs(10)),
            max: Some(190),
            remaining: Some(189),
            daily: Some(625_000),
            daily_remaining: Some(624_999),
        };
        assert_eq!(limit, Some(expected));
    }

    #[test]
    fn a_header_that_is_no_number_counts_as_absent() {
        for odd in ["", "-1", "+1", "many", "1.5", "99999999999999999999999"] {
            let pairs = [("x-hubspot-ratelimit-max", odd), ("x-hubspot-ratelimit-remaining", "7")];
            let limit = RateLimit::from_headers(&headers(&pairs)).unwrap();
            assert_eq!((limit.max, limit.remaining), (None, Some(7)), "{odd:?}");
        }
        assert_eq!(
            RateLimit::from_headers(&headers(&[("x-hubspot-ratelimit-max", "none")])),
            None
        );
    }

    #[test]
    fn retry_after_is_in_seconds_and_never_more_than_a_day() {
        assert_eq!(
            retry_after(&headers(&[("retry-after", "3")])),
            Some(Duration::from_secs(3))
        );
        assert_eq!(
            retry_after(&headers(&[("retry-after", "999999999")])),
            Some(Duration::from_hours(24))
        );
        assert_eq!(
            retry_after(&headers(&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")])),
            None
        );
    }
}
