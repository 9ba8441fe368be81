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

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 4_096;
/// How long a proof may hold, in seconds.
const MOST_SECONDS: i64 = 3_600;
/// What two servers' clocks may differ by, in seconds.
const SKEW_SECONDS: i64 = 30;
/// The longest `sub` and `jti`, in characters.
const ID_CHARACTERS: usize = 255;

/// An e-mail address that the host site proved to be its signed-in user's. Only a proof makes one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifiedEmail(ClaimedEmail);

/// An e-mail address that the host site's server vouches for without saying who is there: a visitor of a landing page, say. Only
/// the site's server makes one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VouchedEmail(ClaimedEmail);

/// An address that may be exchanged for a visitor token. What somebody typed ([`ClaimedEmail`]) is neither of the two:
///
/// ```compile_fail
/// fn exchange(email: parlor_protocol::ClaimedEmail) -> parlor_engine::identity::ProvenEmail {
///     parlor_engine::identity::ProvenEmail::Verified(email)
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

/// Why a token is no proof. `Display` is for the site's developer and holds nothing of the token's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is none.
    #[error("there is no proof: sign a token on your server and send it as `token`")]
    Missing,
    /// The widget has neither a secret nor a public key.
    #[error("this widget takes no proofs yet: give it a key with `parlor widget identity`")]
    NotConfigured,
    /// It is no JWT.
    #[error("this is no JSON Web Token: three parts in base64url, separated by dots, at most 4,096 bytes")]
    Malformed,
    /// It is not signed.
    #[error("the token is not signed (`alg` is none or the signature is empty)")]
    Unsigned,
    /// It is signed by something else than the widget's settings say.
    #[error("the token must be signed with {expected}, as this widget is set up")]
    Algorithm {
        /// The algorithm that would be right.
        expected: &'static str,
    },
    /// Its header asks for something that no proof needs.
    #[error("the token's header holds `{0}`, which is not allowed: send only alg, typ and kid")]
    Header(String),
    /// The signature is another key's, or the token was changed.
    #[error("the signature is wrong: it was made with another key, or the token was changed on its way")]
    Signature,
    /// It is over.
    #[error("the token has expired: sign a new one for each page or session")]
    Expired,
    /// It begins later.
    #[error("the token is not valid yet (`nbf` or `iat` is in the future): check your server's clock")]
    NotYetValid,
    /// It would hold too long.
    #[error("the token holds longer than an hour: let `exp` be at most 3,600 seconds from now")]
    TooLongLived,
    /// It is meant for somebody else.
    #[error("the token is for another audience: let `aud` be this widget's key")]
    Audience,
    /// A claim is missing or wrong.
    #[error("the claim `{claim}` {wrong}")]
    Claim {
        /// Which.
        claim: &'static str,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// It was revoked, by a sign-out or by the operator.
    #[error("the token was revoked: sign a new one after the next sign-in")]
    Revoked,
    /// It vouches for an address only, and the widget does not allow that.
    #[error(
        "the token vouches for an address without a signed-in user (`email_verified` is false), and this widget does not allow that: see docs/identity.md on landing pages"
    )]
    NotVerified,
}

impl ProofError {
    /// The stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "proof_missing",
            Self::NotConfigured => "proof_not_configured",
            Self::Malformed => "proof_malformed",
            Self::Unsigned => "proof_unsigned",
            Self::Algorithm { .. } => "proof_algorithm",
            Self::Header(_) => "proof_header",
            Self::Signature => "proof_signature",
            Self::Expired => "proof_expired",
            Self::NotYetValid => "proof_not_yet_valid",
            Self::TooLongLived => "proof_too_long_lived",
            Self::Audience => "proof_audience",
            Self::Claim { .. } => "proof_claim",
            Self::Revoked => "proof_revoked",
            Self::NotVerified => "proof_not_verified",
        }
    }
}

/// What a widget's proofs are checked with.
pub struct ProofKeys {
    secret: Option<DecodingKey>,
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
            secret: secret.map(DecodingKey::from_secret),
            public_key: public_key.map(|key| DecodingKey::from_ed_der(key)),
            landing_page,
            not_before,
        }
    }

    /// Whether an address may be vouched for without a signed-in user.
    #[must_use]
    pub const fn allows_vouching(&self) -> bool {
        self.landing_page
    }

    /// Checks a token. Whether it was revoked by itself is not known here.
    pub fn check(&self, audience: &WidgetKey, token: &str, now: Timestamp) -> Result<Proof, ProofError> {
        if token.is_empty() {
            return Err(ProofError::Missing);
        }
        let (algorithm, key) = self.key_of(token)?;
        let mut validation = Validation::new(algorithm);
        // Time and audience are judged below: by a clock that tests can move, with an answer for each.
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
        self.judge(&Claims(claims), audience, token, now)
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
            ("HS256", Some(secret), _) => Ok((Algorithm::HS256, secret)),
            ("EdDSA", _, Some(public_key)) => Ok((Algorithm::EdDSA, public_key)),
            (_, Some(_), _) => Err(ProofError::Algorithm { expected: "HS256" }),
            (_, None, Some(_)) => Err(ProofError::Algorithm { expected: "EdDSA" }),
        }
    }

    fn judge(&self, claims: &Claims, audience: &WidgetKey, token: &str, now: Timestamp) -> Result<Proof, ProofError> {
        if !claims.is_for(audience) {
            return Err(ProofError::Audience);
        }
        let seconds = now.millis().div_euclid(1_000);
        let expires = claims.moment("exp")?.ok_or(ProofError::Claim {
            claim: "exp",
            wrong: "is missing",
        })?;
        if expires + SKEW_SECONDS <= seconds {
            return Err(ProofError::Expired);
        }
        if expires > seconds + MOST_SECONDS + SKEW_SECONDS {
            return Err(ProofError::TooLongLived);
        }
        let issued = claims.moment("iat")?;
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
        let email = match claims.0.get("email_verified") {
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

/// The claims, read one by one so that each mistake has its own answer.
struct Claims(Map<String, Value>);

impl Claims {
    fn is_for(&self, audience: &WidgetKey) -> bool {
        match self.0.get("aud") {
            Some(Value::String(one)) => one == audience.as_str(),
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience.as_str())),
            _ => false,
        }
    }

    /// Seconds since 1970; RFC 7519 allows fractions.
    fn moment(&self, claim: &'static str) -> Result<Option<i64>, ProofError> {
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

    fn text(&self, claim: &'static str) -> Result<Option<&str>, ProofError> {
        match self.0.get(claim) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ProofError::Claim {
                claim,
                wrong: "is no text",
            }),
        }
    }

    fn id(&self, claim: &'static str) -> Result<Option<&str>, ProofError> {
        match self.text(claim)? {
            Some(text) if text.is_empty() || text.chars().count() > ID_CHARACTERS => Err(ProofError::Claim {
                claim,
                wrong: "must have 1 to 255 characters",
            }),
            text => Ok(text),
        }
    }

    fn name(&self, claim: &'static str) -> Result<Option<PersonName>, ProofError> {
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

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
