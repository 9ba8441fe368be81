//! The definitions of properties. Needed scopes: `crm.schemas.contacts.read`, `crm.schemas.contacts.write`.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Class, Client, Error, answer::Operation, client::Call};

const PROPERTIES: &str = "/crm/properties/{version}/{object}";
const PROPERTY: &str = "/crm/properties/{version}/{object}/{property}";

/// The calls on the definitions of properties.
#[derive(Clone, Copy, Debug)]
pub struct Properties<'a> {
    client: &'a Client,
}

/// A property's definition, as far as HubSpot sent it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// The internal name, by which records carry it.
    pub name: String,
    /// The name people see.
    #[serde(default)]
    pub label: Option<String>,
    /// `string`, `number`, `enumeration`, …
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// `textarea`, `text`, `select`, …
    #[serde(default)]
    pub field_type: Option<String>,
    /// The group it is shown in.
    #[serde(default)]
    pub group_name: Option<String>,
    /// The help text people see.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it is in the recycling bin.
    #[serde(default)]
    pub archived: bool,
    /// Whether HubSpot calculates it, so that it cannot be written.
    #[serde(default)]
    pub calculated: bool,
    /// Whether HubSpot made it, for a purpose of its own.
    #[serde(default)]
    pub hubspot_defined: bool,
    /// What may be done to it.
    #[serde(default)]
    modification_metadata: Option<ModificationMetadata>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModificationMetadata {
    #[serde(default)]
    read_only_value: bool,
}

impl Property {
    /// Whether records refuse a value for it.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.calculated
            || self
                .modification_metadata
                .is_some_and(|metadata| metadata.read_only_value)
    }
}

/// A property to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewProperty {
    /// The group it is shown in, for example `contactinformation`.
    pub group_name: String,
    /// The internal name: lower-case letters, digits and underscores, beginning with a letter.
    pub name: String,
    /// The name people see.
    pub label: String,
    /// `string`, `number`, `enumeration`, … (HubSpot's `type`).
    #[serde(rename = "type")]
    pub kind: String,
    /// `textarea`, `text`, `select`, …
    pub field_type: String,
    /// The help text people see.
    pub description: String,
}

/// What became of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyOutcome {
    /// The new property.
    Created(Property),
    /// There is one of this name already; nothing was changed.
    AlreadyExists,
}

impl<'a> Properties<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The definition of an object type's property (`contacts`), or `None`.
    pub async fn get(&self, object: &str, name: &str) -> Result<Option<Property>, Error> {
        let call = Call {
            operation: Operation {
                name: "read a property's definition",
                writes: false,
            },
            method: Method::GET,
            template: PROPERTY,
            area: self.client.version().properties(),
            parts: &[object, name],
            query: Vec::new(),
        };
        match self.client.call(call, None::<&Value>).await {
            Ok(answer) => answer.parse("it is no property").map(Some),
            Err(error) if *error.class() == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a property of an object type (`contacts`).
    pub async fn create(&self, object: &str, property: &NewProperty) -> Result<PropertyOutcome, Error> {
        let call = Call {
            operation: Operation {
                name: "create a property",
                writes: true,
            },
            method: Method::POST,
            template: PROPERTIES,
            area: self.client.version().properties(),
            parts: &[object],
            query: Vec::new(),
        };
        match self.client.call(call, Some(property)).await {
            Ok(answer) => answer.parse("it is no property").map(PropertyOutcome::Created),
            Err(error) if matches!(error.class(), Class::Conflict { .. }) => Ok(PropertyOutcome::AlreadyExists),
            Err(error) => Err(error),
        }
    }
}
