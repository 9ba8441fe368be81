//! One WebSocket as frames of the protocol: parsing, sending with a time limit, close codes.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use parlor_protocol::limit::MALFORMED_FRAMES;
use parlor_protocol::{ClientFrame, ErrorCode, MessageId, ServerFrame};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error as WireError;

use super::rates::{Rates, Verdict};

/// A reader that takes nothing for so long is gone, or as good as.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// How often an idle client is asked whether it is there; proxies cut what is silent for a minute.
pub(super) const ASK_EVERY: Duration = Duration::from_secs(30);

/// Unanswered questions after which it is not.
const UNANSWERED: u32 = 2;

/// Why a socket ends. Every way out is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client left, or its network did.
    Gone,
    /// We close, with this code and reason.
    Close(u16, &'static str),
}

pub(super) const STOPPING: End = End::Close(close_code::RESTART, "restarting");
pub(super) const POLICY: u16 = close_code::POLICY;

/// A WebSocket that speaks frames.
pub(super) struct Link {
    socket: WebSocket,
    rates: Rates,
    malformed: u32,
    silent_for: u32,
}

impl Link {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self {
            socket,
            rates: Rates::new(),
            malformed: 0,
            silent_for: 0,
        }
    }

    /// Sends a frame, or finds out that nobody takes it.
    pub(super) async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(|_| End::Close(close_code::ERROR, "internal error"))?;
        match timeout(SEND_WITHIN, self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                metrics::counter!("parlor_slow_sockets_total").increment(1);
                Err(End::Gone)
            }
        }
    }

    /// Sends an error.
    pub(super) async fn refuse(
        &mut self,
        code: ErrorCode,
        reason: impl Into<String>,
        id: Option<MessageId>,
    ) -> Result<(), End> {
        self.send(&ServerFrame::Error {
            code,
            reason: reason.into(),
            retry_after_ms: None,
            id,
        })
        .await
    }

    /// Tells the client that it is too fast, with a message or with frames at all.
    async fn slow_down(&mut self, wait: Duration, id: Option<MessageId>) -> Result<(), End> {
        self.send(&ServerFrame::Error {
            code: ErrorCode::RateLimited,
            reason: "Too fast; send it again after the delay.".to_owned(),
            retry_after_ms: Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(50)),
            id,
        })
        .await
    }

    /// The client's next frame. Answers pings, refuses what is no frame and what comes too fast. Safe to cancel.
    ///
    /// Idle sockets wait here, each with this future in its memory: what is answered on the way is boxed.
    pub(super) async fn next(&mut self) -> Result<ClientFrame, End> {
        loop {
            let message = match self.socket.recv().await {
                None => return Err(End::Gone),
                Some(Err(error)) => return Err(end_of(error)),
                Some(Ok(message)) => message,
            };
            self.silent_for = 0;
            let text = match message {
                Message::Close(_) => {
                    // The library's own answer to it, also to one with a forbidden code, goes out with the next read.
                    let _ = Box::pin(timeout(Duration::from_secs(1), self.socket.recv())).await;
                    return Err(End::Gone);
                }
                Message::Text(text) => Some(text),
                Message::Ping(_) | Message::Pong(_) => None,
                Message::Binary(_) => Some("".into()),
            };
            let frame = text.map(|text| serde_json::from_str::<ClientFrame>(&text));
            // A message has a limit of its own, whose refusal names it; see `admits_message`.
            let verdict = match &frame {
                Some(Ok(ClientFrame::Send { .. })) => Verdict::Fine,
                _ => self.rates.frame(),
            };
            match verdict {
                Verdict::Fine => {}
                Verdict::Enough => return Err(End::Close(POLICY, "too many frames")),
                Verdict::Wait(wait) => {
                    Box::pin(self.slow_down(wait, None)).await?;
                    continue;
                }
            }
            let Some(frame) = frame else { continue };
            match frame {
                Ok(ClientFrame::Ping {}) => Box::pin(self.send(&ServerFrame::Pong {})).await?,
                Ok(frame) => {
                    self.malformed = 0;
                    return Ok(frame);
                }
                Err(_) => {
                    self.malformed += 1;
                    let reason = "This is no frame of the protocol; see docs/protocol.md.";
                    Box::pin(self.refuse(ErrorCode::MalformedFrame, reason, None)).await?;
                    if self.malformed >= MALFORMED_FRAMES {
                        return Err(End::Close(POLICY, "three malformed frames"));
                    }
                }
            }
        }
    }

    /// Whether the client may send a message now, by what the sender's limit says; tells it when it may.
    pub(super) async fn admits_message(&mut self, id: &MessageId, checked: Result<(), Duration>) -> Result<bool, End> {
        match self.rates.judge(checked) {
            Verdict::Fine => Ok(true),
            Verdict::Enough => Err(End::Close(POLICY, "too many messages")),
            Verdict::Wait(wait) => {
                self.slow_down(wait, Some(id.clone())).await?;
                Ok(false)
            }
        }
    }

    /// Asks whether the client is there; ends when it has not answered for long.
    pub(super) async fn ask(&mut self) -> Result<(), End> {
        if self.silent_for >= UNANSWERED {
            return Err(End::Gone);
        }
        self.silent_for += 1;
        match timeout(SEND_WITHIN, self.socket.send(Message::Ping(axum::body::Bytes::new()))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Gone),
        }
    }

    /// Says goodbye where there is somebody to say it to.
    pub(super) async fn close(mut self, end: End) {
        let End::Close(code, reason) = end else { return };
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let _ = timeout(Duration::from_secs(2), async {
            self.socket.send(Message::Close(Some(frame))).await.ok()?;
            // The client's own close frame; what else comes is not read any more.
            while let Some(Ok(message)) = self.socket.recv().await {
                if matches!(message, Message::Close(_)) {
                    break;
                }
            }
            Some(())
        })
        .await;
    }
}

/// What a broken frame is answered with: 1009 for one that is too long, 1007 for text that is none, 1002 for the rest.
fn end_of(error: axum::Error) -> End {
    let Ok(error) = error.into_inner().downcast::<WireError>() else {
        return End::Gone;
    };
    match *error {
        WireError::Capacity(_) => End::Close(close_code::SIZE, "frame too long"),
        WireError::Utf8(_) => End::Close(close_code::INVALID, "text is not UTF-8"),
        WireError::Protocol(_) => End::Close(close_code::PROTOCOL, "not a WebSocket frame"),
        _ => End::Gone,
    }
}
