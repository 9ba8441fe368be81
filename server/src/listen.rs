//! Listening: a port in use is named, only HTTP/1.1 is spoken, a stop is graceful but not endless.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::problem::Problem;

/// Who has not said what they want by then only takes a place from others.
const HEADERS_WITHIN: Duration = Duration::from_secs(20);

/// How long accepting rests when the process has no file left for a connection; those that are open live on meanwhile.
const REST: Duration = Duration::from_millis(500);

/// Takes an address, or says which setting to change.
pub async fn bind(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == ErrorKind::AddrInUse {
            anyhow::anyhow!(
                "{address} is in use by another program: stop that one, or set {setting} to another address"
            )
        } else {
            anyhow::anyhow!("cannot listen on {address}: {error}; set {setting} to another address")
        }
    })
}

/// Serves HTTP/1.1 until told to stop, then gives open requests this long.
///
/// `axum::serve` would also speak HTTP/2 as soon as any crate of the program turns that on, and waits for headers without end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, longest: Duration) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // A frame is sent when it is written: waiting to fill a packet would cost a chat 40 ms.
                let _ = stream.set_nodelay(true);
                let connection = http
                    .serve_connection(TokioIo::new(stream), service(&router, peer))
                    .with_upgrades();
                let stop = stop.clone();
                open.spawn(async move {
                    let mut connection = pin!(connection);
                    // What fails on one connection is between us and that client.
                    tokio::select! {
                        _ = connection.as_mut() => {}
                        () = stop.cancelled() => {
                            connection.as_mut().graceful_shutdown();
                            let _ = connection.await;
                        }
                    }
                });
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                metrics::counter!("parlor_accept_errors_total").increment(1);
                tracing::error!(%error, "no connection can be accepted now");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    open.close();
    let _ = tokio::time::timeout(longest, open.wait()).await;
}

fn service(
    router: &Router,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future = impl Future<Output = Result<Response, Infallible>> + Send + use<>,
> + use<> {
    let router = router.clone();
    hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        // The id in our log is ours; whoever asks cannot write into it.
        request.headers_mut().remove("x-request-id");
        // In a task of its own: a client that leaves must not stop us between the commit and telling others of it.
        let answering = tokio::spawn(router.clone().oneshot(request));
        async move {
            Ok(match answering.await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => Problem::internal().into_response(),
            })
        }
    })
}

/// Errors of a client that left while it was being accepted.
fn is_of_the_connection(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
