//! A receiver of webhooks: it checks every signature by itself, and answers, hangs or drops as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub const SECRET: &str = "a-client-secret-of-the-tests";

/// What a receiver does with a request.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    Status(u16),
    /// 307 to another path of the same receiver.
    Redirect,
    /// Never an answer.
    Hang,
    /// The connection is closed without an answer.
    Drop,
}

#[derive(Clone, Debug)]
pub struct Received {
    pub path: &'static str,
    pub timestamp: i64,
    pub events: Vec<Value>,
}

#[derive(Default)]
struct Calls {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
    /// What is done when none is left.
    always: Option<Reply>,
    /// Requests under way now, and at most so far.
    under_way: (usize, usize),
}

#[derive(Clone)]
struct Shared {
    url: String,
    calls: Arc<Mutex<Calls>>,
    count: watch::Sender<usize>,
}

pub struct Receiver {
    shared: Shared,
    server: JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Shared {
            // A query shows whether the whole URL is signed.
            url: format!("http://{}/hubspot/target?from=hubspot", listener.local_addr().unwrap()),
            calls: Arc::default(),
            count: watch::Sender::new(0),
        };
        let app = Router::new()
            .route("/hubspot/target", post(receive))
            .route(
                "/elsewhere",
                post(|State(shared): State<Shared>| async move {
                    shared.note("/elsewhere", 0, Vec::new());
                }),
            )
            .with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { shared, server }
    }

    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// What it does with the next requests; then it answers 200 again.
    pub fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.calls.lock().unwrap().replies.extend(replies);
    }

    pub fn always(&self, reply: Reply) {
        self.shared.calls.lock().unwrap().always = Some(reply);
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.calls.lock().unwrap().received.clone()
    }

    /// All events of all requests in order of arrival.
    pub fn events(&self) -> Vec<Value> {
        self.received()
            .into_iter()
            .flat_map(|received| received.events)
            .collect()
    }

    /// How many requests were under way at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.calls.lock().unwrap().under_way.1
    }

    /// Waits until so many requests arrived in all.
    pub async fn wait_for(&self, requests: usize) {
        let mut count = self.shared.count.subscribe();
        tokio::time::timeout(Duration::from_secs(10), count.wait_for(|count| *count >= requests))
            .await
            .unwrap_or_else(|_| panic!("{requests} requests were expected, and came: {:?}", self.received()))
            .unwrap();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn note(&self, path: &'static str, timestamp: i64, events: Vec<Value>) {
        let mut calls = self.calls.lock().unwrap();
        calls.received.push(Received {
            path,
            timestamp,
            events,
        });
        self.count.send_replace(calls.received.len());
    }
}

/// Counts a request as under way, even when the caller goes away.
struct UnderWay(Shared);

impl UnderWay {
    fn begin(shared: &Shared) -> Self {
        let mut calls = shared.calls.lock().unwrap();
        calls.under_way.0 += 1;
        calls.under_way.1 = calls.under_way.1.max(calls.under_way.0);
        Self(shared.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.calls.lock().unwrap().under_way.0 -= 1;
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let _under_way = UnderWay::begin(&shared);
    let Some(timestamp) = verified(&shared.url, &headers, &body) else {
        return (axum::http::StatusCode::UNAUTHORIZED, "a signature is wrong").into_response();
    };
    let reply = {
        let mut calls = shared.calls.lock().unwrap();
        let always = calls.always;
        calls.replies.pop_front().or(always).unwrap_or(Reply::Status(200))
    };
    shared.note("/hubspot/target", timestamp, serde_json::from_str(&body).unwrap());
    match reply {
        Reply::Status(status) => axum::http::StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Redirect => axum::response::Redirect::temporary("/elsewhere").into_response(),
        Reply::Hang => std::future::pending().await,
        Reply::Drop => {
            let failure = Err::<Vec<u8>, _>(std::io::Error::other("dropped"));
            Response::new(Body::from_stream(futures_util::stream::iter([failure])))
        }
    }
}

/// The time of the request, when both signatures are good.
fn verified(url: &str, headers: &HeaderMap, body: &str) -> Option<i64> {
    let header = |name| headers.get(name)?.to_str().ok();
    let hash = Sha256::digest(format!("{SECRET}{body}"));
    let v1 = hash
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let timestamp = header("x-hubspot-request-timestamp")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("POST{url}{body}{timestamp}").as_bytes());
    let v3 = STANDARD.encode(mac.finalize().into_bytes());
    let good = header("x-hubspot-signature")? == v1
        && header("x-hubspot-signature-version")? == "v1"
        && header("x-hubspot-signature-v3")? == v3
        && header("content-type")? == "application/json"
        && header("user-agent")?.starts_with("HubSpot Connect 2.0");
    good.then(|| timestamp.parse().ok()).flatten()
}
