//! What the account says of itself: where it is, what time it is there, what it pays with.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Sandbox;
use crate::clock::Moment;

/// The person who works in the account: installs apps, and changes records on its pages.
pub(crate) const USER_ID: u64 = 26_648_231;

/// That person's address.
pub(crate) const USER: &str = "admin@sandbox.example";

/// The app that static tokens stand for, where HubSpot names the source of a write. The sandbox names it for writes of public apps
/// too.
pub(crate) const PRIVATE_APP_ID: u64 = 17_350_011;

const DAY_MILLISECONDS: i64 = 86_400_000;

/// The settings that account details tell. In JSON, what is left out takes its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// The name of the time zone, such as `US/Eastern`. It is only told: the offset decides.
    pub time_zone: String,
    /// The time zone's distance from UTC, by which the day of the daily limit begins. It stays the same all year.
    pub utc_offset: UtcOffset,
    /// `STANDARD`, `SANDBOX`, `DEVELOPER_TEST` or `APP_DEVELOPER`.
    pub account_type: String,
    /// The currency, such as `USD`.
    pub company_currency: String,
    /// Further currencies.
    pub additional_currencies: Vec<String>,
    /// Where the data is kept: `na1`, `eu1`, … Codes and refresh tokens of OAuth begin with it.
    pub data_hosting_location: String,
    /// The host of HubSpot's pages; `None` is the one that goes with the hosting location.
    pub ui_domain: Option<String>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            utc_offset: UtcOffset(0),
            account_type: "STANDARD".to_owned(),
            company_currency: "USD".to_owned(),
            additional_currencies: Vec::new(),
            data_hosting_location: "na1".to_owned(),
            ui_domain: None,
        }
    }
}

impl Account {
    /// The host of HubSpot's pages: `app.hubspot.com`, or `app-eu1.hubspot.com` for data in `eu1`.
    #[must_use]
    pub fn ui_domain(&self) -> String {
        match (&self.ui_domain, self.data_hosting_location.as_str()) {
            (Some(domain), _) => domain.clone(),
            (None, "na1") => "app.hubspot.com".to_owned(),
            (None, location) => format!("app-{location}.hubspot.com"),
        }
    }

    /// The days since 1970 began, where the account is.
    pub(crate) fn day(&self, now: Moment) -> i64 {
        (now.unix_milliseconds() + self.utc_offset.milliseconds()).div_euclid(DAY_MILLISECONDS)
    }

    /// When the next day begins, where the account is.
    pub(crate) fn next_midnight(&self, now: Moment) -> Moment {
        let begins = (self.day(now) + 1) * DAY_MILLISECONDS - self.utc_offset.milliseconds();
        Moment::from_unix_milliseconds(begins)
    }
}

/// A distance from UTC in minutes, written `-05:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcOffset(i16);

impl UtcOffset {
    /// So many minutes east of UTC (west of it, when negative): 14 hours at most.
    #[must_use]
    pub const fn from_minutes(minutes: i16) -> Option<Self> {
        if minutes.unsigned_abs() <= 14 * 60 {
            Some(Self(minutes))
        } else {
            None
        }
    }

    pub(crate) fn milliseconds(self) -> i64 {
        i64::from(self.0) * 60_000
    }

    pub(crate) fn text(self) -> String {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.unsigned_abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    fn parse(text: &str) -> Option<Self> {
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(hours) || !two_digits(minutes) {
            return None;
        }
        let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
        if minutes >= 60 {
            return None;
        }
        Self::from_minutes(sign * (hours * 60 + minutes))
    }
}

impl Serialize for UtcOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for UtcOffset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is no offset from UTC, such as \"-05:00\"")))
    }
}

impl Sandbox {
    /// What the account says of itself.
    #[must_use]
    pub fn account(&self) -> Account {
        self.read(|records| records.account.clone())
    }

    /// Sets what the account says of itself.
    pub fn set_account(&self, account: Account) {
        self.alter(|records, _| records.account = account);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_and_written_as_hubspot_writes_them() {
        for (text, minutes) in [("+00:00", 0), ("-05:00", -300), ("+05:45", 345), ("+14:00", 840)] {
            assert_eq!(UtcOffset::parse(text), UtcOffset::from_minutes(minutes));
            assert_eq!(UtcOffset::from_minutes(minutes).unwrap().text(), text);
        }
        for text in ["", "05:00", "+5:00", "+05:60", "+14:01", "-ab:cd", "+05:000", "é05:00"] {
            assert_eq!(UtcOffset::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_day_begins_at_midnight_where_the_account_is() {
        let account = Account {
            utc_offset: UtcOffset(-300),
            ..Account::default()
        };
        // 2022-06-01T04:59:59.999Z is a millisecond before midnight five hours west of UTC.
        let before = Moment::from_unix_milliseconds(1_654_059_599_999);
        let midnight = Moment::from_unix_milliseconds(1_654_059_600_000);
        assert_eq!(account.next_midnight(before), midnight);
        assert_eq!(account.day(before) + 1, account.day(midnight));
        assert_eq!(account.next_midnight(midnight).iso(), "2022-06-02T05:00:00.000Z");
    }
}
