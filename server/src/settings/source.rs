//! Where a setting's value comes from: the environment over the file over the default.

use std::collections::BTreeMap;

use super::{DEFAULTS, SettingsError};

/// A setting's two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// In the file, with its table: `hubspot.base_url`.
    pub key: &'static str,
    /// In the environment.
    pub variable: &'static str,
}

const fn known(key: &'static str, variable: &'static str) -> Known {
    Known { key, variable }
}

/// All settings there are.
pub const KNOWN: &[Known] = &[
    known("listen", "PARLOR_LISTEN"),
    known("public_url", "PARLOR_PUBLIC_URL"),
    known("trusted_proxies", "PARLOR_TRUSTED_PROXIES"),
    known("metrics_listen", "PARLOR_METRICS_LISTEN"),
    known("database_url", "DATABASE_URL"),
    known("secret_key", "PARLOR_SECRET_KEY"),
    known("max_sockets", "PARLOR_MAX_SOCKETS"),
    known("log.level", "PARLOR_LOG"),
    known("log.format", "PARLOR_LOG_FORMAT"),
    known("hubspot.access_token", "HUBSPOT_ACCESS_TOKEN"),
    known("hubspot.base_url", "HUBSPOT_BASE_URL"),
    known("hubspot.api_version", "PARLOR_HUBSPOT_API_VERSION"),
    known("hubspot.property", "PARLOR_HUBSPOT_PROPERTY"),
    known("hubspot.timeout_seconds", "PARLOR_HUBSPOT_TIMEOUT_SECONDS"),
    known("hubspot.delivery", "PARLOR_DELIVERY"),
    known("hubspot.summaries", "PARLOR_HUBSPOT_SUMMARIES"),
    known("conversation.ends_after_hours", "PARLOR_CONVERSATION_ENDS_AFTER_HOURS"),
    known("registration.burst", "PARLOR_REGISTRATION_BURST"),
    known("registration.refill_seconds", "PARLOR_REGISTRATION_REFILL_SECONDS"),
    known("sandbox.listen", "PARLOR_SANDBOX_LISTEN"),
    known("sandbox.file", "PARLOR_SANDBOX_FILE"),
    known("sandbox.demo_listen", "PARLOR_DEMO_LISTEN"),
];

/// Variables that begin like settings and are none: the first names the file, the second is the rep's password of `parlor rep
/// add`, the last chooses a compiler for the web part.
const NOT_SETTINGS: &[&str] = &["PARLOR_CONFIG", "PARLOR_REP_PASSWORD", "PARLOR_WASM_TOOLCHAIN"];

/// A value and where it was found, for messages.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) place: String,
    pub(super) is_default: bool,
}

/// All values by key.
#[derive(Debug)]
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    pub(super) fn collect(
        file: Option<(&str, &str)>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let defaults = read(DEFAULTS, "parlor.default.toml")?;
        let given = match file {
            Some((name, text)) => read(text, name)?,
            None => BTreeMap::new(),
        };
        let values = KNOWN.iter().map(|known| {
            let variable = environment.get(known.variable).filter(|text| !text.trim().is_empty());
            let value = if let Some(text) = variable {
                Value {
                    text: text.trim().to_owned(),
                    place: known.variable.to_owned(),
                    is_default: false,
                }
            } else if let Some(text) = given.get(known.key) {
                let name = file.map_or("the file", |(name, _)| name);
                Value {
                    text: text.clone(),
                    place: format!("{} in {name}", known.key),
                    is_default: false,
                }
            } else {
                let text = defaults.get(known.key).cloned().unwrap_or_default();
                Value {
                    text,
                    place: known.variable.to_owned(),
                    is_default: true,
                }
            };
            (known.key, value)
        });
        Ok(Self(values.collect()))
    }

    pub(super) fn get(&self, key: &'static str) -> Value {
        self.0
            .get(key)
            .cloned()
            .unwrap_or_else(|| unreachable!("{key} is among the known settings"))
    }
}

/// The settings of a file by key, each as text; lists are joined by commas.
fn read(text: &str, name: &str) -> Result<BTreeMap<String, String>, SettingsError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        // Not the line itself: it may hold the access token.
        let line = text[..error.span().map_or(0, |span| span.start.min(text.len()))]
            .matches('\n')
            .count()
            + 1;
        SettingsError(format!("{name} is not valid TOML at line {line}: {}", error.message()))
    })?;
    let mut values = BTreeMap::new();
    flatten(&table, "", name, &mut values)?;
    Ok(values)
}

fn flatten(
    table: &toml::Table,
    prefix: &str,
    name: &str,
    values: &mut BTreeMap<String, String>,
) -> Result<(), SettingsError> {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        let is_known = KNOWN.iter().any(|known| known.key == key);
        match value {
            toml::Value::Table(inner) if !is_known => flatten(inner, &format!("{key}."), name, values)?,
            _ if !is_known => {
                let names: Vec<&str> = KNOWN.iter().map(|known| known.key).collect();
                return Err(SettingsError(format!(
                    "{name} has an unknown setting {key}: remove it or use one of {}",
                    names.join(", ")
                )));
            }
            toml::Value::String(text) => drop(values.insert(key, text.trim().to_owned())),
            toml::Value::Integer(number) => drop(values.insert(key, number.to_string())),
            toml::Value::Boolean(choice) => drop(values.insert(key, choice.to_string())),
            toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
                let items: Vec<&str> = items.iter().filter_map(toml::Value::as_str).collect();
                values.insert(key, items.join(","));
            }
            _ => {
                return Err(SettingsError(format!(
                    "{name}: {key} must be a text, a whole number or a list of texts"
                )));
            }
        }
    }
    Ok(())
}

/// Variables that begin with `PARLOR_` and mean nothing.
pub(super) fn unknown_variables(environment: &BTreeMap<String, String>) -> Vec<String> {
    let is_known = |name: &str| KNOWN.iter().any(|known| known.variable == name) || NOT_SETTINGS.contains(&name);
    environment
        .keys()
        .filter(|name| name.starts_with("PARLOR_") && !is_known(name))
        .cloned()
        .collect()
}
