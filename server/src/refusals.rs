//! Refused requests for visitor tokens, told without flooding the log: the first of a kind at once, further ones as a number each
//! minute. The metric counts every one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Kinds that are told apart; whatever comes beyond is told together, once a minute.
const MOST_KINDS: usize = 1_000;

/// The widget of what is told together, and of a request that names none.
const OTHERS: &str = "(others)";
const NONE: &str = "(none)";

/// A widget's key and a code.
type Kind = (String, &'static str);

/// Which were refused since the last minute began, and how many after the one that was told.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Kind, u64>>);

impl Refusals {
    /// Counts one by its code, never with what was sent: not even a widget's key that is none.
    pub(crate) fn note(&self, widget: Option<&str>, code: &'static str) {
        metrics::counter!("parlor_visitor_token_refusals_total", "code" => code).increment(1);
        let widget = widget.unwrap_or(NONE);
        if !self.is_first((widget.to_owned(), code)) {
            return;
        }
        match code {
            // Somebody has to do something about these.
            "secret_in_page" | "too_many_revocations" => {
                tracing::warn!(widget, code, "a request for a visitor's token was refused");
            }
            _ => tracing::info!(widget, code, "a request for a visitor's token was refused"),
        }
    }

    /// Tells of those that were only counted. Once a minute.
    pub(crate) fn tell_rest(&self) {
        for ((widget, code), more) in self.rest() {
            tracing::info!(
                widget,
                code,
                more,
                "further requests for a visitor's token were refused"
            );
        }
    }

    fn is_first(&self, kind: Kind) -> bool {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(more) = kinds.get_mut(&kind) {
            *more += 1;
            return false;
        }
        if kinds.len() >= MOST_KINDS {
            *kinds.entry((OTHERS.to_owned(), "")).or_default() += 1;
            return false;
        }
        kinds.insert(kind, 0);
        true
    }

    /// What was counted since the last time; a kind of which there was nothing more begins anew.
    fn rest(&self) -> Vec<(Kind, u64)> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.retain(|_, more| *more > 0);
        let told = kinds
            .iter_mut()
            .map(|(kind, more)| (kind.clone(), std::mem::take(more)));
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(widget: &str, code: &'static str) -> Kind {
        (widget.to_owned(), code)
    }

    #[test]
    fn the_first_of_a_kind_is_told_and_the_others_are_counted_until_none_come() {
        let refusals = Refusals::default();
        assert!(refusals.is_first(kind("shop", "proof_expired")));
        assert!(refusals.is_first(kind("shop", "hubspot_plan")));
        assert!(refusals.is_first(kind("blog", "proof_expired")));
        for _ in 0..500 {
            assert!(!refusals.is_first(kind("shop", "hubspot_plan")));
        }
        assert_eq!(refusals.rest(), [(kind("shop", "hubspot_plan"), 500)]);
        assert!(refusals.is_first(kind("blog", "proof_expired")), "a minute without it");
        assert!(!refusals.is_first(kind("shop", "hubspot_plan")), "it goes on");
        assert_eq!(refusals.rest(), [(kind("shop", "hubspot_plan"), 1)]);
        assert_eq!(refusals.rest(), []);
    }

    #[test]
    fn kinds_without_number_are_told_together() {
        let refusals = Refusals::default();
        let told = (0..MOST_KINDS + 50).filter(|number| refusals.is_first(kind(&number.to_string(), "no_widget")));
        assert_eq!(told.count(), MOST_KINDS);
        assert_eq!(refusals.rest(), [(kind(OTHERS, ""), 50)]);
    }
}
