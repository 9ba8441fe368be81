//! Property definitions: their shape on the wire, and what may be asked of one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::errors::ApiError;

/// A property as HubSpot describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are the fields of HubSpot's answer")]
pub struct Property {
    /// When it was last changed.
    pub updated_at: Moment,
    /// When it was created.
    pub created_at: Moment,
    /// Its name in the API.
    pub name: String,
    /// Its name on HubSpot's pages.
    pub label: String,
    /// `string`, `number`, `datetime`, `enumeration` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// How HubSpot's pages show it: `text`, `textarea`, `select` and so on.
    pub field_type: String,
    /// What it is for, in words.
    pub description: String,
    /// The group it stands in.
    pub group_name: String,
    /// What an enumeration may hold.
    pub options: Vec<PropertyOption>,
    /// Its place in lists; -1 is after all that have one.
    pub display_order: i32,
    /// Whether HubSpot calculates it.
    pub calculated: bool,
    /// Whether its options come from elsewhere.
    pub external_options: bool,
    /// Whether it was archived.
    pub archived: bool,
    /// When it was archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Moment>,
    /// Whether no two records may have the same value.
    pub has_unique_value: bool,
    /// Whether HubSpot's pages hide it.
    pub hidden: bool,
    /// Whether HubSpot itself defines it.
    pub hubspot_defined: bool,
    /// What may be changed.
    pub modification_metadata: ModificationMetadata,
    /// Whether forms may ask for it.
    pub form_field: bool,
    /// `non_sensitive`, `sensitive` or `highly_sensitive`.
    pub data_sensitivity: String,
}

/// What may be changed of a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModificationMetadata {
    /// Whether it can be archived.
    pub archivable: bool,
    /// Whether its definition is fixed.
    pub read_only_definition: bool,
    /// Whether nobody but HubSpot may write its values.
    pub read_only_value: bool,
}

/// One choice of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyOption {
    /// What people see.
    pub label: String,
    /// What is stored.
    pub value: String,
    /// What it means, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its place in the list.
    #[serde(default = "last")]
    pub display_order: i32,
    /// Whether HubSpot's pages hide it.
    #[serde(default)]
    pub hidden: bool,
}

pub(crate) const fn last() -> i32 {
    -1
}

/// The body of a property's creation. Required fields are optional here, so that one answer names all that are missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NewProperty {
    name: Option<String>,
    label: Option<String>,
    group_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    field_type: Option<String>,
    description: Option<String>,
    options: Vec<PropertyOption>,
    display_order: Option<i32>,
    has_unique_value: bool,
    hidden: bool,
    form_field: bool,
    data_sensitivity: Option<String>,
}

impl NewProperty {
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The property asked for, when it is well formed: else 400 with all that is missing.
    pub(crate) fn into_property(self, now: Moment) -> Result<Property, ApiError> {
        let mut missing = Vec::new();
        let mut required = |value: Option<String>, name: &'static str| {
            value.filter(|value| !value.is_empty()).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let name = required(self.name, "name");
        let label = required(self.label, "label");
        let group_name = required(self.group_name, "groupName");
        let kind = required(self.kind, "type");
        let field_type = required(self.field_type, "fieldType");
        if !missing.is_empty() {
            return Err(ApiError::required_fields(&missing));
        }
        check_name(&name)?;
        check_kind(&kind, &field_type)?;
        check_options(&self.options)?;
        Ok(Property {
            updated_at: now,
            created_at: now,
            name,
            label,
            kind,
            field_type,
            description: self.description.unwrap_or_default(),
            group_name,
            options: self.options,
            display_order: self.display_order.unwrap_or_else(last),
            calculated: false,
            external_options: false,
            archived: false,
            archived_at: None,
            has_unique_value: self.has_unique_value,
            hidden: self.hidden,
            hubspot_defined: false,
            modification_metadata: ModificationMetadata {
                archivable: true,
                read_only_definition: false,
                read_only_value: false,
            },
            form_field: self.form_field,
            data_sensitivity: self.data_sensitivity.unwrap_or_else(|| "non_sensitive".to_owned()),
        })
    }
}

/// The body of a property's change: what is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PropertyUpdate {
    label: Option<String>,
    pub(crate) group_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    field_type: Option<String>,
    description: Option<String>,
    options: Option<Vec<PropertyOption>>,
    display_order: Option<i32>,
    hidden: Option<bool>,
    form_field: Option<bool>,
}

impl PropertyUpdate {
    /// The property as it is after the change. The options, when given, replace all that were.
    pub(crate) fn applied_to(self, property: &Property, now: Moment) -> Result<Property, ApiError> {
        let changed = Property {
            updated_at: now,
            label: self.label.unwrap_or_else(|| property.label.clone()),
            kind: self.kind.unwrap_or_else(|| property.kind.clone()),
            field_type: self.field_type.unwrap_or_else(|| property.field_type.clone()),
            description: self.description.unwrap_or_else(|| property.description.clone()),
            group_name: self.group_name.unwrap_or_else(|| property.group_name.clone()),
            options: self.options.unwrap_or_else(|| property.options.clone()),
            display_order: self.display_order.unwrap_or(property.display_order),
            hidden: self.hidden.unwrap_or(property.hidden),
            form_field: self.form_field.unwrap_or(property.form_field),
            ..property.clone()
        };
        check_kind(&changed.kind, &changed.field_type)?;
        check_options(&changed.options)?;
        Ok(changed)
    }
}

/// HubSpot's exact words are not known.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    let well_formed = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 100
        && name
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_');
    if well_formed {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "Property name \"{name}\" is not valid: it starts with a lower-case letter and holds only lower-case letters, \
         digits and underscores"
    )))
}

/// HubSpot's exact words for two options of one value are not known.
fn check_options(options: &[PropertyOption]) -> Result<(), ApiError> {
    let mut values = BTreeSet::new();
    match options.iter().find(|option| !values.insert(option.value.as_str())) {
        Some(twice) => Err(ApiError::validation(format!(
            "Property option values must be unique: \"{}\" comes twice",
            twice.value
        ))),
        None => Ok(()),
    }
}

fn check_kind(kind: &str, field_type: &str) -> Result<(), ApiError> {
    let field_types: &[&str] = match kind {
        "string" => &[
            "text",
            "textarea",
            "html",
            "file",
            "phonenumber",
            "calculation_equation",
        ],
        "phone_number" => &["phonenumber"],
        "number" => &["number", "calculation_equation"],
        "bool" => &["booleancheckbox", "calculation_equation"],
        "date" | "datetime" => &["date"],
        "enumeration" => &["select", "radio", "checkbox", "booleancheckbox", "calculation_equation"],
        _ => return Err(ApiError::validation(format!("Property type \"{kind}\" does not exist"))),
    };
    if !field_types.contains(&field_type) {
        return Err(ApiError::validation(format!(
            "Property type \"{kind}\" cannot have the field type \"{field_type}\""
        )));
    }
    Ok(())
}
