//! HubSpot as a local server: faithful on the wire, with faults on demand.
//!
//! A [`Sandbox`] answers HubSpot's calls for contacts, companies, deals, tickets, notes and communications, their associations,
//! properties and search, account details and visitor identification, under `/crm/v3/…` (associations also under `/crm/v4/…`)
//! and under the dated paths of `2026-03` and `2026-09`, with HubSpot's authentication (static tokens and OAuth), error bodies,
//! limits and headers. It keeps its records in memory or in a file, shows them on plain pages (`/`), and does on demand what a
//! real HubSpot does at the worst moment ([`FaultRule`]). It also serves a stand-in of HubSpot's chat script
//! (`/scripts/{portal}.js`), which tells whom it took a visitor for and keeps what it was given ([`Sandbox::visits`]). And it
//! sends HubSpot's webhooks, signed and repeated as HubSpot's are ([`Sandbox::set_webhook`]).
//!
//! ```no_run
//! # async fn example() -> Result<(), parlor_sandbox::SandboxError> {
//! use parlor_sandbox::{Effect, FaultRule, Sandbox, SandboxOptions};
//!
//! let running = Sandbox::start(SandboxOptions::default()).await?;
//! let hubspot = running.base_url(); // a client calls this with the token `pat-sandbox`
//! running.sandbox().add_fault(FaultRule::new("POST", "/batch/update", Effect::status(502)).times(2));
//! # let _ = hubspot;
//! # Ok(())
//! # }
//! ```
//!
//! Everything that the methods of [`Sandbox`] do can be done over HTTP under `/_control/…`, from any language: the crate's
//! README lists the calls with examples. Control and pages take no token, which is one reason why the sandbox listens only on
//! loopback addresses unless [`SandboxOptions::allow_public`] is set.
//!
//! What is not here answers as HubSpot answers what it does not know: with an HTML page and 404.

mod account;
mod auth;
mod by_hand;
mod calls;
mod chat;
mod clock;
mod errors;
mod faults;
mod late_writes;
mod limits;
mod oauth;
mod pages;
mod plan;
mod request_log;
mod routes;
mod sandbox;
mod saving;
mod scopes;
mod search;
mod seed;
mod server;
mod state;
mod usage;
mod webhooks;

use std::path::PathBuf;
use std::time::Duration;

pub use account::{Account, UtcOffset};
pub use auth::{DEFAULT_TOKEN, EVERY_SCOPE, Tokens};
pub use chat::{ChatCall, ChatVisit, VisitOutcome};
pub use clock::{Clock, Moment};
pub use faults::{Effect, FaultId, FaultRule, FaultState};
pub use limits::Limits;
pub use oauth::{
    Consent, DEFAULT_APP_ID, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_REDIRECT_URI, InstalledApp, OauthApp,
    OauthTokens,
};
pub use plan::Plan;
pub use request_log::{LoggedBodies, LoggedBody, LoggedRequest};
pub use sandbox::Sandbox;
pub use server::RunningSandbox;
pub use state::properties::{ModificationMetadata, Property, PropertyOption};
pub use state::views::{AssociatedId, AssociatedIds, NextPage, Paging, PastValue, RecordView};
pub use state::visitor_tokens::VisitorToken;
pub use webhooks::apps::DEFAULT_DEVELOPER_KEY;
pub use webhooks::behaviour::{EventTypeSpelling, WebhookBehaviour};
pub use webhooks::deliveries::WebhookDelivery;

/// A contact as HubSpot answers it.
pub type ContactView = RecordView;

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// The file that keeps the records over a restart; `None` keeps them in memory.
    pub records_file: Option<PathBuf>,
    /// The tokens of a new account. A records file that is there already brings its own.
    pub tokens: Tokens,
    /// How much may be called. While they are the default, they follow the plan.
    pub limits: Limits,
    /// What the account has bought.
    pub plan: Plan,
    /// Where the time comes from.
    pub clock: Clock,
    /// The account's number, in account details and some errors.
    pub portal_id: u64,
    /// How long search does not know of a change yet, by the sandbox's clock.
    pub search_lag: Duration,
    /// How many requests the log keeps; older ones fall out.
    pub logged_requests: usize,
    /// Whether it may listen on an address that other machines reach. Whoever reaches it reads and changes everything
    /// without a token, so this is for a network of its own (a container's, say).
    pub allow_public: bool,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            records_file: None,
            tokens: Tokens::default(),
            limits: Limits::default(),
            plan: Plan::default(),
            clock: Clock::default(),
            portal_id: 891_936_587,
            search_lag: search::index::DEFAULT_LAG,
            logged_requests: 1_000,
            allow_public: false,
        }
    }
}

/// What can go wrong with the sandbox itself; what a client does wrong is answered over HTTP.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The records file is there and cannot be used.
    #[error(
        "the sandbox's records file {} cannot be read: {reason}; mend it, or move it away to start with an empty account",
        path.display()
    )]
    RecordsUnreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The records could not be written to their file.
    #[error(
        "the sandbox's records file {} cannot be written: {reason}",
        path.display()
    )]
    RecordsUnwritable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// Another sandbox keeps its records in the same file.
    #[error(
        "the sandbox's records file {} is in use by another sandbox; stop that one, or set another file",
        path.display()
    )]
    RecordsInUse {
        /// The file.
        path: PathBuf,
    },
    /// The sandbox could not be served.
    #[error("the sandbox cannot be served: {0}")]
    Serve(#[from] std::io::Error),
    /// HubSpot would refuse this too; the message is HubSpot's.
    #[error("the sandbox refused: {0}")]
    Refused(String),
}
