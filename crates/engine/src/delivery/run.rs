//! When delivery works: passes, what begins them and what ends them.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parlor_hubspot::Client;
use parlor_store::{StoreError, Timestamp};
use tokio_util::sync::CancellationToken;

use super::breaker::Phase;
use super::failure::Stop;
use super::lease::Hold;
use super::{BATCH, Delivery, UNCLEAR_MARGIN, portal_trouble};

/// Between two passes, when something was due at once again.
const LEAST_REST: Duration = Duration::from_millis(50);

/// How often delivery looks for work that nobody told it of: another process (a command, another node) may have left it.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What falls due so soon after what is due goes along.
const TOGETHER: Duration = Duration::from_secs(1);

/// The fact that HubSpot is away, kept over restarts.
const AWAY_SINCE: &str = "delivery.away_since";

impl Delivery {
    /// Works until told to stop: after a nudge, and whenever something falls due. Ends between two calls, never within one.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let due = self.pass(&stop).await;
            let wait = due.map_or(LOOK_EVERY, |due| {
                due.since(self.context.now()).clamp(LEAST_REST, LOOK_EVERY)
            });
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.nudged.notified() => {
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(self.options.collect) => {}
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.give_lease_back().await;
    }

    /// One pass, when something is due. Answers when the next is of use; `None` when only a nudge makes another so.
    pub async fn pass(&self, stop: &CancellationToken) -> Option<Timestamp> {
        let client = self.options.portal.client()?;
        let now = self.context.now();
        let phase = self.breaker.phase();
        if let Phase::Resting(until) = phase {
            return Some(until);
        }
        if let Err(error) = self.revive_erasures().await {
            return Some(self.store_failed(&error));
        }
        // In trouble, and before anything is known of the portal, a pass is of use by itself.
        if self.breaker.words().is_none() && self.property_is_there.load(Ordering::Relaxed) {
            match self.next_due().await {
                Ok(Some(due)) if due <= now => {}
                Ok(due) => match self.has_expired().await {
                    Ok(false) => return due,
                    Ok(true) => {}
                    Err(error) => return Some(self.store_failed(&error)),
                },
                Err(error) => return Some(self.store_failed(&error)),
            }
        }
        if let Some(at) = self.budget.delivery_may_begin_at() {
            return Some(at);
        }
        let outcome = match self.take_lease().await {
            Ok(()) => self.work(&client, stop, phase).await,
            Err(stop) => Err(stop),
        };
        let outcome = match outcome {
            Ok(()) => self.all_is_well().await.map_err(Stop::from),
            failed => failed,
        };
        match outcome {
            Ok(()) => match self.next_due().await {
                // What is due at once again came in during the pass, and is collected like anything new.
                Ok(Some(due)) if due <= now => Some(self.context.now() + self.options.collect.max(LEAST_REST)),
                Ok(due) => due.map(|due| due.max(self.context.now() + LEAST_REST)),
                Err(error) => Some(self.store_failed(&error)),
            },
            Err(Stop::Rest(until)) => Some(until.max(self.context.now() + LEAST_REST)),
            Err(Stop::Portal(_)) if self.is_replaced(&client) => Some(self.context.now() + LEAST_REST),
            Err(Stop::Portal(trouble)) => {
                let words = trouble.words.clone();
                let before = self.breaker.words();
                let (until, is_first) = self.breaker.failed(trouble);
                // The words are for reps: HubSpot's own may name an address, and no address belongs in the log.
                tracing::warn!(
                    wait_ms = until.since(self.context.now()).as_millis(),
                    "HubSpot is not written to for a while; the inbox says why"
                );
                if before.as_ref() != Some(&words) {
                    self.tell_all();
                }
                if is_first && let Err(error) = self.note_away().await {
                    self.store_failed(&error);
                }
                Some(until)
            }
            Err(Stop::Store(error)) => Some(self.store_failed(&error)),
        }
    }

    async fn work(&self, client: &Client, stop: &CancellationToken, phase: Phase) -> Result<(), Stop> {
        self.learn_account(client).await?;
        self.ensure_property(client).await?;
        // Fixed for the pass: what falls due during it waits for the next, in company.
        let due_by = self.context.now() + TOGETHER;
        // Each record is taken up once a pass, whatever is said in it meanwhile.
        let mut handled = HashSet::new();
        self.is_isolating.store(false, Ordering::Relaxed);
        if phase == Phase::HalfOpen {
            self.probe(client, &mut handled, due_by).await?;
            self.is_isolating.store(true, Ordering::Relaxed);
        }
        // Ends: each address taken up is linked, refused or put off, so that it is not pending now any more.
        while self.may_go_on(stop)? && self.resolve_addresses(client, BATCH).await? {}
        while self.may_go_on(stop)? && self.write_records(client, &mut handled, due_by, BATCH).await? {}
        // Ends: what is taken up is summed up, or its record rests.
        while self.may_go_on(stop)? && self.sum_up(client).await? {}
        self.expire().await
    }

    /// One thing alone, to see whether HubSpot works again: an address, a record, or where nothing is due the cheapest call.
    async fn probe(&self, client: &Client, handled: &mut HashSet<String>, due_by: Timestamp) -> Result<(), Stop> {
        if self.resolve_addresses(client, 1).await? || self.write_records(client, handled, due_by, 1).await? {
            return Ok(());
        }
        match self.ask(client, client.account().details()).await? {
            Ok(_) => Ok(()),
            Err(error) => Err(portal_trouble(&error)),
        }
    }

    /// Whether another step may begin.
    fn may_go_on(&self, stop: &CancellationToken) -> Result<bool, Stop> {
        match self.budget.delivery_may_begin_at() {
            Some(at) => Err(Stop::Rest(at)),
            None => Ok(!stop.is_cancelled()),
        }
    }

    /// Makes sure that this process is the one writer.
    async fn take_lease(&self) -> Result<(), Stop> {
        let hold = self.hold_lease().await?;
        let is_elsewhere = matches!(hold, Hold::Busy(_));
        if self.is_elsewhere.swap(is_elsewhere, Ordering::Relaxed) != is_elsewhere {
            self.tell_all();
        }
        match hold {
            Hold::Kept => Ok(()),
            Hold::New => self.doubt_last_writes().await,
            Hold::Busy(until) => Err(Stop::Rest(until)),
        }
    }

    /// Whoever wrote before (another process, or this program before it ended) may have had a write under way that was applied,
    /// or still will be. Its record is unconfirmed like after any other unclear write.
    pub(super) async fn doubt_last_writes(&self) -> Result<(), Stop> {
        let now = self.context.now();
        let unclear_for = self.options.timeout + UNCLEAR_MARGIN;
        let since = now - (unclear_for + self.lease.lasts() + self.options.timeout);
        let tenant = &self.options.tenant;
        self.store
            .suspect_values_sent_since(tenant, since, now + unclear_for)
            .await?;
        let away = self.store.setting(&self.away_name()).await?;
        let away = away.and_then(|text| text.parse().ok()).map(Timestamp::from_millis);
        *self.away_since.lock().unwrap_or_else(PoisonError::into_inner) = away;
        Ok(())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(&self.options.tenant, self.options.coalescing).await
    }

    fn away_name(&self) -> String {
        format!("{AWAY_SINCE}.{}", self.options.tenant.as_str())
    }

    async fn note_away(&self) -> Result<(), StoreError> {
        let now = self.context.now();
        {
            let mut since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
            if since.is_some() {
                return Ok(());
            }
            *since = Some(now);
        }
        self.store
            .set_setting(&self.away_name(), &now.millis().to_string())
            .await
    }

    /// HubSpot as a whole works.
    async fn all_is_well(&self) -> Result<(), StoreError> {
        if self.breaker.succeeded().is_some() {
            self.tell_all();
        }
        self.excuse_absence().await
    }

    /// HubSpot took something: the time it was away is nobody's failure, from here on.
    pub(super) async fn excuse_absence(&self) -> Result<(), StoreError> {
        let away = *self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = away {
            let by = self.context.now().since(since);
            self.store.excuse_failures(&self.options.tenant, by).await?;
            self.store.set_setting(&self.away_name(), "").await?;
            *self.away_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(())
    }

    /// Whether another client took this one's place meanwhile: then what it met means nothing any more.
    fn is_replaced(&self, client: &Client) -> bool {
        let now = self.options.portal.client();
        now.is_none_or(|now| now.key_fingerprint() != client.key_fingerprint())
    }

    /// Another token: nothing that is known of the portal holds any more.
    pub(crate) fn begin_anew(&self) {
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = None;
        if let Ok(mut trouble) = self.account_trouble.try_lock() {
            *trouble = None;
        }
        self.property_is_there.store(false, Ordering::Relaxed);
        self.budget.begin_anew();
        self.breaker.succeeded();
        self.tell_all();
        self.nudge();
    }

    fn store_failed(&self, error: &StoreError) -> Timestamp {
        tracing::error!(%error, "delivery could not read or note its state; it tries again");
        self.context.now() + Duration::from_secs(5)
    }
}
