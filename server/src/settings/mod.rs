//! Settings: from `parlor.default.toml`, a file, and the environment, each checked before anything is opened.

mod check;
mod source;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use parlor_hubspot::ApiVersion;
use parlor_store::Coalescing;
use secrecy::SecretString;
use url::Url;

pub use source::{KNOWN, Known};

use crate::origin::PublicUrl;

/// Every setting with its default: the reference of the configuration.
pub const DEFAULTS: &str = include_str!("../../parlor.default.toml");

/// The file that is read when no other is named and it is there.
pub const DEFAULT_FILE: &str = "parlor.toml";

/// The database of `parlor serve --sandbox` when none is named: demo conversations never mix with real ones.
pub const SANDBOX_DATABASE: &str = "parlor-sandbox.db";

/// The only token the sandbox grants from the start, with every scope.
pub const SANDBOX_TOKEN: &str = "pat-sandbox";

/// A setting that cannot be used. One line, naming it and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// How HubSpot is reached.
#[derive(Debug, Clone)]
pub struct HubspotSettings {
    /// The token; absent while there is none.
    pub token: Option<SecretString>,
    /// The API's address.
    pub base_url: Url,
    /// The API's version.
    pub version: ApiVersion,
    /// The contact property that holds the transcript.
    pub property: String,
    /// The time-out of a call.
    pub timeout: Duration,
    /// How long what was said is collected before it is written.
    pub coalescing: Coalescing,
    /// Whether the end of a conversation is summed up in a note on the contact's timeline.
    pub summaries: bool,
}

/// The sandbox and the demo page.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Where the sandbox listens.
    pub listen: SocketAddr,
    /// Where it keeps its records.
    pub file: Option<PathBuf>,
    /// Where the demo page listens.
    pub demo_listen: SocketAddr,
}

/// All settings, valid.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Parlor listens.
    pub listen: SocketAddr,
    /// Its address as browsers see it.
    pub public_url: PublicUrl,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where metrics are served.
    pub metrics_listen: SocketAddr,
    /// The SQLite file.
    pub database: PathBuf,
    /// Whether the database was named, or is the default.
    pub database_is_default: bool,
    /// The key that seals secrets, as given; `None` for the file beside the database.
    pub secret_key: Option<SecretString>,
    /// Sockets at once; `None` to derive it from the process's limit.
    pub max_sockets: Option<usize>,
    /// What is logged.
    pub log_level: String,
    /// How.
    pub log_format: LogFormat,
    /// HubSpot.
    pub hubspot: HubspotSettings,
    /// How long nothing is said until a conversation ends by itself; absent, it does not.
    pub conversation_ends_after: Option<Duration>,
    /// Registrations that pass at once from one network.
    pub registration_burst: NonZeroU32,
    /// How long until one more passes.
    pub registration_refill: Duration,
    /// Sandbox and demo.
    pub sandbox: SandboxSettings,
    /// `PARLOR_…` variables that mean nothing; to be warned about.
    pub unknown_variables: Vec<String>,
}

impl Settings {
    /// Refuses the sandbox's token where HubSpot itself would get it. `parlor serve --sandbox` gives it to the sandbox.
    pub fn check_real_hubspot(&self) -> Result<(), SettingsError> {
        check::check_real_hubspot(&self.hubspot)
    }

    /// Settings from the text of a file (with its name, for messages) and from the environment.
    pub fn load(file: Option<(&str, &str)>, environment: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        source::Values::collect(file, environment).and_then(|values| check::check(&values, environment))
    }
}
