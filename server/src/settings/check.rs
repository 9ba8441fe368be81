//! Texts become values, or a line that names the setting and how to mend it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use parlor_engine::delivery;
use parlor_store::Coalescing;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::source::{Value, Values, unknown_variables};
use super::{HubspotSettings, LogFormat, SANDBOX_TOKEN, SandboxSettings, Settings, SettingsError};
use crate::origin::PublicUrl;

/// HubSpot's own hosts, where the sandbox's token means nothing.
const HUBSPOT_HOSTS: [&str; 2] = ["hubapi.com", "hubspot.com"];

/// A token that stands in a tutorial or a template, not in HubSpot.
const SAMPLES: [&str; 9] = [
    "changeme",
    "change-me",
    "your-token",
    "your_token",
    "yourtoken",
    "example",
    "xxxx",
    "<token>",
    "secret",
];

pub(super) fn check(values: &Values, environment: &BTreeMap<String, String>) -> Result<Settings, SettingsError> {
    let listen: SocketAddr = parsed(&values.get("listen"), "an address and port like 127.0.0.1:3000")?;
    let database = values.get("database_url");
    Ok(Settings {
        listen,
        public_url: public_url(&values.get("public_url"), listen)?,
        trusted_proxies: proxies(&values.get("trusted_proxies"))?,
        metrics_listen: parsed(&values.get("metrics_listen"), "an address and port like 127.0.0.1:3009")?,
        database_is_default: database.is_default,
        database: database_path(&database)?,
        secret_key: secret_key(&values.get("secret_key"))?,
        max_sockets: Some(parsed::<usize>(
            &values.get("max_sockets"),
            "a whole number, 0 for automatic",
        )?)
        .filter(|most| *most > 0),
        log_level: log_level(&values.get("log.level"))?,
        log_format: log_format(&values.get("log.format"))?,
        hubspot: hubspot(values)?,
        conversation_ends_after: hours(&values.get("conversation.ends_after_hours"))?,
        registration_burst: parsed(&values.get("registration.burst"), "a whole number from 1")?,
        registration_refill: Duration::from_secs(
            parsed::<std::num::NonZeroU32>(&values.get("registration.refill_seconds"), "a whole number from 1")?
                .get()
                .into(),
        ),
        sandbox: SandboxSettings {
            listen: loopback(
                &values.get("sandbox.listen"),
                "an address and port of this machine like 127.0.0.1:3002",
            )?,
            file: Some(values.get("sandbox.file").text)
                .filter(|text| !text.is_empty() && text != "memory")
                .map(PathBuf::from),
            demo_listen: parsed(
                &values.get("sandbox.demo_listen"),
                "an address and port like 127.0.0.1:3001",
            )?,
        },
        unknown_variables: unknown_variables(environment),
    })
}

fn wrong(value: &Value, expected: impl Display) -> SettingsError {
    SettingsError(format!("{} is {:?}: it must be {expected}", value.place, value.text))
}

fn parsed<T: FromStr>(value: &Value, expected: &str) -> Result<T, SettingsError> {
    value.text.parse().map_err(|_| wrong(value, expected))
}

/// The sandbox has no secrets worth the name: it is for this machine alone.
fn loopback(value: &Value, expected: &str) -> Result<SocketAddr, SettingsError> {
    let address: SocketAddr = parsed(value, expected)?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(wrong(value, "a loopback address, like 127.0.0.1:3002"))
    }
}

fn public_url(value: &Value, listen: SocketAddr) -> Result<PublicUrl, SettingsError> {
    if value.text.is_empty() {
        // An unspecified address (0.0.0.0) is reachable from elsewhere, under a name that only its operator knows.
        if !listen.ip().is_loopback() {
            return Err(SettingsError(format!(
                "PARLOR_PUBLIC_URL is not set and Parlor listens on {listen}, not only on this machine: set it to the address \
                 browsers use, like https://chat.example.com"
            )));
        }
        return PublicUrl::parse(&format!("http://{listen}")).map_err(|why| wrong(value, why));
    }
    PublicUrl::parse(&value.text).map_err(|why| wrong(value, why))
}

fn proxies(value: &Value) -> Result<Vec<IpNet>, SettingsError> {
    let items = value.text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items
        .map(|item| {
            item.parse::<IpNet>()
                .or_else(|_| item.parse::<IpAddr>().map(IpNet::from))
        })
        .collect::<Result<_, _>>()
        .map_err(|_| {
            wrong(
                value,
                "addresses or networks separated by commas, like 10.0.0.0/8,192.0.2.7",
            )
        })
}

fn database_path(value: &Value) -> Result<PathBuf, SettingsError> {
    let expected = "sqlite:<file>, like sqlite:parlor.db or sqlite:///var/lib/parlor/parlor.db";
    let rest = value
        .text
        .strip_prefix("sqlite:")
        .ok_or_else(|| wrong(&without_password(value), expected))?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains('?') || path.contains(":memory:") {
        return Err(wrong(value, expected));
    }
    Ok(PathBuf::from(path))
}

/// Its text is a secret, and is not repeated.
fn secret_key(value: &Value) -> Result<Option<SecretString>, SettingsError> {
    if value.text.is_empty() {
        return Ok(None);
    }
    let place = &value.place;
    let Some(key) = crate::secret_key::parse(&value.text) else {
        return Err(SettingsError(format!(
            "{place} must be 32 bytes in base64: make one with openssl rand -base64 32, or leave it out to have a file beside the \
             database"
        )));
    };
    if crate::secret_key::is_one_byte_repeated(&key) {
        return Err(SettingsError(format!(
            "{place} is one byte repeated, which anybody can guess: make one with openssl rand -base64 32, or leave it out to have a \
             file beside the database"
        )));
    }
    Ok(Some(SecretString::from(value.text.as_str())))
}

/// A database URL of another kind may carry a password, which has no place in a message.
fn without_password(value: &Value) -> Value {
    let scheme = value.text.split(':').next().unwrap_or_default();
    Value {
        text: format!("{scheme}:…"),
        ..value.clone()
    }
}

fn log_level(value: &Value) -> Result<String, SettingsError> {
    // A bare word that is no level would count as the name of a part, and silence all the others.
    let is_level = |word: &str| word.parse::<tracing::level_filters::LevelFilter>().is_ok();
    let valid = value
        .text
        .split(',')
        .all(|word| is_level(word.trim()) || word.contains(['=', '[']))
        && tracing_subscriber::filter::EnvFilter::builder()
            .parse(&value.text)
            .is_ok();
    if valid {
        Ok(value.text.clone())
    } else {
        Err(wrong(value, "error, warn, info, debug, trace or a filter"))
    }
}

fn log_format(value: &Value) -> Result<LogFormat, SettingsError> {
    match value.text.as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(wrong(value, "text or json")),
    }
}

fn hubspot(values: &Values) -> Result<HubspotSettings, SettingsError> {
    let base = values.get("hubspot.base_url");
    let base_url: Url = parsed(&base, "an address like https://api.hubapi.com")?;
    let is_loopback = crate::origin::is_loopback(&base_url);
    if base_url.scheme() != "https" && !(base_url.scheme() == "http" && is_loopback) {
        return Err(wrong(&base, "an https address, or http on this machine"));
    }
    let token = values.get("hubspot.access_token");
    check_token(&token)?;
    let timeout: u64 = parsed(
        &values.get("hubspot.timeout_seconds"),
        "a whole number of seconds, 1 to 120",
    )?;
    if !(1..=120).contains(&timeout) {
        return Err(wrong(
            &values.get("hubspot.timeout_seconds"),
            "a whole number of seconds, 1 to 120",
        ));
    }
    let property = values.get("hubspot.property");
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.len() <= 100
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if !is_name(&property.text) {
        return Err(wrong(
            &property,
            "lower-case letters, digits and underscores, beginning with a letter",
        ));
    }
    Ok(HubspotSettings {
        token: Some(token.text).filter(|text| !text.is_empty()).map(SecretString::from),
        base_url,
        version: parsed(&values.get("hubspot.api_version"), "v3 or a dated version like 2026-03")?,
        property: property.text,
        timeout: Duration::from_secs(timeout),
        coalescing: coalescing(&values.get("hubspot.delivery"))?,
        summaries: parsed(&values.get("hubspot.summaries"), "true or false")?,
    })
}

fn coalescing(value: &Value) -> Result<Coalescing, SettingsError> {
    match value.text.as_str() {
        "default" => Ok(delivery::USUAL),
        "fast" => Ok(delivery::FAST),
        "frugal" => Ok(delivery::FRUGAL),
        _ => Err(wrong(value, "default, fast or frugal")),
    }
}

/// Hours up to a year; none for 0.
fn hours(value: &Value) -> Result<Option<Duration>, SettingsError> {
    let expected = "a whole number of hours up to 8760, or 0 for never";
    match parsed::<u64>(value, expected)? {
        0 => Ok(None),
        hours if hours <= 8_760 => Ok(Some(Duration::from_hours(hours))),
        _ => Err(wrong(value, expected)),
    }
}

/// Refuses the sandbox's token for the real HubSpot, where it means nothing.
pub(super) fn check_real_hubspot(settings: &HubspotSettings) -> Result<(), SettingsError> {
    let host = settings.base_url.host_str().unwrap_or_default().trim_end_matches('.');
    let is_hubspot = HUBSPOT_HOSTS
        .iter()
        .any(|known| host == *known || host.ends_with(&format!(".{known}")));
    let is_sandboxs = settings
        .token
        .as_ref()
        .is_some_and(|token| token.expose_secret() == SANDBOX_TOKEN);
    if is_hubspot && is_sandboxs {
        return Err(SettingsError(
            "HUBSPOT_ACCESS_TOKEN is the sandbox's token, and HUBSPOT_BASE_URL leads to the real HubSpot: set a service key of your \
             account, or start with --sandbox"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Refuses what cannot be a token, without ever repeating it.
fn check_token(token: &Value) -> Result<(), SettingsError> {
    let text = token.text.as_str();
    if text.is_empty() || text == SANDBOX_TOKEN {
        return Ok(());
    }
    let place = &token.place;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SettingsError(format!(
            "{place} holds a blank, a line end or a letter that no token has: copy it again, without quotes"
        )));
    }
    let lower = text.to_ascii_lowercase();
    if text.len() < 16 || SAMPLES.iter().any(|sample| lower.contains(sample)) {
        return Err(SettingsError(format!(
            "{place} is no HubSpot token but a sample or cut short ({} characters): copy the whole service key from HubSpot, \
             Settings > Integrations > Service Keys",
            text.chars().count()
        )));
    }
    Ok(())
}
