//! The page on which a person allows an app to be installed, or does not. At HubSpot it is another host's, `app.hubspot.com`.

use std::fmt::Write;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use url::{Url, form_urlencoded};

use super::super::body::{Pairs, first};
use super::super::guard::comes_from_elsewhere;
use super::super::inject::CallBody;
use crate::Sandbox;
use crate::oauth::{Authorization, Consent};
use crate::pages::layout::{document, escape};

/// The account that a path names, when it names one.
type Hub = Option<Path<String>>;

/// Reads what is asked for; else what is wrong with it, for the page.
fn asked(sandbox: &Sandbox, hub: Hub, uri: &Uri) -> Result<Authorization, String> {
    let query: Pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let state = sandbox.state();
    if hub.is_some_and(|Path(hub)| hub != state.records.portal_id.to_string()) {
        return Err("You don't have access to this account.".to_owned());
    }
    state
        .records
        .oauth
        .authorization(|name| first(&query, name), state.plan)
}

/// Nobody is sent back with what is wrong: where to is not sure.
fn refused(why: &str) -> Response {
    let body = format!("<h1>The app cannot be installed</h1>\n<p>{}</p>", escape(why));
    page(StatusCode::BAD_REQUEST, &body, None)
}

pub(super) async fn ask(State(sandbox): State<Sandbox>, hub: Hub, request: Request) -> Response {
    let authorization = match asked(&sandbox, hub, request.uri()) {
        Ok(authorization) => authorization,
        Err(why) => return refused(&why),
    };
    let consent = sandbox.state().consent;
    match consent {
        Consent::Ask => question(&authorization, request.uri()),
        Consent::Allow => allowed(&sandbox, authorization),
        Consent::Deny => found(&authorization.denied()),
    }
}

/// The answer of the page's form. Another site's page must not give it in a person's place.
pub(super) async fn decide(
    State(sandbox): State<Sandbox>,
    hub: Hub,
    headers: HeaderMap,
    uri: Uri,
    body: CallBody,
) -> Response {
    if comes_from_elsewhere(&headers) {
        let body = "<h1>This answer was given by a page of another site</h1>";
        return page(StatusCode::FORBIDDEN, body, None);
    }
    let authorization = match asked(&sandbox, hub, &uri) {
        Ok(authorization) => authorization,
        Err(why) => return refused(&why),
    };
    let form: Pairs = form_urlencoded::parse(&body).into_owned().collect();
    match first(&form, "decision") {
        Some("allow") => allowed(&sandbox, authorization),
        _ => found(&authorization.denied()),
    }
}

fn allowed(sandbox: &Sandbox, authorization: Authorization) -> Response {
    let back = sandbox.alter(|records, now| {
        let location = &records.account.data_hosting_location;
        records.oauth.allow(authorization, location, now)
    });
    found(&back)
}

fn found(url: &Url) -> Response {
    match HeaderValue::from_str(url.as_str()) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn question(authorization: &Authorization, uri: &Uri) -> Response {
    let mut scopes = String::new();
    for scope in &authorization.scopes {
        let _ = writeln!(scopes, "<li>{}</li>", escape(scope));
    }
    let address = uri.path_and_query().map_or("", |address| address.as_str());
    let body = format!(
        "<h1>Install {name}?</h1>\n<p>It asks for:</p>\n<ul>\n{scopes}</ul>\n\
         <form method=\"post\" action=\"{address}\">\n\
         <button name=\"decision\" value=\"allow\">Allow</button>\n\
         <button name=\"decision\" value=\"deny\">Deny</button>\n</form>",
        name = escape(&authorization.app_name),
        address = escape(address),
    );
    page(StatusCode::OK, &body, Some(&authorization.redirect_uri))
}

/// A page that sends its form to this origin alone. Browsers hold the way back, which the form is answered with, to the same
/// rule, so it is named too.
fn page(status: StatusCode, body: &str, back: Option<&Url>) -> Response {
    let form_action = match back.map(Url::origin) {
        None => "'none'".to_owned(),
        Some(origin) if origin.is_tuple() => format!("'self' {}", origin.ascii_serialization()),
        Some(_) => format!("'self' {}:", back.map_or("", Url::scheme)),
    };
    document(status, "Install an app", "", "", body, &form_action)
}
