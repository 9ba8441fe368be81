//! What a token says, read claim by claim.

use parlor_protocol::text::InvalidText;
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
            Some(text) if text.trim().is_empty() || text.chars().count() > ID_CHARACTERS => Err(ProofError::Claim {
                claim,
                wrong: "must have 1 to 255 characters, and not only spaces",
            }),
            text => Ok(text),
        }
    }

    /// A person's name; an empty one is none.
    pub(super) fn name(&self, claim: &'static str) -> Result<Option<PersonName>, ProofError> {
        name_of(self.text(claim)?.unwrap_or_default()).map_err(|_| ProofError::Claim {
            claim,
            wrong: "is no name: 1 to 100 characters on one line, without control characters",
        })
    }
}

/// A person's name as a site gives it; a blank one is none. What turns the direction of the text around it, so that a name could
/// show as another, is refused.
pub fn name_of(given: &str) -> Result<Option<PersonName>, InvalidText> {
    let turns = |character: char| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match given.trim() {
        "" => Ok(None),
        name if name.contains(turns) => Err(InvalidText::ControlCharacter),
        name => PersonName::parse(name).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_script_is_taken_and_one_that_turns_the_text_around_it_is_not() {
        for given in ["Ada", "عائشة", "אדה", "李"] {
            assert_eq!(name_of(given).unwrap().unwrap().as_str(), given);
        }
        for blank in ["", "  ", "\u{3000}"] {
            assert_eq!(name_of(blank), Ok(None));
        }
        for turning in ["\u{202e}adA", "Ada\u{2066}", "A\u{202a}da\u{202c}", "Ada\nLovelace"] {
            assert_eq!(name_of(turning), Err(InvalidText::ControlCharacter), "{turning:?}");
        }
    }

    #[test]
    fn an_id_of_spaces_is_none() {
        for blank in ["", " ", "\t\u{3000} "] {
            let claims = Claims::new(Map::from_iter([("sub".to_owned(), Value::from(blank))]));
            let wrong = claims.id("sub").unwrap_err();
            assert_eq!(wrong.code(), "proof_claim", "{blank:?}");
        }
    }
}
