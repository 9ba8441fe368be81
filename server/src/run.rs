//! The whole server put together: store, engine, workers, listeners. Tests start it the same way `main` does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use parlor_engine::delivery::DeliveryOptions;
use parlor_engine::erasure::{self, Journal};
use parlor_engine::identity::{IdentityOptions, Sealer};
use parlor_engine::{AdmissionOptions, Connect, Context, Engine, LocalBus, Portal, Store, SystemClock};
use parlor_hubspot::{Client, ClientOptions, SecretString};
use parlor_protocol::TenantId;
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::assets::{Assets, Development};
use crate::listen::serve;
use crate::loader::Loader;
use crate::refusals::Refusals;
use crate::relay::{MessageRates, Sockets};
use crate::session::Sessions;
use crate::settings::{HubspotSettings, Settings};
use crate::state::{Parts, Server};
use crate::{metrics as measured, routes, secret_key, workers};

/// From the signal to the end of the process; what is not gone by then is cut off and resumes elsewhere.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What a server is started with beside its settings.
#[derive(Default)]
pub struct StartOptions {
    /// Where a record's page is, with `{id}`, when it is not HubSpot's own.
    pub record_url: Option<String>,
    /// Where HubSpot's chat scripts are, when they are not HubSpot's own.
    pub hubspot_scripts: Option<String>,
    /// Assets from `cargo leptos`.
    pub development: Option<Development>,
}

/// A server that is ready to serve.
pub struct Started {
    server: Server,
    store: Arc<SqliteStore>,
}

/// Opens the store and puts the server together. Nothing listens yet.
pub async fn start(settings: Settings, options: StartOptions, stop: CancellationToken) -> anyhow::Result<Started> {
    let context = Context::system();
    let key = secret_key::key(settings.secret_key.as_ref(), &settings.database, &context)?;
    let sealer = Arc::new(Sealer::new(&key));
    let journal = Journal::beside(&settings.database, key);
    let open = OpenOptions {
        path: settings.database.clone(),
        clock: Arc::new(SystemClock),
        role: Role::Server,
    };
    let store = Arc::new(tokio::task::spawn_blocking(move || SqliteStore::open(&open)).await??);
    let shared: Arc<dyn Store> = store.clone();
    // Before anything is served or delivered: the database may be an older one that was put in the place of another.
    erasure::forget_again(&context, shared.as_ref(), &journal, settings.hubspot.timeout).await?;
    let admission = AdmissionOptions {
        burst: settings.registration_burst,
        refill: settings.registration_refill,
        ..AdmissionOptions::default()
    };
    let connect = connect(&settings.hubspot);
    let client = match &settings.hubspot.token {
        Some(token) => Some(connect(token.clone()).context("HUBSPOT_ACCESS_TOKEN or HUBSPOT_BASE_URL cannot be used")?),
        None => None,
    };
    let portal = Arc::new(Portal::new(client, connect));
    let identity = IdentityOptions {
        tenant: TenantId::default_tenant(),
        portal: Arc::clone(&portal),
        sealer,
    };
    let delivery = DeliveryOptions {
        timeout: settings.hubspot.timeout,
        property: settings.hubspot.property.clone(),
        record_url: options.record_url,
        portal,
        coalescing: settings.hubspot.coalescing,
        summaries: settings.hubspot.summaries,
        ..DeliveryOptions::new(None)
    };
    let bus = Arc::new(LocalBus::new());
    let engine = Engine::new(context.clone(), Arc::clone(&shared), bus, admission, delivery, identity).await?;
    let engine = Arc::new(engine);
    let assets = Assets::new(options.development);
    let loader = Loader::new(assets.loader(), settings.public_url.origin())
        .with_hubspot(assets.hubspot_loader(), options.hubspot_scripts);
    let sockets = Sockets::new(settings.max_sockets, crate::files::open_files_limit());
    let sessions = Sessions::new(shared, context);
    let server = Server::new(Parts {
        engine,
        journal,
        settings,
        sessions,
        assets,
        loader,
        sockets,
        rates: MessageRates::new(),
        refusals: Refusals::default(),
        stop,
    });
    Ok(Started { server, store })
}

/// How a client for a token is made.
#[must_use]
pub fn connect(settings: &HubspotSettings) -> Connect {
    let settings = settings.clone();
    Arc::new(move |token: SecretString| {
        Client::new(ClientOptions {
            base_url: settings.base_url.clone(),
            version: settings.version,
            timeout: settings.timeout,
            connect_timeout: (settings.timeout / 2).min(Duration::from_secs(5)),
            ..ClientOptions::new(token)
        })
    })
}

impl Started {
    /// The store, for what `serve` prepares before it listens.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Serves until told to stop, then in order: takes no more, says goodbye to sockets, ends the workers, commits and closes.
    pub async fn serve(self, listener: TcpListener) {
        let Self { server, store } = self;
        let stop = server.stop.clone();
        let mut workers = workers::start(&server, &stop);
        let router = routes::router(server.clone());
        serve(listener, router, stop.clone(), STOP_WITHIN).await;
        stop.cancel();
        let left = server.sockets.wait_until_gone(Duration::from_secs(1)).await;
        if left > 0 {
            tracing::warn!(left, "sockets were cut off; their clients resume");
        }
        let ended = tokio::time::timeout(Duration::from_secs(2), async {
            while workers.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            workers.abort_all();
        }
        store.close().await;
    }
}

/// Serves metrics until told to stop.
pub async fn serve_metrics(listener: TcpListener, handle: PrometheusHandle, stop: CancellationToken) {
    let upkeep = handle.clone();
    let stopped = stop.clone();
    tokio::spawn(async move {
        while !stopped.is_cancelled() {
            upkeep.run_upkeep();
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    });
    serve(listener, measured::router(handle), stop, Duration::from_secs(1)).await;
}
