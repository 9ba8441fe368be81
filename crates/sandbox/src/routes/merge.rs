//! Merging two records into one: contacts, companies, deals and tickets.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::body::{json, parse};
use super::inject::CallBody;
use super::unknown_route;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::changes::Origin;
use crate::state::object_types::ObjectType;
use crate::state::writes::text;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Merge {
    #[serde(deserialize_with = "text")]
    primary_object_id: String,
    #[serde(deserialize_with = "text")]
    object_id_to_merge: String,
}

/// Answers the record that both are from then on. Its id is the primary's; HubSpot is said to give contacts and companies a new
/// one in some accounts, and answers the old ids with the new record either way.
pub(crate) async fn merge(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    if object_type.is_engagement() {
        return Ok(unknown_route().await);
    }
    let asked: Merge = parse(&body)?;
    sandbox.change(|records, now| {
        let primary = records.known_id(object_type, &asked.primary_object_id)?;
        let other = records.known_id(object_type, &asked.object_id_to_merge)?;
        let id = records.merge(object_type, primary, other, Origin::integration(now))?;
        Ok(json(StatusCode::OK, &records.full_view_of(object_type, id)?))
    })
}
