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
    /// What could not be delivered.
    pub letters: Vec<LetterData>,
    /// A token that was pasted, looked at and not used yet.
    pub offer: Option<OfferData>,
    /// What came of the last form.
    pub notice: Option<String>,
}

/// A dead letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterData {
    /// Its conversation, by which it is replayed.
    pub conversation: String,
    /// The visitor's address.
    pub email: String,
    /// Why it rests, in words.
    pub why: String,
    /// What HubSpot's support asks for.
    pub correlation_id: Option<String>,
    /// Since when it rests (ms since the Unix epoch).
    pub since: i64,
    /// For how long, in words.
    pub age: String,
    /// How many messages wait.
    pub undelivered: u64,
}

/// A token to be used, and what it is good for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferData {
    /// Its portal.
    pub portal_id: u64,
    /// Its scopes, in words.
    pub scopes: String,
    /// The scopes that it lacks; it is not used then.
    pub missing: Vec<&'static str>,
    /// The token, sealed.
    pub sealed: String,
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
        letters,
        offer,
        notice,
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
                {notice.map(|notice| view! { <p class="settings-trouble" role="status">{notice}</p> })}
                <p class="settings-hint">
                    "The widgets’ are changed on Parlor’s server, by the commands below. A running server notices within two seconds."
                </p>
                <section>
                    <h2>"HubSpot"</h2>
                    <p>{hubspot}</p>
                    {token_form(offer)}
                </section>
                <section>
                    <h2>"Dead letters"</h2>
                    {dead_letters(letters)}
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

/// Pasted first, looked at, then used: nobody connects the wrong portal by accident.
fn token_form(offer: Option<OfferData>) -> impl IntoView {
    match offer {
        Some(OfferData {
            portal_id,
            scopes,
            missing,
            sealed,
        }) => {
            let lacks =
                (!missing.is_empty()).then(|| format!("It lacks {}: add them in HubSpot.", missing.join(" and ")));
            let is_good = lacks.is_none();
            view! {
                <form method="post" action="/inbox/settings/hubspot/use" class="settings-form">
                    <p>"The token belongs to portal " <strong>{portal_id}</strong> "."</p>
                    <p>"Scopes: " {scopes}</p>
                    {lacks.map(|lacks| view! { <p class="settings-trouble">{lacks}</p> })}
                    <input type="hidden" name="offer" value=sealed/>
                    {is_good
                        .then(|| view! { <button type="submit" class="button">"Use this token from now on"</button> })}
                    <a href="/inbox/settings">"Leave everything as it is"</a>
                </form>
            }
            .into_any()
        }
        None => view! {
            <details>
                <summary>"Give Parlor another token"</summary>
                <form method="post" action="/inbox/settings/hubspot" class="settings-form" autocomplete="off">
                    <label for="token">"Service key or private app’s token"</label>
                    <input id="token" name="token" type="password" autocomplete="off" required/>
                    <button type="submit" class="button">"Show which portal it belongs to"</button>
                </form>
            </details>
        }
        .into_any(),
    }
}

fn dead_letters(letters: Vec<LetterData>) -> impl IntoView {
    if letters.is_empty() {
        return view! { <p>"There are none: nothing was given up."</p> }.into_any();
    }
    view! {
        <form method="post" action="/inbox/settings/replay">
            <button type="submit" class="button" name="all" value="yes">
                "Send all on their way again"
            </button>
        </form>
        <ul class="settings-letters">{letters.into_iter().map(letter).collect_view()}</ul>
    }
    .into_any()
}

fn letter(letter: LetterData) -> impl IntoView {
    let LetterData {
        conversation,
        email,
        why,
        correlation_id,
        since,
        age,
        undelivered,
    } = letter;
    let replay = format!("Send {email} on its way again");
    view! {
        <li>
            <p>
                <a href=format!("/inbox/{conversation}")>
                    <bdi>{email}</bdi>
                </a>
                ", for " <time datetime=utc_machine_readable(since)>{age}</time> ": " {why}
            </p>
            <p class="settings-hint">
                {format!("{undelivered} messages undelivered")}
                {correlation_id.map(|id| format!(", HubSpot’s correlation id {id}"))}
            </p>
            <form method="post" action="/inbox/settings/replay">
                <input type="hidden" name="conversation" value=conversation/>
                <button type="submit" class="button button-quiet" aria-label=replay>
                    "Send on its way again"
                </button>
            </form>
        </li>
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
