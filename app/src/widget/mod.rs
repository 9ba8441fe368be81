//! The visitor's side: a registration form that becomes a chat, on a page of its own inside the host page's iframe.

mod form;
mod host;
mod island;
mod island_data;
mod page;
mod pane;
mod session;
#[cfg(feature = "ssr")]
mod theme;

pub use island::VisitorWidget;
pub use island_data::IslandData;
#[cfg(feature = "ssr")]
pub use page::WidgetPage;
pub use page::{ChatData, FormData, WidgetPageData};
#[cfg(feature = "ssr")]
pub use theme::theme_css;
