//! Proof key for code exchange (RFC 7636): the code is worth nothing to whoever does not know the verifier.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What came with the request for a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", content = "challenge")]
pub(crate) enum Challenge {
    /// The verifier itself.
    #[serde(rename = "plain")]
    Plain(String),
    /// The verifier's SHA-256 in Base64.
    S256(String),
}

impl Challenge {
    /// The challenge with this method, which is `plain` when none is named.
    pub(crate) fn new(challenge: &str, method: Option<&str>) -> Option<Self> {
        match method {
            None | Some("plain") => Some(Self::Plain(challenge.to_owned())),
            Some("S256") => Some(Self::S256(challenge.to_owned())),
            Some(_) => None,
        }
    }

    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(challenge) => challenge == verifier,
            Self::S256(challenge) => *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_met() {
        let challenge = Challenge::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256")).unwrap();
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        let plain = Challenge::new("verifier", None).unwrap();
        assert!(plain.is_met_by("verifier") && !plain.is_met_by("Verifier"));
        assert_eq!(Challenge::new("x", Some("S512")), None);
    }
}
