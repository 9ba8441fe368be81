//! Asking the functions of `api::visitor` from the browser. By hand, because leptos' own client brings along all of serde_json
//! and its own ways over the wire, which weigh a tenth of a visitor's download.

use js_sys::Object;
use js_sys::futures::JsFuture;
use leptos::prelude::window;
use parlor_protocol::{RegistrationErrors, RegistrationInput, WidgetKey};
use wasm_bindgen::JsCast;
use web_sys::{RequestInit, Response};

use super::host;
use crate::api::ApiError;
use crate::api::visitor::RegisterAnswer;
use crate::browser::json::{Json, object};

/// Registers a visitor, with where the host page says that they are.
pub async fn register(key: &WidgetKey, input: &RegistrationInput) -> Result<RegisterAnswer, ApiError> {
    let input = object(&[
        ("first_name", input.first_name.as_str().into()),
        ("last_name", input.last_name.as_str().into()),
        ("email", input.email.as_str().into()),
        ("website", input.website.as_str().into()),
        ("form", input.form.as_str().into()),
    ]);
    let body = object(&[("input", input.into()), ("page", host::context().into())]);
    let answer = post(key, "register", &body).await?;
    register_answer(&answer).ok_or(ApiError::Unavailable)
}

/// Exchanges the one-time code of a registration for a token.
pub async fn token(key: &WidgetKey, code: &str) -> Result<String, ApiError> {
    let answer = post(key, "token", &object(&[("code", code.into())])).await?;
    answer.text("token").ok_or(ApiError::Unavailable)
}

async fn post(key: &WidgetKey, function: &str, body: &Object) -> Result<Json, ApiError> {
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&object(&[
        ("Content-Type", "application/json".into()),
        ("Accept", "application/json".into()),
    ]));
    request.set_body(&Json::of(body.clone().into()).to_text().into());
    let address = format!("/widget/{key}/api/visitor/{function}");
    let response = JsFuture::from(window().fetch_with_str_and_init(&address, &request))
        .await
        .map_err(|_| ApiError::Network)?
        .unchecked_into::<Response>();
    let read = response.json().map_err(|_| ApiError::Unavailable)?;
    // What is no JSON is no answer of ours: a proxy's error page, say.
    let answer = Json::of(JsFuture::from(read).await.map_err(|_| ApiError::Unavailable)?);
    if response.ok() { Ok(answer) } else { Err(error(&answer)) }
}

fn register_answer(answer: &Json) -> Option<RegisterAnswer> {
    if let Some(registered) = answer.get("registered").some() {
        return Some(RegisterAnswer::Registered {
            conversation: registered.conversation()?,
            name: registered.text("name")?,
            code: registered.text("code")?,
        });
    }
    let wrong = answer.get("invalid").some()?;
    Some(RegisterAnswer::Invalid(RegistrationErrors {
        first_name: wrong.word("first_name"),
        last_name: wrong.word("last_name"),
        email: wrong.word("email"),
    }))
}

/// An [`ApiError`] as serde spells it.
fn error(answer: &Json) -> ApiError {
    match (answer.text("invalid"), answer.as_text().as_deref()) {
        (Some(reason), _) => ApiError::Invalid(reason),
        (None, Some("unauthenticated")) => ApiError::Unauthenticated,
        (None, Some("not_found")) => ApiError::NotFound,
        _ => ApiError::Unavailable,
    }
}
