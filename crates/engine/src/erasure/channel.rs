//! Handing an erasure over: to open windows here, and to whatever else holds copies of conversations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use parlor_protocol::{ConversationId, TenantId};
use parlor_store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::{Engine, Event, Topic};

/// How soon an erasure by another process is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How many conversations are handed over at once.
const AT_ONCE: usize = 100;

/// Why a channel could not forget; it is asked again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ChannelError(pub String);

/// Something outside of Parlor that holds copies of conversations. HubSpot is none: delivery removes from it what it wrote.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// Its name, which never changes: how far it has come is kept under it.
    fn name(&self) -> &'static str;

    /// Forgets these conversations; those that it does not have are no error. Asked again, after a failure or a crash, for some that it
    /// forgot before.
    async fn forget(&self, tenant: &TenantId, conversations: &[ConversationId]) -> Result<(), ChannelError>;
}

/// Up to which change the open windows of each tenant were told of erasures.
#[derive(Default)]
pub(crate) struct Told(Mutex<HashMap<TenantId, u64>>);

impl Engine {
    /// Tells open windows and channels of erasures, whoever made them, until told to stop.
    pub async fn watch_erasures(&self, channels: Vec<Arc<dyn Channel>>, stop: CancellationToken) {
        let tenant = self.delivery.tenant().clone();
        while !stop.is_cancelled() {
            if let Err(error) = self.tell_of_erasures(&tenant).await {
                tracing::error!(%error, "open windows could not be told of erasures");
            }
            for channel in &channels {
                self.hand_over(channel.as_ref(), &tenant).await;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Open windows drop what they show of erased conversations; tokens in memory go, and delivery is told that there is something to
    /// remove. What was erased before this engine began is no news.
    pub async fn tell_of_erasures(&self, tenant: &TenantId) -> Result<(), StoreError> {
        loop {
            let known = self.told().get(tenant).copied();
            let Some(since) = known else {
                let latest = self.store.latest_change(tenant).await?;
                self.told().entry(tenant.clone()).or_insert(latest);
                return Ok(());
            };
            let erased = self.store.erased_after(tenant, since, AT_ONCE).await?;
            let Some((latest, _)) = erased.last() else {
                return Ok(());
            };
            self.told().insert(tenant.clone(), *latest);
            for (_, conversation) in erased {
                self.bus
                    .publish(&Topic::Conversation(conversation.clone()), Event::Erased);
                self.bus
                    .publish(&Topic::Inbox(tenant.clone()), Event::Delivery(Some(conversation)));
            }
            self.tell_inbox(tenant);
            self.identity.forget_tokens_in_memory();
            self.delivery.nudge();
        }
    }

    /// Lets a channel forget what was erased since it was asked last; what fails is tried again the next time.
    pub async fn hand_over(&self, channel: &dyn Channel, tenant: &TenantId) {
        let name = format!("erasures.{}.{tenant}", channel.name());
        loop {
            let handed_over = async {
                let since = self.store.setting(&name).await?.and_then(|since| since.parse().ok());
                let erased = self.store.erased_after(tenant, since.unwrap_or(0), AT_ONCE).await?;
                let (changes, conversations): (Vec<u64>, Vec<ConversationId>) = erased.into_iter().unzip();
                let Some(latest) = changes.last() else { return Ok(false) };
                if let Err(error) = channel.forget(tenant, &conversations).await {
                    tracing::warn!(channel = channel.name(), %error, "a channel could not forget; it is asked again");
                    return Ok(false);
                }
                self.store.set_setting(&name, &latest.to_string()).await?;
                Ok::<bool, StoreError>(true)
            };
            match handed_over.await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%error, "erasures could not be handed over; it is tried again");
                    return;
                }
            }
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, u64>> {
        // A map of numbers has no half-done state.
        self.erasures_told.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
