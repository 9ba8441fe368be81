//! Addresses that gdpr-delete was asked for and that no contact had.
//!
//! HubSpot's reference says that such an address is put on a block-list that prevents its use in the future; its help centre
//! says that a permanently deleted contact may be added again by the API. Both cannot hold: a setting chooses, and the
//! default refuses nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::errors::ApiError;

/// What becomes of a contact that is created with an address on the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BlocklistMode {
    /// It is created.
    #[default]
    Ignored,
    /// It is refused.
    Enforced,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Blocklist {
    pub(crate) mode: BlocklistMode,
    addresses: BTreeSet<String>,
}

impl Blocklist {
    pub(crate) fn add(&mut self, email: &str) {
        self.addresses.insert(email.trim().to_lowercase());
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str)
    }

    /// HubSpot's exact words are not known.
    pub(crate) fn check(&self, email: &str) -> Result<(), ApiError> {
        if self.mode == BlocklistMode::Enforced && self.addresses.contains(email) {
            return Err(ApiError::validation(format!(
                "Email address {email} is on the block-list of addresses that were permanently deleted"
            )));
        }
        Ok(())
    }
}
