//! What the engine does, over the real store in a folder of its own and against the sandbox over HTTP. Passes of delivery are
//! driven by hand and the clock is moved, so that nothing sleeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::duration_suboptimal_units,
    reason = "a test may panic, and counts in the unit of what it tests"
)]

mod batches;
mod contacts;
mod erasure;
mod erasure_hubspot;
mod erasure_notes;
mod identity;
mod messages;
mod outages;
mod overflow;
mod property;
mod random_walk;
mod registration;
mod registration_again;
mod reps;
mod restore;
mod retention;
mod unclear;
mod visitor_tokens;
mod world;
