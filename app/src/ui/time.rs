//! When a message was written, as the server shows it (UTC) and as the browser does (the reader's own zone and language).

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

const DAY_MS: i64 = 86_400_000;

/// `14:03`: hour and minute in UTC of a time in milliseconds since the Unix epoch.
#[must_use]
pub fn utc_hour_minute(at: i64) -> String {
    let minute = at.rem_euclid(DAY_MS) / 60_000;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `2026-11-21T14:03:07Z`, for the attribute `datetime`.
#[must_use]
pub fn utc_machine_readable(at: i64) -> String {
    let (year, month, day) = civil_date(at.div_euclid(DAY_MS));
    let second = at.rem_euclid(DAY_MS) / 1_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar. Counts from March, so that the
/// leap day is the last of its year.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

thread_local! {
    static HOUR_MINUTE: Function = formatter(&[("hour", "numeric"), ("minute", "2-digit")]);
    static DAY_HOUR_MINUTE: Function =
        formatter(&[("day", "numeric"), ("month", "short"), ("hour", "numeric"), ("minute", "2-digit")]);
    static WHOLE: Function = formatter(&[("dateStyle", "full"), ("timeStyle", "medium")]);
}

fn formatter(options: &[(&str, &str)]) -> Function {
    let object = Object::new();
    for (name, value) in options {
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    Intl::DateTimeFormat::new(&Array::new(), &object).format()
}

/// In the browser: a time in milliseconds since the Unix epoch.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript counts milliseconds in a double, too"
)]
pub fn date(at: i64) -> Date {
    Date::new(&JsValue::from_f64(at as f64))
}

/// JavaScript's own words for a date that cannot be formatted: no server and no browser makes one.
fn formatted(formatter: &'static std::thread::LocalKey<Function>, date: &Date) -> String {
    formatter
        .with(|format| format.call1(&JsValue::UNDEFINED, date))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_else(|| date.to_string().into())
}

/// In the browser: the time of today's messages, day and time of others, in the reader's zone and language.
#[must_use]
pub fn local_short(date: &Date) -> String {
    let is_today = date.to_date_string() == Date::new_0().to_date_string();
    formatted(if is_today { &HOUR_MINUTE } else { &DAY_HOUR_MINUTE }, date)
}

/// In the browser: day and time in full, in the reader's zone and language.
#[must_use]
pub fn local_full(date: &Date) -> String {
    formatted(&WHOLE, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_shows_hour_and_minute_in_utc() {
        assert_eq!(utc_hour_minute(0), "00:00");
        assert_eq!(utc_hour_minute(1_700_000_000_000), "22:13");
        assert_eq!(utc_hour_minute(-1), "23:59");
    }

    #[test]
    fn the_machine_readable_time_knows_leap_years_and_ends_of_months() {
        for (at, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_700_000_000_999, "2023-11-14T22:13:20Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (-1_000, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc_machine_readable(at), expected);
        }
    }
}
