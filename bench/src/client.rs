//! The load generator's half of the wire: browsers that register, sign in and chat, without the browser.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use parlor_protocol::limit::PROTOCOL_VERSION;
use parlor_protocol::{ClientFrame, ConversationId, MessageId, ServerFrame};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::{COOKIE, ORIGIN};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};

use crate::server::{Parlor, REP_EMAIL, REP_PASSWORD};

/// A server gives no answer for so long: something is broken, and the figures would mean nothing.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// One widget on one server.
#[derive(Clone)]
pub struct Site {
    address: SocketAddr,
    key: String,
    /// The signed stamp of a form that was rendered long enough ago to have been filled in by a person.
    stamp: String,
    http: reqwest::Client,
}

/// A visitor who has registered: the cookie that their browser keeps.
#[derive(Clone)]
pub struct Visitor {
    cookie: String,
    /// The last message that their page shows: a page comes with its history, and its socket asks for what is newer.
    seen: Arc<AtomicU64>,
}

impl Site {
    /// Opens the widget's page for the form's stamp.
    pub async fn open(parlor: &Parlor, key: String) -> anyhow::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a browser's stand-in; HubSpot is not called from here"
        )]
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_WITHIN)
            .build()?;
        let page = http
            .get(format!("http://{}/widget/{key}", parlor.address))
            .send()
            .await?;
        let page = page.error_for_status()?.text().await?;
        let field = page.split("<input").find(|field| field.contains("name=\"form\""));
        let stamp = field
            .and_then(|field| field.split("value=\"").nth(1))
            .and_then(|rest| rest.split('"').next())
            .context("the widget's form has no stamp")?
            .to_owned();
        // The time a person takes at least; sooner, the registration would be held back from HubSpot.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Self {
            address: parlor.address,
            key,
            stamp,
            http,
        })
    }

    /// The same widget on the server's next process.
    pub fn at(&self, parlor: &Parlor) -> Self {
        Self {
            address: parlor.address,
            ..self.clone()
        }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a form as a page without scripts does; answers the cookie that came with the redirect.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let answer = self
            .http
            .post(format!("{}{path}", self.origin()))
            .header("origin", self.origin())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await?;
        let status = answer.status();
        ensure!(status.as_u16() == 303, "{path} was answered {status}");
        let cookie = answer
            .headers()
            .get("set-cookie")
            .and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.context("the answer has no cookie")?.to_owned();
        // Read to its end, so that the connection is used again.
        answer.bytes().await?;
        Ok(cookie)
    }

    /// Registers a visitor.
    pub async fn register(&self, number: usize) -> anyhow::Result<Visitor> {
        let email = format!("visitor-{number}@example.com");
        let fields = [
            ("first_name", "Ada"),
            ("last_name", "Lovelace"),
            ("email", email.as_str()),
            ("website", ""),
            ("form", self.stamp.as_str()),
        ];
        let cookie = self.post(&format!("/widget/{}/register", self.key), &fields).await?;
        Ok(Visitor {
            cookie,
            seen: Arc::default(),
        })
    }

    /// Opens a visitor's socket and follows their conversation, as the widget does.
    pub async fn visit(&self, visitor: &Visitor) -> anyhow::Result<Chat> {
        let path = format!("/ws/visitor?widget={}", self.key);
        let mut socket = Socket::open(self, &path, &visitor.cookie).await?;
        let conversation = socket
            .hello()
            .await?
            .context("the visitor was welcomed without a conversation")?;
        let mut chat = Chat {
            socket,
            conversation,
            seen: Arc::clone(&visitor.seen),
        };
        let seen = chat.seen.load(Ordering::Relaxed);
        chat.socket.follow(&chat.conversation, Some(seen)).await?;
        Ok(chat)
    }

    /// Opens the sockets of all of these, so many at once.
    pub async fn visit_all(&self, visitors: &[Visitor], at_once: usize) -> anyhow::Result<Vec<Chat>> {
        let mut chats = Vec::with_capacity(visitors.len());
        for some in visitors.chunks(at_once) {
            let mut opening = JoinSet::new();
            for visitor in some {
                let (site, visitor) = (self.clone(), visitor.clone());
                opening.spawn(async move { site.visit(&visitor).await });
            }
            while let Some(chat) = opening.join_next().await {
                chats.push(chat??);
            }
        }
        Ok(chats)
    }

    /// Signs the rep in and opens the inbox's socket.
    pub async fn inbox(&self) -> anyhow::Result<Socket> {
        let fields = [("email", REP_EMAIL), ("password", REP_PASSWORD)];
        let cookie = self.post("/inbox/sign-in", &fields).await?;
        let mut socket = Socket::open(self, "/ws/inbox", &cookie).await?;
        socket.hello().await?;
        Ok(socket)
    }
}

/// A WebSocket that speaks the protocol.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(site: &Site, path: &str, cookie: &str) -> anyhow::Result<Self> {
        let mut request = format!("ws://{}{path}", site.address).into_client_request()?;
        request.headers_mut().insert(ORIGIN, site.origin().parse()?);
        // The cookie is `Secure`: a client library would not send it over plain HTTP, browsers do on loopback.
        request.headers_mut().insert(COOKIE, cookie.parse()?);
        let stream = TcpStream::connect(site.address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let opening = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (socket, _) = tokio::time::timeout(ANSWER_WITHIN, opening).await??;
        Ok(Self(socket))
    }

    async fn hello(&mut self) -> anyhow::Result<Option<ConversationId>> {
        let versions = vec![PROTOCOL_VERSION];
        self.say(&ClientFrame::Hello { versions, token: None }).await?;
        match self.hear().await? {
            ServerFrame::Welcome { conversation, .. } => Ok(conversation),
            other => bail!("hello was answered with {other:?}"),
        }
    }

    /// Follows a conversation from a message on, or from its newest page.
    pub async fn follow(&mut self, conversation: &ConversationId, last_seq: Option<u64>) -> anyhow::Result<()> {
        let conversation = conversation.clone();
        self.say(&ClientFrame::Subscribe { conversation, last_seq }).await?;
        while !matches!(self.hear().await?, ServerFrame::Page { .. }) {}
        Ok(())
    }

    /// Sends a frame.
    pub async fn say(&mut self, frame: &ClientFrame) -> anyhow::Result<()> {
        Ok(self.0.send(Message::text(serde_json::to_string(frame)?)).await?)
    }

    /// The next frame; an error frame is an error. Safe to cancel.
    pub async fn hear(&mut self) -> anyhow::Result<ServerFrame> {
        let next = async {
            loop {
                match self.0.next().await.context("the server hung up")?? {
                    Message::Text(text) => return anyhow::Ok(serde_json::from_str::<ServerFrame>(&text)?),
                    Message::Close(frame) => bail!("the server closed the socket: {frame:?}"),
                    _ => {}
                }
            }
        };
        match tokio::time::timeout(ANSWER_WITHIN, next).await?? {
            ServerFrame::Error { code, reason, .. } => bail!("the server refused ({code:?}): {reason}"),
            frame => Ok(frame),
        }
    }
}

/// A visitor's socket and their conversation.
pub struct Chat {
    socket: Socket,
    /// The conversation.
    pub conversation: ConversationId,
    seen: Arc<AtomicU64>,
}

impl Chat {
    /// Sends a message and waits until the server says that it is on disk; answers when it was sent and how long that took.
    pub async fn tell(&mut self, number: usize) -> anyhow::Result<(Instant, Duration)> {
        #[expect(clippy::disallowed_methods, reason = "a browser makes its messages' ids itself")]
        let id = MessageId::parse(uuid::Uuid::new_v4().to_string())?;
        let frame = ClientFrame::Send {
            conversation: self.conversation.clone(),
            id: id.clone(),
            text: format!("Message {number}: does the large plan include delivery?"),
        };
        let sent = Instant::now();
        self.socket.say(&frame).await?;
        loop {
            match self.socket.hear().await? {
                ServerFrame::Ack {
                    id: acknowledged, seq, ..
                } if acknowledged == id => {
                    self.seen.store(seq, Ordering::Relaxed);
                    return Ok((sent, sent.elapsed()));
                }
                _ => {}
            }
        }
    }
}
