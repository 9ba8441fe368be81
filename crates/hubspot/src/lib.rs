//! HubSpot's API as a typed client. It knows HubSpot and nothing of chat.
//!
//! * [`Client`] is one connection pool with one token, one base URL and one [`ApiVersion`]; [`Client::contacts`],
//!   [`Client::notes`], [`Client::properties`] and [`Client::account`] lead to the calls; [`Client::create_visitor_token`] is one by itself.
//! * Every failure is an [`Error`] with a [`Class`] (what kind of failure), [`Error::retry`] (whether and when another attempt
//!   helps) and [`Error::outcome_unclear`] (whether a write may have been applied all the same).
//! * One call is one request: nothing is retried, queued or cached here. The caller decides, because only the caller
//!   knows what a second attempt costs. (Below HTTP a request is sent again only where it certainly was not processed:
//!   on a connection that closed before the first byte, or after HTTP/2's own refusal.)
//! * Nothing personal and no token stands in a log line, a `Debug` or a `Display` of this crate. What HubSpot says in words may
//!   hold an e-mail address and is kept apart in [`Error::message`], for the eyes of people.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use parlor_hubspot::{Client, ClientOptions};
//!
//! let client = Client::new(ClientOptions::new("pat-…"))?;
//! if let Some(contact) = client.contacts().get_by_email("ada@example.com", &["firstname"]).await? {
//!     println!("record {} has been there since {:?}", contact.id, contact.created_at);
//! }
//! # Ok(())
//! # }
//! ```

mod account;
mod answer;
mod batch;
mod client;
mod contact;
mod contacts;
mod error;
mod limits;
mod notes;
mod options;
mod properties;
mod redact;
mod version;
mod visitor_identification;

pub use account::{Account, AccountDetails, TokenInfo};
pub use batch::{BatchFailure, BatchRead, BatchWrite, MAX_BATCH_INPUTS, TraceId};
pub use client::Client;
pub use contact::{Contact, ContactId, InvalidContactId};
pub use contacts::{BatchReadBy, Contacts, CreateInput, CreateOutcome, UpdateInput};
pub use error::{Class, Error, NotSent, RateLimitPolicy, Retry};
pub use limits::RateLimit;
pub use notes::{MAX_NOTE_BODY, Note, NoteId, Notes};
pub use options::{BuildError, ClientOptions, DEFAULT_BASE_URL, MAX_ANSWER_BYTES};
pub use properties::{NewProperty, Properties, Property, PropertyOutcome};
pub use version::{ApiVersion, InvalidApiVersion};
pub use visitor_identification::{VISITOR_TOKEN_LIFETIME, VisitorIdentity};

// What callers need to fill in the options and to read a token without naming the same crates in the same versions themselves.
pub use secrecy::{ExposeSecret, SecretString};
pub use url::Url;
