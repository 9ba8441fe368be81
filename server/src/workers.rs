//! Workers: delivery, news, measuring, cleaning, supervised. A panic is logged, counted and answered by a new start; a stop is clean.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parlor_engine::Engine;
use parlor_protocol::TenantId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::state::Server;

const CLEAN_EVERY: Duration = Duration::from_mins(1);

/// As often as Prometheus looks, by its own default.
const MEASURE_EVERY: Duration = Duration::from_secs(15);

/// Starts all workers; they end after `stop` is cancelled.
#[must_use]
pub fn start(server: &Server, stop: &CancellationToken) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let (delivering, telling) = (Arc::clone(&server.engine), Arc::clone(&server.engine));
    let erasing = Arc::clone(&server.engine);
    let cleaning = server.clone();
    workers.spawn(supervise("delivery", stop.clone(), move |stop| {
        let engine = Arc::clone(&delivering);
        async move { engine.delivery().run(stop).await }
    }));
    let watching = Arc::clone(&server.engine);
    workers.spawn(supervise("hubspot token", stop.clone(), move |stop| {
        let engine = Arc::clone(&watching);
        async move { engine.watch_tokens(stop).await }
    }));
    workers.spawn(supervise("inbox news", stop.clone(), move |stop| {
        let engine = Arc::clone(&telling);
        async move { engine.tell_inboxes(stop).await }
    }));
    workers.spawn(supervise("erasures", stop.clone(), move |stop| {
        let engine = Arc::clone(&erasing);
        async move { engine.watch_erasures(Vec::new(), stop).await }
    }));
    let measuring = Arc::clone(&server.engine);
    workers.spawn(supervise("measuring", stop.clone(), move |stop| {
        measure(Arc::clone(&measuring), stop)
    }));
    workers.spawn(supervise("cleaning", stop.clone(), move |stop| {
        clean(cleaning.clone(), stop)
    }));
    workers
}

async fn supervise<F>(name: &'static str, stop: CancellationToken, work: impl Fn(CancellationToken) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while !stop.is_cancelled() {
        let outcome = tokio::spawn(work(stop.clone())).await;
        if stop.is_cancelled() {
            break;
        }
        if outcome.is_err() {
            metrics::counter!("parlor_panics_total").increment(1);
            tracing::error!(worker = name, "a worker panicked and is started again");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

async fn measure(engine: Arc<Engine>, stop: CancellationToken) {
    loop {
        if let Err(error) = engine.delivery().measure().await {
            tracing::error!(%error, "delivery could not be measured");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(MEASURE_EVERY) => {}
        }
    }
}

async fn clean(server: Server, stop: CancellationToken) {
    let engine = &server.engine;
    loop {
        server.rates.forget_idle();
        server.refusals.tell_rest();
        match engine.clean_up().await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "expired sessions and tokens were removed"),
            Err(error) => tracing::error!(%error, "cleaning failed"),
        }
        let tenant = TenantId::default_tenant();
        if let Some(idle) = server.settings.conversation_ends_after {
            match engine.end_idle_conversations(&tenant, idle).await {
                Ok(0) => {}
                Ok(ended) => tracing::debug!(ended, "conversations ended by themselves"),
                Err(error) => tracing::error!(%error, "idle conversations could not be ended"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(CLEAN_EVERY) => {}
        }
    }
}
