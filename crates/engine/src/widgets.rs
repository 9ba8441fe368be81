//! Widgets: added by an operator, each with the exact origins of the pages that may embed it.

use std::fmt;

use parlor_protocol::{TenantId, WidgetKey};
use parlor_store::{LauncherPosition, NewWidget, Store, StoreError, Widget};

use crate::Context;

/// A page's origin: scheme, host and port, as a browser writes it (`https://www.example.com`, `http://localhost:3001`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Takes an exact origin. https, or http on a loopback host; no path, no wildcard, no user.
    pub fn parse(text: &str) -> Result<Self, AddWidgetError> {
        let wrong = |why: &'static str| AddWidgetError::Origin {
            origin: text.to_owned(),
            why,
        };
        let lower = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let (scheme, authority) = lower
            .split_once("://")
            .ok_or_else(|| wrong("it must begin with https://"))?;
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(is_host) {
            return Err(wrong("write only scheme, host and port, like https://www.example.com"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        if port.is_some_and(|port| port.parse::<u16>().is_err()) || host.is_empty() {
            return Err(wrong("the port must be a number below 65536"));
        }
        let loopback =
            host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.starts_with("127.");
        let default_port = match scheme {
            "https" => "443",
            "http" if loopback => "80",
            "http" => return Err(wrong("http is only for this machine; a site must be served by https")),
            _ => return Err(wrong("it must begin with https://")),
        };
        // A browser leaves the default port out, and the comparison is letter by letter.
        Ok(Self(match port {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }

    /// The origin as a browser writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why a widget was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddWidgetError {
    /// The name is empty or too long.
    #[error("the widget's name must have 1 to 100 characters on one line")]
    Name,
    /// An origin is none.
    #[error("{origin} is not an origin that may embed a widget: {why}")]
    Origin {
        /// What was given.
        origin: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The colour is none.
    #[error("{0} is not a colour: write six hexadecimal digits, like #0b5fff")]
    Accent(String),
    /// The name is taken.
    #[error("a widget of this name exists already")]
    Exists,
    /// The store could not keep it.
    #[error(transparent)]
    Store(StoreError),
}

/// What an operator says of a new widget.
#[derive(Debug, Clone)]
pub struct WidgetDraft {
    /// Its name.
    pub name: String,
    /// The origins that may embed it; none means that no page may.
    pub origins: Vec<String>,
    /// Whether visitors may leave the last name out.
    pub last_name_optional: bool,
    /// The accent colour: `#rrggbb`.
    pub accent: String,
    /// The greeting.
    pub greeting: String,
    /// Where the launcher stands.
    pub position: LauncherPosition,
}

impl WidgetDraft {
    /// A widget of a name with everything else as usual.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            origins: Vec::new(),
            last_name_optional: false,
            accent: "#0b5fff".to_owned(),
            greeting: "Questions? We are happy to help.".to_owned(),
            position: LauncherPosition::End,
        }
    }
}

/// Adds a widget. Free of the engine, so that the command line can do it beside a running server.
pub async fn add_widget(
    context: &Context,
    store: &dyn Store,
    tenant: &TenantId,
    draft: WidgetDraft,
) -> Result<Widget, AddWidgetError> {
    let name = parlor_protocol::PersonName::parse(&draft.name).map_err(|_| AddWidgetError::Name)?;
    let origins = draft
        .origins
        .iter()
        .map(|text| Origin::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    let digits = draft.accent.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(AddWidgetError::Accent(draft.accent));
    }
    let widget = NewWidget {
        id: context.widget_id(),
        key: context.widget_key(),
        name: name.as_str().to_owned(),
        origins: origins.into_iter().map(|origin| origin.0).collect(),
        last_name_required: !draft.last_name_optional,
        accent: draft.accent.to_ascii_lowercase(),
        greeting: draft
            .greeting
            .chars()
            .filter(|character| !character.is_control())
            .take(200)
            .collect(),
        position: draft.position,
    };
    match store.add_widget(tenant, widget).await {
        Ok(widget) => Ok(widget),
        Err(StoreError::Exists { .. }) => Err(AddWidgetError::Exists),
        Err(error) => Err(AddWidgetError::Store(error)),
    }
}

/// Adds origins to those that may embed a widget, and takes others away; answers what holds now, `None` when the tenant has no widget
/// of that key. Whoever opens a page afterwards meets the new list.
pub async fn change_origins(
    store: &dyn Store,
    tenant: &TenantId,
    key: &WidgetKey,
    allow: &[String],
    forbid: &[String],
) -> Result<Option<Vec<String>>, AddWidgetError> {
    let parse = |texts: &[String]| {
        texts
            .iter()
            .map(|text| Origin::parse(text))
            .collect::<Result<Vec<_>, _>>()
    };
    let (allow, forbid) = (parse(allow)?, parse(forbid)?);
    let widget = store.widget_by_key(key).await.map_err(AddWidgetError::Store)?;
    let Some(widget) = widget.filter(|widget| widget.tenant == *tenant) else {
        return Ok(None);
    };
    let mut origins = widget.settings.origins;
    origins.retain(|origin| !forbid.iter().any(|forbidden| forbidden.0 == *origin));
    for origin in allow {
        if !origins.contains(&origin.0) {
            origins.push(origin.0);
        }
    }
    let is_there = store
        .set_origins(tenant, key, origins.clone())
        .await
        .map_err(AddWidgetError::Store)?;
    Ok(is_there.then_some(origins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_browser_writes_it() {
        for (typed, kept) in [
            ("https://www.example.com", "https://www.example.com"),
            ("https://www.example.com/", "https://www.example.com"),
            ("HTTPS://WWW.Example.com:443", "https://www.example.com"),
            ("https://example.com:8443", "https://example.com:8443"),
            ("http://localhost:3001", "http://localhost:3001"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("http://[::1]:3001", "http://[::1]:3001"),
        ] {
            assert_eq!(Origin::parse(typed).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_exact_origin_is_refused_with_a_reason() {
        for wrong in [
            "",
            "*",
            "https://*",
            "https://*.example.com",
            "example.com",
            "http://example.com",
            "ftp://example.com",
            "https://example.com/path",
            "https://example.com?x",
            "https://user@example.com",
            "https://a b.com",
            "https://example.com;script-src *",
            "https://example.com\nX: y",
            "https://example.com:99999",
            "https://:443",
            "null",
        ] {
            let error = Origin::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("is not an origin"), "{wrong}: {error}");
        }
    }
}
