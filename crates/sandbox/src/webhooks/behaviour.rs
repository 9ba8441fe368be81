//! How the sandbox sends: HubSpot's bad days, and how fast they pass.

use serde::{Deserialize, Serialize};

/// HubSpot's limit for one request.
pub(crate) const LARGEST_BATCH: usize = 100;

/// How webhooks are sent. The defaults are HubSpot on a good day, with a day of retries in a minute and a half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookBehaviour {
    /// What HubSpot's delays between attempts are multiplied with. Its ten retries take 24 hours; with 0.001, 86 seconds.
    pub schedule_factor: f64,
    /// How many events one request has at most, from 1 to 100.
    pub batch_size: usize,
    /// How long an answer may take. HubSpot documents five seconds.
    pub timeout_milliseconds: u64,
    /// How long every event waits before it is sent first, on the sandbox's clock.
    pub delay_milliseconds: u64,
    /// Each event waits a random time up to this in addition, and batches are shuffled: 0 keeps the order.
    pub reorder_milliseconds: u64,
    /// How likely an event is sent twice, from 0 to 1; the second time is in another request.
    pub duplicates: f64,
    /// How an event names its type.
    pub spelling: EventTypeSpelling,
}

impl Default for WebhookBehaviour {
    fn default() -> Self {
        Self {
            schedule_factor: 0.001,
            batch_size: LARGEST_BATCH,
            timeout_milliseconds: 5_000,
            delay_milliseconds: 0,
            reorder_milliseconds: 0,
            duplicates: 0.0,
            spelling: EventTypeSpelling::SubscriptionType,
        }
    }
}

impl WebhookBehaviour {
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.schedule_factor) {
            return Err("schedule_factor goes from 0 (retry at once) to 1 (as slow as HubSpot)".to_owned());
        }
        if !(0.0..=1.0).contains(&self.duplicates) {
            return Err("duplicates is a probability, from 0 to 1".to_owned());
        }
        if !(1..=LARGEST_BATCH).contains(&self.batch_size) {
            return Err("batch_size goes from 1 to 100".to_owned());
        }
        if self.timeout_milliseconds == 0 {
            return Err("timeout_milliseconds must be more than 0".to_owned());
        }
        Ok(())
    }
}

/// Recorded events say `subscriptionType`; some pages of HubSpot's documentation say `eventType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventTypeSpelling {
    /// `subscriptionType`.
    #[default]
    SubscriptionType,
    /// `eventType`.
    EventType,
    /// Both.
    Both,
    /// One or the other, each time an event is sent.
    Mixed,
}
