//! The `parlor` binary's parts: configuration, routes, sockets, workers, command line. What Parlor does is in `parlor-engine`;
//! this crate wires it to HTTP and to an operator.

#![recursion_limit = "256"]

pub mod assets;
pub mod cli;
pub mod demo;
mod errors;
pub mod files;
pub mod listen;
pub mod loader;
pub mod logging;
pub mod metrics;
pub mod origin;
mod page;
pub mod problem;
pub mod refusals;
pub mod relay;
pub mod routes;
pub mod run;
mod secret_key;
pub mod security;
pub mod session;
pub mod settings;
mod signed_in;
pub mod state;
pub mod workers;
