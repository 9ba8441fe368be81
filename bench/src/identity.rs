//! HubSpot's visitor tokens: proofs exchanged from memory, in this process and over HTTP, beside the way on which HubSpot is asked
//! each time. HubSpot is the sandbox, in this process.

use std::future::Future;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use parlor_engine::delivery::DeliveryOptions;
use parlor_engine::identity::settings::{IdentityChange, change_identity};
use parlor_engine::identity::{Credential, IdentityOptions, Sealer};
use parlor_engine::widgets::add_widget;
use parlor_engine::{AdmissionOptions, Context, Engine, LocalBus, Portal, Store, SystemClock, Widget, WidgetDraft};
use parlor_hubspot::{Client, ClientOptions};
use parlor_protocol::{TenantId, WidgetKey};
use parlor_sandbox::{DEFAULT_TOKEN, Limits, RunningSandbox, Sandbox, SandboxOptions};
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::percentiles::{Percentiles, rate};
use crate::server::Parlor;

/// Signed-in users; each is one token.
pub const PEOPLE: usize = 2_000;
/// Exchanges answered from memory in one process.
const IN_PROCESS: usize = 200_000;
/// And over HTTP.
const OVER_HTTP: usize = 40_000;
/// Connections kept.
pub const CONNECTIONS: usize = 32;

/// Exchanges of one kind.
#[derive(Serialize)]
pub struct Exchanges {
    pub each_second: f64,
    pub answer: Percentiles,
}

#[derive(Serialize)]
pub struct Identity {
    /// By the engine, with the token in memory.
    pub cached: Exchanges,
    /// By the engine, with a call to HubSpot for each.
    pub uncached: Exchanges,
    /// By the server, with the token in its memory.
    pub cached_over_http: Exchanges,
    /// By the server, with a call to HubSpot for each.
    pub uncached_over_http: Exchanges,
}

/// Measures all four; `folder` is for the databases.
pub async fn measure(binary: &Path, folder: &Path) -> anyhow::Result<Identity> {
    let options = SandboxOptions {
        // Far above what is measured: without any, Parlor keeps to the smallest limit that HubSpot has.
        limits: Limits {
            ten_seconds: Some(10_000_000),
            ..Limits::off()
        },
        ..SandboxOptions::default()
    };
    let hubspot = Sandbox::start(options).await?;
    let (uncached, cached) = in_process(&hubspot, folder).await?;
    let (uncached_over_http, cached_over_http) = over_http(&hubspot, binary, folder).await?;
    hubspot.stop().await?;
    Ok(Identity {
        cached,
        uncached,
        cached_over_http,
        uncached_over_http,
    })
}

async fn in_process(hubspot: &RunningSandbox, folder: &Path) -> anyhow::Result<(Exchanges, Exchanges)> {
    let context = Context::system();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&OpenOptions {
        path: folder.join("identity.db"),
        clock: Arc::new(SystemClock),
        role: Role::Server,
    })?);
    let (tenant, sealer) = (TenantId::default_tenant(), Arc::new(Sealer::new(&context.random())));
    let mut options = ClientOptions::new(DEFAULT_TOKEN);
    options.base_url = hubspot.base_url().parse()?;
    let identity = IdentityOptions {
        tenant: tenant.clone(),
        portal: Arc::new(Portal::fixed(Some(Client::new(options)?))),
        sealer: Arc::clone(&sealer),
    };
    let engine = Engine::new(
        context.clone(),
        Arc::clone(&store),
        Arc::new(LocalBus::new()),
        AdmissionOptions::default(),
        DeliveryOptions::new(None),
        identity,
    )
    .await?;
    let widget = add_widget(&context, store.as_ref(), &tenant, WidgetDraft::named("Bench")).await?;
    let change = IdentityChange {
        new_secret: true,
        ..IdentityChange::default()
    };
    let key = &widget.settings.key;
    let changed = change_identity(&context, store.as_ref(), &sealer, &tenant, key, change).await?;
    let secret = changed.secret.context("there is no new secret")?;
    let proofs = proofs(key, secret.reveal())?;
    let asked: Arc<(Engine, Widget)> = Arc::new((engine, widget));
    let ask = move |proof: Arc<str>| {
        let asked = Arc::clone(&asked);
        async move {
            let (engine, widget) = asked.as_ref();
            engine.identity().exchange(widget, Credential::Proof(&proof)).await?;
            Ok(())
        }
    };
    let uncached = exchange(&proofs, PEOPLE, CONNECTIONS, ask.clone()).await?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let calls = calls(hubspot);
    let cached = exchange(&proofs, IN_PROCESS, cores, ask).await?;
    ensure!(self::calls(hubspot) == calls, "an exchange from memory asked HubSpot");
    Ok((uncached, cached))
}

async fn over_http(hubspot: &RunningSandbox, binary: &Path, folder: &Path) -> anyhow::Result<(Exchanges, Exchanges)> {
    let folder = tempfile::tempdir_in(folder)?;
    let base_url = hubspot.base_url();
    let settings = [
        ("HUBSPOT_BASE_URL", base_url.as_str()),
        ("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN),
    ];
    let mut parlor = Parlor::start_with(binary, folder.path(), &settings).await?;
    let key = parlor.add_widget().await?;
    let secret = parlor.new_secret(&key).await?;
    let proofs = proofs(&WidgetKey::parse(key.as_str())?, &secret)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a site's page or server is played here; HubSpot is not called from here"
    )]
    let http = reqwest::Client::builder().no_proxy().build()?;
    let address = format!("http://{}/api/visitor-token?widget={key}", parlor.address);
    let ask = move |proof: Arc<str>| {
        let (http, address) = (http.clone(), address.clone());
        async move {
            let body = serde_json::json!({"token": *proof}).to_string();
            let answer = http.post(address).body(body).send().await?;
            let status = answer.status();
            // Read to its end, so that the connection is used again.
            let text = answer.text().await?;
            ensure!(status.is_success(), "a proof was answered {status}: {text}");
            Ok(())
        }
    };
    let uncached = exchange(&proofs, PEOPLE, CONNECTIONS, ask.clone()).await?;
    let calls = calls(hubspot);
    let cached = exchange(&proofs, OVER_HTTP, CONNECTIONS, ask).await?;
    ensure!(self::calls(hubspot) == calls, "an exchange from memory asked HubSpot");
    parlor.stop(std::time::Duration::from_secs(15)).await?;
    Ok((uncached, cached))
}

/// How often HubSpot has created a token.
fn calls(hubspot: &RunningSandbox) -> usize {
    hubspot.sandbox().visitor_tokens().len()
}

/// A proof for each of the people, signed as a site's server does it.
fn proofs(key: &WidgetKey, secret: &str) -> anyhow::Result<Arc<[Arc<str>]>> {
    let now = Context::system().now().millis() / 1_000;
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let sign = |number: usize| {
        let claims = serde_json::json!({
            "sub": number.to_string(),
            "email": format!("visitor-{number}@example.com"),
            "given_name": "Ada",
            "family_name": "Lovelace",
            "aud": key.as_str(),
            "iat": now,
            "exp": now + 3_000,
        });
        let message = format!(
            "{}.{}",
            part(serde_json::json!({"alg": "HS256", "typ": "JWT"})),
            part(claims)
        );
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes())?;
        mac.update(message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        Ok(Arc::from(format!("{message}.{signature}")))
    };
    (0..PEOPLE).map(sign).collect()
}

/// Exchanges the proofs in turn, so many in all and so many at once.
async fn exchange<Ask, Asking>(
    proofs: &Arc<[Arc<str>]>,
    count: usize,
    at_once: usize,
    ask: Ask,
) -> anyhow::Result<Exchanges>
where
    Ask: Fn(Arc<str>) -> Asking + Clone + Send + 'static,
    Asking: Future<Output = anyhow::Result<()>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let mut asking = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..at_once {
        let (next, proofs, ask) = (Arc::clone(&next), Arc::clone(proofs), ask.clone());
        asking.spawn(async move {
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(times);
                }
                let proof = Arc::clone(&proofs[number % proofs.len()]);
                let asked = Instant::now();
                ask(proof).await?;
                times.push(asked.elapsed());
            }
        });
    }
    let mut times = Vec::with_capacity(count);
    while let Some(asked) = asking.join_next().await {
        times.extend(asked??);
    }
    Ok(Exchanges {
        each_second: rate(times.len(), begun.elapsed()),
        answer: Percentiles::of(times),
    })
}
