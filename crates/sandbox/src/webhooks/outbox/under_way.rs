//! Events under way: what a request is made of, and what becomes of its events.

use std::sync::Arc;

use rand::RngExt;

use super::{Outbox, Waiting};
use crate::Moment;
use crate::webhooks::deliveries::Logged;
use crate::webhooks::recipients::Recipient;
use crate::webhooks::schedule;

/// A request's worth of events, for the sender.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) number: u64,
    pub(crate) target_url: String,
    pub(crate) client_secret: String,
    pub(crate) body: Arc<str>,
    pub(crate) timeout_milliseconds: u64,
    /// Which account it belongs to, since a reset makes a new one.
    pub(crate) account: Arc<()>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(u16),
    /// No answer, or no connection; with the reason.
    Failed(String),
    /// It was never to be sent; with the reason.
    Withheld(String),
}

impl Outcome {
    /// HubSpot documents 4xx and 5xx, time-outs and failing connections. What it does on a redirect is not known: here it is
    /// neither followed nor repeated.
    const fn is_tried_again(&self) -> bool {
        match self {
            Self::Answered(status) => *status >= 400,
            Self::Failed(_) => true,
            Self::Withheld(_) => false,
        }
    }
}

/// A request's worth of events, as the outbox keeps it until it is known what came of it.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) app_id: u64,
    url: String,
    at: Moment,
    body: Arc<str>,
    events: Vec<Waiting>,
}

impl Outbox {
    pub(super) fn begin(&mut self, recipient: &Recipient<'_>, mut events: Vec<Waiting>, now: Moment) -> Batch {
        let target_url = &recipient.settings.target_url;
        let mut sent = Vec::with_capacity(events.len());
        for waiting in &mut events {
            waiting.begun.get_or_insert(now);
            let coin = self.random.random_bool(0.5);
            let event = &waiting.event;
            sent.push(event.sent(waiting.attempt, self.behaviour.spelling, coin));
        }
        let body: Arc<str> = serde_json::to_string(&sent).unwrap_or_default().into();
        let number = self.next_number;
        self.next_number += 1;
        drop(sent);
        self.under_way.insert(
            number,
            UnderWay {
                app_id: recipient.app.app_id,
                url: target_url.clone(),
                at: now,
                body: Arc::clone(&body),
                events,
            },
        );
        Batch {
            number,
            target_url: target_url.clone(),
            client_secret: recipient.client_secret.to_owned(),
            body,
            timeout_milliseconds: self.behaviour.timeout_milliseconds,
            account: Arc::clone(&self.account),
        }
    }

    /// Notes what came of a batch. Its events are tried again one by one, as HubSpot does it: each at a time of its own.
    pub(crate) fn finish(&mut self, batch: &Batch, outcome: Outcome, now: Moment) {
        let Some(call) = self.take_under_way(batch) else {
            return;
        };
        let attempt = call
            .events
            .iter()
            .map(|waiting| waiting.attempt)
            .max()
            .unwrap_or_default();
        let mut next_attempt_at: Option<Moment> = None;
        let mut given_up = 0;
        if outcome.is_tried_again() {
            for mut waiting in call.events {
                let begun = waiting.begun.unwrap_or(now);
                let factor = self.behaviour.schedule_factor;
                let Some(due) = schedule::retry_at(begun, waiting.attempt + 1, factor, &mut self.random) else {
                    given_up += 1;
                    continue;
                };
                waiting.attempt += 1;
                waiting.due = due;
                next_attempt_at = Some(next_attempt_at.map_or(due, |earliest| earliest.min(due)));
                self.waiting.push(waiting);
            }
        }
        let (status, failure) = match outcome {
            Outcome::Answered(status) => (Some(status), None),
            Outcome::Failed(reason) | Outcome::Withheld(reason) => (None, Some(reason)),
        };
        self.log.add(Logged {
            number: batch.number,
            at: call.at,
            app_id: call.app_id,
            url: call.url,
            status,
            failure,
            attempt,
            body: call.body,
            next_attempt_at,
            given_up,
        });
    }

    /// Takes back a batch whose sender was stopped: it is sent by the next one.
    pub(crate) fn give_back(&mut self, batch: &Batch) {
        if let Some(call) = self.take_under_way(batch) {
            self.waiting.extend(call.events);
        }
    }

    /// `None` when the account that the batch was for is gone.
    fn take_under_way(&mut self, batch: &Batch) -> Option<UnderWay> {
        if !Arc::ptr_eq(&self.account, &batch.account) {
            return None;
        }
        self.under_way.remove(&batch.number)
    }
}
