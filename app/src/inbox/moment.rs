//! How long ago something was: "5 min. ago", in the reader's own language. The server, which knows neither language nor zone,
//! writes day and time in UTC.

use js_sys::{Array, Intl, Object, Reflect};
use leptos::prelude::*;

use super::desk::Desk;
use crate::ui::time::{date, local_full, local_short, utc_machine_readable};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How often the words are looked over, in milliseconds.
pub const LOOK_MS: u64 = 30_000;

thread_local! {
    static FORMAT: Intl::RelativeTimeFormat = {
        let options = Object::new();
        for (name, value) in [("numeric", "auto"), ("style", "narrow")] {
            // Setting a property of a plain object of our own cannot fail.
            drop(Reflect::set(&options, &name.into(), &value.into()));
        }
        Intl::RelativeTimeFormat::new(&Array::new(), &options)
    };
}

/// The time since `at` (ms since the Unix epoch), renewed as it passes.
#[component]
pub fn Ago(
    /// The time.
    #[prop(into)]
    at: Signal<i64>,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <time
            datetime=move || utc_machine_readable(at.get())
            title=move || desk.now.get().map(|_| local_full(&date(at.get())))
        >
            {move || match desk.now.get() {
                None => utc_minute(at.get()),
                Some(now) => match ago(at.get(), now) {
                    Some((count, unit)) => FORMAT.with(|format| String::from(format.format(count, unit))),
                    None => local_short(&date(at.get())),
                },
            }}
        </time>
    }
}

/// A time in full, in the reader's own zone and language once the page lives.
#[component]
pub fn InFull(
    /// The time (ms since the Unix epoch).
    at: i64,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <time datetime=utc_machine_readable(at)>
            {move || if desk.now.with(Option::is_some) { local_full(&date(at)) } else { format!("{} UTC", utc_minute(at)) }}
        </time>
    }
}

/// `2026-11-21 14:03`.
fn utc_minute(at: i64) -> String {
    utc_machine_readable(at)
        .chars()
        .take(16)
        .map(|character| if character == 'T' { ' ' } else { character })
        .collect()
}

/// The count and the unit to say, up to a week; what is longer ago is better said by its date. A clock that runs behind the
/// server's makes nothing lie in the future.
#[expect(clippy::cast_precision_loss, reason = "counts below a hundred")]
fn ago(at: i64, now: i64) -> Option<(f64, &'static str)> {
    let passed = (now - at).max(0);
    let (count, unit) = match passed {
        _ if passed < MINUTE => (0, "second"),
        _ if passed < HOUR => (passed / MINUTE, "minute"),
        _ if passed < DAY => (passed / HOUR, "hour"),
        _ if passed < 7 * DAY => (passed / DAY, "day"),
        _ => return None,
    };
    Some((-(count as f64), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_grows_with_the_time_that_has_passed() {
        for (passed, said) in [
            (-5_000, Some((0.0, "second"))),
            (59_999, Some((0.0, "second"))),
            (60_000, Some((-1.0, "minute"))),
            (HOUR - 1, Some((-59.0, "minute"))),
            (DAY - 1, Some((-23.0, "hour"))),
            (7 * DAY - 1, Some((-6.0, "day"))),
            (7 * DAY, None),
        ] {
            assert_eq!(ago(0, passed), said, "{passed}");
        }
    }

    #[test]
    fn the_server_says_day_and_minute() {
        assert_eq!(utc_minute(1_700_000_000_000), "2023-11-14 22:13");
    }
}
