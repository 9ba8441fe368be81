//! The page `/inbox/settings`: how HubSpot, the visitors' identification and the widgets stand, and the command that changes each.
//! Rendered by the server alone.

use leptos::prelude::*;

use crate::ui::document::{Document, PageAssets};
use crate::ui::time::utc_machine_readable;

/// What the page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsPageData {
    /// How delivery as a whole stands, in a line.
    pub hubspot: String,
    /// Whether there is a key for HubSpot.
    pub is_connected: bool,
    /// Why HubSpot creates no visitor tokens, and since when (ms since the Unix epoch); absent while all is well.
    pub trouble: Option<(String, i64)>,
    /// How many visitor tokens are kept.
    pub kept_tokens: u64,
    /// For how many days conversations are kept; absent: for good.
    pub retention_days: Option<u32>,
    /// From how many contacts in HubSpot somebody who was forgotten is still to be removed.
    pub erasures: u64,
    /// The widgets in the order in which they were made.
    pub widgets: Vec<WidgetSettingsData>,
}

/// How it stands with a widget's secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecretState {
    /// There is none.
    #[default]
    None,
    /// It checks proofs.
    There,
    /// It was sealed with another key than this installation's.
    Unreadable,
}

impl SecretState {
    const fn in_words(self) -> &'static str {
        match self {
            Self::None => "no",
            Self::There => "yes",
            Self::Unreadable => {
                "cannot be read with this installation’s key: restore the key file, or make a new secret"
            }
        }
    }
}

/// One widget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WidgetSettingsData {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The sites that may embed it.
    pub origins: Vec<String>,
    /// Whose chat the loader boots, in words.
    pub chat: &'static str,
    /// The secret that signs proofs.
    pub secret: SecretState,
    /// Whether it has a public key that checks proofs.
    pub has_public_key: bool,
    /// Whether addresses are exchanged that are only vouched for.
    pub landing_page: bool,
}

/// The page.
#[component]
pub fn SettingsPage(
    /// What it shows.
    data: SettingsPageData,
    /// Where its files lie.
    assets: PageAssets,
) -> impl IntoView {
    let SettingsPageData {
        hubspot,
        is_connected,
        trouble,
        kept_tokens,
        retention_days,
        erasures,
        widgets,
    } = data;
    let retention = match retention_days {
        None => "Conversations are kept for good.".to_owned(),
        Some(1) => "Conversations are erased a day after their last message, once HubSpot has them.".to_owned(),
        Some(days) => {
            format!("Conversations are erased {days} days after their last message, once HubSpot has them.")
        }
    };
    let erasures = match erasures {
        0 => None,
        1 => Some("Somebody who was forgotten is still to be removed from a contact in HubSpot.".to_owned()),
        several => Some(format!(
            "People who were forgotten are still to be removed from {several} contacts in HubSpot."
        )),
    };
    let kept = match kept_tokens {
        0 => "No visitor token is kept.".to_owned(),
        1 => "1 visitor token is kept.".to_owned(),
        several => format!("{several} visitor tokens are kept."),
    };
    let nothing = widgets.is_empty().then(|| {
        view! {
            <p>
                "There is none yet: " <code>"parlor widget add --name … --origin https://…"</code>
            </p>
        }
    });
    view! {
        <Document title="Settings · Parlor" class="settings-page" assets is_alive=false>
            <main class="settings">
                <p>
                    <a href="/inbox">"Back to the inbox"</a>
                </p>
                <h1>"Settings"</h1>
                <p class="settings-hint">
                    "They are changed on Parlor’s server, by the commands below. A running server notices within five seconds."
                </p>
                <section>
                    <h2>"HubSpot"</h2>
                    <p>{hubspot}</p>
                </section>
                <section>
                    <h2>"Visitor identification"</h2>
                    {identification(is_connected, trouble)}
                    <p>{kept}</p>
                </section>
                <section>
                    <h2>"People’s data"</h2>
                    <p>{retention} " " <code>"parlor retention --days N|off"</code></p>
                    {erasures.map(|erasures| view! { <p>{erasures}</p> })}
                </section>
                <section>
                    <h2>"Widgets"</h2>
                    {nothing}
                    {widgets.into_iter().map(widget).collect_view()}
                </section>
            </main>
        </Document>
    }
}

fn identification(is_connected: bool, trouble: Option<(String, i64)>) -> impl IntoView {
    match trouble {
        None if is_connected => {
            view! { <p>"Nothing is known to be wrong: a token is created when a proof asks for it."</p> }.into_any()
        }
        None => view! { <p>"No HubSpot token: no visitor tokens can be created."</p> }.into_any(),
        Some((words, since)) => {
            let moment = utc_machine_readable(since);
            let shown = moment.chars().take(16).collect::<String>().replace('T', " ");
            view! {
                <p class="settings-trouble">
                    {words} <br/> "Since " <time datetime=moment>{shown} " UTC"</time> "."
                </p>
            }
            .into_any()
        }
    }
}

fn widget(widget: WidgetSettingsData) -> impl IntoView {
    let WidgetSettingsData {
        key,
        name,
        origins,
        chat,
        secret,
        has_public_key,
        landing_page,
    } = widget;
    let embedded_by = if origins.is_empty() {
        "no site".to_owned()
    } else {
        origins.join(" ")
    };
    let landing_page = if landing_page {
        "yes: addresses are exchanged without proof of who is there"
    } else {
        "no"
    };
    let change = |what: &str| format!("parlor widget {what} --key {key}");
    let rows = [
        ("Key", key.clone()),
        ("May be embedded by", embedded_by),
        ("Chat", chat.to_owned()),
        ("Secret (HS256)", secret.in_words().to_owned()),
        ("Public key (EdDSA)", yes(has_public_key).to_owned()),
        ("Landing page", landing_page.to_owned()),
    ];
    let commands = [
        ("Sites: ", change("origins") + " --allow https://…"),
        ("Chat: ", change("identity") + " --provider parlor|hubspot"),
        ("Secret: ", change("identity") + " --new-secret"),
        ("Public key: ", change("identity") + " --public-key FILE"),
        ("Landing page: ", change("identity") + " --landing-page yes|no"),
    ];
    view! {
        <article class="settings-widget">
            <h3 dir="auto">{name}</h3>
            <dl>
                {rows
                    .into_iter()
                    .map(|(term, value)| {
                        view! {
                            <div>
                                <dt>{term}</dt>
                                <dd>{value}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
            <details>
                <summary>"Change it"</summary>
                <ul>
                    {commands
                        .into_iter()
                        .map(|(what, command)| view! { <li>{what} <code>{command}</code></li> })
                        .collect_view()}
                </ul>
            </details>
        </article>
    }
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
