//! Associations as v3 has them: one type in the path, by its number or its name.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, put};
use serde::Serialize;

use super::body::{Pairs, json};
use super::objects::{after, limit};
use super::path::{Called, ObjectName, ToObjectName, ToObjectType};
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::Records;
use crate::state::association_types::{AssociationType, CATEGORY};
use crate::state::associations::RecordKey;
use crate::state::changes::Origin;
use crate::state::collection::IdProperty;
use crate::state::object_types::ObjectType;
use crate::state::views::{AssociatedId, NextPage, Paging, Selection};

/// How many associated records a page holds at most, and unasked.
const LONGEST_PAGE: usize = 500;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/{object_type}/{object_id}/associations/{to_object_type}", get(list))
        .route(
            "/{object_type}/{object_id}/associations/{to_object_type}/{to_object_id}/{association_type}",
            put(add).delete(remove),
        )
}

#[derive(Serialize)]
struct List {
    results: Vec<AssociatedId>,
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
            .flat_map(|(id, types)| AssociatedId::each(id, types))
            .collect();
        Ok(json(StatusCode::OK, &List { results, paging }))
    })
}

/// The type that a path names, when it goes this way.
pub(crate) fn named_type(name: &str, from: ObjectType, to: ObjectType) -> Result<AssociationType, ApiError> {
    let named = AssociationType::between(from, to).find(|known| known.name().eq_ignore_ascii_case(name));
    if let Some(named) = named {
        return Ok(named);
    }
    let by_id = name.parse().ok().and_then(AssociationType::by_id);
    let by_id = by_id.ok_or_else(|| ApiError::unknown_association_type(CATEGORY, name))?;
    if by_id.from != from {
        return Err(ApiError::wrong_association_end("from", from, by_id.from));
    }
    if by_id.to != to {
        return Err(ApiError::wrong_association_end("to", to, by_id.to));
    }
    Ok(by_id)
}

/// Both ends and the type that a path names.
fn ends(
    records: &Records,
    from: (ObjectType, &str),
    to: (ObjectType, &str),
    type_name: &str,
) -> Result<(RecordKey, RecordKey, AssociationType), ApiError> {
    let of_type = named_type(type_name, from.0, to.0)?;
    let from = (from.0, records.find(from.0, from.1, IdProperty::RecordId)?.id);
    let to = (to.0, records.other_end(from, to.0, to.1)?);
    Ok((from, to, of_type))
}

/// The last part of the path.
type TypeInPath = Path<(String, String, String, String, String)>;

async fn add(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    ToObjectType(to_type): ToObjectType,
    ToObjectName(to_name): ToObjectName,
    Path((_, _, _, _, type_name)): TypeInPath,
    called: Called,
) -> Result<Response, ApiError> {
    sandbox.change(|records, now| {
        let (from, to, of_type) = ends(records, (object_type, &name), (to_type, &to_name), &type_name)?;
        records.associate(from, to, of_type, Origin::integration(now));
        let selection = Selection {
            associations: vec![to_type],
            objects: called.objects(),
            ..Selection::of(object_type, Vec::new())
        };
        let record = records.find(object_type, &name, IdProperty::RecordId)?;
        Ok(json(StatusCode::OK, &records.view(object_type, record, &selection)))
    })
}

/// Removes one type; what is not there counts as removed.
async fn remove(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    ToObjectType(to_type): ToObjectType,
    ToObjectName(to_name): ToObjectName,
    Path((_, _, _, _, type_name)): TypeInPath,
) -> Result<StatusCode, ApiError> {
    sandbox.change(|records, now| {
        let (from, to, of_type) = ends(records, (object_type, &name), (to_type, &to_name), &type_name)?;
        records.remove_association_type(from, to, of_type, Origin::integration(now));
        Ok(StatusCode::NO_CONTENT)
    })
}
