//! Why nothing is exchanged, each with a stable code. `docs/identity.md` lists them all.

use std::time::Duration;

use parlor_hubspot::{Class, Error};
use parlor_store::StoreError;

/// Why nothing was exchanged. `Display` is for the site's developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A server call carried another secret than the widget's, or the widget has none.
    #[error(
        "the secret is not this widget's: send it as `Authorization: Bearer …` from your server, never from a page"
    )]
    Secret,
    /// The widget's settings allow no vouching.
    #[error("this widget does not exchange addresses without proof: see docs/identity.md on landing pages")]
    VouchingNotAllowed,
    /// The same address, or the widget's in all, were exchanged too often without proof.
    #[error("this address, or this widget's together, were exchanged too often without proof: try again later")]
    RateLimited(Duration),
    /// So many proofs are revoked at present that no more are taken.
    #[error(
        "too many proofs are revoked at present: try again later, or end them all with `parlor widget identity --revoke`"
    )]
    TooManyRevocations,
    /// The widget is not this tenant's, or there is none.
    #[error("there is no such widget: name it in the address, /api/visitor-token?widget=<key>")]
    NoWidget,
    /// There is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl ExchangeError {
    /// The stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Proof(error) => error.code(),
            Self::Secret => "secret_wrong",
            Self::VouchingNotAllowed => "proof_required",
            Self::RateLimited(_) => "rate_limited",
            Self::TooManyRevocations => "too_many_revocations",
            Self::NoWidget => "no_widget",
            Self::Token(error) => error.code(),
        }
    }
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
    #[error("the token holds longer than an hour: let `exp` be at most 3,600 seconds after `iat`, and from now")]
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
    /// It is signed with the widget's secret, which was sealed with another key than this installation's.
    #[error(
        "the widget's secret cannot be read with this installation's key: its operator restores the key file or makes a new secret"
    )]
    SecretUnreadable,
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
            Self::SecretUnreadable => "secret_unreadable",
        }
    }
}

/// Why there is no token. `Display` is for the site's developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no key for HubSpot.
    #[error("Parlor has no HubSpot key: its operator sets HUBSPOT_ACCESS_TOKEN")]
    NotConnected,
    /// 401.
    #[error("HubSpot refuses Parlor's key (401): its operator sets a new HUBSPOT_ACCESS_TOKEN")]
    KeyRefused,
    /// 403 that speaks of scopes.
    #[error(
        "HubSpot answers 403: Parlor's key lacks the scope conversations.visitor_identification.tokens.create, or the account's plan \
         does not include visitor identification (Professional or higher)"
    )]
    ScopeMissing,
    /// 403 for another reason.
    #[error(
        "HubSpot answers 403: the account's plan does not include visitor identification; it needs Professional or higher"
    )]
    PlanLacksIt,
    /// 429, or more visitors wait for a token than HubSpot's limit lets through.
    #[error("HubSpot limits Parlor's calls, and more visitors wait for a token than it lets through: try again later")]
    RateLimited,
    /// HubSpot does not answer, or not as documented.
    #[error("HubSpot cannot be reached or does not answer as it should: try again later")]
    Unreachable,
    /// HubSpot takes the address for none, or refuses the request for another reason that holds for this visitor alone.
    #[error("HubSpot refuses this visitor's data")]
    Refused,
    /// The store does not answer.
    #[error("Parlor's store does not answer: try again")]
    Store,
}

impl TokenError {
    /// The stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotConnected => "hubspot_not_connected",
            Self::KeyRefused => "hubspot_key_refused",
            Self::ScopeMissing => "hubspot_scope_missing",
            Self::PlanLacksIt => "hubspot_plan",
            Self::RateLimited => "hubspot_rate_limited",
            Self::Unreachable => "hubspot_unreachable",
            Self::Refused => "hubspot_refused",
            Self::Store => "unavailable",
        }
    }

    /// Whether another attempt helps without anybody mending anything.
    #[must_use]
    pub const fn passes_by_itself(&self) -> bool {
        matches!(self, Self::RateLimited | Self::Unreachable | Self::Store)
    }

    /// Whether it holds for every visitor, so that asking HubSpot again for the next would be of no use.
    pub(super) const fn concerns_everybody(&self) -> bool {
        !matches!(self, Self::Refused | Self::Store)
    }

    pub(super) fn of(error: &Error) -> Self {
        match error.class() {
            Class::Token => Self::KeyRefused,
            Class::Permission { .. } => Self::ScopeMissing,
            Class::Plan => Self::PlanLacksIt,
            Class::RateLimited { .. } => Self::RateLimited,
            Class::Invalid => Self::Refused,
            _ => Self::Unreachable,
        }
    }
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store could not answer for a visitor token");
        Self::Store
    }
}
