//! A WebSocket as a browser's script holds it: frames out, frames in, each awaited with a time-out.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::site::{Site, message_id};

/// Nothing takes longer, on the slowest machine.
const WITHIN: Duration = Duration::from_secs(15);

/// What came.
#[derive(Debug)]
pub enum News {
    Frame(Value),
    /// The server closed, with this code; 0 when it went without one.
    Closed(u16),
}

/// The upgrade was answered with this status instead.
#[derive(Debug)]
pub struct Refused(pub u16);

pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// The headers that came with the upgrade.
    pub upgrade: tokio_tungstenite::tungstenite::http::HeaderMap,
}

impl Socket {
    pub async fn open(
        site: &Site,
        path: &str,
        origins: &[Option<&str>],
        cookie: Option<&str>,
    ) -> Result<Self, Refused> {
        let mut request = format!("ws://{}{path}", site.address).into_client_request().unwrap();
        for origin in origins.iter().flatten() {
            request.headers_mut().append("origin", origin.parse().unwrap());
        }
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        request
            .headers_mut()
            .insert("sec-websocket-extensions", "permessage-deflate".parse().unwrap());
        let connection = TcpStream::connect(site.address).await.unwrap();
        match tokio_tungstenite::client_async(request, connection).await {
            Ok((stream, response)) => Ok(Self {
                stream,
                upgrade: response.headers().clone(),
            }),
            Err(Error::Http(response)) => Err(Refused(response.status().as_u16())),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// Sends as long as the server takes it.
    pub async fn try_send(&mut self, frame: &Value) -> bool {
        self.stream.send(Message::text(frame.to_string())).await.is_ok()
    }

    pub async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame, or the end.
    pub async fn news(&mut self) -> News {
        timeout(WITHIN, async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => return News::Frame(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Message::Close(close))) => {
                        return News::Closed(close.map_or(0, |close| close.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return News::Closed(0),
                }
            }
        })
        .await
        .expect("something arrives in time")
    }

    /// The next frame of this type; others are passed over.
    pub async fn frame(&mut self, kind: &str) -> Value {
        self.frame_where(kind, |_| true).await
    }

    /// The next frame of this type that fits.
    pub async fn frame_where(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.news().await {
                News::Frame(frame) if frame["type"] == kind && fits(&frame) => return frame,
                News::Frame(_) => {}
                News::Closed(code) => panic!("closed with {code} before a {kind} came"),
            }
        }
    }

    /// The next error frame.
    pub async fn error(&mut self) -> Value {
        self.frame("error").await
    }

    /// The code that the server closes with; frames before it are passed over.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let News::Closed(code) = self.news().await {
                return code;
            }
        }
    }

    /// Says hello and answers the welcome.
    pub async fn hello(&mut self) -> Value {
        self.send(json!({"type": "hello", "versions": [1]})).await;
        self.frame("welcome").await
    }

    pub async fn subscribe(&mut self, conversation: &str, last_seq: Option<u64>) {
        let mut frame = json!({"type": "subscribe", "conversation": conversation});
        if let Some(last_seq) = last_seq {
            frame["last_seq"] = last_seq.into();
        }
        self.send(frame).await;
    }

    /// Sends a message and answers its acknowledgement.
    pub async fn say(&mut self, conversation: &str, text: &str) -> Value {
        let id = message_id();
        self.send(message(conversation, &id, text)).await;
        self.frame_where("ack", |ack| ack["id"] == id.as_str()).await
    }

    /// Waits until everything sent before has been seen: the answer to a ping comes after what it caused.
    pub async fn settled(&mut self) {
        self.send(json!({"type": "ping"})).await;
        self.frame("pong").await;
    }
}

/// A message as a frame.
pub fn message(conversation: &str, id: &str, text: &str) -> Value {
    json!({"type": "send", "conversation": conversation, "id": id, "text": text})
}
