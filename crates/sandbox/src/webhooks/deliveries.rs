//! The log of deliveries, for tests and for people.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::Moment;

/// How many deliveries are kept.
const MOST: usize = 500;

/// How many bytes their bodies have together, at most.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// One request that was sent, or was to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookDelivery {
    /// Counts from 1, in the order in which they were begun.
    pub number: u64,
    /// When it was begun.
    pub at: Moment,
    /// The app that it was for.
    pub app_id: u64,
    /// Where it was sent.
    pub url: String,
    /// What was answered; `None` when nothing was.
    pub status: Option<u16>,
    /// Why nothing was answered.
    pub failure: Option<String>,
    /// The highest `attemptNumber` of its events.
    pub attempt: u32,
    /// The events as they were sent.
    pub events: Vec<Value>,
    /// When the first of them is sent again; `None` when none is.
    pub next_attempt_at: Option<Moment>,
    /// How many of them had their last attempt and are never sent again.
    pub given_up: usize,
}

/// A delivery as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) number: u64,
    pub(crate) at: Moment,
    pub(crate) app_id: u64,
    pub(crate) url: String,
    pub(crate) status: Option<u16>,
    pub(crate) failure: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) body: Arc<str>,
    pub(crate) next_attempt_at: Option<Moment>,
    pub(crate) given_up: usize,
}

impl Logged {
    fn view(&self) -> WebhookDelivery {
        WebhookDelivery {
            number: self.number,
            at: self.at,
            app_id: self.app_id,
            url: self.url.clone(),
            status: self.status,
            failure: self.failure.clone(),
            attempt: self.attempt,
            events: serde_json::from_str(&self.body).unwrap_or_default(),
            next_attempt_at: self.next_attempt_at,
            given_up: self.given_up,
        }
    }
}

/// The last deliveries.
#[derive(Debug, Default)]
pub(crate) struct DeliveryLog {
    bytes: usize,
    kept: VecDeque<Logged>,
}

impl DeliveryLog {
    pub(crate) fn add(&mut self, delivery: Logged) {
        self.bytes += delivery.body.len();
        self.kept.push_back(delivery);
        while self.kept.len() > MOST || (self.bytes > MOST_BYTES && self.kept.len() > 1) {
            let Some(oldest) = self.kept.pop_front() else {
                return;
            };
            self.bytes -= oldest.body.len();
        }
    }

    /// All that are kept, in the order in which they ended.
    pub(crate) fn all(&self) -> Vec<WebhookDelivery> {
        self.kept.iter().map(Logged::view).collect()
    }

    /// The last ones, the latest first.
    pub(crate) fn latest(&self, count: usize) -> Vec<WebhookDelivery> {
        self.kept.iter().rev().take(count).map(Logged::view).collect()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
