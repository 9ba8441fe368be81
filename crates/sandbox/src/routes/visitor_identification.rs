//! Tokens by which the chat widget takes a visitor for a contact.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::body::{json, parse};
use super::inject::CallBody;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::values::is_email;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/tokens/create", post(create))
}

/// HubSpot's description also has `hsCustomerAgentContext`, which its guide leaves out; it is taken and not looked at, as is
/// everything else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visitor {
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

#[derive(Serialize)]
struct Created<'a> {
    token: &'a str,
}

/// HubSpot's exact words for an address that is missing or not valid are not known for this call; those of its other calls are
/// used. A contact is neither needed nor made: HubSpot makes it once the visitor chats.
async fn create(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let visitor: Visitor = parse(&body)?;
    let email = visitor
        .email
        .ok_or_else(|| ApiError::validation("Some required fields were not set: [email]"))?;
    if !is_email(email.trim()) {
        return Err(ApiError::validation(format!("Email address {email} is invalid")));
    }
    let answer = sandbox.alter(|records, now| {
        let created = records
            .visitor_tokens
            .create(&email, visitor.first_name, visitor.last_name, now);
        let token = created.token.as_str();
        json(StatusCode::OK, &Created { token })
    });
    Ok(answer)
}
