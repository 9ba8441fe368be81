//! The visitor's server functions. The browser calls them below its widget's address (`/widget/<key>/api/visitor/…`), which
//! tells the server the widget and, with it, the name of the session's cookie; the server cuts that prefix off. The browser's
//! side of them is `widget::ask`.

#[cfg(feature = "ssr")]
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos::server_fn::codec::Json;
use parlor_protocol::{ConversationId, RegistrationErrors};
#[cfg(feature = "ssr")]
use parlor_protocol::{PageContext, RegistrationInput};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::ApiError;

/// What became of a registration.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterAnswer {
    /// It is stored.
    Registered {
        /// The conversation that begins, or that began when the same was sent before.
        conversation: ConversationId,
        /// The visitor's first and last name.
        name: String,
        /// To be exchanged for a token within a minute, where the browser drops the session's cookie.
        code: String,
    },
    /// Some fields are wrong.
    Invalid(RegistrationErrors),
}

/// A token for a visitor whose browser drops the cookie.
#[cfg(feature = "ssr")]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// What hello carries from now on.
    pub token: String,
    /// The visitor's conversation.
    pub conversation: ConversationId,
    /// Their first and last name.
    pub name: String,
}

/// Registers a visitor: stores them, begins their conversation and signs the session in. The same sent again is answered alike.
#[cfg(feature = "ssr")]
#[server(prefix = "/api/visitor", endpoint = "register", input = Json, output = Json)]
pub async fn register(
    /// What was typed.
    input: RegistrationInput,
    /// Where the visitor is, as the host page told.
    page: PageContext,
) -> Result<RegisterAnswer, ApiError> {
    use parlor_engine::RegisterError;

    use super::context::VisitorRequest;
    use super::session;

    let request = use_context::<VisitorRequest>().ok_or(ApiError::Unavailable)?;
    let known = request.visitor().await?;
    match request
        .engine
        .register(&request.widget, known.as_ref(), request.network, input, page)
        .await
    {
        Ok(registered) => {
            session::visitor_sign_in(&request.session, &request.widget.tenant, &registered.visitor)
                .await
                .map_err(|_| ApiError::Unavailable)?;
            Ok(RegisterAnswer::Registered {
                conversation: registered.conversation,
                name: registered.name,
                code: registered.code,
            })
        }
        Err(RegisterError::Invalid(errors)) => Ok(RegisterAnswer::Invalid(errors)),
        Err(RegisterError::Store(_)) => Err(ApiError::Unavailable),
    }
}

/// Exchanges the one-time code of a registration for a token.
#[cfg(feature = "ssr")]
#[server(prefix = "/api/visitor", endpoint = "token", input = Json, output = Json)]
pub async fn token(
    /// The code.
    code: String,
) -> Result<TokenAnswer, ApiError> {
    use super::context::VisitorRequest;

    let request = use_context::<VisitorRequest>().ok_or(ApiError::Unavailable)?;
    let granted = request
        .engine
        .exchange_code(&request.widget, &code)
        .await
        .map_err(|_| ApiError::Unavailable)?;
    let granted = granted.ok_or(ApiError::Unauthenticated)?;
    Ok(TokenAnswer {
        token: granted.token,
        name: granted.visitor.name(),
        conversation: granted.visitor.conversation,
    })
}
