//! OAuth's calls. They come before there is a token, so no admission is asked for; faults strike them like all others.

mod authorize;
mod tokens;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};

use crate::Sandbox;
use crate::auth::CallingApp;
use crate::errors::ApiError;

/// Where codes and refresh tokens are exchanged.
const TOKEN_PATHS: [&str; 4] = [
    "/oauth/v1/token",
    "/oauth/v3/token",
    "/oauth/2026-03/token",
    "/oauth/2026-09/token",
];

pub(crate) fn router() -> Router<Sandbox> {
    let ask = get(authorize::ask).post(authorize::decide);
    let router = Router::new()
        .route("/oauth/authorize", ask.clone())
        .route("/oauth/{hub_id}/authorize", ask)
        .route("/oauth/v1/access-tokens/{token}", get(tokens::access_token))
        .route(
            "/oauth/v1/refresh-tokens/{token}",
            get(tokens::refresh_token).delete(tokens::delete_refresh_token),
        )
        .route(
            "/oauth/v2/private-apps/get/access-token-info",
            post(tokens::private_app_token),
        );
    TOKEN_PATHS.iter().fold(router, |router, path| {
        let router = router.route(path, post(tokens::exchange));
        // The first version tells of tokens by calls of its own.
        if path.contains("/v1/") {
            return router;
        }
        router
            .route(&format!("{path}/introspect"), post(tokens::introspect))
            .route(&format!("{path}/revoke"), post(tokens::revoke))
    })
}

/// The call by which an app uninstalls itself. It needs admission: the token names the app.
pub(crate) fn app_installs() -> Router<Sandbox> {
    Router::new().route("/external-install", delete(uninstall))
}

/// What HubSpot answers a static token, which stands for no installation, is not known.
async fn uninstall(
    State(sandbox): State<Sandbox>,
    Extension(CallingApp(app)): Extension<CallingApp>,
) -> Result<StatusCode, ApiError> {
    let app_id = app.ok_or_else(|| {
        let message = "This call takes the access token of an app that was installed by OAuth.";
        ApiError::new(StatusCode::FORBIDDEN, message, None)
    })?;
    sandbox.change(|records, _| {
        if records.oauth.uninstall(app_id) {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(ApiError::resource_not_found())
        }
    })
}
