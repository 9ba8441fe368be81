//! Deleting a contact for good, as privacy laws ask for it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::body::parse;
use super::inject::CallBody;
use super::unknown_route;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::changes::Origin;
use crate::state::collection::IdProperty;
use crate::state::object_types::ObjectType;
use crate::state::values::is_email;
use crate::state::writes::text;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GdprDelete {
    #[serde(deserialize_with = "text")]
    object_id: String,
    id_property: Option<String>,
}

/// An address that no contact has goes on the block-list, and the answer is 204 as well. An archived contact can be deleted
/// by its id.
pub(crate) async fn gdpr_delete(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    if object_type != ObjectType::Contact {
        return Ok(unknown_route().await);
    }
    let asked: GdprDelete = parse(&body)?;
    if asked.id_property.as_deref() == Some("email") && !is_email(asked.object_id.trim()) {
        // HubSpot's exact words are not known.
        return Err(ApiError::validation(format!(
            "Email address {} is invalid",
            asked.object_id
        )));
    }
    sandbox.change(|records, now| {
        let property = records.id_property(object_type, asked.id_property.as_deref())?;
        let live = records.find(object_type, &asked.object_id, property);
        let found = live.or_else(|error| {
            let archived = records.find_archived(object_type, &asked.object_id, property);
            archived.map_err(|_| error)
        });
        match found.map(|record| record.id) {
            Ok(id) => records.purge(object_type, id, Origin::integration(now)),
            Err(_) if property == IdProperty::Unique("email") => records.blocklist.add(&asked.object_id),
            Err(error) => return Err(error),
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}
