//! What the browser asks of the server: server functions parse, call the engine and map the error; no logic.

#[cfg(feature = "ssr")]
pub mod context;
pub mod error;
#[cfg(any(feature = "ssr", feature = "inbox"))]
pub mod inbox;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(any(feature = "ssr", feature = "widget"))]
pub mod visitor;

pub use error::ApiError;
