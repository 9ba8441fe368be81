//! What Parlor does: visitors register, conversations grow, reps answer, HubSpot learns. No HTTP server and no HTML in here.
//!
//! [`Engine`] is the one entrance. Time and randomness come in through [`Context`], storage through
//! [`parlor_store::Store`], news goes out over the [`Bus`]. The server wires these together; tests wire them otherwise.

mod account;
mod admission;
pub mod budget;
mod bus;
mod card;
pub mod connection;
mod context;
mod conversations;
pub mod delivery;
mod ending;
pub mod erasure;
pub mod export;
pub mod identity;
mod inbox_news;
mod portal;
pub mod reps;
pub mod retention;
mod secret;
mod visitors;
pub mod widgets;

use std::sync::Arc;

pub use admission::AdmissionOptions;
pub use bus::{Bus, Event, LocalBus, Subscription, Topic};
pub use context::{Context, OsRandom, Random, SystemTimer, Timer};
pub use conversations::{SendError, SocketId, rep_author, visitor_author};
pub use parlor_store::{
    Clock, Conversation, Rep, SecretHash, SessionRow, Store, StoreError, SystemClock, Timestamp, Visitor, Widget,
};
pub use portal::{Connect, Portal};
pub use reps::{AddRepError, PasswordError, SignInError};
pub use secret::Secret;
pub use visitors::{Granted, RegisterError, Registered};
pub use widgets::{AddWidgetError, Origin, WidgetDraft};

use crate::account::KeptAccount;
use crate::admission::Admission;
use crate::budget::Budget;
use crate::connection::Connection;
use crate::delivery::Delivery;
use crate::erasure::Told;
use crate::identity::{Identity, IdentityOptions};
use crate::inbox_news::InboxNews;
use crate::reps::SignInGuard;

/// All of Parlor behind one handle; cheap to share in an [`Arc`].
pub struct Engine {
    context: Context,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    admission: Admission,
    sign_in_guard: SignInGuard,
    budget: Arc<Budget>,
    delivery: Arc<Delivery>,
    connection: Connection,
    account: KeptAccount,
    identity: Identity,
    inbox_news: InboxNews,
    erasures_told: Told,
}

impl Engine {
    /// Puts the engine together.
    ///
    /// # Errors
    /// When the store cannot answer for the key that signs form stamps, for the HubSpot account, or for revoked proofs.
    pub async fn new(
        context: Context,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        admission: AdmissionOptions,
        delivery: delivery::DeliveryOptions,
        identity: IdentityOptions,
    ) -> Result<Self, StoreError> {
        let admission = Admission::new(&context, store.as_ref(), admission).await?;
        let budget = Arc::new(Budget::new(context.clone()));
        let sealer = Arc::clone(&identity.sealer);
        let (tenant, portal) = (delivery.tenant.clone(), Arc::clone(&delivery.portal));
        let account = KeptAccount::read(store.as_ref(), Arc::clone(&portal)).await?;
        let delivery = Arc::new(Delivery::new(
            context.clone(),
            Arc::clone(&store),
            Arc::clone(&bus),
            Arc::clone(&budget),
            delivery,
        ));
        let connection = Connection::new(tenant, portal, sealer);
        connection.take_up(store.as_ref()).await?;
        let identity = Identity::new(context.clone(), Arc::clone(&store), Arc::clone(&budget), identity).await?;
        Ok(Self {
            sign_in_guard: SignInGuard::new(&context),
            context,
            store,
            bus,
            admission,
            budget,
            delivery,
            connection,
            account,
            identity,
            inbox_news: InboxNews::default(),
            erasures_told: Told::default(),
        })
    }

    /// Where everything is kept; for sessions and readiness, which the server sees to itself.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.now()
    }

    /// The clock and the randomness.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Follows a topic.
    #[must_use]
    pub fn subscribe(&self, topic: Topic) -> Subscription {
        self.bus.subscribe(topic)
    }

    /// The delivery to HubSpot, for the worker that runs it and for its state in words.
    #[must_use]
    pub fn delivery(&self) -> &Arc<Delivery> {
        &self.delivery
    }

    /// Who visitors are, as their sites prove it, and HubSpot's tokens for them.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Removes what is past its time: sessions, codes, tokens, sent forms, revoked proofs, forgotten rate limits; and keeps what was
    /// learnt of the HubSpot account meanwhile. Answers how many rows went.
    pub async fn clean_up(&self) -> Result<u64, StoreError> {
        let now = self.context.now();
        self.admission.forget_idle(now);
        self.sign_in_guard.forget_idle();
        self.keep_account().await?;
        Ok(self.store.remove_expired_sessions(now).await?
            + self.store.remove_expired_secrets(now).await?
            + self.identity.clean_up().await?)
    }
}
