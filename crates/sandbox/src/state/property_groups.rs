//! Property groups: the headings under which HubSpot's pages show properties.

use serde::{Deserialize, Serialize};

use super::properties::{check_name, last};
use crate::errors::ApiError;

/// A group as HubSpot describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PropertyGroup {
    pub(crate) archived: bool,
    pub(crate) name: String,
    pub(crate) display_order: i32,
    pub(crate) label: String,
}

impl PropertyGroup {
    pub(crate) fn new(name: &str, label: &str, display_order: i32) -> Self {
        Self {
            archived: false,
            name: name.to_owned(),
            display_order,
            label: label.to_owned(),
        }
    }
}

/// The body of a group's creation. Required fields are optional here, so that one answer names all that are missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewGroup {
    name: Option<String>,
    label: Option<String>,
    display_order: Option<i32>,
}

impl NewGroup {
    pub(crate) fn into_group(self) -> Result<PropertyGroup, ApiError> {
        match (self.name, self.label) {
            (Some(name), Some(label)) => {
                check_name(&name)?;
                Ok(PropertyGroup::new(
                    &name,
                    &label,
                    self.display_order.unwrap_or_else(last),
                ))
            }
            (name, label) => {
                let missing = [("name", name.is_none()), ("label", label.is_none())];
                let missing: Vec<&str> = missing
                    .into_iter()
                    .filter(|(_, is_missing)| *is_missing)
                    .map(|(name, _)| name)
                    .collect();
                Err(ApiError::required_fields(&missing))
            }
        }
    }
}

/// The body of a group's change: what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupUpdate {
    label: Option<String>,
    display_order: Option<i32>,
}

impl GroupUpdate {
    pub(crate) fn apply_to(self, group: &mut PropertyGroup) {
        if let Some(label) = self.label {
            group.label = label;
        }
        if let Some(display_order) = self.display_order {
            group.display_order = display_order;
        }
    }
}
