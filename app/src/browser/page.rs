//! Small questions to the page: ids, the clock, addresses, timers.

use std::time::Duration;

use leptos::prelude::{set_timeout_with_handle, window};
use parlor_protocol::MessageId;

/// A new message id, made by the browser.
#[must_use]
pub fn new_message_id() -> Option<MessageId> {
    MessageId::parse(window().crypto().ok()?.random_uuid()).ok()
}

/// The browser's clock: milliseconds since the Unix epoch.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 fit an i64 for ever"
)]
pub fn now() -> i64 {
    js_sys::Date::now() as i64
}

/// Whether the browser believes that it has a network.
#[must_use]
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// The address of a socket on the page's own origin: `path` begins with a slash.
#[must_use]
pub fn socket_url(path: &str) -> Option<String> {
    let origin = window().location().origin().ok()?;
    // http becomes ws, https wss.
    Some(format!("ws{}{path}", origin.strip_prefix("http")?))
}

/// Runs something once, after a number of milliseconds; answers how to call it off.
pub fn after(milliseconds: f64, then: impl FnOnce() + 'static) -> Option<leptos::leptos_dom::helpers::TimeoutHandle> {
    set_timeout_with_handle(then, Duration::from_secs_f64(milliseconds.max(0.0) / 1_000.0)).ok()
}
