//! What crosses the wire between browser and server: ids, frames, limits and validation.
//!
//! The same types serve the WASM islands, the relay and any client a stranger writes; `docs/protocol.md` describes
//! the frames in words. Nothing here knows how a message is stored or shown, and nothing here needs more than `serde`,
//! because every byte of it is downloaded by a visitor.

pub mod card;
pub mod frame;
pub mod id;
pub mod inbox;
pub mod limit;
pub mod message;
pub mod registration;
pub mod text;

pub use card::{ContactCard, Delivery, DeliveryStatus, HubspotRecord};
pub use frame::{ClientFrame, ErrorCode, ServerFrame};
pub use id::{ConversationId, MessageId, RepId, TenantId, VisitorId, WidgetId, WidgetKey};
pub use inbox::{ConversationState, ConversationSummary};
pub use message::{Author, AuthorKind, ERASED_NAME, Message};
pub use registration::{FieldError, PageContext, Registration, RegistrationErrors, RegistrationInput};
pub use text::{ClaimedEmail, MessageText, PersonName};
