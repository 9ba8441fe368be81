//! Visitors: registered once per browser and widget, each with one conversation.

use async_trait::async_trait;
use parlor_protocol::{ClaimedEmail, ConversationId, PageContext, PersonName, TenantId, VisitorId, WidgetId};

use crate::{StoreError, Timestamp};

/// The SHA-256 of a secret (a token, a one-time code, a form as it was sent, a session's id). The secret itself is never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

/// A registration to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVisitor {
    /// The visitor's id.
    pub id: VisitorId,
    /// The id of the conversation that begins.
    pub conversation: ConversationId,
    /// The widget it happens in.
    pub widget: WidgetId,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: Option<PersonName>,
    /// The address typed.
    pub email: ClaimedEmail,
    /// Where they were.
    pub page: PageContext,
    /// Keep the contact from HubSpot until a rep releases the conversation.
    pub held: bool,
    /// The one-time code that may be exchanged for a token, and until when.
    pub code: (SecretHash, Timestamp),
    /// The form that was sent, and until when the same one sent again registers nobody anew. Without one, every registration is
    /// a new one.
    pub form: Option<(SecretHash, Timestamp)>,
}

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRegistration {
    /// The visitor's id: of the one who is there already, where the form had been sent before.
    pub visitor: VisitorId,
    /// Their conversation's id.
    pub conversation: ConversationId,
    /// That conversation's change number.
    pub change: u64,
    /// Whether visitor and conversation began with this call.
    pub is_new: bool,
}

/// A visitor as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Whose they are.
    pub tenant: TenantId,
    /// Their id.
    pub id: VisitorId,
    /// Their conversation.
    pub conversation: ConversationId,
    /// The widget they registered in.
    pub widget: WidgetId,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: Option<PersonName>,
    /// The address typed.
    pub email: ClaimedEmail,
}

impl Visitor {
    /// First and last name as one.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.last_name {
            Some(last_name) => format!("{} {}", self.first_name.as_str(), last_name.as_str()),
            None => self.first_name.as_str().to_owned(),
        }
    }
}

/// Visitors, kept.
#[async_trait]
pub trait Visitors {
    /// Stores the visitor, their conversation (open, without messages) and, unless held, the order "create or find the
    /// contact" for their address, in one transaction. Where the same form has registered a visitor of this tenant already and
    /// its time is not past, that visitor gets the code, and nothing else is stored.
    async fn register(&self, tenant: &TenantId, visitor: NewVisitor) -> Result<StoredRegistration, StoreError>;

    /// Keeps one more one-time code, good until its time, for a visitor. Answers whether there is such a visitor.
    async fn add_code(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        code: (SecretHash, Timestamp),
    ) -> Result<bool, StoreError>;

    /// A visitor by id; an erased one is there no more.
    async fn visitor(&self, tenant: &TenantId, id: &VisitorId) -> Result<Option<Visitor>, StoreError>;

    /// Takes a one-time code, which is gone with that whatever follows, and keeps a token in its place. `None` when the code
    /// is unknown, used or past its time at `now`.
    async fn exchange_code(
        &self,
        code: SecretHash,
        token: SecretHash,
        now: Timestamp,
        token_expires_at: Timestamp,
    ) -> Result<Option<Visitor>, StoreError>;

    /// The visitor of a token that is not past its time.
    async fn visitor_by_token(&self, token: SecretHash, now: Timestamp) -> Result<Option<Visitor>, StoreError>;

    /// Removes codes, tokens and forms past their time; answers how many.
    async fn remove_expired_secrets(&self, now: Timestamp) -> Result<u64, StoreError>;
}
