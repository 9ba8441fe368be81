//! Why a server function did not do what it was asked to; both sides' functions share it.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// `Display` is the sentence that the person at the screen reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiError {
    /// The server could not do it now.
    #[error("Something went wrong on our side. Please try again in a moment.")]
    Unavailable,
    /// Nobody is signed in, or no more.
    #[error("You are not signed in any more. Please sign in again.")]
    Unauthenticated,
    /// There is no such thing, or it is not yours; the two are not told apart.
    #[error("This is not here any more.")]
    NotFound,
    /// What was sent is not what the function takes; the reason says what to do.
    #[error("{0}")]
    Invalid(String),
    /// The server was not reached. Made in the browser.
    #[error("There is no connection to the server. Please check your network and try again.")]
    Network,
}

impl ApiError {
    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unavailable | Self::Network => 503,
            Self::Unauthenticated => 401,
            Self::NotFound => 404,
            Self::Invalid(_) => 422,
        }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Network,
            // The parser's own words may quote what was sent; they say nothing to a person.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => not_understood(),
            // On the server it is the request's JSON that is not what the function takes.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(_) => not_understood(),
            // In the browser: what came back is no answer of ours (a proxy's error page, say).
            _ => Self::Unavailable,
        }
    }
}

fn not_understood() -> ApiError {
    ApiError::Invalid("The server did not understand the request. Please reload the page.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_wire() {
        for error in [
            ApiError::Unavailable,
            ApiError::Invalid("Too short.".into()),
            ApiError::NotFound,
        ] {
            let wire = serde_json::to_string(&error).unwrap();
            assert_eq!(serde_json::from_str::<ApiError>(&wire).unwrap(), error);
        }
    }

    #[test]
    fn a_parsers_words_do_not_reach_the_screen() {
        let error = ApiError::from_server_fn_error(ServerFnErrorErr::Args("invalid type: map `secret`".into()));
        assert!(!error.to_string().contains("secret"));
        assert_eq!(error.status(), 422);
    }
}
