//! The way to a tenant's HubSpot: the client that everybody uses, which another takes the place of when a new token is given.

use std::sync::{Arc, PoisonError, RwLock};

use parlor_hubspot::{BuildError, Client, SecretString};

/// Makes a client for a token.
pub type Connect = Arc<dyn Fn(SecretString) -> Result<Client, BuildError> + Send + Sync>;

/// The way to a portal. Everybody asks it for the client anew, for each thing they do.
pub struct Portal {
    client: RwLock<Option<Client>>,
    connect: Connect,
}

impl Portal {
    /// A portal with a client, or none while there is no token.
    #[must_use]
    pub fn new(client: Option<Client>, connect: Connect) -> Self {
        Self {
            client: RwLock::new(client),
            connect,
        }
    }

    /// A portal whose client is never another.
    #[must_use]
    pub fn fixed(client: Option<Client>) -> Self {
        Self::new(client, Arc::new(|_| Err(BuildError::EmptyToken)))
    }

    /// The client; absent while there is no token.
    #[must_use]
    pub fn client(&self) -> Option<Client> {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A client for a token that is not in use yet.
    pub(crate) fn connect(&self, token: SecretString) -> Result<Client, BuildError> {
        (self.connect)(token)
    }

    /// Puts another client in place of the one there was.
    pub(crate) fn replace(&self, client: Option<Client>) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }
}
