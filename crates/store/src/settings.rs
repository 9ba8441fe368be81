//! A few facts about the installation itself, each under a name: what its database was used with, which portal it writes to.

use async_trait::async_trait;

use crate::StoreError;

/// Facts by name.
#[async_trait]
pub trait Settings {
    /// The fact of a name.
    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Keeps a fact.
    async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError>;

    /// Commits something small, to show that the store can (`/readyz`).
    async fn probe(&self) -> Result<(), StoreError>;
}
