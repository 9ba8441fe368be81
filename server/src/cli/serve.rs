//! `parlor serve`, `parlor serve --sandbox`, `parlor sandbox`. The sandbox and the demo are known here and nowhere else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use parlor_engine::{Context, Store};
use parlor_sandbox::{Sandbox, SandboxOptions};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Failure;
use super::add::say;
use crate::assets::Development;
use crate::run::{self, StartOptions, Started};
use crate::settings::{SANDBOX_DATABASE, SANDBOX_TOKEN, Settings};
use crate::{demo, listen, logging, metrics, secret_key};

/// Remembers whether a database holds demo conversations, which must never reach a real HubSpot, or real ones.
pub(super) const USED_WITH: &str = "used_with";

/// Parlor alone, with HubSpot or without.
pub(super) async fn alone(settings: Settings, environment: &BTreeMap<String, String>) -> Result<(), Failure> {
    settings.check_real_hubspot()?;
    logging::start(&settings);
    warn_of_unknown(&settings);
    let listener = listen::bind(settings.listen, "PARLOR_LISTEN").await?;
    let metrics_listener = listen::bind(settings.metrics_listen, "PARLOR_METRICS_LISTEN").await?;
    let recorded = metrics::record()?;
    let stop = stop_on_signal();
    let options = StartOptions {
        development: development(environment),
        ..StartOptions::default()
    };
    let has_token = settings.hubspot.token.is_some();
    let started = run::start(settings, options, stop.clone()).await?;
    check_use(started.store(), "hubspot").await?;
    complain_of_missing_assets(&started);
    if !has_token {
        say(
            "HUBSPOT_ACCESS_TOKEN is not set: everything is kept here, and delivered to HubSpot once there is a token.",
        );
    }
    say(&format!(
        "Parlor: {}/inbox",
        started.server().settings.public_url.origin()
    ));
    let measuring = tokio::spawn(run::serve_metrics(metrics_listener, recorded, stop));
    started.serve(listener).await;
    measuring.await.map_err(anyhow::Error::from)?;
    Ok(())
}

/// Parlor, the sandbox and the demo page.
pub(super) async fn with_sandbox(
    mut settings: Settings,
    environment: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    if settings
        .hubspot
        .token
        .as_ref()
        .is_some_and(|token| token.expose_secret() != SANDBOX_TOKEN)
    {
        return Err(Failure::Usage(
            "--sandbox and a HUBSPOT_ACCESS_TOKEN contradict each other: unset the token to try Parlor, or leave --sandbox out to \
             write to HubSpot"
                .to_owned(),
        ));
    }
    logging::start(&settings);
    warn_of_unknown(&settings);
    if settings.database_is_default {
        settings.database = PathBuf::from(SANDBOX_DATABASE);
    }
    let listener = listen::bind(settings.listen, "PARLOR_LISTEN").await?;
    let demo_listener = listen::bind(settings.sandbox.demo_listen, "PARLOR_DEMO_LISTEN").await?;
    let sandbox_listener = listen::bind(settings.sandbox.listen, "PARLOR_SANDBOX_LISTEN").await?;
    let metrics_listener = listen::bind(settings.metrics_listen, "PARLOR_METRICS_LISTEN").await?;
    let sandbox_address = sandbox_listener.local_addr().map_err(anyhow::Error::from)?;
    let sandbox = sandbox(&settings)?;
    let base_url = format!("http://{sandbox_address}");
    settings.hubspot.base_url = Url::parse(&base_url).map_err(anyhow::Error::from)?;
    settings.hubspot.token = Some(SecretString::from(SANDBOX_TOKEN));
    let recorded = metrics::record()?;
    let stop = stop_on_signal();
    let options = StartOptions {
        record_url: Some(format!("{base_url}/contacts/{{id}}")),
        hubspot_scripts: Some(format!("{base_url}/scripts")),
        development: development(environment),
    };
    let started = run::start(settings, options, stop.clone()).await?;
    check_use(started.store(), "sandbox").await?;
    complain_of_missing_assets(&started);
    let public = started.server().settings.public_url.clone();
    let demo_listen = demo_listener.local_addr().map_err(anyhow::Error::from)?;
    let demo_address = demo::address(demo_listen, &public);
    let context = Context::system();
    let used = &started.server().settings;
    let sealer = secret_key::sealer(used.secret_key.as_ref(), &used.database, &context)?;
    let prepared = demo::prepare(&context, started.store(), &sealer, &demo_address).await?;
    let demo_page = demo::router(&public, &prepared, context, sandbox_address);
    let metrics_address = metrics_listener.local_addr().map_err(anyhow::Error::from)?;

    // The sandbox outlives Parlor's last call to it.
    let sandbox_stop = CancellationToken::new();
    let sandbox_stopped = sandbox_stop.clone();
    let hubspot = tokio::spawn(async move {
        sandbox
            .serve(sandbox_listener, async move { sandbox_stopped.cancelled().await })
            .await
    });
    let demonstrating = tokio::spawn(listen::serve(
        demo_listener,
        demo_page,
        stop.clone(),
        Duration::from_secs(1),
    ));
    let measuring = tokio::spawn(run::serve_metrics(metrics_listener, recorded, stop));
    say(&format!(
        "\nParlor is running, with a HubSpot of its own on this machine:\n\n\
         \x20 A marketing page with the chat   {demo_address}\n\
         \x20 A page with HubSpot's own chat   {demo_address}/hubspot\n\
         \x20 Parlor's inbox                   {}/inbox\n\
         \x20   sign in as                     {}\n\
         \x20   with the password              {}\n\
         \x20 The sandbox HubSpot              {base_url}\n\
         \x20 Metrics                          http://{metrics_address}/metrics\n",
        public.origin(),
        demo::REP,
        prepared.password.reveal(),
    ));
    started.serve(listener).await;
    sandbox_stop.cancel();
    hubspot
        .await
        .map_err(anyhow::Error::from)?
        .map_err(anyhow::Error::from)?;
    demonstrating.await.map_err(anyhow::Error::from)?;
    measuring.await.map_err(anyhow::Error::from)?;
    Ok(())
}

/// The sandbox alone.
pub(super) async fn sandbox_alone(settings: Settings) -> Result<(), Failure> {
    logging::start(&settings);
    warn_of_unknown(&settings);
    let listener = listen::bind(settings.sandbox.listen, "PARLOR_SANDBOX_LISTEN").await?;
    let address = listener.local_addr().map_err(anyhow::Error::from)?;
    let sandbox = sandbox(&settings)?;
    say(&format!(
        "The sandbox HubSpot: http://{address}  (HUBSPOT_BASE_URL)\nIts token:           {SANDBOX_TOKEN}"
    ));
    let stop = stop_on_signal();
    sandbox
        .serve(listener, async move { stop.cancelled().await })
        .await
        .map_err(anyhow::Error::from)?;
    Ok(())
}

fn sandbox(settings: &Settings) -> Result<Sandbox, Failure> {
    let options = SandboxOptions {
        records_file: settings.sandbox.file.clone(),
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::new(options).map_err(|error| Failure::Other(error.to_string()))?;
    sandbox.save().map_err(|error| {
        Failure::Usage(format!(
            "PARLOR_SANDBOX_FILE cannot be written: {error}; name another file, or say memory to keep records nowhere"
        ))
    })?;
    Ok(sandbox)
}

/// A database belongs either to the sandbox or to a real portal: what was said to a demo never reaches a real contact.
async fn check_use(store: &dyn Store, now: &str) -> Result<(), Failure> {
    match store.setting(USED_WITH).await?.as_deref() {
        Some(before) if before != now => Err(Failure::Usage(format!(
            "DATABASE_URL names a database that was used with {}: its conversations do not belong in {}; name another file",
            if before == "sandbox" { "the sandbox" } else { "HubSpot" },
            if now == "sandbox" { "the sandbox" } else { "HubSpot" },
        ))),
        Some(_) => Ok(()),
        None => Ok(store.set_setting(USED_WITH, now).await?),
    }
}

fn warn_of_unknown(settings: &Settings) {
    for name in &settings.unknown_variables {
        tracing::warn!("{name} is set and means nothing to Parlor: see docs/configuration.md for the names there are");
    }
}

fn complain_of_missing_assets(started: &Started) {
    if !started.server().assets.are_complete() {
        tracing::warn!(
            "this program was built without its web part: pages work as plain forms only; build it with make build"
        );
    }
}

/// What `cargo leptos watch` sets.
fn development(environment: &BTreeMap<String, String>) -> Option<Development> {
    environment.get("LEPTOS_WATCH")?;
    let root = PathBuf::from(environment.get("LEPTOS_SITE_ROOT")?);
    let reload_port = environment
        .get("LEPTOS_RELOAD_PORT")
        .and_then(|port| port.parse().ok())
        .unwrap_or(3_010);
    Some(Development { root, reload_port })
}

/// A token that is cancelled by the first SIGTERM or SIGINT; the second ends the process as it is.
fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping");
        cancelled.cancel();
        signal().await;
        std::process::exit(130);
    });
    stop
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
