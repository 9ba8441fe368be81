//! Parlor's user interface: pages rendered by the server, and the islands that bring them to life in the browser.
//!
//! `widget` is the visitor's side, `inbox` the rep's; `ui` is what both show, `browser` what both need of the browser, and
//! `api` what both ask of the server. One bundle holds one side: a visitor never downloads the inbox.

#![recursion_limit = "256"]
#![allow(
    clippy::must_use_candidate,
    reason = "components are functions, and views are not values that somebody forgets"
)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")
)]

#[cfg(any(feature = "ssr", feature = "browser"))]
pub mod api;
pub mod browser;
#[cfg(any(feature = "ssr", feature = "inbox"))]
pub mod inbox;
pub mod ui;
#[cfg(any(feature = "ssr", feature = "widget"))]
pub mod widget;
