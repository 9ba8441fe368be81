//! Many records at once, as they were before a test began.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::Records;
use crate::state::contacts::ContactView;
use crate::state::properties::NewProperty;
use crate::state::values::{self, RawValues};

/// What to create, by type of object: first the properties, then the records.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Seed {
    properties: BTreeMap<String, Vec<NewProperty>>,
    objects: BTreeMap<String, Vec<SeededObject>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeededObject {
    properties: RawValues,
}

/// The records that were created, by type of object, in the order given.
#[derive(Serialize)]
pub(crate) struct Seeded {
    objects: BTreeMap<String, Vec<ContactView>>,
}

impl Sandbox {
    /// Creates all of it or nothing. Search knows of it at once.
    pub(crate) fn seed(&self, seed: Seed) -> Result<Seeded, ApiError> {
        self.change(|records, now| {
            let mut seeded = records.clone();
            let objects = sow(&mut seeded, seed, now)?;
            // Nothing is handed on to the search index: these records are older than the test.
            seeded.contacts.take_before();
            *records = seeded;
            Ok(Seeded { objects })
        })
    }
}

fn sow(records: &mut Records, seed: Seed, now: Moment) -> Result<BTreeMap<String, Vec<ContactView>>, ApiError> {
    for (plural, properties) in seed.properties {
        check_type(&plural)?;
        for property in properties {
            records.properties.create(property, now)?;
        }
    }
    let mut sown = BTreeMap::new();
    for (plural, objects) in seed.objects {
        check_type(&plural)?;
        let views: Result<Vec<ContactView>, ApiError> = objects
            .into_iter()
            .map(|object| {
                let values = values::check(&records.properties, object.properties, records.portal_id)?;
                let contact = records.contacts.create(values, now)?;
                Ok(contact.full_view(&records.properties))
            })
            .collect();
        sown.insert(plural, views?);
    }
    Ok(sown)
}

fn check_type(plural: &str) -> Result<(), ApiError> {
    if plural == "contacts" {
        Ok(())
    } else {
        Err(ApiError::validation(format!(
            "There are no objects of the type \"{plural}\""
        )))
    }
}
