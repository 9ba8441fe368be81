//! Erasure: forgetting a person, here at once and everywhere else for certain.
//!
//! First a line goes into the [`Journal`], then text and identity go from the store in one transaction that also orders what HubSpot
//! has to lose; whatever ends in between, the next start does the rest. Delivery carries the order out, and [`Channel`]s learn of it
//! one after another.

mod channel;
mod journal;

use std::collections::HashMap;
use std::time::Duration;

use parlor_protocol::{ClaimedEmail, ConversationId, TenantId};
use parlor_store::{Erased, Forget, Rep, Store, StoreError};

pub(crate) use channel::Told;
pub use channel::{Channel, ChannelError};
pub use journal::{Entry, Journal, JournalError};

use crate::delivery::unclear_for;
use crate::{Context, Engine};

/// Who did what is done by a command.
pub const COMMAND_LINE: &str = "command line";

/// Why somebody was not forgotten. Asking again does what is left.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// The journal could not be written or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Forgets everybody who gave this address, though it may never have been here: a backup may have it. `timeout` is the client's, of
/// a request to HubSpot.
///
/// # Errors
/// See [`ForgetError`].
pub async fn forget(
    context: &Context,
    store: &dyn Store,
    journal: &Journal,
    tenant: &TenantId,
    email: &ClaimedEmail,
    actor: &str,
    timeout: Duration,
) -> Result<Erased, ForgetError> {
    let now = context.now();
    let conversations = store.not_erased(tenant, Some(email.clone()), now, Vec::new()).await?;
    journal
        .add(Entry {
            at: now,
            tenant: tenant.clone(),
            address: journal.digest(tenant, email),
            conversations,
        })
        .await?;
    let forget = Forget {
        email: Some(email.clone()),
        conversations: Vec::new(),
        actor: actor.to_owned(),
        confirm_until: now + unclear_for(timeout),
    };
    let erased = store.forget(tenant, forget).await?;
    tracing::info!(
        actor,
        conversations = erased.conversations.len(),
        messages = erased.messages,
        records = erased.records,
        "somebody was forgotten"
    );
    Ok(erased)
}

/// Forgets again what the journal says was forgotten and an older state of the store still has; call it before anything is served.
/// Whoever has registered since then is somebody new. Answers how many conversations went.
///
/// # Errors
/// See [`ForgetError`].
pub async fn forget_again(
    context: &Context,
    store: &dyn Store,
    journal: &Journal,
    timeout: Duration,
) -> Result<usize, ForgetError> {
    let mut again = 0;
    // Each address is hashed once, however long the journal is.
    let mut known: HashMap<TenantId, HashMap<String, ClaimedEmail>> = HashMap::new();
    for entry in journal.entries().await? {
        if !known.contains_key(&entry.tenant) {
            let addresses = store.addresses(&entry.tenant).await?.into_iter();
            let digests = addresses.map(|email| (journal.digest(&entry.tenant, &email), email));
            known.insert(entry.tenant.clone(), digests.collect());
        }
        let email = known
            .get(&entry.tenant)
            .and_then(|digests| digests.get(&entry.address))
            .cloned();
        let conversations = store
            .not_erased(&entry.tenant, email, entry.at, entry.conversations)
            .await?;
        if conversations.is_empty() {
            continue;
        }
        let forget = Forget {
            email: None,
            conversations,
            actor: COMMAND_LINE.to_owned(),
            confirm_until: context.now() + unclear_for(timeout),
        };
        again += store.forget(&entry.tenant, forget).await?.conversations.len();
    }
    if again > 0 {
        tracing::warn!(
            conversations = again,
            "an older state of the store still had people who were forgotten; they are forgotten again"
        );
    }
    Ok(again)
}

impl Engine {
    /// Forgets whoever registered with a conversation's address, for a rep. `None` when there is no such conversation.
    ///
    /// # Errors
    /// See [`ForgetError`].
    pub async fn forget_contact(
        &self,
        journal: &Journal,
        rep: &Rep,
        conversation: &ConversationId,
    ) -> Result<Option<Erased>, ForgetError> {
        let Some(conversation) = self.store.conversation(&rep.tenant, conversation).await? else {
            return Ok(None);
        };
        let Ok(email) = ClaimedEmail::parse(&conversation.email) else {
            // It is erased already.
            return Ok(Some(Erased::default()));
        };
        // From here on every erasure is news.
        self.tell_of_erasures(&rep.tenant).await?;
        let timeout = self.delivery.timeout();
        let actor = rep.id.as_str();
        let erased = forget(
            &self.context,
            self.store.as_ref(),
            journal,
            &rep.tenant,
            &email,
            actor,
            timeout,
        )
        .await?;
        self.tell_of_erasures(&rep.tenant).await?;
        Ok(Some(erased))
    }
}
