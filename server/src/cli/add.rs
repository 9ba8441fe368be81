//! `parlor rep …` and `parlor widget …`: beside a running server or without one. A running server reads the store for every
//! sign-in and every widget's page, so it notices at once.

use std::collections::BTreeMap;

use parlor_engine::reps::{AddRepError, PASSWORD_LEAST, add_rep, reset_password};
use parlor_engine::widgets::{AddWidgetError, add_widget, change_origins};
use parlor_engine::{Context, WidgetDraft};
use parlor_protocol::{TenantId, WidgetKey};
use parlor_store::{LauncherPosition, Widgets};
use secrecy::SecretString;

use super::{Failure, WidgetArguments, open_store};
use crate::demo::snippet;
use crate::settings::Settings;

/// The password from the environment, or a new one, which is to be printed.
fn password(context: &Context, environment: &BTreeMap<String, String>) -> (SecretString, bool) {
    match environment
        .get("PARLOR_REP_PASSWORD")
        .filter(|password| !password.is_empty())
    {
        Some(password) => (SecretString::from(password.as_str()), false),
        None => (SecretString::from(context.secret().reveal()), true),
    }
}

fn refused(error: AddRepError) -> Failure {
    match error {
        AddRepError::Store(error) => error.into(),
        AddRepError::Password => Failure::Usage(format!(
            "PARLOR_REP_PASSWORD is too short or too long: use at least {PASSWORD_LEAST} characters, or leave it unset to have one made"
        )),
        other => Failure::Usage(other.to_string()),
    }
}

fn print_password(password: &SecretString, is_new: bool) {
    use secrecy::ExposeSecret;

    if is_new {
        say(&format!("Password: {}", password.expose_secret()));
        say("It is shown this once; it can be changed at /inbox/password.");
    }
}

pub(super) async fn rep(
    settings: &Settings,
    environment: &BTreeMap<String, String>,
    email: &str,
    name: &str,
) -> Result<(), Failure> {
    let context = Context::system();
    let store = open_store(settings)?;
    let (password, is_new) = password(&context, environment);
    add_rep(&context, &store, &TenantId::default_tenant(), email, name, &password)
        .await
        .map_err(refused)?;
    store.close().await;
    say(&format!(
        "{name} may sign in at {}/inbox as {email}.",
        settings.public_url.origin()
    ));
    print_password(&password, is_new);
    Ok(())
}

pub(super) async fn reset(
    settings: &Settings,
    environment: &BTreeMap<String, String>,
    email: &str,
) -> Result<(), Failure> {
    let context = Context::system();
    let store = open_store(settings)?;
    let (password, is_new) = password(&context, environment);
    let is_known = reset_password(&context, &store, email, &password)
        .await
        .map_err(refused);
    store.close().await;
    if !is_known? {
        return Err(Failure::Usage(format!(
            "there is no rep {email}: add them with parlor rep add"
        )));
    }
    say(&format!("{email} has a new password; their sessions have ended."));
    print_password(&password, is_new);
    Ok(())
}

pub(super) async fn widget(settings: &Settings, arguments: WidgetArguments) -> Result<(), Failure> {
    let draft = WidgetDraft {
        name: arguments.name,
        origins: arguments.origin,
        last_name_optional: arguments.last_name_optional,
        accent: arguments.accent,
        greeting: arguments.greeting,
        position: if arguments.at_start {
            LauncherPosition::Start
        } else {
            LauncherPosition::End
        },
    };
    let store = open_store(settings)?;
    let widget = add_widget(&Context::system(), &store, &TenantId::default_tenant(), draft).await;
    store.close().await;
    let widget = widget.map_err(|error| match error {
        AddWidgetError::Store(error) => error.into(),
        other => Failure::Usage(other.to_string()),
    })?;
    say("Paste this into your pages, before </head>:\n");
    say(&snippet(&settings.public_url, &widget));
    Ok(())
}

pub(super) async fn list_widgets(settings: &Settings) -> Result<(), Failure> {
    let store = open_store(settings)?;
    let widgets = store.widgets(&TenantId::default_tenant()).await;
    store.close().await;
    for widget in widgets? {
        let origins = widget.settings.origins.join(" ");
        say(&format!("{}  {}  {origins}", widget.settings.key, widget.settings.name));
    }
    Ok(())
}

pub(super) async fn change_origins_of(
    settings: &Settings,
    key: &str,
    allow: &[String],
    forbid: &[String],
) -> Result<(), Failure> {
    let key = WidgetKey::parse(key).map_err(|error| Failure::Usage(error.to_string()))?;
    let store = open_store(settings)?;
    let origins = change_origins(&store, &TenantId::default_tenant(), &key, allow, forbid).await;
    store.close().await;
    let origins = origins.map_err(|error| match error {
        AddWidgetError::Store(error) => error.into(),
        other => Failure::Usage(other.to_string()),
    })?;
    match origins {
        None => Err(Failure::Usage(format!(
            "there is no widget {key}: parlor widget list shows the keys there are"
        ))),
        Some(origins) if origins.is_empty() => {
            say("No site may embed this widget now: allow one with --allow https://…");
            Ok(())
        }
        Some(origins) => {
            say(&format!("May be embedded by: {}", origins.join(" ")));
            Ok(())
        }
    }
}

#[expect(clippy::print_stdout, reason = "what a command answers goes to standard output")]
pub(super) fn say(text: &str) {
    println!("{text}");
}
