//! Who is signed in at the inbox.

use parlor_app::api::session::rep_of;
use parlor_engine::Rep;
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::problem::Problem;
use crate::state::Server;

/// A rep whose session holds.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) rep: Rep,
    pub(crate) password_version: u64,
    /// The session's id, by which its end is noticed.
    pub(crate) session: Option<Id>,
}

/// The rep of a session; a problem with 401 when there is none, or when their password has changed since.
pub(crate) async fn rep(server: &Server, session: &Session) -> Result<SignedIn, Problem> {
    let identity = rep_of(session)
        .await
        .map_err(|_| Problem::unavailable())?
        .ok_or_else(Problem::unauthenticated)?;
    let password_version = identity.password_version;
    let rep = server
        .engine
        .rep_of_session(&identity.tenant, &identity.rep, password_version)
        .await?;
    Ok(SignedIn {
        rep: rep.ok_or_else(Problem::unauthenticated)?,
        password_version,
        session: session.id(),
    })
}
