//! The pages: the contacts and one contact, as plain HTML that refreshes itself and needs no script and no token.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::Sandbox;
use crate::state::object_types::ObjectType;
use crate::state::values::LONGEST_VALUE;

/// The property that the list tells the length of.
const TRANSCRIPT: &str = "chat_transcript";

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/", get(contacts))
        .route("/contacts/{id}", get(contact))
}

async fn contacts(State(sandbox): State<Sandbox>) -> Response {
    let contacts = sandbox.contacts();
    let mut rows = String::new();
    for contact in &contacts {
        let value = |name| contact.property(name).unwrap_or_default();
        let name = format!("{} {}", value("firstname"), value("lastname"));
        let name = if name.trim().is_empty() {
            "(no name)"
        } else {
            name.trim()
        };
        let _ = writeln!(
            rows,
            "<tr><td><a href=\"/contacts/{id}\">{name}</a></td><td>{email}</td><td>{id}</td><td class=\"number\">{length}</td></tr>",
            id = escape(&contact.id),
            name = escape(name),
            email = escape(value("email")),
            length = length_of(value(TRANSCRIPT)),
        );
    }
    let table = if contacts.is_empty() {
        "<p>There is no contact yet. Chat on the demo page, and one appears here.</p>".to_owned()
    } else {
        format!(
            "<div class=\"wide\"><table><thead><tr><th>Name</th><th>E-mail</th><th>Record id</th>\
             <th class=\"number\">Transcript</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
        )
    };
    page(
        StatusCode::OK,
        "Contacts",
        &format!("<h1>Contacts ({})</h1>\n{table}", contacts.len()),
    )
}

async fn contact(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let Some(contact) = sandbox.contact(&id) else {
        let body = "<h1>No such contact</h1>\n<p><a href=\"/\">All contacts</a></p>";
        return page(StatusCode::NOT_FOUND, "No such contact", body);
    };
    let mut rows = String::new();
    let mut texts = String::new();
    sandbox.read(|records| {
        for (name, value) in &contact.properties {
            let value = value.as_deref().unwrap_or_default();
            let property = records.schema(ObjectType::Contact).get(name);
            if property.is_some_and(|property| property.field_type == "textarea") {
                let _ = write!(
                    texts,
                    "<h2>{label} <small>{name}, {length} of {LONGEST_VALUE}</small></h2>\n<pre id=\"{name}\">\n{value}</pre>\n",
                    label = escape(property.map_or(name, |property| &property.label)),
                    name = escape(name),
                    length = length_of(value),
                    value = escape(value),
                );
            } else {
                let _ = writeln!(rows, "<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(value));
            }
        }
    });
    let title = contact.property("email").unwrap_or(&contact.id);
    let archived = if contact.archived { " (archived)" } else { "" };
    let body = format!(
        "<p><a href=\"/\">All contacts</a></p>\n<h1>{}{archived}</h1>\n{texts}<h2>Properties</h2>\n\
         <div class=\"wide\"><table><tbody>\n{rows}</tbody></table></div>",
        escape(title)
    );
    page(StatusCode::OK, title, &body)
}

/// What HubSpot counts is unknown; UTF-16 units are never fewer than characters.
fn length_of(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

pub(crate) const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 0 1rem 2rem; }
.banner { margin: 0 -1rem 1rem; padding: .5rem 1rem; background: #ffd24d; color: #1d1500; font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8886; }
td { overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; border: 1px solid #8886; border-radius: .5rem; }
small { font-weight: normal; opacity: .75; }
h1 { overflow-wrap: anywhere; }
";

pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"refresh\" content=\"2\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title} – sandbox of HubSpot</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <p class=\"banner\" role=\"note\">Parlor’s sandbox of HubSpot – nothing here leaves this machine</p>\n\
         <main>\n{body}\n</main>\n</body>\n</html>\n",
        title = escape(title)
    );
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    (status, headers, Html(html)).into_response()
}
