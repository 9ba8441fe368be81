//! Property definitions: HubSpot's own, there from the start, and those that are created.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::errors::ApiError;

/// The groups that contact properties belong to.
const GROUPS: [&str; 6] = [
    "contactinformation",
    "contactlcs",
    "contact_activity",
    "analyticsinformation",
    "conversioninformation",
    "emailinformation",
];

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
    /// Whether no two contacts may have the same value.
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
    /// Its place in the list.
    #[serde(default = "last")]
    pub display_order: i32,
    /// Whether HubSpot's pages hide it.
    #[serde(default)]
    pub hidden: bool,
}

const fn last() -> i32 {
    -1
}

/// The body of a property's creation. Required fields are optional here, so that one answer names all that are missing.
#[derive(Debug, Default, Deserialize)]
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

/// The contact properties of the account, by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Properties(BTreeMap<String, Property>);

impl Properties {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Property> {
        self.0.values()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Property> {
        self.0.get(name)
    }

    /// Defines a property, as HubSpot does it: 400 for what is not well formed, 409 for what is there already.
    pub(crate) fn create(&mut self, new: NewProperty, now: Moment) -> Result<&Property, ApiError> {
        let mut missing = Vec::new();
        let mut required = |value: Option<String>, name: &'static str| {
            value.filter(|value| !value.is_empty()).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let name = required(new.name, "name");
        let label = required(new.label, "label");
        let group_name = required(new.group_name, "groupName");
        let kind = required(new.kind, "type");
        let field_type = required(new.field_type, "fieldType");
        if !missing.is_empty() {
            return Err(ApiError::validation(format!(
                "Some required fields were not set: [{}]",
                missing.join(", ")
            )));
        }
        check_definition(&name, &group_name, &kind, &field_type)?;
        if self.0.contains_key(&name) {
            return Err(ApiError::property_exists(&name));
        }
        let property = Property {
            updated_at: now,
            created_at: now,
            name: name.clone(),
            label,
            kind,
            field_type,
            description: new.description.unwrap_or_default(),
            group_name,
            options: new.options,
            display_order: new.display_order.unwrap_or_else(last),
            calculated: false,
            external_options: false,
            archived: false,
            has_unique_value: new.has_unique_value,
            hidden: new.hidden,
            hubspot_defined: false,
            modification_metadata: ModificationMetadata {
                archivable: true,
                read_only_definition: false,
                read_only_value: false,
            },
            form_field: new.form_field,
            data_sensitivity: new.data_sensitivity.unwrap_or_else(|| "non_sensitive".to_owned()),
        };
        Ok(self.0.entry(name).or_insert(property))
    }
}

fn check_definition(name: &str, group_name: &str, kind: &str, field_type: &str) -> Result<(), ApiError> {
    let well_formed = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 100
        && name
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_');
    if !well_formed {
        return Err(ApiError::validation(format!(
            "Property name \"{name}\" is not valid: it starts with a lower-case letter and holds only lower-case \
             letters, digits and underscores"
        )));
    }
    if !GROUPS.contains(&group_name) {
        return Err(ApiError::validation(format!(
            "Property group \"{group_name}\" does not exist"
        )));
    }
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

impl Default for Properties {
    /// The default contact properties that a client meets first. `chat_transcript` is not among them.
    fn default() -> Self {
        let text = [
            ("email", "Email"),
            ("firstname", "First Name"),
            ("lastname", "Last Name"),
            ("mobilephone", "Mobile Phone Number"),
            ("company", "Company Name"),
            ("jobtitle", "Job Title"),
            ("website", "Website URL"),
            ("address", "Street Address"),
            ("city", "City"),
            ("state", "State/Region"),
            ("zip", "Postal Code"),
            ("country", "Country/Region"),
        ];
        let mut properties: Vec<Property> = text
            .into_iter()
            .map(|(name, label)| hubspot_defined(name, label, "string", "text", false))
            .collect();
        properties.extend([
            hubspot_defined("phone", "Phone Number", "string", "phonenumber", false),
            hubspot_defined("message", "Message", "string", "textarea", false),
            hubspot_defined("createdate", "Create Date", "datetime", "date", true),
            hubspot_defined("lastmodifieddate", "Last Modified Date", "datetime", "date", true),
            hubspot_defined("hs_object_id", "Record ID", "number", "number", true),
            hubspot_defined(
                "hs_additional_emails",
                "Additional email addresses",
                "enumeration",
                "checkbox",
                true,
            ),
            hubspot_defined(
                "hs_merged_object_ids",
                "Merged record IDs",
                "enumeration",
                "checkbox",
                true,
            ),
            Property {
                options: LIFECYCLE_STAGES.into_iter().zip(0..).map(lifecycle_stage).collect(),
                ..hubspot_defined("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", false)
            },
        ]);
        Self(
            properties
                .into_iter()
                .map(|property| (property.name.clone(), property))
                .collect(),
        )
    }
}

const LIFECYCLE_STAGES: [(&str, &str); 8] = [
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
];

fn lifecycle_stage(((value, label), display_order): ((&str, &str), i32)) -> PropertyOption {
    PropertyOption {
        label: label.to_owned(),
        value: value.to_owned(),
        display_order,
        hidden: false,
    }
}

fn hubspot_defined(name: &str, label: &str, kind: &str, field_type: &str, read_only: bool) -> Property {
    // HubSpot's own properties are older than any account; a fixed date keeps answers the same on every run.
    let defined = Moment::from_unix_milliseconds(1_577_836_800_000);
    Property {
        updated_at: defined,
        created_at: defined,
        name: name.to_owned(),
        label: label.to_owned(),
        kind: kind.to_owned(),
        field_type: field_type.to_owned(),
        description: String::new(),
        group_name: "contactinformation".to_owned(),
        options: Vec::new(),
        display_order: last(),
        calculated: false,
        external_options: false,
        archived: false,
        has_unique_value: name == "email",
        hidden: false,
        hubspot_defined: true,
        modification_metadata: ModificationMetadata {
            archivable: false,
            read_only_definition: true,
            read_only_value: read_only,
        },
        form_field: !read_only,
        data_sensitivity: "non_sensitive".to_owned(),
    }
}
