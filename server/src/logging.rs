//! The log. Nothing secret and nothing personal stands in it, at any level; docs/architecture.md says how that is kept.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{LogFormat, Settings};

/// Crates that trace what they carry (addresses in paths, frames, header values). However much is asked for, they say no more.
const QUIET: [&str; 8] = [
    "h2=info",
    "hyper=info",
    "hyper_util=info",
    "reqwest=info",
    "rustls=info",
    "tower_http::csrf=info",
    "tower_sessions=info",
    "tower_sessions_core=info",
];
const QUIET_SOCKETS: [&str; 2] = ["tungstenite=info", "tokio_tungstenite=info"];

/// Starts logging to standard error.
pub fn start(settings: &Settings) {
    let mut filter = EnvFilter::builder().parse_lossy(&settings.log_level);
    for directive in QUIET.into_iter().chain(QUIET_SOCKETS) {
        if let Ok(directive) = directive.parse() {
            filter = filter.add_directive(directive);
        }
    }
    let registry = tracing_subscriber::registry().with(filter);
    let written = match settings.log_format {
        LogFormat::Text => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    };
    // A second start in one process, as in tests, keeps the first log.
    drop(written);
}
