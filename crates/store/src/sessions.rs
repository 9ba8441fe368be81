//! Sessions of browsers, for tower-sessions: opaque data under the hash of the session's id.

use async_trait::async_trait;

use crate::{SecretHash, StoreError, Timestamp};

/// A session as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The SHA-256 of the id that is in the cookie.
    pub id: SecretHash,
    /// What the session holds, as JSON.
    pub data: String,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// Sessions, kept.
#[async_trait]
pub trait Sessions {
    /// Keeps a new session; answers false, and keeps nothing, when the id is taken.
    async fn create_session(&self, session: SessionRow) -> Result<bool, StoreError>;

    /// Keeps what a session holds now. One that was removed meanwhile stays removed: a request that began before signing out
    /// must not bring it back.
    async fn save_session(&self, session: SessionRow) -> Result<(), StoreError>;

    /// A session that is not past its time.
    async fn session(&self, id: SecretHash, now: Timestamp) -> Result<Option<SessionRow>, StoreError>;

    /// Removes a session.
    async fn remove_session(&self, id: SecretHash) -> Result<(), StoreError>;

    /// Removes sessions past their time; answers how many.
    async fn remove_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError>;
}
