//! What a session holds: who it is, in typed keys. Whether they still exist is the store's to say.

use parlor_protocol::{RepId, TenantId, VisitorId};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use tower_sessions::session::Error;

const VISITOR: &str = "visitor";
const REP: &str = "rep";

/// The visitor of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorIdentity {
    /// Whose they are.
    pub tenant: TenantId,
    /// Their id.
    pub visitor: VisitorId,
}

/// The rep of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepIdentity {
    /// Whose they are.
    pub tenant: TenantId,
    /// Their id.
    pub rep: RepId,
    /// The password's version they signed in with: a session of an earlier one holds no more.
    pub password_version: u64,
}

/// Makes the session a visitor's, under a new id. One that is this visitor's already stays as it is: another tab may be using
/// it.
pub async fn visitor_sign_in(session: &Session, tenant: &TenantId, visitor: &VisitorId) -> Result<(), Error> {
    let identity = VisitorIdentity {
        tenant: tenant.clone(),
        visitor: visitor.clone(),
    };
    if visitor_of(session).await?.as_ref() == Some(&identity) {
        return Ok(());
    }
    session.cycle_id().await?;
    session.insert(VISITOR, identity).await
}

/// Who the visitor is; `None` for a session of nobody.
pub async fn visitor_of(session: &Session) -> Result<Option<VisitorIdentity>, Error> {
    session.get(VISITOR).await
}

/// Makes the session a rep's, under a new id: an id that somebody planted before is worth nothing.
pub async fn rep_sign_in(
    session: &Session,
    tenant: &TenantId,
    rep: &RepId,
    password_version: u64,
) -> Result<(), Error> {
    session.cycle_id().await?;
    session
        .insert(
            REP,
            RepIdentity {
                tenant: tenant.clone(),
                rep: rep.clone(),
                password_version,
            },
        )
        .await
}

/// Who the rep is; `None` for a session of nobody.
pub async fn rep_of(session: &Session) -> Result<Option<RepIdentity>, Error> {
    session.get(REP).await
}

/// Ends the session, visitor's or rep's; its row and its cookie go.
pub async fn sign_out(session: &Session) -> Result<(), Error> {
    session.flush().await
}
