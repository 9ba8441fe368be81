//! The properties and groups that every account has: those of HubSpot's own that a client meets first, not all of them.

mod communications;
mod companies;
mod contacts;
mod deals;
mod notes;
mod tickets;

use super::object_types::ObjectType;
use super::properties::{ModificationMetadata, Property, PropertyOption, last};
use super::property_groups::PropertyGroup;
use crate::clock::Moment;

/// The default properties of one kind of record, as the tables hold them.
struct Table {
    /// Name and label; the first one holds what no other does.
    groups: &'static [(&'static str, &'static str)],
    rows: &'static [Row],
}

/// One default property.
struct Row {
    name: &'static str,
    label: &'static str,
    group: &'static str,
    look: Look,
    writable: bool,
}

/// What a property holds and how HubSpot's pages show it.
#[derive(Clone, Copy)]
enum Look {
    Text,
    TextArea,
    Html,
    Phone,
    Number,
    DateTime,
    Flag,
    Select(&'static [(&'static str, &'static str)]),
    Radio(&'static [(&'static str, &'static str)]),
    /// Choices that HubSpot keeps elsewhere (owners, records): the sandbox takes every value.
    Elsewhere,
}

const fn row(group: &'static str, name: &'static str, label: &'static str, look: Look) -> Row {
    Row {
        name,
        label,
        group,
        look,
        writable: true,
    }
}

const fn read_only(group: &'static str, name: &'static str, label: &'static str, look: Look) -> Row {
    Row {
        writable: false,
        ..row(group, name, label, look)
    }
}

const fn table(object_type: ObjectType) -> &'static Table {
    match object_type {
        ObjectType::Contact => &contacts::TABLE,
        ObjectType::Company => &companies::TABLE,
        ObjectType::Deal => &deals::TABLE,
        ObjectType::Ticket => &tickets::TABLE,
        ObjectType::Note => &notes::TABLE,
        ObjectType::Communication => &communications::TABLE,
    }
}

pub(super) fn groups(object_type: ObjectType) -> Vec<PropertyGroup> {
    table(object_type)
        .groups
        .iter()
        .zip(0..)
        .map(|((name, label), display_order)| PropertyGroup::new(name, label, display_order))
        .collect()
}

pub(super) fn properties(object_type: ObjectType) -> Vec<Property> {
    table(object_type).rows.iter().map(property).collect()
}

fn property(row: &Row) -> Property {
    // HubSpot's own properties are older than any account; a fixed date keeps answers the same on every run.
    let defined = Moment::from_unix_milliseconds(1_577_836_800_000);
    let (kind, field_type, options) = match row.look {
        Look::Text => ("string", "text", Vec::new()),
        Look::TextArea => ("string", "textarea", Vec::new()),
        Look::Html => ("string", "html", Vec::new()),
        Look::Phone => ("string", "phonenumber", Vec::new()),
        Look::Number => ("number", "number", Vec::new()),
        Look::DateTime => ("datetime", "date", Vec::new()),
        Look::Flag => (
            "bool",
            "booleancheckbox",
            choices(&[("true", "True"), ("false", "False")]),
        ),
        Look::Select(options) => ("enumeration", "select", choices(options)),
        Look::Radio(options) => ("enumeration", "radio", choices(options)),
        Look::Elsewhere => ("enumeration", "checkbox", Vec::new()),
    };
    Property {
        updated_at: defined,
        created_at: defined,
        name: row.name.to_owned(),
        label: row.label.to_owned(),
        kind: kind.to_owned(),
        field_type: field_type.to_owned(),
        description: String::new(),
        group_name: row.group.to_owned(),
        options,
        display_order: last(),
        calculated: false,
        external_options: matches!(row.look, Look::Elsewhere),
        archived: false,
        archived_at: None,
        has_unique_value: row.name == "email",
        hidden: false,
        hubspot_defined: true,
        modification_metadata: ModificationMetadata {
            archivable: false,
            read_only_definition: true,
            read_only_value: !row.writable,
        },
        form_field: row.writable,
        data_sensitivity: "non_sensitive".to_owned(),
    }
}

fn choices(options: &[(&str, &str)]) -> Vec<PropertyOption> {
    options
        .iter()
        .zip(0..)
        .map(|((value, label), display_order)| PropertyOption {
            label: (*label).to_owned(),
            value: (*value).to_owned(),
            description: None,
            display_order,
            hidden: false,
        })
        .collect()
}
