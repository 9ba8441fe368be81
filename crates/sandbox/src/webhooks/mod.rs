//! HubSpot's webhooks: subscriptions, events, signatures, and their sending with retries.
//!
//! What apps there are and what they subscribed to is kept with the records; what waits to be sent is in memory alone.

pub(crate) mod apps;
pub(crate) mod behaviour;
pub(crate) mod deliveries;
mod details;
mod event_types;
mod events;
pub(crate) mod outbox;
pub(crate) mod recipients;
mod schedule;
pub(crate) mod sender;
mod signatures;
pub(crate) mod subscriptions;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::{DEFAULT_APP_ID, Sandbox, SandboxError};

use apps::{DEFAULT_CONCURRENCY, MOST_SUBSCRIPTIONS, Throttling, WebhookApps, parse_target, stays_here};
use behaviour::WebhookBehaviour;
use deliveries::WebhookDelivery;
use outbox::{Batch, Outcome};
use recipients::Recipient;
use subscriptions::NewSubscription;

/// How the sender and those who wait for it find each other. It outlives a reset.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    /// Something can be sent, perhaps.
    pub(crate) queued: Notify,
    /// Something ended, so that it may be quiet.
    pub(crate) settled: Notify,
    /// How many wait for what is not due yet to be sent at once.
    hurrying: AtomicUsize,
}

/// One app's webhooks as a whole.
pub(crate) struct Setup<'a> {
    pub(crate) app_id: u64,
    pub(crate) target_url: &'a str,
    pub(crate) client_secret: Option<&'a str>,
    pub(crate) max_concurrent_requests: Option<u32>,
    /// In place of those it had; `None` leaves them.
    pub(crate) subscriptions: Option<Vec<NewSubscription>>,
}

impl Sandbox {
    /// Sends the default app's webhooks to a URL, signed with this secret, which is the app's from now on. The types stand in place of those it had:
    /// `contact.creation`, `contact.propertyChange:email`, `object.creation:0-3`, `object.propertyChange:0-3:amount`.
    ///
    /// # Errors
    ///
    /// When the target is no URL, or one of another machine while [`SandboxOptions::allow_public`](crate::SandboxOptions) is
    /// not set; and when a type is not one of HubSpot's.
    pub fn set_webhook<'a>(
        &self,
        target: &str,
        secret: &str,
        types: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), SandboxError> {
        let subscriptions = types.into_iter().map(str::parse).collect::<Result<_, _>>();
        let subscriptions = subscriptions.map_err(SandboxError::Refused)?;
        self.set_up_webhooks(Setup {
            app_id: DEFAULT_APP_ID,
            target_url: target,
            client_secret: Some(secret),
            max_concurrent_requests: None,
            subscriptions: Some(subscriptions),
        })
    }

    /// The last deliveries in the order in which they ended.
    #[must_use]
    pub fn webhook_deliveries(&self) -> Vec<WebhookDelivery> {
        self.state().webhooks.log.all()
    }

    /// Forgets the deliveries that were made.
    pub fn clear_webhook_deliveries(&self) {
        self.state().webhooks.log.clear();
    }

    /// How webhooks are sent.
    #[must_use]
    pub fn webhook_behaviour(&self) -> WebhookBehaviour {
        self.state().webhooks.behaviour.clone()
    }

    /// Sets how webhooks are sent from now on. What waits already keeps its time.
    ///
    /// # Errors
    ///
    /// When a value is out of its range.
    pub fn set_webhook_behaviour(&self, behaviour: WebhookBehaviour) -> Result<(), SandboxError> {
        behaviour.check().map_err(SandboxError::Refused)?;
        self.state().webhooks.behaviour = behaviour;
        self.webhook_signal().queued.notify_one();
        Ok(())
    }

    /// Waits until no event waits and none is under way; `false` when that takes longer than `within`. Retries that are far
    /// off are waited for.
    pub async fn webhooks_quiet(&self, within: Duration) -> bool {
        let signal = self.webhook_signal();
        let quiet = async {
            loop {
                let settled = signal.settled.notified();
                let mut settled = std::pin::pin!(settled);
                settled.as_mut().enable();
                if self.state().webhooks.is_quiet() {
                    break;
                }
                settled.await;
            }
        };
        tokio::time::timeout(within, quiet).await.is_ok()
    }

    /// Sends what waits without waiting for its time, retries too, until it is quiet; `false` when that takes longer than
    /// `within`.
    pub async fn flush_webhooks(&self, within: Duration) -> bool {
        let _hurry = Hurry::begin(self.webhook_signal());
        self.webhooks_quiet(within).await
    }

    pub(crate) fn set_up_webhooks(&self, setup: Setup<'_>) -> Result<(), SandboxError> {
        let url = parse_target(setup.target_url).map_err(SandboxError::Refused)?;
        if !stays_here(&url) && !self.options().allow_public {
            return Err(SandboxError::Refused(format!(
                "it sends webhooks to this machine alone, not to '{}'; use an address such as http://127.0.0.1:3000/…, or \
                 set allow_public",
                setup.target_url
            )));
        }
        let asked = setup.subscriptions.as_ref().map_or(0, Vec::len);
        if asked > MOST_SUBSCRIPTIONS {
            let message = format!("an app has at most {MOST_SUBSCRIPTIONS} subscriptions, not {asked}");
            return Err(SandboxError::Refused(message));
        }
        self.alter(|records, now| {
            records.oauth.connect(setup.app_id, setup.client_secret);
            let apps = &mut records.webhook_apps;
            let app = apps.of(setup.app_id);
            let concurrency = setup.max_concurrent_requests.unwrap_or(DEFAULT_CONCURRENCY).max(1);
            app.configure(setup.target_url, Throttling::new(concurrency), now);
            if let Some(subscriptions) = setup.subscriptions {
                app.unsubscribe_all();
                for new in subscriptions {
                    // One that is named twice is there already.
                    let _ = apps.subscribe(setup.app_id, new, now);
                }
            }
        });
        Ok(())
    }

    /// No target and no subscription any more. The apps stay.
    pub(crate) fn remove_webhooks(&self) {
        self.alter(|records, _| records.webhook_apps = WebhookApps::default());
    }

    /// What is to be sent now.
    pub(crate) fn due_webhooks(&self) -> Vec<Batch> {
        let now = self.now();
        let signal = self.webhook_signal();
        let hurry = signal.hurrying.load(Ordering::SeqCst) > 0;
        let mut guard = self.state();
        let state = &mut *guard;
        let recipients = Recipient::all(&state.records.webhook_apps, &state.records.oauth);
        let batches = state.webhooks.take_due(&recipients, now, hurry);
        if state.webhooks.is_quiet() {
            signal.settled.notify_waiters();
        }
        batches
    }

    pub(crate) fn webhook_ended(&self, batch: &Batch, outcome: Outcome) {
        let now = self.now();
        self.state().webhooks.finish(batch, outcome, now);
        self.webhook_signal().settled.notify_waiters();
        // There is room for another call, and perhaps a retry.
        self.webhook_signal().queued.notify_one();
    }
}

/// Somebody waits for what is not due.
struct Hurry<'a>(&'a Signal);

impl<'a> Hurry<'a> {
    fn begin(signal: &'a Signal) -> Self {
        signal.hurrying.fetch_add(1, Ordering::SeqCst);
        signal.queued.notify_one();
        Self(signal)
    }
}

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.hurrying.fetch_sub(1, Ordering::SeqCst);
    }
}
