//! Reading up to a hundred records in one call.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::batch::{MOST_INPUTS, answer, check_size};
use super::body::{Pairs, first, parse};
use super::inject::CallBody;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::object_types::ObjectType;
use crate::state::views::Selection;
use crate::state::writes::ObjectId;

/// The most inputs when values come with their history.
const MOST_INPUTS_WITH_HISTORY: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchRead {
    inputs: Vec<ObjectId>,
    #[serde(default)]
    properties: Vec<String>,
    #[serde(default)]
    properties_with_history: Vec<String>,
    id_property: Option<String>,
}

/// Results stand in the order of record ids, each record once: HubSpot does not promise the order asked.
pub(crate) async fn read(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Query(query): Query<Pairs>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let asked: BatchRead = parse(&body)?;
    let most = if asked.properties_with_history.is_empty() {
        MOST_INPUTS
    } else {
        MOST_INPUTS_WITH_HISTORY
    };
    check_size(asked.inputs.len(), most)?;
    let archived = first(&query, "archived") == Some("true");
    let selection = Selection {
        with_history: asked.properties_with_history.iter().map(String::as_str).collect(),
        ..Selection::of(object_type, asked.properties.iter().map(String::as_str).collect())
    };
    let now = sandbox.now();
    let (results, missing) = sandbox.read(|records| {
        let property = records.id_property(object_type, asked.id_property.as_deref())?;
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        for ObjectId { id: name } in asked.inputs {
            let record = records.of(object_type).named(&name, property);
            match record.filter(|record| record.is_archived() == archived) {
                Some(record) => {
                    found.insert(record.id, record);
                }
                None => missing.push(name),
            }
        }
        let views = found
            .values()
            .map(|record| records.view(object_type, record, &selection));
        Ok::<_, ApiError>((views.collect::<Vec<_>>(), missing))
    })?;
    let errors: Vec<_> = (!missing.is_empty())
        .then(|| ApiError::objects_not_found(object_type, missing).into_batch_error(None))
        .into_iter()
        .collect();
    Ok(answer(StatusCode::OK, &results, &errors, now))
}
