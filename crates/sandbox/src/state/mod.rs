//! What the sandbox's account holds: contacts, properties and tokens, and the file that keeps them.

pub(crate) mod contacts;
pub(crate) mod properties;
pub(crate) mod records_file;
pub(crate) mod values;

use serde::{Deserialize, Serialize};

use crate::auth::Tokens;

use contacts::Contacts;
use properties::Properties;

/// Everything that outlives a restart when a records file is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) portal_id: u64,
    pub(crate) tokens: Tokens,
    pub(crate) properties: Properties,
    pub(crate) contacts: Contacts,
}

impl Records {
    /// An account as HubSpot hands it over: default properties, no contact.
    pub(crate) fn new(portal_id: u64, tokens: Tokens) -> Self {
        Self {
            portal_id,
            tokens,
            properties: Properties::default(),
            contacts: Contacts::default(),
        }
    }
}
