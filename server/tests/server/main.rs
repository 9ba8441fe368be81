//! The server over real sockets: started in process as `main` starts it, or as the real program where a process is what is
//! tested. Attacks are named after their ids.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::duration_suboptimal_units,
    clippy::format_collect,
    clippy::too_many_lines,
    reason = "a test that meets the unexpected ends there, and walks through a list in one breath"
)]

mod backup;
mod commands;
mod configuration;
mod errors;
mod framing;
mod guarantees;
mod house;
mod hubspot;
mod inbox;
mod inbox_settings;
mod leaving;
mod limits;
mod logging;
mod metrics;
mod origins;
mod people;
mod program;
mod raw;
mod registration;
mod relay;
mod secrecy;
mod sign_in;
mod site;
mod smuggling;
mod socket;
mod start;
mod stop;
mod tenants;
mod timing;
mod visitor_token;
mod visitor_token_program;
mod wire;
