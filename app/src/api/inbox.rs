//! What a rep does to a conversation beyond writing: close, open again, release to HubSpot, write to HubSpot again.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use parlor_protocol::{ConversationId, ConversationState};

use super::ApiError;

/// Closes a conversation, or opens it again. What stands that way already stays so; that is no error.
#[server(prefix = "/api/inbox", endpoint = "set-state", input = Json, output = Json)]
pub async fn set_state(
    /// The conversation.
    conversation: ConversationId,
    /// Where it is to stand.
    state: ConversationState,
) -> Result<(), ApiError> {
    let request = use_context::<super::context::RepRequest>().ok_or(ApiError::Unauthenticated)?;
    let found = request
        .engine
        .set_state(&request.rep.tenant, &conversation, state)
        .await;
    answer(found.map_err(|_| ApiError::Unavailable)?)
}

/// Releases a held conversation to HubSpot. One that is not held stays as it is; that is no error.
#[server(prefix = "/api/inbox", endpoint = "release", input = Json, output = Json)]
pub async fn release(
    /// The conversation.
    conversation: ConversationId,
) -> Result<(), ApiError> {
    let request = use_context::<super::context::RepRequest>().ok_or(ApiError::Unauthenticated)?;
    let found = request.engine.release(&request.rep.tenant, &conversation).await;
    answer(found.map_err(|_| ApiError::Unavailable)?)
}

/// Has a conversation's contact written again, whatever is known to be in HubSpot. A deleted contact stays so; that is no error.
#[server(prefix = "/api/inbox", endpoint = "write-again", input = Json, output = Json)]
pub async fn write_again(
    /// The conversation.
    conversation: ConversationId,
) -> Result<(), ApiError> {
    let request = use_context::<super::context::RepRequest>().ok_or(ApiError::Unauthenticated)?;
    let found = request.engine.write_again(&request.rep.tenant, &conversation).await;
    answer(found.map_err(|_| ApiError::Unavailable)?)
}

/// The engine answers whether something changed, or `None` for what the rep's tenant does not have.
#[cfg(feature = "ssr")]
fn answer(changed: Option<bool>) -> Result<(), ApiError> {
    changed.map(drop).ok_or(ApiError::NotFound)
}
