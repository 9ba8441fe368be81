//! The routes, and the layers that every call of HubSpot's API goes through.

mod account;
mod admission;
mod associations_batch;
mod associations_batch_v3;
mod associations_v3;
mod associations_v4;
mod batch;
mod batch_reads;
mod batch_writes;
pub(crate) mod body;
pub(crate) mod control;
mod gdpr;
mod groups;
pub(crate) mod guard;
mod inject;
mod merge;
mod oauth;
mod objects;
pub(crate) mod path;
mod properties;
mod property_batches;
mod scripts;
mod search;
mod visitor_identification;
mod webhooks;

use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::http::response::Parts;
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};

use crate::errors::{self, ApiError};
use crate::faults::answer::{Mangled, NeverSent, cut_body};
use crate::{Sandbox, calls, pages};

/// The versions served, and what their paths look like: HubSpot moved the version behind the area in its dated paths.
struct Version {
    crm_objects: &'static str,
    crm_properties: &'static str,
    /// Batches of associations and their types.
    crm_associations: &'static str,
    account_info: &'static str,
    app_installs: &'static str,
    visitor_identification: &'static str,
}

const V3_OBJECTS: &str = "/crm/v3/objects";

const VERSIONS: [Version; 3] = [
    Version {
        crm_objects: V3_OBJECTS,
        crm_properties: "/crm/v3/properties",
        crm_associations: "/crm/v4/associations",
        account_info: "/account-info/v3",
        app_installs: "/appinstalls/v3",
        visitor_identification: "/visitor-identification/v3",
    },
    Version {
        crm_objects: "/crm/objects/2026-03",
        crm_properties: "/crm/properties/2026-03",
        crm_associations: "/crm/associations/2026-03",
        account_info: "/account-info/2026-03",
        app_installs: "/appinstalls/2026-03",
        visitor_identification: "/visitor-identification/2026-03",
    },
    Version {
        crm_objects: "/crm/objects/2026-09",
        crm_properties: "/crm/properties/2026-09",
        crm_associations: "/crm/associations/2026-09",
        account_info: "/account-info/2026-09",
        app_installs: "/appinstalls/2026-09",
        visitor_identification: "/visitor-identification/2026-09",
    },
];

impl Version {
    /// The dated versions have the associations that v4 has under a path of its own.
    fn associations(&self) -> Router<Sandbox> {
        if self.crm_objects == V3_OBJECTS {
            associations_v3::router()
        } else {
            associations_v4::router()
        }
    }
}

/// The number of a request in the log, for the layers further in.
#[derive(Clone, Copy)]
struct RequestNumber(u64);

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let admitted = VERSIONS
        .iter()
        .fold(Router::new(), |router, version| {
            router
                .nest(version.crm_objects, objects::router().merge(version.associations()))
                .nest(version.crm_properties, properties::router())
                .nest(version.crm_associations, associations_batch::router())
                .nest(version.account_info, account::router())
                .nest(version.app_installs, oauth::app_installs())
                .nest(version.visitor_identification, visitor_identification::router())
        })
        .nest("/crm/v3/associations", associations_batch_v3::router())
        .nest("/crm/v4/objects", associations_v4::router())
        .nest(
            "/conversations/v3/visitor-identification",
            visitor_identification::router(),
        )
        // From the inside out: faults strike only calls that were admitted.
        .route_layer(middleware::from_fn_with_state(sandbox.clone(), inject::inject))
        .route_layer(middleware::from_fn(body::only_json))
        .route_layer(middleware::from_fn_with_state(sandbox.clone(), admission::admit));
    let before_admission = oauth::router().route_layer(middleware::from_fn_with_state(sandbox.clone(), inject::inject));
    let hubspot = admitted
        .merge(before_admission)
        .merge(webhooks::router(sandbox))
        .method_not_allowed_fallback(method_not_allowed)
        // The fault layer sets the limit, for it reads every body first.
        .layer(DefaultBodyLimit::disable())
        .route_layer(middleware::from_fn_with_state(sandbox.clone(), keep))
        .fallback(unknown_route)
        .layer(middleware::from_fn_with_state(sandbox.clone(), envelope));
    hubspot
        .merge(pages::router(sandbox))
        .nest("/scripts", scripts::router())
        .merge(control::router(sandbox))
        .with_state(sandbox.clone())
}

/// What is answered is on disk: HubSpot does not forget a contact because a machine was switched off, so neither may this. A
/// call that only reads waits for nobody.
async fn keep(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let reads = calls::only_reads(request.method(), request.uri().path());
    let response = next.run(request).await;
    if !reads {
        sandbox.saved().await;
    }
    response
}

/// The outermost layer: the log, the outage, and the correlation id.
async fn envelope(State(sandbox): State<Sandbox>, mut request: Request, next: Next) -> Response {
    let correlation_id = errors::new_id();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let (now, begun) = (sandbox.now(), Instant::now());
    let (number, down) = {
        let mut state = sandbox.state();
        (state.log.begin(now, request.method().as_str(), path), state.down)
    };
    request.extensions_mut().insert(RequestNumber(number));
    let response = if down {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable", None).into_response()
    } else {
        next.run(request).await
    };
    let response = errors::finish(response, &correlation_id);
    if response.extensions().get::<NeverSent>().is_some() {
        return response;
    }
    let (head, body, sent) = whole(response).await;
    let status = head.status.as_u16();
    sandbox.state().log.answered(number, status, &sent, begun.elapsed());
    Response::from_parts(head, body)
}

/// The answer in its last form, with the bytes of its body that are sent.
async fn whole(response: Response) -> (Parts, Body, Bytes) {
    let (mut head, body) = response.into_parts();
    // Every answer is in memory already.
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    match head.extensions.remove::<Mangled>() {
        None => (head, Body::from(body.clone()), body),
        Some(mangled) => {
            let cuts = matches!(mangled, Mangled::CutShort { .. });
            let sent = mangled.apply(&mut head, body);
            let body = if cuts {
                cut_body(sent.clone())
            } else {
                Body::from(sent.clone())
            };
            (head, body, sent)
        }
    }
}

/// HubSpot's exact words are not known.
async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed", None)
}

/// HubSpot answers what it does not know with a page, not with JSON.
async fn unknown_route() -> Response {
    let page = "<!doctype html>\n<html><head><title>404 Not Found</title></head>\
                <body><h1>404 Not Found</h1><p>This page does not exist.</p></body></html>\n";
    (StatusCode::NOT_FOUND, Html(page)).into_response()
}
