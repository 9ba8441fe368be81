//! The change feed: what happened to records, for those who subscribed to it.

use serde::{Deserialize, Serialize};

use super::object_types::{ObjectType, RecordId};
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

/// Who changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChangeSource {
    Integration,
    CrmUi,
    Api,
}

impl ChangeSource {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Integration => "INTEGRATION",
            Self::CrmUi => "CRM_UI",
            Self::Api => "API",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChangeKind {
    Creation,
    PropertyChange {
        name: String,
        value: String,
    },
    Deletion,
    Restore,
    PrivacyDeletion,
    /// The record is the primary one, and the new one.
    Merge {
        merged: Vec<RecordId>,
        properties_moved: usize,
    },
    AssociationChange {
        type_name: String,
        to: RecordId,
        removed: bool,
    },
}
