//! What has been used of the limits, the headers that tell it, and the 429 when there is no more.

use std::collections::{HashMap, VecDeque};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::clock::Moment;
use crate::errors::ApiError;
use crate::limits::{Bucket, Limits};

const TEN_SECONDS: i64 = 10_000;
const SECOND: i64 = 1_000;

/// One call to be counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedCall<'a> {
    /// Whose it is.
    pub(crate) bucket: Bucket<'a>,
    /// Whether it is a search, which has a limit of its own.
    pub(crate) search: bool,
    /// The day it is in the account's time zone.
    pub(crate) day: i64,
    pub(crate) now: Moment,
}

/// What has been used of the limits.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    tokens: HashMap<String, Window>,
    apps: HashMap<u64, Window>,
    searches: Window,
    day: i64,
    today: u32,
}

impl Usage {
    /// Counts one call, or refuses it; the headers belong on the answer either way. A refused call uses nothing up.
    pub(crate) fn take(&mut self, limits: &Limits, call: CountedCall) -> (HeaderMap, Result<(), ApiError>) {
        self.begin(call.day);
        let (window, maximum, daily) = match call.bucket {
            Bucket::Token(token) => {
                if !self.tokens.contains_key(token) {
                    self.tokens.insert(token.to_owned(), Window::default());
                }
                (self.tokens.get_mut(token), limits.ten_seconds, limits.daily)
            }
            Bucket::App(app_id) => (
                Some(self.apps.entry(app_id).or_default()),
                limits.oauth_ten_seconds,
                None,
            ),
        };
        let (window, maximum, length) = match window {
            Some(window) if !call.search => (window, maximum, TEN_SECONDS),
            _ => (&mut self.searches, limits.search, SECOND),
        };
        window.forget(call.now, length);

        let outcome = if daily.is_some_and(|maximum| self.today >= maximum) {
            Err(ApiError::daily_exceeded())
        } else if maximum.is_some_and(|maximum| window.used() >= maximum) {
            Err(if call.search {
                ApiError::secondly_exceeded()
            } else {
                ApiError::ten_seconds_exceeded(call.bucket)
            })
        } else {
            if matches!(call.bucket, Bucket::Token(_)) {
                self.today = self.today.saturating_add(1);
            }
            if maximum.is_some() {
                window.calls.push_back(call.now.unix_milliseconds());
            }
            Ok(())
        };

        let mut headers = HeaderMap::new();
        if let Some(maximum) = daily {
            set(&mut headers, "x-hubspot-ratelimit-daily", maximum);
            let remaining = maximum.saturating_sub(self.today);
            set(&mut headers, "x-hubspot-ratelimit-daily-remaining", remaining);
        }
        // A search answers without the headers of the interval.
        if let Some(maximum) = maximum.filter(|_| !call.search) {
            window.tell(&mut headers, maximum, call.now);
        }
        let outcome = outcome.map_err(|error| match limits.retry_after {
            Some(seconds) => error.with_header(header::RETRY_AFTER, HeaderValue::from(seconds)),
            None => error,
        });
        (headers, outcome)
    }

    /// The calls with static tokens on this day.
    pub(crate) fn on(&self, day: i64) -> u32 {
        if self.day == day { self.today } else { 0 }
    }

    fn begin(&mut self, day: i64) {
        if self.day != day {
            self.day = day;
            self.today = 0;
        }
    }
}

/// When the last calls were made.
#[derive(Debug, Default)]
struct Window {
    calls: VecDeque<i64>,
}

impl Window {
    /// Forgets the calls that lie further back than the window is long, in milliseconds.
    fn forget(&mut self, now: Moment, length: i64) {
        let begins = now.unix_milliseconds() - length;
        while self.calls.front().is_some_and(|earliest| *earliest <= begins) {
            self.calls.pop_front();
        }
    }

    fn used(&self) -> u32 {
        u32::try_from(self.calls.len()).unwrap_or(u32::MAX)
    }

    /// The headers of the interval. The last two are deprecated: HubSpot sends them still, a tenth of the limit for one second,
    /// and enforces nothing by them.
    fn tell(&self, headers: &mut HeaderMap, maximum: u32, now: Moment) {
        let second = now.unix_milliseconds() - SECOND;
        let in_a_second = self.calls.iter().rev().take_while(|made| **made > second).count();
        let in_a_second = u32::try_from(in_a_second).unwrap_or(u32::MAX);
        let secondly = maximum / 10;
        set(headers, "x-hubspot-ratelimit-interval-milliseconds", 10_000);
        set(headers, "x-hubspot-ratelimit-max", maximum);
        set(
            headers,
            "x-hubspot-ratelimit-remaining",
            maximum.saturating_sub(self.used()),
        );
        set(headers, "x-hubspot-ratelimit-secondly", secondly);
        let remaining = secondly.saturating_sub(in_a_second);
        set(headers, "x-hubspot-ratelimit-secondly-remaining", remaining);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: u32) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
}
