//! The log. Nothing secret and nothing personal stands in it, at any level; docs/architecture.md says how that is kept.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{LogFormat, Settings};

/// Crates that trace what they carry (addresses in paths, frames, header values, what a form held), and the most that each of
/// them says, however much is asked for.
const QUIET: [(&str, LevelFilter); 11] = [
    ("axum", LevelFilter::INFO),
    ("h2", LevelFilter::INFO),
    ("hyper", LevelFilter::INFO),
    ("hyper_util", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("tokio_tungstenite", LevelFilter::INFO),
    ("tower_http::csrf", LevelFilter::INFO),
    // They warn of every cookie of a session that is over, and of every forged one: anybody could fill the log.
    ("tower_sessions", LevelFilter::ERROR),
    ("tower_sessions_core", LevelFilter::ERROR),
    ("tungstenite", LevelFilter::INFO),
];

/// Starts logging to standard error.
pub fn start(settings: &Settings) {
    let mut wanted = EnvFilter::builder().parse_lossy(&settings.log_level);
    let ignored = ignored(&settings.log_level);
    if !ignored.is_empty()
        && let Ok(visible) = concat!(module_path!(), "=warn").parse()
    {
        wanted = wanted.add_directive(visible);
    }
    // A filter of its own: among directives the more specific one counts, and any may be more specific than these.
    let most = wanted.max_level_hint().unwrap_or(LevelFilter::TRACE);
    let allowed = Targets::new().with_default(most).with_targets(QUIET);
    let registry = tracing_subscriber::registry().with(wanted).with(allowed);
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
    if !ignored.is_empty() {
        tracing::warn!(
            "{} in PARLOR_LOG has no effect: these parts would write what is secret or personal into the log",
            ignored.join(",")
        );
    }
}

/// The directives that ask a quiet crate, or a part of one, for more than it may say.
fn ignored(directives: &str) -> Vec<&str> {
    let asks_too_much = |directive: &&str| {
        let (place, level) = match directive.rsplit_once('=') {
            Some((place, level)) => (place, level.parse().unwrap_or(LevelFilter::TRACE)),
            None => (*directive, LevelFilter::TRACE),
        };
        let target = place.split('[').next().unwrap_or_default();
        let most = QUIET
            .iter()
            .filter(|(quiet, _)| target.starts_with(quiet))
            .map(|(_, most)| *most);
        most.min().is_some_and(|most| level > most)
    };
    directives.split(',').map(str::trim).filter(asks_too_much).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_a_quiet_crate_for_more_is_named_and_nothing_else() {
        let asked =
            "trace, hyper=debug,hyper::proto=trace,reqwest,rustls[handshake]=trace,tower_sessions_core::session=5";
        let all: Vec<&str> = asked.split(',').map(str::trim).collect();
        assert_eq!(ignored(asked), all[1..]);
        for allowed in [
            "",
            "info",
            "info,parlor_engine=debug",
            "hyper=info",
            "tungstenite=off,tower_http=debug",
            "[request]=trace",
        ] {
            assert_eq!(ignored(allowed), Vec::<&str>::new(), "{allowed}");
        }
    }
}
