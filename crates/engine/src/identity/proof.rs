//! Proof of who a visitor is: a short JWT that the host site's server signs about its signed-in user.
//!
//! Which algorithm counts is decided by the widget's settings, never by the token's header: a widget with a secret takes HS256,
//! one with a public key takes EdDSA (Ed25519), and nothing in a token can make Parlor fetch anything.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use parlor_protocol::{ClaimedEmail, PersonName, WidgetKey};
use parlor_store::{SecretHash, Timestamp};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::ProofError;
use super::claims::Claims;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 4_096;
/// How long a proof may hold, in seconds.
const MOST_SECONDS: i64 = 3_600;
/// What two servers' clocks may differ by, in seconds.
pub(super) const SKEW_SECONDS: i64 = 30;
/// How far ahead a proof that is revoked may end, in seconds: who could revoke what ends in years would fill the memory for as long.
const MOST_AHEAD_SECONDS: i64 = 86_400;

/// An e-mail address that the host site proved to be its signed-in user's. Only a proof makes one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifiedEmail(ClaimedEmail);

/// An e-mail address that the host site's server vouches for without saying who is there: a visitor of a landing page, say. Only
/// the site's server makes one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VouchedEmail(ClaimedEmail);

/// An address that may be exchanged for a visitor token. What somebody typed ([`ClaimedEmail`]) is neither of the two, nor does
/// anybody make one of it. This compiles:
///
/// ```
/// use parlor_engine::identity::{ProvenEmail, VerifiedEmail};
/// use parlor_protocol::ClaimedEmail;
///
/// fn exchange(email: VerifiedEmail, _typed: ClaimedEmail) -> ProvenEmail {
///     ProvenEmail::Verified(email)
/// }
/// ```
///
/// With what was typed it does not:
///
/// ```compile_fail,E0308
/// use parlor_engine::identity::{ProvenEmail, VerifiedEmail};
/// use parlor_protocol::ClaimedEmail;
///
/// fn exchange(_email: VerifiedEmail, typed: ClaimedEmail) -> ProvenEmail {
///     ProvenEmail::Verified(typed)
/// }
/// ```
///
/// ```compile_fail,E0423
/// use parlor_engine::identity::{ProvenEmail, VerifiedEmail};
/// use parlor_protocol::ClaimedEmail;
///
/// fn exchange(_email: VerifiedEmail, typed: ClaimedEmail) -> ProvenEmail {
///     ProvenEmail::Verified(VerifiedEmail(typed))
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ProvenEmail {
    /// Its owner is signed in at the host site.
    Verified(VerifiedEmail),
    /// The host site's server has it from somewhere.
    Vouched(VouchedEmail),
}

impl ProvenEmail {
    /// The address in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Verified(VerifiedEmail(email)) | Self::Vouched(VouchedEmail(email)) => email.as_str(),
        }
    }
}

macro_rules! hide {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}

hide!(VerifiedEmail, VouchedEmail, ProvenEmail, Person, Proof);

/// A person as the host site names them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The address.
    pub email: ProvenEmail,
    /// The first name.
    pub first_name: Option<PersonName>,
    /// The last name.
    pub last_name: Option<PersonName>,
}

/// A proof that held when it was checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who it is about.
    pub person: Person,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// By what it is revoked: the widget with the `jti`, or with the whole of it.
    pub hash: SecretHash,
}

/// What revokes a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// By what it is refused: the widget with the `jti`, or with the whole of it.
    pub hash: SecretHash,
    /// Until when it has to be remembered.
    pub until: Timestamp,
}

/// A widget's secret.
enum HeldSecret {
    Readable(DecodingKey),
    /// It was sealed with another key.
    Unreadable,
}

/// What a widget's proofs are checked with.
pub struct ProofKeys {
    secret: Option<HeldSecret>,
    public_key: Option<DecodingKey>,
    /// Whether an address may be vouched for.
    landing_page: bool,
    not_before: Timestamp,
}

impl ProofKeys {
    /// The keys: the secret's bytes (HS256), the raw Ed25519 public key (EdDSA), or both while a site goes over from one to the
    /// other; and the moment before which nothing counts that was issued.
    #[must_use]
    pub fn new(
        secret: Option<&[u8]>,
        public_key: Option<&[u8; 32]>,
        landing_page: bool,
        not_before: Timestamp,
    ) -> Self {
        Self {
            secret: secret.map(|secret| HeldSecret::Readable(DecodingKey::from_secret(secret))),
            public_key: public_key.map(|key| DecodingKey::from_ed_der(key)),
            landing_page,
            not_before,
        }
    }

    /// The same of a widget that has a secret which cannot be read: what the secret signed is refused for that reason alone.
    #[must_use]
    pub fn with_unreadable_secret(mut self) -> Self {
        self.secret = Some(HeldSecret::Unreadable);
        self
    }

    /// Whether an address may be vouched for without a signed-in user.
    #[must_use]
    pub const fn allows_vouching(&self) -> bool {
        self.landing_page
    }

    /// Checks a token. Whether it was revoked by itself is not known here.
    pub fn check(&self, audience: &WidgetKey, token: &str, now: Timestamp) -> Result<Proof, ProofError> {
        let claims = self.claims_of(audience, token)?;
        self.judge(&claims, audience, token, now)
    }

    /// What revokes a token. Signature and audience decide: one that is not valid yet may be revoked, too, and one that is over may
    /// share its `jti` with others that are not.
    pub fn revocation(&self, audience: &WidgetKey, token: &str, now: Timestamp) -> Result<Revocation, ProofError> {
        let claims = self.claims_of(audience, token)?;
        let seconds = now.millis().div_euclid(1_000);
        let expires = claims.moment("exp")?.unwrap_or(seconds);
        if expires > seconds + MOST_AHEAD_SECONDS {
            return Err(ProofError::TooLongLived);
        }
        // Whatever was signed until now under the same `jti` is over by then.
        let all_over = seconds + MOST_SECONDS + 2 * SKEW_SECONDS;
        let until = all_over.max(expires + SKEW_SECONDS).saturating_mul(1_000);
        Ok(Revocation {
            hash: revocation_hash(audience, claims.id("jti")?, token),
            until: Timestamp::from_millis(until),
        })
    }

    /// What a token says whose signature holds and that is meant for this widget.
    fn claims_of(&self, audience: &WidgetKey, token: &str) -> Result<Claims, ProofError> {
        if token.is_empty() {
            return Err(ProofError::Missing);
        }
        let (algorithm, key) = self.key_of(token)?;
        let mut validation = Validation::new(algorithm);
        // Time and audience are judged here: by a clock that tests can move, with an answer for each.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Value>(token, key, &validation).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => ProofError::Signature,
            _ => ProofError::Malformed,
        })?;
        let Value::Object(claims) = decoded.claims else {
            return Err(ProofError::Malformed);
        };
        let claims = Claims::new(claims);
        if claims.is_for(audience) {
            Ok(claims)
        } else {
            Err(ProofError::Audience)
        }
    }

    /// The key that the widget's settings have for the token's algorithm; without one, what is wrong with the header.
    fn key_of(&self, token: &str) -> Result<(Algorithm, &DecodingKey), ProofError> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, _, signature] = parts[..] else {
            return Err(ProofError::Malformed);
        };
        if token.len() > LONGEST {
            return Err(ProofError::Malformed);
        }
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| ProofError::Malformed)?;
        let header: Map<String, Value> = serde_json::from_slice(&header).map_err(|_| ProofError::Malformed)?;
        let algorithm = header.get("alg").and_then(Value::as_str).ok_or(ProofError::Malformed)?;
        if algorithm.eq_ignore_ascii_case("none") || signature.is_empty() {
            return Err(ProofError::Unsigned);
        }
        // Keys by address or in the token itself (`jku`, `x5u`, `jwk`), extensions (`crit`): none of them has a use here.
        let is_known = |name: &String| matches!(name.as_str(), "alg" | "typ" | "kid");
        if let Some(name) = header.keys().find(|name| !is_known(name)) {
            let name = name.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
            return Err(ProofError::Header(name));
        }
        match (algorithm, &self.secret, &self.public_key) {
            (_, None, None) => Err(ProofError::NotConfigured),
            ("HS256", Some(HeldSecret::Readable(secret)), _) => Ok((Algorithm::HS256, secret)),
            ("HS256", Some(HeldSecret::Unreadable), _) => Err(ProofError::SecretUnreadable),
            ("EdDSA", _, Some(public_key)) => Ok((Algorithm::EdDSA, public_key)),
            (_, Some(_), _) => Err(ProofError::Algorithm { expected: "HS256" }),
            (_, None, Some(_)) => Err(ProofError::Algorithm { expected: "EdDSA" }),
        }
    }

    fn judge(&self, claims: &Claims, audience: &WidgetKey, token: &str, now: Timestamp) -> Result<Proof, ProofError> {
        let seconds = now.millis().div_euclid(1_000);
        let expires = claims.moment("exp")?.ok_or(ProofError::Claim {
            claim: "exp",
            wrong: "is missing",
        })?;
        if expires + SKEW_SECONDS <= seconds {
            return Err(ProofError::Expired);
        }
        let issued = claims.moment("iat")?;
        let from_now = expires - seconds - SKEW_SECONDS;
        if issued.map_or(from_now, |issued| from_now.max(expires - issued)) > MOST_SECONDS {
            return Err(ProofError::TooLongLived);
        }
        let begins = claims.moment("nbf")?;
        if issued.max(begins).is_some_and(|begins| begins > seconds + SKEW_SECONDS) {
            return Err(ProofError::NotYetValid);
        }
        // A token that does not say when it was issued may be as old as one that ends then can be.
        let issued = issued.unwrap_or(expires - MOST_SECONDS);
        if issued.saturating_mul(1_000) < self.not_before.millis() {
            return Err(ProofError::Revoked);
        }
        let subject = claims.id("sub")?;
        let token_id = claims.id("jti")?;
        let typed = claims.text("email")?.ok_or(ProofError::Claim {
            claim: "email",
            wrong: "is missing",
        })?;
        let email = ClaimedEmail::parse(typed).map_err(|_| ProofError::Claim {
            claim: "email",
            wrong: "is no e-mail address",
        })?;
        let email = match claims.get("email_verified") {
            None | Some(Value::Bool(true)) if subject.is_none() => {
                return Err(ProofError::Claim {
                    claim: "sub",
                    wrong: "is missing: let it be your id of the signed-in user",
                });
            }
            None | Some(Value::Bool(true)) => ProvenEmail::Verified(VerifiedEmail(email)),
            Some(Value::Bool(false)) if self.landing_page => ProvenEmail::Vouched(VouchedEmail(email)),
            Some(Value::Bool(false)) => return Err(ProofError::NotVerified),
            Some(_) => {
                return Err(ProofError::Claim {
                    claim: "email_verified",
                    wrong: "is neither true nor false",
                });
            }
        };
        Ok(Proof {
            person: Person {
                email,
                first_name: claims.name("given_name")?,
                last_name: claims.name("family_name")?,
            },
            expires_at: Timestamp::from_millis(expires.saturating_mul(1_000)),
            hash: revocation_hash(audience, token_id, token),
        })
    }
}

/// The address in a call of the site's own server that carried the widget's secret: vouched for, no more.
pub(super) fn vouched(email: ClaimedEmail) -> ProvenEmail {
    ProvenEmail::Vouched(VouchedEmail(email))
}

fn revocation_hash(audience: &WidgetKey, token_id: Option<&str>, token: &str) -> SecretHash {
    let (kind, what) = match token_id {
        Some(id) => ("jti", id),
        // Without the signature, of which there may be several for the same token.
        None => ("token", token.rsplit_once('.').map_or(token, |(signed, _)| signed)),
    };
    SecretHash(Sha256::digest(format!("{kind}\0{audience}\0{what}")).into())
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
