//! What happened to the records, for those who subscribed to it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::object_types::{ObjectType, RecordId};
use crate::account::{PRIVATE_APP_ID, USER_ID};
use crate::clock::Moment;

/// What happened to a record, for those who subscribed to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) at: Moment,
    pub(crate) object_type: ObjectType,
    pub(crate) id: RecordId,
    pub(crate) kind: ChangeKind,
    pub(crate) source: ChangeSource,
}

/// Where a write comes from, in HubSpot's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ChangeSource {
    /// A call of the API with the token of an app.
    Integration,
    /// A person on HubSpot's pages.
    CrmUi,
}

impl ChangeSource {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Integration => "INTEGRATION",
            Self::CrmUi => "CRM_UI",
        }
    }

    /// The app or the person, as history and webhooks name it.
    pub(crate) fn id(self) -> String {
        match self {
            Self::Integration => PRIVATE_APP_ID.to_string(),
            Self::CrmUi => format!("userId:{USER_ID}"),
        }
    }

    /// The person, when it was one.
    pub(crate) const fn user_id(self) -> Option<u64> {
        match self {
            Self::Integration => None,
            Self::CrmUi => Some(USER_ID),
        }
    }
}

/// The kinds of change that HubSpot tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeKind {
    Creation,
    PropertyChange {
        name: String,
        value: String,
    },
    Deletion,
    Restore,
    PrivacyDeletion,
    /// The changed record is the primary one, which lives on.
    Merge {
        merged: Vec<RecordId>,
        properties_moved: usize,
    },
    AssociationChange {
        /// `CONTACT_TO_COMPANY`, from the changed record's side.
        type_name: String,
        to: RecordId,
        /// Whether it is, or was, the one company that counts most.
        primary: bool,
        removed: bool,
    },
}

/// When a write happens, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) at: Moment,
    pub(crate) source: ChangeSource,
}

impl Origin {
    /// A call of HubSpot's API.
    pub(crate) const fn integration(at: Moment) -> Self {
        Self {
            at,
            source: ChangeSource::Integration,
        }
    }

    /// A person on HubSpot's pages: what a test or the control calls stand for.
    pub(crate) const fn crm_ui(at: Moment) -> Self {
        Self {
            at,
            source: ChangeSource::CrmUi,
        }
    }
}

/// How many changes are remembered for those who ask later.
const REMEMBERED: usize = 500;

/// The last changes in the order they happened.
#[derive(Debug, Default)]
pub(crate) struct RecentChanges(VecDeque<Change>);

impl RecentChanges {
    pub(crate) fn add(&mut self, changes: Vec<Change>) {
        self.0.extend(changes);
        let forgotten = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..forgotten);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }
}
