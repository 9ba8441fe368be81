//! What the records of one kind may hold: properties and their groups, HubSpot's own and those that are created.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::default_properties;
use super::object_types::ObjectType;
use super::properties::{NewProperty, Property, PropertyUpdate};
use super::property_groups::{GroupUpdate, NewGroup, PropertyGroup};
use crate::clock::Moment;
use crate::errors::ApiError;

/// The properties and groups of one kind of record, by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Schema {
    properties: BTreeMap<String, Property>,
    archived: BTreeMap<String, Property>,
    groups: BTreeMap<String, PropertyGroup>,
}

impl Schema {
    /// What an account has from the start. `chat_transcript` is not among it.
    pub(crate) fn default_of(object_type: ObjectType) -> Self {
        let groups = default_properties::groups(object_type);
        let properties = default_properties::properties(object_type);
        Self {
            properties: by_name(properties),
            archived: BTreeMap::new(),
            groups: groups.into_iter().map(|group| (group.name.clone(), group)).collect(),
        }
    }

    /// Takes over properties that an account has beside the default ones.
    pub(crate) fn adopt(&mut self, properties: impl IntoIterator<Item = Property>) {
        for property in properties {
            self.properties.entry(property.name.clone()).or_insert(property);
        }
    }

    /// Adds what HubSpot defines by now and an older file does not know.
    pub(crate) fn complete(&mut self, object_type: ObjectType) {
        let default = Self::default_of(object_type);
        self.adopt(default.properties.into_values());
        for (name, group) in default.groups {
            self.groups.entry(name).or_insert(group);
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Property> {
        self.properties.values()
    }

    pub(crate) fn all_archived(&self) -> impl Iterator<Item = &Property> {
        self.archived.values()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Property> {
        self.properties.get(name)
    }

    pub(crate) fn get_archived(&self, name: &str) -> Option<&Property> {
        self.archived.get(name)
    }

    pub(crate) fn is_unique(&self, name: &str) -> bool {
        self.get(name).is_some_and(|property| property.has_unique_value)
    }

    /// Refuses a property as HubSpot does: 400 for what is not well formed, 409 for what is there already.
    pub(crate) fn check_new(&self, new: NewProperty, now: Moment) -> Result<Property, ApiError> {
        let property = new.into_property(now)?;
        self.check_group_exists(&property.group_name)?;
        if self.properties.contains_key(&property.name) {
            return Err(ApiError::property_exists(&property.name));
        }
        Ok(property)
    }

    /// Adds a property that was checked. One of its name that was archived is forgotten.
    pub(crate) fn add(&mut self, property: Property) {
        self.archived.remove(&property.name);
        self.properties.insert(property.name.clone(), property);
    }

    /// Changes a definition. HubSpot's exact words for one of its own are not known.
    pub(crate) fn update(&mut self, name: &str, update: PropertyUpdate, now: Moment) -> Result<&Property, ApiError> {
        if let Some(group_name) = &update.group_name {
            self.check_group_exists(group_name)?;
        }
        let property = self
            .properties
            .get_mut(name)
            .ok_or_else(|| ApiError::property_not_found(name))?;
        if property.modification_metadata.read_only_definition {
            return Err(ApiError::validation(format!(
                "The definition of property \"{name}\" is read only and cannot be changed"
            )));
        }
        *property = update.applied_to(property, now)?;
        Ok(property)
    }

    /// Refuses to archive what HubSpot itself defines. Its exact words are not known.
    pub(crate) fn check_archivable(&self, name: &str) -> Result<(), ApiError> {
        let property = self.get(name).ok_or_else(|| ApiError::property_not_found(name))?;
        if property.modification_metadata.archivable {
            return Ok(());
        }
        Err(ApiError::validation(format!(
            "Property \"{name}\" is defined by HubSpot and cannot be archived"
        )))
    }

    /// Archives a property: its values are no longer answered.
    pub(crate) fn archive(&mut self, name: &str, now: Moment) -> Result<(), ApiError> {
        self.check_archivable(name)?;
        if let Some(mut property) = self.properties.remove(name) {
            property.archived = true;
            property.archived_at = Some(now);
            self.archived.insert(name.to_owned(), property);
        }
        Ok(())
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &PropertyGroup> {
        self.groups.values()
    }

    pub(crate) fn group(&self, name: &str) -> Result<&PropertyGroup, ApiError> {
        self.groups.get(name).ok_or_else(|| ApiError::group_not_found(name))
    }

    pub(crate) fn create_group(&mut self, new: NewGroup) -> Result<&PropertyGroup, ApiError> {
        let group = new.into_group()?;
        if self.groups.contains_key(&group.name) {
            return Err(ApiError::group_exists(&group.name));
        }
        Ok(self.groups.entry(group.name.clone()).or_insert(group))
    }

    pub(crate) fn update_group(&mut self, name: &str, update: GroupUpdate) -> Result<&PropertyGroup, ApiError> {
        let group = self
            .groups
            .get_mut(name)
            .ok_or_else(|| ApiError::group_not_found(name))?;
        update.apply_to(group);
        Ok(group)
    }

    /// Archives a group. Whether HubSpot lets one go that has properties is not known: here it is refused.
    pub(crate) fn archive_group(&mut self, name: &str) -> Result<(), ApiError> {
        self.group(name)?;
        if self.all().any(|property| property.group_name == name) {
            return Err(ApiError::validation(format!(
                "Property group \"{name}\" still has properties and cannot be archived"
            )));
        }
        self.groups.remove(name);
        Ok(())
    }

    /// HubSpot's exact words are not known.
    fn check_group_exists(&self, name: &str) -> Result<(), ApiError> {
        if self.groups.contains_key(name) {
            return Ok(());
        }
        Err(ApiError::validation(format!(
            "Property group \"{name}\" does not exist"
        )))
    }
}

fn by_name(properties: Vec<Property>) -> BTreeMap<String, Property> {
    properties
        .into_iter()
        .map(|property| (property.name.clone(), property))
        .collect()
}
