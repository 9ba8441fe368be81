//! The visitor's forms as plain posts: registration and composer work without a script.

use axum::Extension;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use parlor_app::api::session::visitor_sign_in;
use parlor_app::widget::FormData;
use parlor_engine::{RegisterError, SendError};
use parlor_protocol::text::InvalidText;
use parlor_protocol::{MessageId, PageContext, RegistrationInput};
use serde::Deserialize;
use tower_sessions::Session;

use super::widget::{Shown, show, visitor};
use crate::origin::ClientAddress;
use crate::page as pages;
use crate::security::FramedBy;
use crate::session::RequestedWidget;
use crate::state::Server;

/// The fields of the form, and where the visitor is, as `host.js` noted it.
#[derive(Deserialize)]
pub(super) struct Registering {
    #[serde(flatten)]
    input: RegistrationInput,
    #[serde(default)]
    context: String,
}

impl Registering {
    /// Where the visitor is; without a script at least their language.
    fn page(&self, headers: &HeaderMap) -> PageContext {
        let mut page: PageContext = serde_json::from_str(&self.context).unwrap_or_default();
        if page.language.is_empty() {
            let languages = headers
                .get(ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            languages
                .split([',', ';'])
                .next()
                .unwrap_or_default()
                .clone_into(&mut page.language);
        }
        page
    }
}

/// Registers; answers 303, or 422 with the page and what was typed.
pub(super) async fn register(
    State(server): State<Server>,
    RequestedWidget(widget): RequestedWidget,
    session: Session,
    Extension(ClientAddress(network)): Extension<ClientAddress>,
    headers: HeaderMap,
    form: Result<Form<Registering>, FormRejection>,
) -> Response {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let page = form.page(&headers);
    let input = form.input;
    let framed_by = FramedBy::Origins(&widget.settings.origins);
    match server.engine.register(&widget, network, input.clone(), page).await {
        Ok(registered) => match visitor_sign_in(&session, &widget.tenant, &registered.visitor).await {
            Ok(()) => Redirect::to(&format!("/widget/{}", widget.settings.key)).into_response(),
            Err(_) => pages::unavailable(&server, framed_by),
        },
        Err(RegisterError::Invalid(errors)) => {
            let form = FormData {
                stamp: String::new(),
                input,
                errors,
            };
            let shown = Shown {
                form,
                ..Shown::default()
            };
            show(&server, &widget, &session, StatusCode::UNPROCESSABLE_ENTITY, shown).await
        }
        Err(RegisterError::Store(error)) => {
            tracing::error!(%error, "a registration could not be stored");
            let form = FormData {
                input,
                ..FormData::default()
            };
            let notice = Some("This did not work now. Please send the form again in a moment.".to_owned());
            let shown = Shown {
                form,
                notice,
                ..Shown::default()
            };
            show(&server, &widget, &session, StatusCode::SERVICE_UNAVAILABLE, shown).await
        }
    }
}

/// What the composer posts.
#[derive(Deserialize)]
pub(super) struct Composed {
    id: MessageId,
    text: String,
}

/// Takes a message; answers 303, or 422 with the page and what was typed.
pub(super) async fn message(
    State(server): State<Server>,
    RequestedWidget(widget): RequestedWidget,
    session: Session,
    form: Result<Form<Composed>, FormRejection>,
) -> Response {
    let Form(composed) = match form {
        Ok(form) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let back = Redirect::to(&format!("/widget/{}", widget.settings.key));
    let framed_by = FramedBy::Origins(&widget.settings.origins);
    let visitor = match visitor(&server, &widget, &session).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => {
            let notice = Some("This browser did not keep your chat. Please introduce yourself again.".to_owned());
            let shown = Shown {
                notice,
                ..Shown::default()
            };
            return show(&server, &widget, &session, StatusCode::UNAUTHORIZED, shown).await;
        }
        Err(_) => return pages::unavailable(&server, framed_by),
    };
    let conversation = visitor.conversation.clone();
    let sent = server
        .engine
        .send_as_visitor(&visitor, &conversation, &composed.id, &composed.text, None)
        .await;
    let (status, error, notice) = match sent {
        Ok(_) => return back.into_response(),
        // An empty composer sent by mistake is nothing to talk about.
        Err(SendError::Text(InvalidText::Empty)) => return back.into_response(),
        Err(SendError::Text(error)) => (StatusCode::UNPROCESSABLE_ENTITY, Some(error), None),
        Err(SendError::IdConflict) => (
            StatusCode::CONFLICT,
            None,
            Some("That message was changed after it was sent. Please send it again."),
        ),
        Err(SendError::NotFound) => return back.into_response(),
        Err(SendError::Store(error)) => {
            tracing::error!(%error, "a message could not be stored");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                None,
                Some("The message could not be stored. Please send it again."),
            )
        }
    };
    let keeps_id = status == StatusCode::SERVICE_UNAVAILABLE;
    let shown = Shown {
        composer_text: composed.text,
        composer_error: error,
        // What may have been stored all the same is sent again under its id, and so shows once.
        message_id: keeps_id.then(|| composed.id.to_string()),
        notice: notice.map(str::to_owned),
        ..Shown::default()
    };
    show(&server, &widget, &session, status, shown).await
}
