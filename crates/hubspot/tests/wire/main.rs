//! What the client puts on the wire and makes of what comes back, against a raw TCP server: also what no well-behaved
//! server would send.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod answers;
mod batches;
mod connection;
mod notes;
mod privacy;
mod raw_server;
mod requests;
mod token_info;
mod visitor_tokens;
