//! Serving a sandbox: on a listener that is handed in, or on a free port of its own.

use std::future::IntoFuture;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::webhooks::sender;
use crate::{Sandbox, SandboxError, SandboxOptions, routes};

/// How long changes are gathered before the records file is written.
const SAVE_AFTER: Duration = Duration::from_millis(100);

/// How long calls under way may take once the server is asked to stop.
const STOP_WITHIN: Duration = Duration::from_secs(3);

impl Sandbox {
    /// All routes: HubSpot's, the control calls and the pages.
    ///
    /// Whoever serves this router by other means than [`Sandbox::serve`] calls [`Sandbox::save`] to keep the records; and
    /// webhooks are not sent then.
    pub fn router(&self) -> axum::Router {
        routes::router(self)
    }

    /// Serves until `shutdown` is done, then saves the records.
    ///
    /// # Errors
    ///
    /// When the listener is reachable from other machines and [`SandboxOptions::allow_public`] is not set, and when the records
    /// cannot be saved at the end.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() && !self.options().allow_public {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the sandbox gives everyone who reaches it full control, so it does not listen on {address}; use an \
                     address of this machine alone, such as 127.0.0.1"
                ),
            ));
        }
        self.set_stopping(false);
        let saving = tokio::spawn(keep_saved(self.clone()));
        let sending = tokio::spawn(sender::run(self.clone()));
        let stopped_late = {
            let stopping = self.stopping();
            async move {
                stopping.await;
                tokio::time::sleep(STOP_WITHIN).await;
            }
        };
        let sandbox = self.clone();
        let running = axum::serve(listener, self.router()).with_graceful_shutdown(async move {
            shutdown.await;
            sandbox.set_stopping(true);
        });
        let served = tokio::select! {
            outcome = running.into_future() => outcome,
            () = stopped_late => Ok(()),
        };
        saving.abort();
        sending.abort();
        // They hold a way into this sandbox, and would keep it alive for ever.
        self.state().late_writes.clear();
        let sandbox = self.clone();
        let kept = spawn_blocking(move || {
            let kept = sandbox.save();
            sandbox.release();
            kept
        })
        .await
        .map_err(io::Error::other)?;
        served.and(kept.map_err(io::Error::other))
    }

    /// Serves a new sandbox on a free port of 127.0.0.1.
    pub async fn start(options: SandboxOptions) -> Result<RunningSandbox, SandboxError> {
        let sandbox = Self::new(options)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let serving = sandbox.clone();
        let server = tokio::spawn(async move {
            let shutdown = async move {
                // A dropped sender asks to stop as well.
                let _ = stopped.await;
            };
            serving.serve(listener, shutdown).await
        });
        Ok(RunningSandbox {
            address,
            sandbox,
            stop: Some(stop),
            server,
        })
    }
}

/// Writes the records soon after every change.
async fn keep_saved(sandbox: Sandbox) {
    loop {
        sandbox.changed().await;
        tokio::time::sleep(SAVE_AFTER).await;
        sandbox.saved().await;
    }
}

/// A sandbox that is being served. It stops, and saves its records, when this is dropped.
pub struct RunningSandbox {
    address: SocketAddr,
    sandbox: Sandbox,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<io::Result<()>>,
}

impl RunningSandbox {
    /// Where it is served, without a slash at the end: what a client takes for `https://api.hubapi.com`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The handle on its account.
    #[must_use]
    pub const fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Stops it and waits until it has stopped and saved its records.
    pub async fn stop(mut self) -> Result<(), SandboxError> {
        self.stop.take();
        (&mut self.server).await.map_err(io::Error::other)??;
        Ok(())
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.stop.take();
        if let Err(error) = self.sandbox.save() {
            tracing::error!(%error, "the sandbox's records are not saved");
        }
        self.sandbox.release();
    }
}
