//! Many records at once, as they were before a test began.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::errors::ApiError;
use crate::routes::path;
use crate::state::Records;
use crate::state::changes::Origin;
use crate::state::object_types::ObjectType;
use crate::state::properties::NewProperty;
use crate::state::values::RawValues;
use crate::state::views::RecordView;
use crate::state::writes::NewAssociation;
use crate::{Moment, Sandbox};

/// What to create, by kind of record: first the properties, then the records, contacts before those that belong to them.
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
    #[serde(default)]
    associations: Vec<NewAssociation>,
}

/// The records that were created, by kind, in the order given.
#[derive(Serialize)]
pub(crate) struct Seeded {
    objects: BTreeMap<&'static str, Vec<RecordView>>,
}

impl Sandbox {
    /// Creates all of it or nothing. Search knows of it at once, and nobody is told of it.
    pub(crate) fn seed(&self, seed: Seed) -> Result<Seeded, ApiError> {
        self.change(|records, now| {
            let mut seeded = records.clone();
            let objects = sow(&mut seeded, seed, now)?;
            // These records are older than the test: they are no changes.
            seeded.take_before();
            seeded.changes.clear();
            *records = seeded;
            Ok(Seeded { objects })
        })
    }
}

fn sow(records: &mut Records, seed: Seed, now: Moment) -> Result<BTreeMap<&'static str, Vec<RecordView>>, ApiError> {
    for (kind, properties) in seed.properties {
        let object_type = path::object_type(&kind)?;
        for property in properties {
            let property = records.schema(object_type).check_new(property, now)?;
            records.schema_mut(object_type).add(property);
        }
    }
    let mut objects: Vec<(ObjectType, Vec<SeededObject>)> = Vec::new();
    for (kind, seeded) in seed.objects {
        objects.push((path::object_type(&kind)?, seeded));
    }
    objects.sort_by_key(|(object_type, _)| ObjectType::ALL.iter().position(|known| known == object_type));
    let mut sown: BTreeMap<&'static str, Vec<RecordView>> = BTreeMap::new();
    for (object_type, seeded) in objects {
        for object in seeded {
            let prepared = records.prepare_creation(object_type, object.properties, &object.associations)?;
            let id = records.write(prepared, Origin::crm_ui(now));
            let view = records.full_view_of(object_type, id)?;
            sown.entry(object_type.plural()).or_default().push(view);
        }
    }
    Ok(sown)
}
