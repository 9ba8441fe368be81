//! Apps as far as webhooks go: where to send, and the subscriptions. What else is to an app is OAuth's.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::subscriptions::{NewSubscription, Subscription, SubscriptionId};
use crate::Moment;

/// The key of the developer account that owns the apps: `?hapikey=` of the calls that set webhooks up.
pub const DEFAULT_DEVELOPER_KEY: &str = "developer-key-sandbox";

/// Where subscriptions' numbers begin. HubSpot's fit into 32 bits.
const FIRST_SUBSCRIPTION: SubscriptionId = 4_578_255;

/// HubSpot's limit for one app.
pub(crate) const MOST_SUBSCRIPTIONS: usize = 1_000;

/// How many requests are under way to one app at once, unless its settings say otherwise.
pub(crate) const DEFAULT_CONCURRENCY: u32 = 10;

/// An app's settings, kept and answered in the same shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookSettings {
    pub(crate) target_url: String,
    pub(crate) throttling: Throttling,
    created_at: Moment,
    updated_at: Moment,
}

/// How much is sent at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Throttling {
    pub(crate) max_concurrent_requests: u32,
    /// Older apps still name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    period: Option<Period>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Period {
    Secondly,
    RollingMinute,
}

impl Throttling {
    pub(crate) const fn new(max_concurrent_requests: u32) -> Self {
        Self {
            max_concurrent_requests,
            period: None,
        }
    }
}

/// One app's webhooks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WebhookApp {
    pub(crate) app_id: u64,
    pub(crate) settings: Option<WebhookSettings>,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
}

/// The webhooks of every app that has any.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WebhookApps {
    next_subscription: SubscriptionId,
    apps: BTreeMap<u64, WebhookApp>,
}

impl Default for WebhookApps {
    fn default() -> Self {
        Self {
            next_subscription: FIRST_SUBSCRIPTION,
            apps: BTreeMap::new(),
        }
    }
}

impl WebhookApps {
    pub(crate) fn all(&self) -> impl Iterator<Item = &WebhookApp> {
        self.apps.values()
    }

    pub(crate) fn get(&self, app_id: u64) -> Option<&WebhookApp> {
        self.apps.get(&app_id)
    }

    /// The webhooks of an app that there is; none at first.
    pub(crate) fn of(&mut self, app_id: u64) -> &mut WebhookApp {
        self.apps.entry(app_id).or_insert_with(|| WebhookApp::new(app_id))
    }

    /// Forgets the webhooks of apps that are gone.
    pub(crate) fn keep(&mut self, is_there: impl Fn(u64) -> bool) {
        self.apps.retain(|app_id, _| is_there(*app_id));
    }

    /// Subscribes an app that there is.
    pub(crate) fn subscribe(
        &mut self,
        app_id: u64,
        new: NewSubscription,
        now: Moment,
    ) -> Result<&Subscription, Refusal> {
        let app = self.apps.entry(app_id).or_insert_with(|| WebhookApp::new(app_id));
        let same = app.subscriptions().find(|subscription| subscription.is_same(&new));
        if let Some(same) = same {
            return Err(Refusal::Exists(same.id));
        }
        if app.subscriptions.len() >= MOST_SUBSCRIPTIONS {
            return Err(Refusal::TooMany);
        }
        let id = self.next_subscription;
        self.next_subscription += 1;
        let subscription = Subscription::new(id, new, now);
        Ok(app.subscriptions.entry(id).or_insert(subscription))
    }
}

/// Why an app cannot subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Exists(SubscriptionId),
    TooMany,
}

impl WebhookApp {
    pub(crate) const fn new(app_id: u64) -> Self {
        Self {
            app_id,
            settings: None,
            subscriptions: BTreeMap::new(),
        }
    }

    pub(crate) fn configure(&mut self, target_url: &str, throttling: Throttling, now: Moment) -> &WebhookSettings {
        let created_at = self.settings.as_ref().map_or(now, |settings| settings.created_at);
        self.settings.insert(WebhookSettings {
            target_url: target_url.to_owned(),
            throttling,
            created_at,
            updated_at: now,
        })
    }

    pub(crate) fn subscriptions(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.values()
    }

    pub(crate) fn subscription(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.subscriptions.get(&id)
    }

    pub(crate) fn subscription_mut(&mut self, id: SubscriptionId) -> Option<&mut Subscription> {
        self.subscriptions.get_mut(&id)
    }

    pub(crate) fn unsubscribe(&mut self, id: SubscriptionId) -> Option<Subscription> {
        self.subscriptions.remove(&id)
    }

    pub(crate) fn unsubscribe_all(&mut self) {
        self.subscriptions.clear();
    }
}

/// The target as a URL of the web; else what is wrong with it.
pub(crate) fn parse_target(target: &str) -> Result<Url, String> {
    match Url::parse(target) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => Ok(url),
        Ok(url) => Err(format!(
            "'{target}' begins with {}:, and webhooks are sent by https",
            url.scheme()
        )),
        Err(error) => Err(format!("'{target}' is not an absolute URL: {error}")),
    }
}

/// Whether what is sent there stays on this machine. Names are not looked up, except for the one that always means it.
pub(crate) fn stays_here(target: &Url) -> bool {
    let host = target.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{parse_target, stays_here};

    #[test]
    fn only_loopback_addresses_and_localhost_stay_on_this_machine() {
        let here = |target| parse_target(target).map(|url| stays_here(&url));
        for target in [
            "http://127.0.0.1:9/x",
            "http://127.8.9.1/",
            "https://localhost/x",
            "http://[::1]:80/",
        ] {
            assert_eq!(here(target), Ok(true), "{target}");
        }
        for target in [
            "https://www.example.com/x",
            "http://0.0.0.0/",
            "http://10.0.0.1/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
        ] {
            assert_eq!(here(target), Ok(false), "{target}");
        }
        assert!(here("ftp://127.0.0.1/").is_err() && here("/webhooks").is_err());
    }
}
