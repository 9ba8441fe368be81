//! What the islands need of the browser: the socket, storage that may throw, and what waits there to be sent.
//!
//! It compiles everywhere, so that its logic has native tests, and runs in the browser alone: only event handlers and
//! effects call it, and the server runs neither.

pub mod backoff;
pub mod connection;
pub mod json;
pub mod live_thread;
pub mod outbox;
pub mod page;
pub mod storage;

pub use connection::{Connection, ConnectionState};
pub use live_thread::LiveThread;
