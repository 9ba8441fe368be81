//! What the sandbox's account holds: contacts, properties, tokens of programs and of visitors, and the file that keeps them.

pub(crate) mod changes;
pub(crate) mod contacts;
pub(crate) mod object_types;
pub(crate) mod properties;
pub(crate) mod records_file;
pub(crate) mod values;
pub(crate) mod visitor_tokens;

use serde::{Deserialize, Serialize};

use crate::auth::Tokens;
use crate::webhooks::apps::WebhookApps;

use changes::Change;
use contacts::Contacts;
use properties::Properties;
use visitor_tokens::VisitorTokens;

/// Everything that outlives a restart when a records file is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) portal_id: u64,
    pub(crate) tokens: Tokens,
    pub(crate) properties: Properties,
    pub(crate) contacts: Contacts,
    /// Files written before there were any have none.
    #[serde(default)]
    pub(crate) visitor_tokens: VisitorTokens,
    /// Files written before there were any have none.
    #[serde(default)]
    pub(crate) webhook_apps: WebhookApps,
}

impl Records {
    /// An account as HubSpot hands it over: default properties, no contact.
    pub(crate) fn new(portal_id: u64, tokens: Tokens) -> Self {
        Self {
            portal_id,
            tokens,
            properties: Properties::default(),
            contacts: Contacts::default(),
            visitor_tokens: VisitorTokens::default(),
            webhook_apps: WebhookApps::default(),
        }
    }

    /// What happened since it was last asked for.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.contacts.changes)
    }
}
