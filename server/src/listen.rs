//! Listening: a port in use is named, a stop is graceful but not endless.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::Request;
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// Takes an address, or says which setting to change.
pub async fn bind(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            anyhow::anyhow!(
                "{address} is in use by another program: stop that one, or set {setting} to another address"
            )
        } else {
            anyhow::anyhow!("cannot listen on {address}: {error}; set {setting} to another address")
        }
    })
}

/// Serves HTTP/1.1 until told to stop, then gives open requests this long.
pub async fn serve<M, S>(
    listener: TcpListener,
    make_service: M,
    stop: CancellationToken,
    longest: Duration,
) -> anyhow::Result<()>
where
    M: for<'a> Service<axum::serve::IncomingStream<'a, TcpListener>, Error = std::convert::Infallible, Response = S>
        + Send
        + 'static,
    for<'a> <M as Service<axum::serve::IncomingStream<'a, TcpListener>>>::Future: Send,
    S: Service<Request, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let graceful = stop.clone();
    let serving = axum::serve(listener, make_service)
        .with_graceful_shutdown(async move { graceful.cancelled().await })
        .into_future();
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => served.context("serving"),
        () = async { stop.cancelled().await; tokio::time::sleep(longest).await } => Ok(()),
    }
}

use std::future::IntoFuture;
