//! Associations of one record, as v4 and the dated versions have them: several types, each with its label.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, put};
use serde::Serialize;

use super::batch;
use super::body::{Pairs, json, parse};
use super::inject::CallBody;
use super::objects::{after, limit};
use super::path::{Called, ObjectName, ToObjectName, ToObjectType};
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::Records;
use crate::state::association_types::{AssociationType, CATEGORY};
use crate::state::associations::RecordKey;
use crate::state::changes::Origin;
use crate::state::collection::IdProperty;
use crate::state::object_types::{ObjectType, RecordId};
use crate::state::views::{NextPage, Paging};
use crate::state::writes::{AssociationSpec, association_type, check_from};

/// How many associated records a page holds at most, and unasked.
pub(crate) const LONGEST_PAGE: usize = 500;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/{object_type}/{object_id}/associations/{to_object_type}", get(list))
        .route(
            "/{object_type}/{object_id}/associations/{to_object_type}/{to_object_id}",
            put(add).delete(remove),
        )
        .route(
            "/{object_type}/{object_id}/associations/default/{to_object_type}/{to_object_id}",
            put(add_default),
        )
}

/// A record that belongs to another, with the types of that.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Associated {
    to_object_id: String,
    association_types: Vec<TypeWithLabel>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeWithLabel {
    category: &'static str,
    type_id: u32,
    label: Option<&'static str>,
}

impl From<AssociationType> for TypeWithLabel {
    fn from(of_type: AssociationType) -> Self {
        Self {
            category: CATEGORY,
            type_id: of_type.id,
            label: of_type.label(),
        }
    }
}

impl Associated {
    pub(crate) fn new(id: RecordId, types: &BTreeSet<u32>) -> Self {
        let known = types.iter().filter_map(|known| AssociationType::by_id(*known));
        Self {
            to_object_id: id.to_string(),
            association_types: known.map(TypeWithLabel::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct List {
    results: Vec<Associated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

async fn list(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    ToObjectType(to): ToObjectType,
    Query(query): Query<Pairs>,
    called: Called,
) -> Result<Response, ApiError> {
    let (limit, after) = (limit(&query, LONGEST_PAGE, LONGEST_PAGE)?, after(&query)?);
    sandbox.read(|records| {
        let from = (object_type, records.find(object_type, &name, IdProperty::RecordId)?.id);
        let mut associated = records.associated(from, to).filter(|(id, _)| Some(*id) > after);
        let shown: Vec<_> = associated.by_ref().take(limit).collect();
        let last = shown.last().map(|(id, _)| *id);
        let paging = associated.next().and(last).map(|last| Paging {
            next: NextPage {
                after: last.to_string(),
                link: Some(called.next_page(limit, last)),
            },
        });
        let results = shown
            .into_iter()
            .map(|(id, types)| Associated::new(id, types))
            .collect();
        Ok(json(StatusCode::OK, &List { results, paging }))
    })
}

/// Two records and the labels between them, after a write.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelsBetween {
    from_object_type_id: &'static str,
    from_object_id: String,
    to_object_type_id: &'static str,
    to_object_id: String,
    labels: Vec<&'static str>,
}

impl LabelsBetween {
    pub(crate) fn new(records: &Records, from: RecordKey, to: RecordKey) -> Self {
        Self {
            from_object_type_id: from.0.type_id(),
            from_object_id: from.1.to_string(),
            to_object_type_id: to.0.type_id(),
            to_object_id: to.1.to_string(),
            labels: records.association_labels(from, to),
        }
    }
}

/// The types that a body names, each of them from one kind of record to the other.
pub(crate) fn types_between(
    specs: &[AssociationSpec],
    from: ObjectType,
    to: ObjectType,
) -> Result<Vec<AssociationType>, ApiError> {
    specs
        .iter()
        .map(|spec| {
            let of_type = association_type(spec)?;
            check_from(of_type, from)?;
            if of_type.to == to {
                Ok(of_type)
            } else {
                Err(ApiError::wrong_association_end("to", to, of_type.to))
            }
        })
        .collect()
}

/// Associates with the types of the body. No type at all is answered as done, and does nothing: that is what HubSpot is known
/// for.
async fn add(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    ToObjectType(to_type): ToObjectType,
    ToObjectName(to_name): ToObjectName,
    body: CallBody,
) -> Result<Response, ApiError> {
    let specs: Vec<AssociationSpec> = parse(&body)?;
    let types = types_between(&specs, object_type, to_type)?;
    sandbox.change(|records, now| {
        let from = (object_type, records.association_end(object_type, &name)?);
        let to = (to_type, records.other_end(from, to_type, &to_name)?);
        for of_type in types {
            records.associate(from, to, of_type, Origin::integration(now));
        }
        Ok(json(StatusCode::CREATED, &LabelsBetween::new(records, from, to)))
    })
}

/// Removes all that is between two records; what is not there counts as removed.
async fn remove(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    ToObjectType(to_type): ToObjectType,
    ToObjectName(to_name): ToObjectName,
) -> Result<StatusCode, ApiError> {
    sandbox.change(|records, now| {
        let from = (object_type, records.find(object_type, &name, IdProperty::RecordId)?.id);
        let to = (to_type, records.find(to_type, &to_name, IdProperty::RecordId)?.id);
        records.dissociate(from, to, Origin::integration(now));
        Ok(StatusCode::NO_CONTENT)
    })
}

/// One direction of a default association.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DefaultAssociation {
    from: End,
    to: End,
    association_spec: Spec,
}

#[derive(Serialize)]
struct End {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    association_category: &'static str,
    association_type_id: u32,
}

impl DefaultAssociation {
    /// Both directions, as HubSpot answers them.
    pub(crate) fn both(from: RecordKey, to: RecordKey, of_type: AssociationType) -> [Self; 2] {
        let one = |from: RecordKey, to: RecordKey, association_type_id| Self {
            from: End { id: from.1.to_string() },
            to: End { id: to.1.to_string() },
            association_spec: Spec {
                association_category: CATEGORY,
                association_type_id,
            },
        };
        [one(from, to, of_type.id), one(to, from, of_type.inverse)]
    }
}

/// The type of association that needs no label.
pub(crate) fn default_type(from: ObjectType, to: ObjectType) -> Result<AssociationType, ApiError> {
    AssociationType::unlabeled(from, to).ok_or_else(|| ApiError::no_association_between(from, to))
}

async fn add_default(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    ToObjectType(to_type): ToObjectType,
    ToObjectName(to_name): ToObjectName,
) -> Result<Response, ApiError> {
    let of_type = default_type(object_type, to_type)?;
    sandbox.change(|records, now| {
        let from = (object_type, records.association_end(object_type, &name)?);
        let to = (to_type, records.other_end(from, to_type, &to_name)?);
        records.associate(from, to, of_type, Origin::integration(now));
        let results = DefaultAssociation::both(from, to, of_type);
        Ok(batch::answer(StatusCode::OK, &results, &[], now))
    })
}
