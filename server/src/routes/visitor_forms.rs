//! The visitor's forms as plain posts: registration and composer work without a script.

use std::time::Duration;

use axum::Extension;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use parlor_app::api::session::visitor_sign_in;
use parlor_app::widget::FormData;
use parlor_engine::{RegisterError, SendError, Visitor, Widget};
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

/// Registers; answers 303, or 422 with the page and what was typed. The same form posted again is answered alike.
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
        Err(rejection) => return unreadable(&server, &widget, &session, &rejection).await,
    };
    let page = form.page(&headers);
    let input = form.input;
    let framed_by = FramedBy::Origins(&widget.settings.origins);
    let Ok(known) = visitor(&server, &widget, &session).await else {
        return pages::unavailable(&server, framed_by);
    };
    let registered = server
        .engine
        .register(&widget, known.as_ref(), network, input.clone(), page)
        .await;
    match registered {
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
            // What may have been stored all the same is sent again under its stamp, and so is one registration.
            let form = FormData {
                stamp: input.form.clone(),
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

/// What the composer posts. Each field may be anything: what was typed is shown again whatever is wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Composed {
    id: String,
    text: String,
}

/// Takes a message; answers 303, or another status with the page and what was typed.
pub(super) async fn message(
    State(server): State<Server>,
    RequestedWidget(widget): RequestedWidget,
    session: Session,
    form: Result<Form<Composed>, FormRejection>,
) -> Response {
    let Form(Composed { id, text }) = match form {
        Ok(form) => form,
        Err(rejection) => return unreadable(&server, &widget, &session, &rejection).await,
    };
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
        Err(_) => return pages::unavailable(&server, FramedBy::Origins(&widget.settings.origins)),
    };
    let Err(refused) = send(&server, &visitor, &id, &text).await else {
        return Redirect::to(&format!("/widget/{}", widget.settings.key)).into_response();
    };
    let shown = Shown {
        composer_text: text,
        composer_error: refused.error,
        // What may have been stored all the same is sent again under its id, and so shows once.
        message_id: refused.keeps_id.then_some(id),
        notice: refused.notice.map(str::to_owned),
        ..Shown::default()
    };
    let page = show(&server, &widget, &session, refused.status, shown).await;
    match refused.retry_after {
        Some(wait) => pages::retry_after(page, wait),
        None => page,
    }
}

/// Why a message was not taken, and what the page says of it.
#[derive(Default)]
struct Refused {
    status: StatusCode,
    error: Option<InvalidText>,
    notice: Option<&'static str>,
    keeps_id: bool,
    retry_after: Option<Duration>,
}

async fn send(server: &Server, visitor: &Visitor, id: &str, text: &str) -> Result<(), Refused> {
    let Ok(id) = MessageId::parse(id) else {
        return Err(Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            notice: Some("The message could not be read as it came. Please send it again."),
            ..Refused::default()
        });
    };
    let conversation = &visitor.conversation;
    if let Err(wait) = server.rates.visitor(conversation) {
        return Err(Refused {
            status: StatusCode::TOO_MANY_REQUESTS,
            notice: Some("That was too fast. Please send the message again in a moment."),
            keeps_id: true,
            retry_after: Some(wait),
            ..Refused::default()
        });
    }
    let sent = server.engine.send_as_visitor(visitor, conversation, &id, text, None);
    match sent.await {
        // An empty composer sent by mistake is nothing to talk about.
        Ok(_) | Err(SendError::Text(InvalidText::Empty) | SendError::NotFound) => Ok(()),
        Err(SendError::Text(error)) => Err(Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            error: Some(error),
            ..Refused::default()
        }),
        Err(SendError::IdConflict) => Err(Refused {
            status: StatusCode::CONFLICT,
            notice: Some("That message was changed after it was sent. Please send it again."),
            ..Refused::default()
        }),
        Err(SendError::Store(error)) => {
            tracing::error!(%error, "a message could not be stored");
            Err(Refused {
                status: StatusCode::SERVICE_UNAVAILABLE,
                notice: Some("The message could not be stored. Please send it again."),
                keeps_id: true,
                ..Refused::default()
            })
        }
    }
}

/// The page for a form that could not be read at all: of another type, cut off, too large.
async fn unreadable(server: &Server, widget: &Widget, session: &Session, rejection: &FormRejection) -> Response {
    let status = rejection.status();
    let notice = if status == StatusCode::PAYLOAD_TOO_LARGE {
        "That is more than fits into one message. Please send it in parts."
    } else {
        "What was sent could not be read. Please send it again."
    };
    let shown = Shown {
        notice: Some(notice.to_owned()),
        ..Shown::default()
    };
    show(server, widget, session, status, shown).await
}
