//! The inbox's pages and server functions.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use leptos::view;
use parlor_app::api::context::RepRequest;
use parlor_app::inbox::{ComposerForm, InboxPage, InboxPageData, RepData, SelectedData};
use parlor_engine::Rep;
use parlor_protocol::ConversationId;
use tower_sessions::Session;

use super::functions;
use crate::assets::Bundle;
use crate::origin::ClientAddress;
use crate::problem::Problem;
use crate::security::FramedBy;
use crate::state::Server;
use crate::{page as pages, signed_in};

pub(super) async fn list(State(server): State<Server>, session: Session) -> Response {
    match signed_in::rep(&server, &session).await {
        Ok(signed_in) => show(&server, &signed_in.rep, None, StatusCode::OK, None).await,
        Err(problem) => to_sign_in(&server, &problem, "/inbox"),
    }
}

pub(super) async fn conversation(
    State(server): State<Server>,
    session: Session,
    Path(conversation): Path<String>,
) -> Response {
    let Ok(conversation) = ConversationId::parse(conversation) else {
        return pages::not_found(&server);
    };
    match signed_in::rep(&server, &session).await {
        Ok(signed_in) => show(&server, &signed_in.rep, Some(conversation), StatusCode::OK, None).await,
        Err(problem) => to_sign_in(&server, &problem, &format!("/inbox/{conversation}")),
    }
}

/// Nobody is signed in: to the form, and back here afterwards.
pub(super) fn to_sign_in(server: &Server, problem: &Problem, next: &str) -> Response {
    if problem.status() == StatusCode::UNAUTHORIZED {
        Redirect::to(&format!("/inbox/sign-in?next={next}")).into_response()
    } else {
        pages::unavailable(server, FramedBy::Nobody)
    }
}

/// The inbox, with a conversation open or not. `composer` is what a plain form sent and was refused.
pub(super) async fn show(
    server: &Server,
    rep: &Rep,
    conversation: Option<ConversationId>,
    status: StatusCode,
    composer: Option<ComposerForm>,
) -> Response {
    let data = match data(server, rep, conversation, composer).await {
        Ok(Some(data)) => data,
        Ok(None) => return pages::not_found(server),
        Err(_) => return pages::unavailable(server, FramedBy::Nobody),
    };
    let assets = server.assets.page(Bundle::Inbox);
    pages::page(
        server,
        status,
        FramedBy::Nobody,
        || view! { <InboxPage data=data assets=assets/> },
    )
}

async fn data(
    server: &Server,
    rep: &Rep,
    conversation: Option<ConversationId>,
    composer: Option<ComposerForm>,
) -> Result<Option<InboxPageData>, Problem> {
    let engine = &server.engine;
    // Read before the list, so that nothing that changes in between is missed by the socket that resumes from it.
    let change = engine.latest_change(&rep.tenant).await?;
    let (conversations, more) = engine.summaries_before(rep, None).await?;
    let selected = match conversation {
        None => None,
        Some(id) => {
            let (Some(summary), Some(card)) = (engine.summary(rep, &id).await?, engine.card(&rep.tenant, &id).await?)
            else {
                return Ok(None);
            };
            let (messages, _) = engine.messages_before(&rep.tenant, &id, None).await?;
            let form = composer.unwrap_or_else(|| ComposerForm {
                message_id: engine.context().message_id().to_string(),
                text: String::new(),
                refused: None,
            });
            Some(SelectedData {
                summary,
                messages,
                card,
                form,
            })
        }
    };
    Ok(Some(InboxPageData {
        rep: RepData {
            id: rep.id.clone(),
            name: rep.name.clone(),
            email: rep.email.as_str().to_owned(),
        },
        conversations,
        change,
        more,
        selected,
        hubspot: engine.delivery().in_words(),
    }))
}

/// A server function of the inbox.
pub(super) async fn function(
    State(server): State<Server>,
    session: Session,
    Extension(ClientAddress(network)): Extension<ClientAddress>,
    request: Request,
) -> Response {
    let rep = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => signed_in.rep,
        Err(problem) => return problem.into_response(),
    };
    let context = RepRequest {
        engine: server.engine.clone(),
        rep,
        session,
        network,
    };
    functions::call(request, context).await
}
