//! Registration, and the ways back for a visitor whose browser keeps no cookie.

use std::net::IpAddr;
use std::time::Duration;

use parlor_protocol::{
    ConversationId, PageContext, Registration, RegistrationErrors, RegistrationInput, TenantId, VisitorId, WidgetKey,
};
use parlor_store::{NewVisitor, StoreError, Visitor, Widget};

use crate::{Engine, secret};

/// How long registration's one-time code may be exchanged for a token.
const CODE_HOLDS: Duration = Duration::from_mins(1);

/// How long a visitor's token holds: as long as their session.
pub(crate) const TOKEN_HOLDS: Duration = Duration::from_hours(30 * 24);

/// A registration that is stored, now or when the same was sent before.
pub struct Registered {
    /// The visitor.
    pub visitor: VisitorId,
    /// Their conversation.
    pub conversation: ConversationId,
    /// Their first and last name.
    pub name: String,
    /// The one-time code; good for a minute, for a browser that keeps no cookie.
    pub code: String,
}

/// Why a registration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Fields are wrong.
    #[error("some fields are not valid")]
    Invalid(RegistrationErrors),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token given for a code.
pub struct Granted {
    /// The token.
    pub token: String,
    /// Whose it is.
    pub visitor: Visitor,
}

impl Engine {
    /// The stamp for a registration form that is rendered now.
    #[must_use]
    pub fn form_stamp(&self) -> String {
        self.admission.stamp(&self.context)
    }

    /// Registers a visitor: visitor, conversation and the order for the contact are on disk when this answers. It never waits
    /// for HubSpot, and what it answers and how long it takes does not depend on whether the address is known anywhere.
    ///
    /// Whoever sends the same twice is registered once, and gets a code each time:
    ///
    /// * The same form: a double click, a second try after an answer that was lost. It is recognised by its stamp, which no
    ///   other form has, and by everything in it. It counts for ten minutes, long enough for any of these. Not for longer, and
    ///   only with every field the same, because others may come to sit before a form that was left open: who types somebody's
    ///   address into it must not get at their chat.
    /// * `known`, the visitor to whom the request's session belongs already, with the same in every field: a second tab, whose
    ///   form was shown before the first one was sent. Their session gives them that chat in any case.
    pub async fn register(
        &self,
        widget: &Widget,
        known: Option<&Visitor>,
        network: IpAddr,
        input: RegistrationInput,
        page: PageContext,
    ) -> Result<Registered, RegisterError> {
        let registration = input
            .check(widget.settings.last_name_required)
            .map_err(RegisterError::Invalid)?;
        let now = self.context.now();
        let code = self.context.secret();
        let kept_code = (code.hash(), now + CODE_HOLDS);
        if let Some(known) = known.filter(|known| is_who_registers(known, widget, &registration))
            && self.store.add_code(&widget.tenant, &known.id, kept_code).await?
        {
            return Ok(Registered {
                visitor: known.id.clone(),
                conversation: known.conversation.clone(),
                name: known.name(),
                code: code.reveal().to_owned(),
            });
        }
        let form = self
            .admission
            .sent_form(&input.form, &widget.settings.id, &registration, now);
        let fills_trap = !input.website.is_empty();
        let held = self.admission.holds(form.as_ref(), fills_trap, network, now);
        let visitor = NewVisitor {
            id: self.context.visitor_id(),
            conversation: self.context.conversation_id(),
            widget: widget.settings.id.clone(),
            first_name: registration.first_name,
            last_name: registration.last_name,
            email: registration.email,
            page: page.tidied(),
            held,
            code: kept_code,
            form: form.map(|form| (form.hash, form.counts_until)),
        };
        let name = match &visitor.last_name {
            Some(last_name) => format!("{} {}", visitor.first_name.as_str(), last_name.as_str()),
            None => visitor.first_name.as_str().to_owned(),
        };
        let stored = self.store.register(&widget.tenant, visitor).await?;
        if stored.is_new {
            metrics::counter!("parlor_registrations_total", "held" => if held { "true" } else { "false" }).increment(1);
            self.delivery.nudge();
            self.tell_inbox(&widget.tenant);
        }
        Ok(Registered {
            visitor: stored.visitor,
            conversation: stored.conversation,
            name,
            code: code.reveal().to_owned(),
        })
    }

    /// A visitor by id, when they belong to the widget: a session of one widget is nothing to another.
    pub async fn visitor_of_widget(&self, widget: &Widget, id: &VisitorId) -> Result<Option<Visitor>, StoreError> {
        let visitor = self.store.visitor(&widget.tenant, id).await?;
        Ok(visitor.filter(|visitor| visitor.widget == widget.settings.id))
    }

    /// Exchanges registration's one-time code for a token. `None` when the code is unknown, used, too old or another widget's.
    pub async fn exchange_code(&self, widget: &Widget, code: &str) -> Result<Option<Granted>, StoreError> {
        let token = self.context.secret();
        let now = self.context.now();
        let visitor = self
            .store
            .exchange_code(secret::hash(code), token.hash(), now, now + TOKEN_HOLDS)
            .await?;
        Ok(visitor
            .filter(|visitor| visitor.widget == widget.settings.id)
            .map(|visitor| Granted {
                token: token.reveal().to_owned(),
                visitor,
            }))
    }

    /// The visitor of a token, when they belong to the widget.
    pub async fn visitor_by_token(&self, widget: &Widget, token: &str) -> Result<Option<Visitor>, StoreError> {
        let visitor = self
            .store
            .visitor_by_token(secret::hash(token), self.context.now())
            .await?;
        Ok(visitor.filter(|visitor| visitor.widget == widget.settings.id))
    }

    /// The widget of a public key.
    pub async fn widget(&self, key: &WidgetKey) -> Result<Option<Widget>, StoreError> {
        self.store.widget_by_key(key).await
    }

    /// A rep's tenant must still have the rep; sessions carry only ids.
    pub async fn rep_of_session(
        &self,
        tenant: &TenantId,
        id: &parlor_protocol::RepId,
        password_version: u64,
    ) -> Result<Option<parlor_store::Rep>, StoreError> {
        let rep = self.store.rep(tenant, id).await?;
        Ok(rep.filter(|rep| rep.password_version == password_version))
    }
}

/// Whether this is the visitor of this widget who registers once more, with the same in every field.
fn is_who_registers(known: &Visitor, widget: &Widget, registration: &Registration) -> bool {
    known.tenant == widget.tenant
        && known.widget == widget.settings.id
        && known.first_name == registration.first_name
        && known.last_name == registration.last_name
        && known.email == registration.email
}
