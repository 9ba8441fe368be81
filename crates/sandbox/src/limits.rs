//! HubSpot's limits: how many calls in ten rolling seconds and in a day, the headers that tell, and the 429.

use std::collections::{HashMap, VecDeque};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::errors::ApiError;

/// The length of the rolling window, in milliseconds.
const INTERVAL_MILLISECONDS: i64 = 10_000;

/// How much an account may call. The defaults are those of HubSpot's Professional tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Calls in any ten seconds, counted for each token; `None` (JSON `null`) counts nothing and sends no such header.
    pub ten_seconds: Option<u32>,
    /// Calls in a day, counted for the account, from midnight to midnight in UTC; `None` counts nothing.
    pub daily: Option<u32>,
    /// Seconds that a 429 names in `Retry-After`. HubSpot names none, and neither does the default.
    pub retry_after: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ten_seconds: Some(190),
            daily: Some(625_000),
            retry_after: None,
        }
    }
}

impl Limits {
    /// No limits, for measuring.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            ten_seconds: None,
            daily: None,
            retry_after: None,
        }
    }
}

/// What has been used of the limits.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    recent: HashMap<String, VecDeque<i64>>,
    day: i64,
    today: u32,
}

impl Usage {
    /// Counts one call, or refuses it; the headers belong on the answer either way.
    pub(crate) fn take(&mut self, limits: &Limits, token: &str, now: Moment) -> (HeaderMap, Result<(), ApiError>) {
        if self.day != now.day() {
            self.day = now.day();
            self.today = 0;
        }
        let recent = self.recent.entry(token.to_owned()).or_default();
        while recent
            .front()
            .is_some_and(|earliest| *earliest <= now.unix_milliseconds() - INTERVAL_MILLISECONDS)
        {
            recent.pop_front();
        }
        let used = u32::try_from(recent.len()).unwrap_or(u32::MAX);

        // A refused call uses nothing up.
        let outcome = if limits.daily.is_some_and(|maximum| self.today >= maximum) {
            Err(with_retry_after(ApiError::daily_exceeded(), limits))
        } else if limits.ten_seconds.is_some_and(|maximum| used >= maximum) {
            Err(with_retry_after(ApiError::ten_seconds_exceeded(), limits))
        } else {
            self.today = self.today.saturating_add(1);
            if limits.ten_seconds.is_some() {
                recent.push_back(now.unix_milliseconds());
            }
            Ok(())
        };
        let used = u32::try_from(recent.len()).unwrap_or(u32::MAX);
        (self.headers(limits, used), outcome)
    }

    fn headers(&self, limits: &Limits, used: u32) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name, value: u32| headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        if let Some(maximum) = limits.daily {
            set("x-hubspot-ratelimit-daily", maximum);
            set(
                "x-hubspot-ratelimit-daily-remaining",
                maximum.saturating_sub(self.today),
            );
        }
        if let Some(maximum) = limits.ten_seconds {
            set("x-hubspot-ratelimit-interval-milliseconds", 10_000);
            set("x-hubspot-ratelimit-max", maximum);
            set("x-hubspot-ratelimit-remaining", maximum.saturating_sub(used));
        }
        headers
    }
}

fn with_retry_after(error: ApiError, limits: &Limits) -> ApiError {
    match limits.retry_after {
        Some(seconds) => error.with_header(header::RETRY_AFTER, HeaderValue::from(seconds)),
        None => error,
    }
}
