//! The pages of the request log: the last requests, and one with its bodies.

use std::fmt::Write;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::layout::{Page, escape};
use super::see;
use crate::Sandbox;
use crate::request_log::{LoggedBodies, LoggedBody, LoggedRequest, RequestFilter};
use crate::routes::body::Pairs;
use crate::routes::control::requests::filter;

/// So many requests on the page, the newest first.
const SHOWN: usize = 200;

/// What the list can be narrowed to with one click.
const VIEWS: [(&str, &str); 5] = [
    ("/requests", "All"),
    ("/requests?status=4xx", "Refused"),
    ("/requests?status=5xx", "Failed"),
    ("/requests?status=none", "Not answered"),
    ("/requests?fault=any", "Struck by a fault"),
];

pub(crate) async fn list(State(sandbox): State<Sandbox>, Query(query): Query<Pairs>) -> Response {
    // Whoever types an address by hand and mistypes it sees all of them.
    let filter = filter(&query).unwrap_or_else(|_| RequestFilter::default());
    let (rows, count): (String, usize) = {
        let state = sandbox.state();
        let admitted = || state.log.all().rev().filter(|request| filter.admits(request));
        (admitted().take(SHOWN).map(row).collect(), admitted().count())
    };
    let views: Vec<String> = VIEWS
        .iter()
        .map(|(address, name)| format!("<a href=\"{address}\">{name}</a>"))
        .collect();
    let table = if rows.is_empty() {
        "<p>There is no such request.</p>".to_owned()
    } else {
        format!(
            "<div class=\"wide\"><table class=\"stack\"><thead><tr><th class=\"number\">Number</th><th>Time</th><th>Method</th><th>Path</th>\
             <th>Status</th><th class=\"number\">Took</th><th>Fault</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
        )
    };
    let body = format!(
        "<h1>Requests ({count})</h1>\n<p>{}</p>\n{table}\n\
         <form method=\"post\" action=\"/requests/clear\"><p><button>Clear the log</button></p></form>",
        views.join(" · ")
    );
    Page {
        status: StatusCode::OK,
        section: "/requests",
        title: "Requests",
        refreshes: true,
        body: &body,
    }
    .into_response()
}

fn row(request: &LoggedRequest) -> String {
    format!(
        "<tr><td class=\"number\"><a href=\"/requests/{number}\">{number}</a></td><td class=\"whole\">{at}</td><td>{method}</td>\
         <td>{path}</td><td>{status}</td><td class=\"number whole\">{took}</td><td>{fault}</td></tr>\n",
        number = request.number,
        at = request.at.iso(),
        method = escape(&request.method),
        path = escape(&request.path),
        status = status(request),
        took = took(request),
        fault = fault(request),
    )
}

fn status(request: &LoggedRequest) -> String {
    request
        .status
        .map_or_else(|| "none".to_owned(), |status| status.to_string())
}

fn took(request: &LoggedRequest) -> String {
    request.microseconds.map_or_else(String::new, |microseconds| {
        format!("{}.{} ms", microseconds / 1_000, microseconds % 1_000 / 100)
    })
}

fn fault(request: &LoggedRequest) -> String {
    request.fault.map_or_else(String::new, |id| format!("rule {id}"))
}

pub(crate) async fn one(State(sandbox): State<Sandbox>, Path(number): Path<String>) -> Response {
    let logged = number.parse().ok().and_then(|number| {
        let state = sandbox.state();
        let (request, bodies) = state.log.one(number)?;
        Some((request.clone(), bodies))
    });
    let Some((
        request,
        LoggedBodies {
            request: asked,
            response,
        },
    )) = logged
    else {
        let body =
            "<h1>No such request</h1>\n<p>The log keeps the last ones. <a href=\"/requests\">All requests</a></p>";
        return Page {
            status: StatusCode::NOT_FOUND,
            section: "/requests",
            title: "No such request",
            refreshes: false,
            body,
        }
        .into_response();
    };
    let title = format!("{} {}", request.method, request.path);
    let mut body = format!(
        "<p><a href=\"/requests\">All requests</a></p>\n<h1>{}</h1>\n<div class=\"wide\"><table><tbody>\n",
        escape(&title)
    );
    let rows = [
        ("Number", request.number.to_string()),
        ("Time", request.at.iso()),
        ("Status", status(&request)),
        ("Took", took(&request)),
        ("Fault", fault(&request)),
    ];
    for (name, value) in rows {
        let _ = writeln!(body, "<tr><th>{name}</th><td>{}</td></tr>", escape(&value));
    }
    body.push_str("</tbody></table></div>\n");
    text(&mut body, "Request", asked.as_ref());
    text(&mut body, "Answer", response.as_ref());
    Page {
        status: StatusCode::OK,
        section: "/requests",
        title: &title,
        // Its answer may still be under way.
        refreshes: request.status.is_none(),
        body: &body,
    }
    .into_response()
}

fn text(page: &mut String, name: &str, body: Option<&LoggedBody>) {
    let _ = match body {
        None => write!(page, "<h2>{name}</h2>\n<p>Its body is not kept.</p>\n"),
        Some(body) if body.bytes == 0 => write!(page, "<h2>{name}</h2>\n<p>It has no body.</p>\n"),
        Some(body) => write!(
            page,
            "<h2>{name} <small>{} bytes{}</small></h2>\n<pre>\n{}</pre>\n",
            body.bytes,
            if body.bytes > body.text.len() {
                ", of which the first are shown"
            } else {
                ""
            },
            escape(&body.text)
        ),
    };
}

pub(crate) async fn clear(State(sandbox): State<Sandbox>) -> Response {
    sandbox.clear_requests();
    see("/requests")
}
