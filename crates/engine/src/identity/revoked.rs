//! Proofs that were revoked one by one, as they are held in memory: every exchange looks here.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use parlor_protocol::WidgetId;
use parlor_store::{RevokedProof, SecretHash, Timestamp};

use super::ExchangeError;

/// How many are held, and how many of one widget's. Beyond that no more are taken: to drop one would make a proof good again, and
/// who holds one widget's secret could drop the others'.
const MOST: usize = 100_000;
const MOST_OF_WIDGET: usize = 50_000;

/// Proofs of all widgets, each with the moment until which it is refused.
pub(super) struct Revoked(RwLock<HashMap<WidgetId, HashMap<SecretHash, Timestamp>>>);

impl Revoked {
    /// What the store has kept.
    pub(super) fn new(kept: Vec<RevokedProof>) -> Self {
        let mut of_widgets: HashMap<_, HashMap<_, _>> = HashMap::new();
        for RevokedProof { widget, hash, until } in kept {
            of_widgets.entry(widget).or_default().insert(hash, until);
        }
        Self(RwLock::new(of_widgets))
    }

    /// Whether a proof is refused.
    pub(super) fn holds(&self, widget: &WidgetId, hash: &SecretHash) -> bool {
        let of_widgets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        of_widgets.get(widget).is_some_and(|proofs| proofs.contains_key(hash))
    }

    /// Refuses a proof from here on; of two moments the later counts.
    pub(super) fn add(&self, widget: &WidgetId, hash: SecretHash, until: Timestamp) -> Result<(), ExchangeError> {
        let mut of_widgets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let all: usize = of_widgets.values().map(HashMap::len).sum();
        let proofs = of_widgets.entry(widget.clone()).or_default();
        if let Some(before) = proofs.get_mut(&hash) {
            *before = until.max(*before);
        } else if all >= MOST || proofs.len() >= MOST_OF_WIDGET {
            return Err(ExchangeError::TooManyRevocations);
        } else {
            proofs.insert(hash, until);
        }
        Ok(())
    }

    /// Forgets those that are over by themselves.
    pub(super) fn forget_ended(&self, now: Timestamp) {
        let mut of_widgets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        of_widgets.retain(|_, proofs| {
            proofs.retain(|_, until| *until > now);
            !proofs.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: usize) -> SecretHash {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&(number as u64).to_be_bytes());
        SecretHash(hash)
    }

    fn widget(number: usize) -> WidgetId {
        WidgetId::parse(format!("00000000-0000-4000-8000-{number:012x}")).unwrap()
    }

    #[test]
    fn a_full_widget_takes_no_more_drops_none_and_leaves_room_for_others() {
        let (revoked, end) = (Revoked::new(Vec::new()), Timestamp::from_millis(1_000));
        let [full, other, third] = [1, 2, 3].map(widget);
        for number in 0..MOST_OF_WIDGET {
            revoked.add(&full, hash(number), end).unwrap();
        }
        let refused = revoked.add(&full, hash(MOST_OF_WIDGET), end);
        assert_eq!(refused, Err(ExchangeError::TooManyRevocations));
        assert!((0..MOST_OF_WIDGET).all(|number| revoked.holds(&full, &hash(number))));
        revoked
            .add(&full, hash(0), Timestamp::from_millis(2_000))
            .expect("it is held already");
        revoked.add(&other, hash(0), end).unwrap();
        assert!(!revoked.holds(&third, &hash(0)), "each widget's are its own");
        for number in 1..MOST - MOST_OF_WIDGET {
            revoked.add(&other, hash(number), end).unwrap();
        }
        let refused = revoked.add(&third, hash(0), end);
        assert_eq!(refused, Err(ExchangeError::TooManyRevocations));
        // Those that are over make room; the one that was revoked again is held.
        revoked.forget_ended(end);
        assert!(revoked.holds(&full, &hash(0)) && !revoked.holds(&full, &hash(1)));
        revoked.add(&third, hash(0), Timestamp::from_millis(2_000)).unwrap();
    }
}
