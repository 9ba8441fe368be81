//! Which record has a value that no two may have: contacts' addresses, and properties created with `hasUniqueValue`.

use std::collections::HashMap;

use super::object_types::RecordId;
use super::record::Record;
use super::schema::Schema;

/// By property and value. Archived records have given theirs back.
#[derive(Clone, Debug, Default)]
pub(crate) struct UniqueValues(HashMap<String, HashMap<String, RecordId>>);

impl UniqueValues {
    pub(crate) fn owner(&self, property: &str, value: &str) -> Option<RecordId> {
        let value = value.trim();
        let owners = self.0.get(property)?;
        // Only addresses are compared whatever their case; they are kept in lower case.
        if property == "email" && value.chars().any(char::is_uppercase) {
            return owners.get(&value.to_lowercase()).copied();
        }
        owners.get(value).copied()
    }

    /// Notes the values of a record that were written or that came back with it.
    pub(crate) fn add(&mut self, schema: &Schema, record: &Record) {
        for property in schema.all().filter(|property| property.has_unique_value) {
            let additional = record.additional_emails.iter().filter(|_| property.name == "email");
            let values = record.written(&property.name).into_iter();
            for value in values.chain(additional.map(String::as_str)) {
                let owners = self.0.entry(property.name.clone()).or_default();
                // A restored contact does not take back an additional address that another got meanwhile.
                owners.entry(value.trim().to_owned()).or_insert(record.id);
            }
        }
    }

    /// Forgets every value of a record.
    pub(crate) fn remove(&mut self, schema: &Schema, record: &Record) {
        for property in schema.all().filter(|property| property.has_unique_value) {
            let Some(owners) = self.0.get_mut(&property.name) else {
                continue;
            };
            let additional = record.additional_emails.iter().filter(|_| property.name == "email");
            let values = record.written(&property.name).into_iter();
            for value in values.chain(additional.map(String::as_str)) {
                if owners.get(value.trim()) == Some(&record.id) {
                    owners.remove(value.trim());
                }
            }
        }
    }
}
