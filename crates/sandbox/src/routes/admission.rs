//! Who may call, and how often: 401, then the limits, then 403 for the scope and for the plan.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Sandbox;

pub(crate) async fn admit(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let now = sandbox.now();
    let (limit_headers, admitted) = {
        let mut guard = sandbox.state();
        let state = &mut *guard;
        let token = match state.records.tokens.authenticate(request.headers()) {
            Ok(token) => token,
            Err(error) => return error.into_response(),
        };
        let (headers, within_limits) = state.usage.take(&state.limits, &token, now);
        let admitted = within_limits.and_then(|()| {
            let path = request.uri().path();
            state.records.tokens.authorize(&token, request.method(), path)?;
            state.plan.includes(path)
        });
        (headers, admitted)
    };
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    for (name, value) in &limit_headers {
        // A fault may have set its own.
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}
