//! Bytes on a TCP connection, for what no client library would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::site::Site;

const WITHIN: Duration = Duration::from_secs(15);

/// Sends bytes and reads until the server closes the connection, which it must do in time.
pub async fn until_closed(site: &Site, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(site.address).await.unwrap();
    // A server that refuses early may close before everything is written.
    let _ = connection.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(WITHIN, connection.read_to_end(&mut answer))
        .await
        .expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A WebSocket without a library on this side: the upgrade is done, what follows is bytes.
pub struct RawSocket {
    connection: TcpStream,
}

/// A frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub struct RawFrame {
    pub opcode: u8,
    pub payload: Vec<u8>,
}

impl RawSocket {
    pub async fn open(site: &Site, path: &str, cookie: &str) -> Self {
        let mut connection = TcpStream::connect(site.address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            site.address, site.origin
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self { connection }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        // The server may have closed meanwhile; what it said before is what a test looks at.
        let _ = self.connection.write_all(bytes).await;
    }

    /// The next frame; `None` when the connection is over.
    pub async fn next(&mut self) -> Option<RawFrame> {
        timeout(WITHIN, self.read()).await.expect("a frame in time")
    }

    async fn read(&mut self) -> Option<RawFrame> {
        let first = self.connection.read_u8().await.ok()?;
        let length = match self.connection.read_u8().await.ok()? {
            126 => usize::from(self.connection.read_u16().await.ok()?),
            127 => usize::try_from(self.connection.read_u64().await.ok()?).ok()?,
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.connection.read_exact(&mut payload).await.ok()?;
        Some(RawFrame {
            opcode: first & 0x0f,
            payload,
        })
    }

    /// The code of the close frame, 0 when there was none; frames before it are passed over.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(frame) if frame.opcode == 8 => return u16::from_be_bytes([frame.payload[0], frame.payload[1]]),
                Some(_) => {}
                None => return 0,
            }
        }
    }

    /// Says hello and waits for the welcome.
    pub async fn hello(&mut self) {
        self.send(&frame(0x81, br#"{"type":"hello","versions":[1]}"#)).await;
        assert_eq!(self.next().await.unwrap().opcode, 1);
    }
}

/// A masked frame whose first byte is given: FIN, RSV bits and opcode.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 0x7e);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 0x7f);
            bytes.extend_from_slice(&u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    let masked = payload.iter().zip(MASK.iter().cycle());
    bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
    bytes
}
