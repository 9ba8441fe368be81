//! Creating and changing records: first everything is checked, then nothing can fail.

use serde::{Deserialize, Deserializer, Serialize};

use super::Records;
use super::association_types::AssociationType;
use super::associations::RecordKey;
use super::changes::{ChangeKind, Origin};
use super::object_types::{ObjectType, RecordId};
use super::values::{self, RawValue, RawValues, Values};
use crate::errors::ApiError;

/// What a creation says about associations.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NewAssociation {
    pub(crate) to: ObjectId,
    pub(crate) types: Vec<AssociationSpec>,
}

/// A record's id inside a body.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ObjectId {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
}

/// An association type as a body names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssociationSpec {
    pub(crate) association_category: String,
    pub(crate) association_type_id: u32,
}

/// An id as text: HubSpot also takes a number.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    RawValue::deserialize(deserializer).map(String::from)
}

/// A write that was checked.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) object_type: ObjectType,
    /// The record to change; `None` creates one.
    pub(crate) target: Option<RecordId>,
    pub(crate) values: Values,
    links: Vec<(RecordKey, AssociationType)>,
}

impl Records {
    /// A creation, when the account admits it.
    pub(crate) fn prepare_creation(
        &self,
        object_type: ObjectType,
        raw: RawValues,
        associations: &[NewAssociation],
    ) -> Result<Prepared, ApiError> {
        let mut values = values::check(self.schema(object_type), raw, self.portal_id)?;
        for (name, value) in defaults(object_type) {
            values.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
        }
        check_required(object_type, &values)?;
        self.check_is_free(object_type, &values, None)?;
        let mut links = Vec::new();
        for association in associations {
            for spec in &association.types {
                let of_type = association_type(spec)?;
                check_from(of_type, object_type)?;
                let to = self.association_end(of_type.to, &association.to.id)?;
                links.push(((of_type.to, to), of_type));
            }
        }
        Ok(Prepared {
            object_type,
            target: None,
            values,
            links,
        })
    }

    /// A change of a record, when the account admits it.
    pub(crate) fn prepare_update(
        &self,
        object_type: ObjectType,
        id: RecordId,
        raw: RawValues,
    ) -> Result<Prepared, ApiError> {
        let values = values::check(self.schema(object_type), raw, self.portal_id)?;
        self.check_is_free(object_type, &values, Some(id))?;
        Ok(Prepared {
            object_type,
            target: Some(id),
            values,
            links: Vec::new(),
        })
    }

    /// Does what was prepared.
    pub(crate) fn write(&mut self, prepared: Prepared, origin: Origin) -> RecordId {
        let Prepared {
            object_type,
            target,
            values,
            links,
        } = prepared;
        let schema = self.schemas.of(object_type);
        let collection = self.collections.of_mut(object_type);
        let (id, written) = if let Some(id) = target {
            (id, collection.update(schema, id, values, origin))
        } else {
            let id = self.next_id;
            self.next_id = id.next();
            (id, collection.create(schema, id, values, origin))
        };
        if target.is_none() {
            self.note(object_type, id, ChangeKind::Creation, origin);
        }
        for (name, value) in written {
            self.note(object_type, id, ChangeKind::PropertyChange { name, value }, origin);
        }
        for (to, of_type) in links {
            self.associate((object_type, id), to, of_type, origin);
        }
        id
    }

    /// Refuses values that another record has and no two may have, and addresses on the block-list.
    fn check_is_free(&self, object_type: ObjectType, values: &Values, own: Option<RecordId>) -> Result<(), ApiError> {
        let conflict = self.of(object_type).conflict(self.schema(object_type), values, own);
        match conflict {
            Some(("email", owner)) if object_type == ObjectType::Contact => Err(ApiError::contact_exists(owner)),
            Some((name, owner)) => Err(ApiError::unique_value_taken(name, owner)),
            None => match values.get("email") {
                Some(email) if object_type == ObjectType::Contact => self.blocklist.check(email),
                _ => Ok(()),
            },
        }
    }
}

/// The type that a body names: else HubSpot's 400.
pub(crate) fn association_type(spec: &AssociationSpec) -> Result<AssociationType, ApiError> {
    Some(spec.association_type_id)
        .filter(|_| spec.association_category == super::association_types::CATEGORY)
        .and_then(AssociationType::by_id)
        .ok_or_else(|| ApiError::unknown_association_type(&spec.association_category, spec.association_type_id))
}

/// Refuses a type that goes another way.
pub(crate) fn check_from(of_type: AssociationType, from: ObjectType) -> Result<(), ApiError> {
    if of_type.from == from {
        Ok(())
    } else {
        Err(ApiError::wrong_association_end("from", from, of_type.from))
    }
}

/// What HubSpot sets when a creation does not.
const fn defaults(object_type: ObjectType) -> &'static [(&'static str, &'static str)] {
    match object_type {
        ObjectType::Ticket => &[("hs_pipeline", "0")],
        ObjectType::Deal => &[("pipeline", "default")],
        _ => &[],
    }
}

/// What a creation must set, by HubSpot's guides on each kind of record. A contact needs nothing.
const fn required(object_type: ObjectType) -> &'static [&'static str] {
    match object_type {
        ObjectType::Contact | ObjectType::Company => &[],
        ObjectType::Deal => &["dealname", "dealstage"],
        ObjectType::Ticket => &["hs_pipeline_stage", "subject"],
        ObjectType::Note => &["hs_timestamp"],
        ObjectType::Communication => &["hs_communication_channel_type", "hs_timestamp"],
    }
}

fn check_required(object_type: ObjectType, values: &Values) -> Result<(), ApiError> {
    let is_set = |name: &str| values.get(name).is_some_and(|value| !value.is_empty());
    let mut missing: Vec<&str> = required(object_type)
        .iter()
        .copied()
        .filter(|name| !is_set(name))
        .collect();
    // A company needs one of the two; how HubSpot names them when both are missing is not known.
    if object_type == ObjectType::Company && !is_set("name") && !is_set("domain") {
        missing = vec!["domain", "name"];
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ApiError::required_properties(object_type, &missing))
    }
}
