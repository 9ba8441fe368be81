//! What a request has to bring along: the server provides one of these as leptos context before it runs a server function.

use std::net::IpAddr;
use std::sync::Arc;

use parlor_engine::{Engine, Rep, Visitor, Widget};
use tower_sessions::Session;

use super::ApiError;
use super::session::visitor_of;

/// A visitor's request: which widget, from where, under which session.
#[derive(Clone)]
pub struct VisitorRequest {
    /// What does the work.
    pub engine: Arc<Engine>,
    /// The widget of the address.
    pub widget: Widget,
    /// The client's address, resolved through the trusted proxies.
    pub network: IpAddr,
    /// The visitor's session of this widget.
    pub session: Session,
}

impl VisitorRequest {
    /// Whose the session is already; `None` for somebody new.
    pub async fn visitor(&self) -> Result<Option<Visitor>, ApiError> {
        let identity = visitor_of(&self.session).await.map_err(|_| ApiError::Unavailable)?;
        let Some(identity) = identity else { return Ok(None) };
        self.engine
            .visitor_of_widget(&self.widget, &identity.visitor)
            .await
            .map_err(|_| ApiError::Unavailable)
    }
}

/// A signed-in rep's request.
#[derive(Clone)]
pub struct RepRequest {
    /// What does the work.
    pub engine: Arc<Engine>,
    /// Who asks. Read from the store for this request.
    pub rep: Rep,
    /// Their session.
    pub session: Session,
    /// The client's address, resolved through the trusted proxies.
    pub network: IpAddr,
}
