//! Where Parlor keeps everything: widgets, visitors, conversations, reps, sessions, proofs of identity and the state
//! of delivery.
//!
//! The traits say what is kept, in Parlor's words; [`Store`] is all of them together. A backend lives in a module of its
//! own with its own SQL and migrations, and passes the contract tests in `tests/`, which name no backend but in one line.
//! Every row belongs to a tenant, and every call names it: a row of another tenant is as good as absent.
//!
//! What a method acknowledges is on disk. The store is the truth; what the bus carries is only news of it.

mod audit;
mod clock;
mod conversations;
mod dead_letters;
mod delivery;
mod erasure;
mod error;
mod identity;
mod leases;
mod notes;
mod person;
mod portals;
mod reps;
mod sessions;
mod settings;
pub mod sqlite;
mod visitors;
mod widgets;

pub use audit::{Audit, Audits, NewAudit};
pub use clock::{Clock, SystemClock, Timestamp};
pub use conversations::{Append, AppendOutcome, Appended, Conversation, Conversations, Ended, Writer};
pub use dead_letters::{DeadLetter, DeadLetters, Rest};
pub use delivery::{
    Coalescing, ConversationDelivery, Delivered, Deliveries, DirtyRecord, ErasingRecord, PendingAddress, Postponement,
    Reason, RecordState, Sending, TranscriptConversation, Undelivered, ValueHash,
};
pub use erasure::{Erased, ErasureNote, ErasureNoteAction, Erasures, Forget};
pub use error::StoreError;
pub use identity::{Edit, Identities, Provider, RevokedProof, StoredToken, WidgetIdentity, WidgetIdentityChange};
pub use leases::{Fence, Leases, Taken};
pub use notes::{DeliveryNotes, NoteKind, NoteRange, NoteState, PlannedNote, StoredNote};
pub use person::{PersonAddress, PersonConversation, Persons};
pub use portals::{PortalConnection, Portals};
pub use reps::{NewRep, Rep, Reps};
pub use sessions::{SessionRow, Sessions};
pub use settings::Settings;
pub use visitors::{NewVisitor, SecretHash, StoredRegistration, Visitor, Visitors};
pub use widgets::{LauncherPosition, NewWidget, Widget, Widgets};

/// Everything that is kept.
pub trait Store:
    Widgets
    + Visitors
    + Conversations
    + Reps
    + Sessions
    + Deliveries
    + DeliveryNotes
    + DeadLetters
    + Leases
    + Portals
    + Identities
    + Settings
    + Erasures
    + Audits
    + Persons
    + Send
    + Sync
    + 'static
{
}

impl<T> Store for T where
    T: Widgets
        + Visitors
        + Conversations
        + Reps
        + Sessions
        + Deliveries
        + DeliveryNotes
        + DeadLetters
        + Leases
        + Portals
        + Identities
        + Settings
        + Erasures
        + Audits
        + Persons
        + Erasures
        + Audits
        + Persons
        + Send
        + Sync
        + 'static
{
}
