//! What of an event depends on its type.

use serde::Serialize;

use super::event_types::EventType;
use crate::state::changes::{Change, ChangeKind};
use crate::state::object_types::RecordId;

/// The fields that some types have, in the order of recorded deliveries.
#[derive(Clone, Debug, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    object_id: Option<u64>,
    /// Generic events only.
    #[serde(skip_serializing_if = "Option::is_none")]
    object_type_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_flag: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    property_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    property_value: Option<String>,
    /// Generic events only.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_sensitive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_object_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_object_ids: Option<Vec<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_object_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_of_properties_moved: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_object_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_object_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association_removed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_primary_association: Option<bool>,
}

impl Details {
    /// What an event of this type says of a change.
    pub(crate) fn new(change: &Change, event_type: EventType) -> Self {
        // Ids are numbers in events, and strings everywhere else.
        let id = change.id.number();
        let mut details = Self {
            object_id: Some(id),
            change_flag: match event_type.occurrence() {
                "creation" => Some("CREATED"),
                "deletion" => Some("DELETED"),
                _ => None,
            },
            ..Self::default()
        };
        match &change.kind {
            ChangeKind::PropertyChange { name, value } => {
                details.property_name = Some(name.clone());
                details.property_value = Some(value.clone());
            }
            ChangeKind::Merge {
                merged,
                properties_moved,
            } => {
                details.primary_object_id = Some(id);
                details.merged_object_ids = Some(merged.iter().copied().map(RecordId::number).collect());
                details.new_object_id = Some(id);
                details.number_of_properties_moved = Some(*properties_moved);
            }
            ChangeKind::AssociationChange {
                type_name,
                to,
                primary,
                removed,
            } => {
                // HubSpot documents no `objectId` for these.
                details.object_id = None;
                details.association_type = Some(type_name.clone());
                details.from_object_id = Some(id);
                details.to_object_id = Some(to.number());
                details.association_removed = Some(*removed);
                details.is_primary_association = Some(*primary);
            }
            ChangeKind::Creation | ChangeKind::Deletion | ChangeKind::Restore | ChangeKind::PrivacyDeletion => {}
        }
        if event_type.is_generic() {
            details.object_type_id = Some(change.object_type.type_id());
            details.is_sensitive = event_type.is_property_change().then_some(false);
        }
        details
    }

    /// How many bytes its longest field has.
    pub(crate) fn weight(&self) -> usize {
        self.property_value.as_ref().map_or(0, String::len)
    }
}
