//! Faults on demand: which calls they meet, how often, and what they do.

pub(crate) mod answer;
mod effect;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::Method;
use serde::{Deserialize, Serialize};

use crate::calls;

pub use effect::Effect;

/// The number of a fault rule, by which the request log names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct FaultId(u64);

impl fmt::Display for FaultId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for FaultId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What a rule's `method` may be.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "READ", "WRITE",
];

/// A rule: these calls, so often, meet this effect.
///
/// Faults strike calls that are known, authenticated and within the limits. Of several rules that match, the one added first
/// strikes; delays strike in addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The HTTP method; `WRITE` is every call that changes something, `READ` every other one, `None` is any.
    #[serde(default)]
    pub method: Option<String>,
    /// What path and query contain, as they are sent (percent-encoded); empty is any.
    #[serde(default)]
    pub path: String,
    /// What the request's body contains; `None` is any.
    #[serde(default)]
    pub body: Option<String>,
    /// How many matching calls are let through first.
    #[serde(default)]
    pub skip: u32,
    /// How many calls it strikes after those; `None` is all of them.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many of a hundred such calls it strikes; `None` is each of them. Which ones is drawn by the rule's number and the
    /// count of its calls: the same calls in the same order meet the same faults in every run.
    #[serde(default)]
    pub percent: Option<u8>,
    /// What it does.
    pub effect: Effect,
}

impl FaultRule {
    /// A rule that strikes every call with this method whose path and query contain `path`.
    #[must_use]
    pub fn new(method: &str, path: &str, effect: Effect) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            body: None,
            skip: 0,
            times: None,
            percent: None,
            effect,
        }
    }

    /// A rule that strikes every call.
    #[must_use]
    pub const fn every_call(effect: Effect) -> Self {
        Self {
            method: None,
            path: String::new(),
            body: None,
            skip: 0,
            times: None,
            percent: None,
            effect,
        }
    }

    /// Strikes only so many calls.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many matching calls through first.
    #[must_use]
    pub const fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Strikes only so many of a hundred calls.
    #[must_use]
    pub const fn percent(mut self, percent: u8) -> Self {
        self.percent = Some(percent);
        self
    }

    /// Strikes only calls whose body contains this text.
    #[must_use]
    pub fn body_contains(mut self, text: &str) -> Self {
        self.body = Some(text.to_owned());
        self
    }

    /// Says what is wrong with a rule that could not do what it says.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
            return Err("percent goes from 1 to 100".to_owned());
        }
        if self.times == Some(0) {
            return Err("times: 0 strikes no call; leave it out to strike all of them".to_owned());
        }
        if let Some(method) = &self.method
            && !METHODS.contains(&method.to_ascii_uppercase().as_str())
        {
            return Err(format!("{method:?} is no method: use one of {}", METHODS.join(", ")));
        }
        self.effect.check()
    }

    fn matches(&self, method: &Method, path: &str, body: &[u8]) -> bool {
        self.method
            .as_ref()
            .is_none_or(|wanted| is_method(wanted, method, path))
            && path.contains(&self.path)
            && self
                .body
                .as_ref()
                .is_none_or(|text| String::from_utf8_lossy(body).contains(text.as_str()))
    }
}

/// `path` may end with a query.
fn is_method(wanted: &str, method: &Method, path: &str) -> bool {
    let reads = || calls::only_reads(method, path.split('?').next().unwrap_or_default());
    match wanted.to_ascii_uppercase().as_str() {
        "WRITE" => !reads(),
        "READ" => reads(),
        wanted => method.as_str() == wanted,
    }
}

/// A rule with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// Its number.
    pub id: FaultId,
    /// The rule.
    pub rule: FaultRule,
    /// How many calls matched it.
    pub matched: u32,
    /// How many calls it struck.
    pub struck: u32,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    last_id: u64,
    rules: Vec<FaultState>,
}

/// What meets one call.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    pub(crate) id: Option<FaultId>,
    pub(crate) delay: Duration,
    pub(crate) effect: Option<Effect>,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: FaultRule) -> FaultId {
        self.last_id += 1;
        let id = FaultId(self.last_id);
        self.rules.push(FaultState {
            id,
            rule,
            matched: 0,
            struck: 0,
        });
        id
    }

    /// Answers whether there was such a rule.
    pub(crate) fn remove(&mut self, id: FaultId) -> bool {
        let before = self.rules.len();
        self.rules.retain(|state| state.id != id);
        self.rules.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn all(&self) -> Vec<FaultState> {
        self.rules.clone()
    }

    /// Decides what meets this call, and counts it.
    pub(crate) fn strike(&mut self, method: &Method, path: &str, body: &[u8]) -> Struck {
        let mut struck = Struck::default();
        for state in &mut self.rules {
            if !state.rule.matches(method, path, body) {
                continue;
            }
            state.matched = state.matched.saturating_add(1);
            let spent = state.rule.times.is_some_and(|times| state.struck >= times);
            if state.matched <= state.rule.skip || spent || !is_drawn(state) {
                continue;
            }
            state.struck = state.struck.saturating_add(1);
            struck.id = Some(state.id);
            if let Effect::Delay { milliseconds } = state.rule.effect {
                struck.delay = struck.delay.saturating_add(Duration::from_millis(milliseconds));
            } else {
                struck.effect = Some(state.rule.effect.clone());
                break;
            }
        }
        struck
    }
}

/// Whether this call of the rule's is one of those that it strikes.
fn is_drawn(state: &FaultState) -> bool {
    state
        .rule
        .percent
        .is_none_or(|percent| mixed(state.id.0 << 32 | u64::from(state.matched)) % 100 < u64::from(percent))
}

/// SplitMix64: neighbours come out far apart.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_strikes_about_so_many_and_the_same_ones_each_time() {
        let struck = || {
            let mut faults = Faults::default();
            faults.add(FaultRule::every_call(Effect::DroppedBefore).percent(30));
            (0..1_000)
                .map(|_| {
                    faults
                        .strike(&Method::GET, "/crm/v3/objects/contacts", b"")
                        .id
                        .is_some()
                })
                .collect::<Vec<bool>>()
        };
        let first = struck();
        assert_eq!(first, struck());
        let count = first.iter().filter(|struck| **struck).count();
        assert!((250..350).contains(&count), "{count} of 1,000");
        let mut faults = Faults::default();
        faults.add(FaultRule::every_call(Effect::DroppedBefore).percent(0));
        faults.add(FaultRule::every_call(Effect::DroppedBefore).percent(100));
        let id = faults.strike(&Method::GET, "/", b"").id;
        assert_eq!(id, Some(FaultId(2)));
    }
}
