//! The visitor's side: a registration form that becomes a chat, on a page of its own inside the host page's iframe.

mod ask;
#[cfg(feature = "ssr")]
mod form;
mod host;
mod island;
mod island_data;
mod live_form;
mod page;
mod screen;
mod session;
#[cfg(feature = "ssr")]
mod theme;

pub use island::VisitorChat;
#[cfg(feature = "ssr")]
pub use page::{ChatData, FormData, WidgetPage, WidgetPageData};
#[cfg(feature = "ssr")]
pub use theme::theme_css;
