//! What the engine does, over the real store in a folder of its own and against the sandbox over HTTP. Passes of delivery are
//! driven by hand and the clock is moved, so that nothing sleeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::duration_suboptimal_units,
    reason = "a test may panic, and counts in the unit of what it tests"
)]

mod account;
mod batches;
mod breaker;
mod connection;
mod contacts;
mod dead_letters;
mod ending;
mod erasure;
mod erasure_hubspot;
mod erasure_notes;
mod identity;
mod lease;
mod limits;
mod messages;
mod outage_of_a_day;
mod outages;
mod overflow;
mod property;
mod random_walk;
mod registration;
mod registration_again;
mod reps;
mod restore;
mod retention;
mod summaries;
mod timing;
mod unclear;
mod visitor_tokens;
mod visitor_tokens_limits;
mod visitor_tokens_refused;
mod visitor_tokens_revoked;
mod visitor_tokens_trouble;
mod visitor_tokens_widgets;
mod world;
