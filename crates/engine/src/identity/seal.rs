//! Encryption at rest: what a stolen database must not give away (visitor tokens, the secrets that sign proofs) is kept sealed
//! under a key that is not in the database.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::Context;

/// Bytes of an XChaCha20 nonce: long enough to be drawn at random each time.
const NONCE_BYTES: usize = 24;

/// Seals and opens, by XChaCha20-Poly1305. Sealed bytes are the nonce, then what was encrypted with its tag.
pub struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// A sealer with the installation's key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(*key)))
    }

    /// Seals. `place` says what this is and where it belongs: sealed bytes that are moved elsewhere do not open there.
    #[must_use]
    pub fn seal(&self, context: &Context, place: &[u8], secret: &[u8]) -> Vec<u8> {
        let nonce = context.random::<NONCE_BYTES>();
        let payload = Payload {
            msg: secret,
            aad: place,
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .unwrap_or_else(|_| unreachable!("only texts of hundreds of gigabytes cannot be encrypted"));
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens. `None` for what another key sealed, for another place, or was changed since.
    #[must_use]
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        self.0.decrypt(&XNonce::from(*nonce), payload).ok()
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_unchanged_only() {
        let context = Context::system();
        let sealer = Sealer::new(&[7; 32]);
        let kept = sealer.seal(&context, b"here", b"secret");
        assert!(!kept.windows(6).any(|window| window == b"secret"));
        assert_eq!(sealer.open(b"here", &kept).as_deref(), Some(b"secret".as_slice()));
        assert_eq!(sealer.open(b"there", &kept), None);
        assert_eq!(Sealer::new(&[8; 32]).open(b"here", &kept), None);
        for place in 0..kept.len() {
            let mut changed = kept.clone();
            changed[place] ^= 1;
            assert_eq!(sealer.open(b"here", &changed), None, "byte {place}");
        }
        assert_eq!(sealer.open(b"here", &kept[..20]), None);
    }

    #[test]
    fn the_same_secret_is_sealed_differently_each_time() {
        let context = Context::system();
        let sealer = Sealer::new(&[7; 32]);
        assert_ne!(sealer.seal(&context, b"", b"x"), sealer.seal(&context, b"", b"x"));
    }
}
