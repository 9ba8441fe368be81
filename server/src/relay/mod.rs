//! The sockets: `/ws/visitor` and `/ws/inbox`. `docs/protocol.md` describes what crosses them.
//!
//! A socket is one task without queues of its own. What it has to send it sends at once, with a time limit; while it cannot, the
//! bus's small channel fills, and then the store is read from the last `seq` that went out. So a slow reader costs a
//! channel's memory and nothing else, and one that does not read at all is dropped and resumes by `seq`.

mod fitting;
mod follow;
mod inbox;
mod link;
mod rates;
mod sockets;
mod visitor;

use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::extract::{Query, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use parlor_app::api::session::visitor_of;
use parlor_protocol::limit::FRAME_BYTES;
use serde::Deserialize;
use tower_sessions::Session;

pub use rates::MessageRates;
pub use sockets::Sockets;

use crate::problem::Problem;
use crate::session::RequestedWidget;
use crate::signed_in;
use crate::state::Server;

/// Bytes read at once. axum's default of 128 KiB would be most of an idle socket's memory.
const READ_BUFFER: usize = 1024;

/// What stands behind `/ws/visitor?`.
#[derive(Deserialize)]
pub(crate) struct VisitorQuery {
    #[expect(
        dead_code,
        reason = "read by the layer that finds the widget; named here so that its absence is a clear error"
    )]
    widget: String,
}

/// `/ws/visitor?widget=<key>`: the upgrade. Whoever has no cookie may still say hello with a token.
pub(crate) async fn upgrade_visitor(
    State(server): State<Server>,
    Query(_): Query<VisitorQuery>,
    RequestedWidget(widget): RequestedWidget,
    session: Session,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| Problem::upgrade_required())?;
    check_origin(&server, &headers)?;
    let identity = visitor_of(&session).await.map_err(|_| Problem::unavailable())?;
    let visitor = match identity {
        Some(identity) => server.engine.visitor_of_widget(&widget, &identity.visitor).await?,
        None => None,
    };
    let place = server.sockets.enter().ok_or_else(too_many)?;
    Ok(sized(upgrade).on_upgrade(move |socket| visitor::serve(server, socket, place, widget, visitor)))
}

/// `/ws/inbox`: the upgrade.
pub(crate) async fn upgrade_inbox(
    State(server): State<Server>,
    session: Session,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| Problem::upgrade_required())?;
    check_origin(&server, &headers)?;
    // A browser cannot read why an upgrade was refused and would try for ever: who is nobody is told so after it.
    let signed_in = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => Some(signed_in),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => None,
        Err(problem) => return Err(problem),
    };
    let place = server.sockets.enter().ok_or_else(too_many)?;
    Ok(sized(upgrade).on_upgrade(move |socket| inbox::serve(server, socket, place, signed_in)))
}

fn sized(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(8 * FRAME_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_message_size(FRAME_BYTES)
}

/// A browser says which page opens the socket. It must be one of our own: the cookie alone says nothing of that.
fn check_origin(server: &Server, headers: &HeaderMap) -> Result<(), Problem> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = origins.next().and_then(|origin| origin.to_str().ok());
    if origin == Some(server.settings.public_url.origin()) && origins.next().is_none() {
        return Ok(());
    }
    tracing::warn!(
        origin = origin.unwrap_or("none"),
        "a socket was refused: its Origin is not Parlor's own"
    );
    metrics::counter!("parlor_sockets_refused_total", "reason" => "origin").increment(1);
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "origin_refused",
        "Sockets are opened by Parlor's own pages only.",
    ))
}

fn too_many() -> Problem {
    metrics::counter!("parlor_sockets_refused_total", "reason" => "full").increment(1);
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_many_sockets",
        "All places are taken; try again in a moment.",
    )
    .retry_after(5)
}

/// What there is at an address below `/ws/` where no socket is.
pub(crate) async fn not_an_upgrade() -> Problem {
    Problem::upgrade_required()
}
