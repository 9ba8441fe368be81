//! Secrets that are handed out and come back: one-time codes and tokens. Only their hash is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_store::SecretHash;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A secret in the form that travels: base64url without padding. Its `Debug` shows nothing.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The text that travels.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        hash(self.reveal())
    }
}

/// The hash of a secret that came back. A plain hash is enough: the secret has 256 random bits.
pub(crate) fn hash(secret: &str) -> SecretHash {
    SecretHash(Sha256::digest(secret.as_bytes()).into())
}
