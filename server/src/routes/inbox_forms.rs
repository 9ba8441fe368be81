//! The inbox's plain forms: signing in and out, one's password, an answer without script.

use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use leptos::view;
use parlor_app::api::session::{rep_sign_in, sign_out as end_session};
use parlor_app::inbox::{
    ComposerForm, PasswordPage, PasswordPageData, PasswordProblem, SignInPage, SignInPageData, SignInProblem,
};
use parlor_engine::reps::{PASSWORD_GREATEST, PASSWORD_LEAST};
use parlor_engine::{PasswordError, SendError, SignInError};
use parlor_protocol::text::InvalidText;
use parlor_protocol::{ConversationId, MessageId};
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use super::inbox::{show, to_sign_in};
use crate::assets::Bundle;
use crate::origin::ClientAddress;
use crate::security::FramedBy;
use crate::state::Server;
use crate::{page as pages, signed_in};

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in_page(
    State(server): State<Server>,
    session: Session,
    Query(Next { next }): Query<Next>,
) -> Response {
    if signed_in::rep(&server, &session).await.is_ok() {
        return Redirect::to(inbox_path(&next)).into_response();
    }
    let data = SignInPageData {
        next: inbox_path(&next).to_owned(),
        ..SignInPageData::default()
    };
    sign_in_form(&server, StatusCode::OK, data)
}

fn sign_in_form(server: &Server, status: StatusCode, data: SignInPageData) -> Response {
    let assets = server.assets.page(Bundle::Inbox);
    pages::page(
        server,
        status,
        FramedBy::Nobody,
        || view! { <SignInPage data=data assets=assets/> },
    )
}

/// A path of the inbox; anything else leads to its front, so that no link sends a rep elsewhere after signing in.
fn inbox_path(next: &str) -> &str {
    let id = next.strip_prefix("/inbox/").unwrap_or_default();
    if ConversationId::parse(id).is_ok() || matches!(next, "/inbox/password" | "/inbox/settings") {
        next
    } else {
        "/inbox"
    }
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: SecretString,
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in(
    State(server): State<Server>,
    session: Session,
    Extension(ClientAddress(network)): Extension<ClientAddress>,
    Form(Credentials { email, password, next }): Form<Credentials>,
) -> Response {
    let mut wait = None;
    let (status, problem) = match server.engine.sign_in(&email, password, network).await {
        Ok(rep) => {
            // Whatever the session held before, it is another one from here on.
            let signed_in = rep_sign_in(&session, &rep.tenant, &rep.id, rep.password_version).await;
            return match signed_in {
                Ok(()) => Redirect::to(inbox_path(&next)).into_response(),
                Err(_) => pages::unavailable(&server, FramedBy::Nobody),
            };
        }
        Err(SignInError::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Refused),
        Err(SignInError::Limited { retry_after }) => {
            wait = Some(retry_after);
            let minutes = in_minutes(retry_after);
            (StatusCode::TOO_MANY_REQUESTS, SignInProblem::TooMany { minutes })
        }
        Err(SignInError::Store(error)) => {
            tracing::error!(%error, "a rep could not be signed in");
            return pages::unavailable(&server, FramedBy::Nobody);
        }
    };
    metrics::counter!("parlor_sign_ins_refused_total").increment(1);
    let data = SignInPageData {
        email,
        next: inbox_path(&next).to_owned(),
        problem: Some(problem),
    };
    let page = sign_in_form(&server, status, data);
    match wait {
        Some(wait) => pages::retry_after(page, wait),
        None => page,
    }
}

/// A wait as people say it.
fn in_minutes(wait: Duration) -> u64 {
    wait.as_secs().div_ceil(60).max(1)
}

pub(super) async fn sign_out(State(server): State<Server>, session: Session) -> Response {
    match end_session(&session).await {
        Ok(()) => Redirect::to("/inbox/sign-in").into_response(),
        Err(_) => pages::unavailable(&server, FramedBy::Nobody),
    }
}

pub(super) async fn password_page(State(server): State<Server>, session: Session) -> Response {
    match signed_in::rep(&server, &session).await {
        Ok(signed_in) => {
            let email = signed_in.rep.email.as_str().to_owned();
            password_form(
                &server,
                StatusCode::OK,
                PasswordPageData {
                    email,
                    ..PasswordPageData::default()
                },
            )
        }
        Err(problem) => to_sign_in(&server, &problem, "/inbox/password"),
    }
}

fn password_form(server: &Server, status: StatusCode, data: PasswordPageData) -> Response {
    let assets = server.assets.page(Bundle::Inbox);
    pages::page(
        server,
        status,
        FramedBy::Nobody,
        || view! { <PasswordPage data=data assets=assets/> },
    )
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    current: SecretString,
    new: SecretString,
    again: SecretString,
}

pub(super) async fn change_password(
    State(server): State<Server>,
    session: Session,
    Extension(ClientAddress(network)): Extension<ClientAddress>,
    form: Result<Form<NewPassword>, FormRejection>,
) -> Response {
    use secrecy::ExposeSecret;

    let rep = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => signed_in.rep,
        Err(problem) => return to_sign_in(&server, &problem, "/inbox/password"),
    };
    let Form(NewPassword { current, new, again }) = match form {
        Ok(form) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let email = rep.email.as_str().to_owned();
    let refused = |problem| {
        let data = PasswordPageData {
            email: email.clone(),
            problem: Some(problem),
            changed: false,
        };
        password_form(&server, StatusCode::UNPROCESSABLE_ENTITY, data)
    };
    if new.expose_secret() != again.expose_secret() {
        return refused(PasswordProblem::NotTheSame);
    }
    match server.engine.change_password(&rep, current, new, network).await {
        Ok(version) => match rep_sign_in(&session, &rep.tenant, &rep.id, version).await {
            Ok(()) => {
                let data = PasswordPageData {
                    email,
                    problem: None,
                    changed: true,
                };
                password_form(&server, StatusCode::OK, data)
            }
            Err(_) => pages::unavailable(&server, FramedBy::Nobody),
        },
        Err(PasswordError::Wrong) => refused(PasswordProblem::CurrentIsWrong),
        Err(PasswordError::TooShort) => refused(PasswordProblem::TooShort { least: PASSWORD_LEAST }),
        Err(PasswordError::TooLong) => refused(PasswordProblem::TooLong {
            most: PASSWORD_GREATEST,
        }),
        Err(PasswordError::Limited { retry_after }) => {
            let minutes = in_minutes(retry_after);
            let mut page = refused(PasswordProblem::TooMany { minutes });
            *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            pages::retry_after(page, retry_after)
        }
        Err(PasswordError::Store(error)) => {
            tracing::error!(%error, "a password could not be changed");
            pages::unavailable(&server, FramedBy::Nobody)
        }
    }
}

/// What the composer posts. Each field may be anything: what was typed is shown again whatever is wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Composed {
    id: String,
    text: String,
}

/// An answer posted by a page that is not alive; answers 303, or another status with the page and what was typed.
pub(super) async fn message(
    State(server): State<Server>,
    session: Session,
    Path(conversation): Path<String>,
    form: Result<Form<Composed>, FormRejection>,
) -> Response {
    let Ok(conversation) = ConversationId::parse(conversation) else {
        return pages::not_found(&server);
    };
    let rep = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => signed_in.rep,
        Err(problem) => return to_sign_in(&server, &problem, &format!("/inbox/{conversation}")),
    };
    let Form(Composed { id, text }) = match form {
        Ok(form) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let new_id = || server.engine.context().message_id();
    let again = |status, message_id: MessageId, refused| {
        let composer = ComposerForm {
            message_id: message_id.to_string(),
            text: text.clone(),
            refused,
        };
        show(&server, &rep, Some(conversation.clone()), status, Some(composer))
    };
    let Ok(id) = MessageId::parse(id) else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, new_id(), None).await;
    };
    if let Err(wait) = server.rates.rep(&rep.id) {
        let page = again(StatusCode::TOO_MANY_REQUESTS, id, None).await;
        return pages::retry_after(page, wait);
    }
    let sent = server.engine.send_as_rep(&rep, &conversation, &id, &text, None).await;
    match sent {
        Ok(_) | Err(SendError::Text(InvalidText::Empty)) => {
            Redirect::to(&format!("/inbox/{conversation}")).into_response()
        }
        Err(SendError::NotFound) => pages::not_found(&server),
        Err(SendError::Text(error)) => again(StatusCode::UNPROCESSABLE_ENTITY, id, Some(error)).await,
        Err(SendError::IdConflict) => again(StatusCode::CONFLICT, new_id(), None).await,
        Err(SendError::Store(error)) => {
            tracing::error!(%error, "an answer could not be stored");
            again(StatusCode::SERVICE_UNAVAILABLE, id, None).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_but_the_inbox() {
        let conversation = "/inbox/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
        assert_eq!(inbox_path(conversation), conversation);
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/inbox/../x",
            "/inbox/sign-out",
            "/inbox\r\nX: y",
        ] {
            assert_eq!(inbox_path(elsewhere), "/inbox", "{elsewhere}");
        }
    }
}
