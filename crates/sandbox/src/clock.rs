//! Where the sandbox gets its time from: the machine's clock, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::{Sandbox, SandboxError};

/// The sandbox's source of time, for creation dates and for the rolling limits.
///
/// Clones of a manual clock share their time, so that a test keeps one clone and hands another to the sandbox.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    manual: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that stands still at `start` until it is moved.
    #[must_use]
    pub fn manual(start: Moment) -> Self {
        Self {
            manual: Some(Arc::new(AtomicI64::new(start.0))),
        }
    }

    /// Moves a manual clock forward. The machine's clock cannot be moved: it is left as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = &self.manual {
            let milliseconds = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            manual.fetch_add(milliseconds, Ordering::SeqCst);
        }
    }

    /// The time it is now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox stands in for another company's server and has its own clock: this is where it is read"
    )]
    pub fn now(&self) -> Moment {
        match &self.manual {
            Some(manual) => Moment(manual.load(Ordering::SeqCst)),
            None => Moment::from(OffsetDateTime::now_utc()),
        }
    }

    /// Whether this is a clock that stands still until it is moved.
    pub(crate) const fn is_manual(&self) -> bool {
        self.manual.is_some()
    }

    fn set(&self, to: Moment) {
        if let Some(manual) = &self.manual {
            manual.store(to.0, Ordering::SeqCst);
        }
    }
}

impl Sandbox {
    /// What time it is in the sandbox.
    #[must_use]
    pub fn now(&self) -> Moment {
        let clock = &self.options().clock;
        Moment(clock.now().0 + self.clock_shift().load(Ordering::SeqCst))
    }

    /// Moves the sandbox's clock forward. A manual clock is moved itself; on top of the machine's clock, the sandbox goes on so
    /// much ahead.
    pub fn advance_clock(&self, by: Duration) -> Result<(), SandboxError> {
        let milliseconds = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.set_clock(Moment(self.now().0.saturating_add(milliseconds)))
    }

    /// Sets the sandbox's clock, forward or back. What was used of the limits at a later time is forgotten.
    pub fn set_clock(&self, to: Moment) -> Result<(), SandboxError> {
        if !(Moment(0)..=Moment::LAST).contains(&to) {
            let message = "the sandbox's clock goes from 1970-01-01 to 9999-12-31";
            return Err(SandboxError::Refused(message.to_owned()));
        }
        if to < self.now() {
            self.state().usage = crate::usage::Usage::default();
        }
        let clock = &self.options().clock;
        if clock.is_manual() {
            clock.set(to);
        } else {
            self.clock_shift().store(to.0 - clock.now().0, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Lets the sandbox's clock go with the machine's again. A manual clock stays where it is.
    pub(crate) fn unshift_clock(&self) {
        self.clock_shift().store(0, Ordering::SeqCst);
    }
}

/// A point in time as HubSpot keeps it: milliseconds since 1970 in UTC, written `2022-06-01T14:31:48.469Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// The last moment that can be written: the year 9999 ends.
    const LAST: Self = Self(253_402_300_799_999);

    /// The moment so many milliseconds after 1970 began.
    #[must_use]
    pub const fn from_unix_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970 began.
    #[must_use]
    pub const fn unix_milliseconds(self) -> i64 {
        self.0
    }

    /// The moment so many seconds later.
    pub(crate) const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000)))
    }

    /// The moment as HubSpot writes it.
    #[must_use]
    pub fn iso(self) -> String {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(&format).ok())
            .unwrap_or_default()
    }
}

impl From<OffsetDateTime> for Moment {
    fn from(moment: OffsetDateTime) -> Self {
        Self(i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        OffsetDateTime::parse(&text, &Rfc3339)
            .map(Self::from)
            .map_err(de::Error::custom)
    }
}
