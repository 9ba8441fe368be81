//! What a token says, read claim by claim.

use parlor_protocol::{PersonName, WidgetKey};
use serde_json::{Map, Value};

use super::ProofError;

/// The longest `sub` and `jti`, in characters.
const ID_CHARACTERS: usize = 255;

/// The claims, read one by one so that each mistake has its own answer.
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// A claim as it is.
    pub(super) fn get(&self, claim: &str) -> Option<&Value> {
        self.0.get(claim)
    }

    /// Whether `aud` names the widget.
    pub(super) fn is_for(&self, audience: &WidgetKey) -> bool {
        match self.0.get("aud") {
            Some(Value::String(one)) => one == audience.as_str(),
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience.as_str())),
            _ => false,
        }
    }

    /// Seconds since 1970; RFC 7519 allows fractions.
    pub(super) fn moment(&self, claim: &'static str) -> Result<Option<i64>, ProofError> {
        const FARTHEST: f64 = 1e12;
        match self.0.get(claim) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "seconds within some thirty thousand years"
                )]
                Some(seconds) if seconds.abs() < FARTHEST => Ok(Some(seconds.floor() as i64)),
                _ => Err(ProofError::Claim {
                    claim,
                    wrong: "is no number of seconds since 1970",
                }),
            },
        }
    }

    /// A text; `null` is none.
    pub(super) fn text(&self, claim: &'static str) -> Result<Option<&str>, ProofError> {
        match self.0.get(claim) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ProofError::Claim {
                claim,
                wrong: "is no text",
            }),
        }
    }

    /// `sub` and `jti`.
    pub(super) fn id(&self, claim: &'static str) -> Result<Option<&str>, ProofError> {
        match self.text(claim)? {
            Some(text) if text.is_empty() || text.chars().count() > ID_CHARACTERS => Err(ProofError::Claim {
                claim,
                wrong: "must have 1 to 255 characters",
            }),
            text => Ok(text),
        }
    }

    /// A person's name; an empty one is none.
    pub(super) fn name(&self, claim: &'static str) -> Result<Option<PersonName>, ProofError> {
        match self.text(claim)? {
            None => Ok(None),
            Some(text) if text.trim().is_empty() => Ok(None),
            Some(text) => PersonName::parse(text).map(Some).map_err(|_| ProofError::Claim {
                claim,
                wrong: "is no name: 1 to 100 characters on one line",
            }),
        }
    }
}
