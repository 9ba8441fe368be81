//! The pages of records: one of any kind with what belongs to it and what it was before, and the lists of those that are no
//! contacts.

use std::fmt::Write;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::contacts::length_of;
use super::layout::{Page, escape};
use crate::Sandbox;
use crate::state::Records;
use crate::state::object_types::{ObjectType, RecordId};
use crate::state::record::Record;
use crate::state::values::LONGEST_VALUE;

/// So many records of a kind on one page, the newest first.
const LISTED: usize = 100;

/// So many changes of values on one page, the newest first.
const REVISIONS: usize = 200;

/// So many characters of a value where it stands in a table.
const BEGINNING: usize = 200;

/// The property that people know a record by.
const fn name_property(object_type: ObjectType) -> &'static str {
    match object_type {
        ObjectType::Contact => "email",
        ObjectType::Company => "name",
        ObjectType::Deal => "dealname",
        ObjectType::Ticket => "subject",
        ObjectType::Note => "hs_note_body",
        ObjectType::Communication => "hs_communication_body",
    }
}

pub(crate) async fn all(State(sandbox): State<Sandbox>) -> Response {
    let mut body = "<h1>Other records</h1>\n".to_owned();
    sandbox.read(|records| {
        let others = ObjectType::ALL.into_iter().filter(|kind| *kind != ObjectType::Contact);
        for object_type in others {
            list(&mut body, records, object_type);
        }
    });
    Page {
        status: StatusCode::OK,
        section: "/objects",
        title: "Other records",
        refreshes: true,
        body: &body,
    }
    .into_response()
}

fn list(page: &mut String, records: &Records, object_type: ObjectType) {
    let mut live: Vec<&Record> = records
        .of(object_type)
        .all()
        .filter(|record| !record.is_archived())
        .collect();
    let _ = writeln!(page, "<h2>{} ({})</h2>", object_type.plural(), live.len());
    live.reverse();
    if live.is_empty() {
        page.push_str("<p>There is none yet.</p>\n");
        return;
    }
    page.push_str("<div class=\"wide\"><table><tbody>\n");
    for record in live.into_iter().take(LISTED) {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td class=\"whole\">{}</td></tr>",
            link(object_type, record),
            record.created_at.iso()
        );
    }
    page.push_str("</tbody></table></div>\n");
}

/// A link to a record's page, by what people know it by.
fn link(object_type: ObjectType, record: &Record) -> String {
    let name = record.value(name_property(object_type)).unwrap_or_default();
    let name = if name.trim().is_empty() {
        format!("{} {}", object_type.singular(), record.id)
    } else {
        beginning(&name)
    };
    let path = match object_type {
        ObjectType::Contact => "/contacts".to_owned(),
        other => format!("/objects/{}", other.plural()),
    };
    format!("<a href=\"{path}/{}\">{}</a>", record.id, escape(&name))
}

fn beginning(text: &str) -> String {
    let mut beginning: String = text.chars().take(BEGINNING).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    beginning
}

pub(crate) async fn contact(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    page(&sandbox, ObjectType::Contact, &id)
}

pub(crate) async fn one(State(sandbox): State<Sandbox>, Path((object_type, id)): Path<(String, String)>) -> Response {
    match object_type.parse() {
        Ok(object_type) => page(&sandbox, object_type, &id),
        Err(_) => missing("/objects", "record"),
    }
}

fn missing(section: &'static str, kind: &str) -> Response {
    let title = format!("No such {kind}");
    let body = format!("<h1>{title}</h1>\n<p><a href=\"{section}\">All of them</a></p>");
    Page {
        status: StatusCode::NOT_FOUND,
        section,
        title: &title,
        refreshes: true,
        body: &body,
    }
    .into_response()
}

fn page(sandbox: &Sandbox, object_type: ObjectType, id: &str) -> Response {
    let (section, all) = match object_type {
        ObjectType::Contact => ("/", "All contacts"),
        _ => ("/objects", "Other records"),
    };
    let shown = sandbox.read(|records| {
        let record = records.of(object_type).by_id(id.parse().ok()?)?;
        let title = record
            .value(name_property(object_type))
            .filter(|name| !name.trim().is_empty());
        let title = title.map_or_else(|| record.id.to_string(), |title| beginning(&title));
        let archived = if record.is_archived() { " (archived)" } else { "" };
        let mut body = format!(
            "<p><a href=\"{section}\">{all}</a></p>\n<h1>{}{archived}</h1>\n",
            escape(&title)
        );
        values(&mut body, records, object_type, record);
        associated(&mut body, records, object_type, record.id);
        history(&mut body, record);
        Some((title, body))
    });
    let Some((title, body)) = shown else {
        return missing(section, object_type.singular());
    };
    Page {
        status: StatusCode::OK,
        section,
        title: &title,
        refreshes: true,
        body: &body,
    }
    .into_response()
}

/// Long texts as they are, each for itself; all else in a table.
fn values(page: &mut String, records: &Records, object_type: ObjectType, record: &Record) {
    let mut rows = String::new();
    for property in records.schema(object_type).all() {
        let Some(value) = record.value(&property.name) else {
            continue;
        };
        let name = escape(&property.name);
        if ["textarea", "html"].contains(&property.field_type.as_str()) {
            let _ = write!(
                page,
                "<h2>{label} <small>{name}, {length} of {LONGEST_VALUE}</small></h2>\n<pre id=\"{name}\">\n{value}</pre>\n",
                label = escape(&property.label),
                length = length_of(&value),
                value = escape(&value),
            );
        } else {
            let _ = writeln!(rows, "<tr><th>{name}</th><td>{}</td></tr>", escape(&value));
        }
    }
    let _ = write!(
        page,
        "<h2>Properties</h2>\n<div class=\"wide\"><table><tbody>\n{rows}</tbody></table></div>\n"
    );
}

/// Notes and communications with their text, all others by a link.
fn associated(page: &mut String, records: &Records, object_type: ObjectType, id: RecordId) {
    for to in ObjectType::ALL {
        let others: Vec<&Record> = records
            .associated((object_type, id), to)
            .filter_map(|(id, _)| records.of(to).by_id(id))
            .collect();
        if others.is_empty() {
            continue;
        }
        let _ = writeln!(page, "<h2>{} ({})</h2>", to.plural(), others.len());
        for other in others {
            let _ = writeln!(page, "<p>{}</p>", link(to, other));
            let text = other.value(name_property(to)).unwrap_or_default();
            if to.is_engagement() && !text.is_empty() {
                let _ = writeln!(page, "<pre>\n{}</pre>", escape(&text));
            }
        }
    }
}

/// What the values were, when they became it, and by whom.
fn history(page: &mut String, record: &Record) {
    let mut revisions: Vec<_> = record
        .histories()
        .flat_map(|(name, history)| history.revisions().map(move |revision| (name, revision)))
        .collect();
    revisions.sort_by_key(|(_, revision)| std::cmp::Reverse(revision.at));
    page.push_str(
        "<h2>History</h2>\n<div class=\"wide\"><table><thead><tr><th>Time</th><th>Property</th><th>Value</th><th>Source</th></tr>\
         </thead>\n<tbody>\n",
    );
    for (name, revision) in revisions.into_iter().take(REVISIONS) {
        let _ = writeln!(
            page,
            "<tr><td class=\"whole\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            revision.at.iso(),
            escape(name),
            escape(&beginning(&revision.value)),
            revision.source.as_str()
        );
    }
    page.push_str("</tbody></table></div>\n");
}
