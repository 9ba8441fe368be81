//! Who may call, and how often: 401, then the limits, then 403 for the scope and for the plan.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Sandbox;
use crate::auth::Caller;
use crate::calls;
use crate::usage::CountedCall;

pub(crate) async fn admit(State(sandbox): State<Sandbox>, mut request: Request, next: Next) -> Response {
    let now = sandbox.now();
    let (app, limit_headers, admitted) = {
        let mut guard = sandbox.state();
        let state = &mut *guard;
        let caller = match Caller::authenticate(&state.records, request.headers(), now) {
            Ok(caller) => caller,
            Err(error) => return error.into_response(),
        };
        let (method, path) = (request.method(), request.uri().path());
        let call = CountedCall {
            bucket: caller.bucket(),
            search: calls::is_search(method, path),
            day: state.records.account.day(now),
            now,
        };
        let (headers, within_limits) = state.usage.take(&state.limits, call);
        let admitted = within_limits.and_then(|()| {
            caller.authorize(method, path)?;
            state.plan.includes(path)
        });
        (caller.app(), headers, admitted)
    };
    let mut response = match admitted {
        Ok(()) => {
            request.extensions_mut().insert(app);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    for (name, value) in &limit_headers {
        // A fault may have set its own.
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}
