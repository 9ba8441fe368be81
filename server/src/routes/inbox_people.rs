//! What a rep does with a contact's data: forget it, take it out. Plain forms of the contact card.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use parlor_engine::{Rep, export};
use parlor_protocol::{ClaimedEmail, ConversationId};
use serde::Deserialize;
use tower_sessions::Session;

use super::inbox::to_sign_in;
use crate::security::FramedBy;
use crate::state::Server;
use crate::{page as pages, signed_in};

/// The form's box that says "I am sure".
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sure {
    sure: String,
}

/// Who asks, and about which conversation; else the answer.
async fn asked(server: &Server, session: &Session, conversation: String) -> Result<(Rep, ConversationId), Response> {
    let Ok(conversation) = ConversationId::parse(conversation) else {
        return Err(pages::not_found(server));
    };
    match signed_in::rep(server, session).await {
        Ok(signed_in) => Ok((signed_in.rep, conversation)),
        Err(problem) => Err(to_sign_in(server, &problem, &format!("/inbox/{conversation}"))),
    }
}

/// Forgets whoever registered with the conversation's address.
pub(super) async fn forget(
    State(server): State<Server>,
    session: Session,
    Path(conversation): Path<String>,
    Form(Sure { sure }): Form<Sure>,
) -> Response {
    let (rep, conversation) = match asked(&server, &session, conversation).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let back = || Redirect::to(&format!("/inbox/{conversation}")).into_response();
    if sure != "yes" {
        return back();
    }
    match server.engine.forget_contact(&server.journal, &rep, &conversation).await {
        Ok(Some(_)) => back(),
        Ok(None) => pages::not_found(&server),
        Err(error) => {
            tracing::error!(%error, "a contact could not be forgotten");
            pages::unavailable(&server, FramedBy::Nobody)
        }
    }
}

/// Everything on the conversation's address, as a file.
pub(super) async fn export(
    State(server): State<Server>,
    session: Session,
    Path(conversation): Path<String>,
) -> Response {
    let (rep, conversation) = match asked(&server, &session, conversation).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let exported = async {
        let Some(found) = server.engine.conversation(&rep.tenant, &conversation).await? else {
            return Ok(None);
        };
        let Ok(email) = ClaimedEmail::parse(&found.email) else {
            return Ok(None);
        };
        let (store, now) = (server.engine.store().as_ref(), server.engine.now());
        let actor = rep.id.as_str();
        export::export(store, &rep.tenant, &email, actor, now).await.map(Some)
    };
    match exported.await {
        Ok(Some(export)) => {
            let headers = [
                (CONTENT_TYPE, "application/json"),
                (CONTENT_DISPOSITION, "attachment; filename=\"parlor-export.json\""),
            ];
            (headers, format!("{export:#}\n")).into_response()
        }
        Ok(None) => pages::not_found(&server),
        Err(error) => {
            tracing::error!(%error, "a contact's data could not be exported");
            pages::unavailable(&server, FramedBy::Nobody)
        }
    }
}
