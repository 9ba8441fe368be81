//! What whoever watches learns of delivery however little it does: how much waits, since when, and for whom.

use metrics::gauge;
use parlor_store::StoreError;

use super::Delivery;

impl Delivery {
    /// Measures what no single call tells.
    pub async fn measure(&self) -> Result<(), StoreError> {
        let (tenant, store) = (&self.options.tenant, &self.store);
        let undelivered = store.undelivered(tenant).await?;
        let backlog = store.backlog(tenant).await?;
        let letters = store.count_dead_letters(tenant).await?;
        let erasures = store.count_erasures(tenant).await?;
        let now = self.context.now();
        let age = undelivered.oldest.map(|oldest| now.since(oldest)).unwrap_or_default();
        gauge!("parlor_delivery_oldest_undelivered_seconds").set(age.as_secs_f64());
        gauge!("parlor_delivery_backlog").set(shown(backlog));
        gauge!("parlor_unconfirmed_records").set(shown(undelivered.unconfirmed));
        gauge!("parlor_dead_letters").set(shown(letters));
        gauge!("parlor_erasures_waiting").set(shown(erasures));
        let is_paused = !self.is_connected() || self.breaker.waits_for_a_person();
        gauge!("parlor_delivery_paused").set(if is_paused { 1.0 } else { 0.0 });
        self.breaker.measure();
        self.budget.measure();
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge; nobody has 2^52 conversations")]
fn shown(number: u64) -> f64 {
    number as f64
}
