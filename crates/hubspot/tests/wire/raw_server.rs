//! A TCP server that answers with the bytes it is told to, one scripted answer a connection, and keeps what it was sent.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use parlor_hubspot::{Client, ClientOptions, SecretString, Url};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

pub(crate) const TOKEN: &str = "pat-na1-very-secret";

/// What to do once the request has been read.
pub(crate) enum Script {
    /// Send these bytes and close.
    Send(Vec<u8>),
    /// Close without a byte.
    Close,
    /// Keep the connection open and say nothing.
    Hang,
    /// A chunked body without end.
    Endless,
}

pub(crate) struct RawServer {
    pub(crate) base_url: Url,
    requests: Arc<Mutex<Vec<String>>>,
    hang_up: Arc<Notify>,
}

impl RawServer {
    pub(crate) async fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let hang_up = Arc::new(Notify::new());
        let (kept, hang) = (requests.clone(), hang_up.clone());
        tokio::spawn(async move {
            for script in scripts {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                kept.lock().unwrap().push(request);
                play(script, stream, &hang).await;
            }
        });
        Self {
            base_url,
            requests,
            hang_up,
        }
    }

    /// A server with one answer: this status line's rest, these headers, this body.
    pub(crate) async fn answering(status: &str, headers: &str, body: &str) -> Self {
        Self::start(vec![answer(status, headers, body)]).await
    }

    pub(crate) fn options(&self) -> ClientOptions {
        ClientOptions {
            base_url: self.base_url.clone(),
            ..ClientOptions::new(SecretString::from(TOKEN))
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.options()).unwrap()
    }

    /// A client that waits no longer than this.
    pub(crate) fn impatient_client(&self, timeout: Duration) -> Client {
        Client::new(ClientOptions {
            timeout,
            ..self.options()
        })
        .unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request's first line.
    pub(crate) fn request_line(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "exactly one request");
        requests[0].lines().next().unwrap().to_owned()
    }

    /// The first line of each request.
    pub(crate) fn request_lines(&self) -> Vec<String> {
        let requests = self.requests();
        requests
            .iter()
            .map(|request| request.lines().next().unwrap().to_owned())
            .collect()
    }

    /// The only request's body as JSON.
    pub(crate) fn request_body(&self) -> serde_json::Value {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "exactly one request");
        serde_json::from_str(requests[0].split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.hang_up.notify_waiters();
    }
}

pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Script {
    let length = body.len();
    let text = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    Script::Send(text.into_bytes())
}

pub(crate) const JSON: &str = "Content-Type: application/json;charset=utf-8\r\n";

async fn play(script: Script, mut stream: TcpStream, hang: &Notify) {
    match script {
        Script::Send(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            stream.shutdown().await.unwrap();
        }
        Script::Close => drop(stream),
        Script::Hang => hang.notified().await,
        Script::Endless => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            // Ends when the client has had enough.
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        assert!(count > 0, "the client closed in the middle of a request");
    }
}
