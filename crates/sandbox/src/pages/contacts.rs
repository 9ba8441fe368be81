//! The pages of contacts: all of them, and those that were searched for.

use std::fmt::Write;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::layout::{Page, escape, in_query};
use crate::routes::body::{Pairs, first};
use crate::{ContactView, Sandbox};

/// The property that the list tells the length of.
const TRANSCRIPT: &str = "chat_transcript";

/// So many contacts on one page.
const ON_A_PAGE: usize = 50;

/// `/` refreshes itself; with `?q=` it has a search box and does not.
pub(crate) async fn list(State(sandbox): State<Sandbox>, Query(query): Query<Pairs>) -> Response {
    let wanted = first(&query, "q");
    let words: Vec<String> = wanted
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_lowercase)
        .collect();
    let mut found = sandbox.contacts();
    found.retain(|contact| is_found(contact, &words));
    let pages = found.len().div_ceil(ON_A_PAGE).max(1);
    let number = first(&query, "page").and_then(|page| page.parse::<usize>().ok());
    let number = number.unwrap_or(1).clamp(1, pages);
    let shown = found.iter().skip((number - 1) * ON_A_PAGE).take(ON_A_PAGE);
    let rows: String = shown.map(row).collect();
    let table = if rows.is_empty() && words.is_empty() {
        "<p>There is no contact yet. Chat on the demo page, and one appears here.</p>".to_owned()
    } else if rows.is_empty() {
        "<p>No contact has that.</p>".to_owned()
    } else {
        format!(
            "<div class=\"wide\"><table><thead><tr><th>Name</th><th>E-mail</th><th>Record id</th>\
             <th class=\"number\">Transcript</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
        )
    };
    let body = format!(
        "<h1>Contacts ({count})</h1>\n{search}\n{table}\n{paging}",
        count = found.len(),
        search = search_box(wanted),
        paging = paging(wanted, number, pages),
    );
    Page {
        status: StatusCode::OK,
        section: "/",
        title: "Contacts",
        refreshes: wanted.is_none(),
        body: &body,
    }
    .into_response()
}

/// Each word is part of a value that a person would look for, or of the id.
fn is_found(contact: &ContactView, words: &[String]) -> bool {
    let searched = [
        "firstname",
        "lastname",
        "email",
        "phone",
        "company",
        "hs_additional_emails",
    ];
    let texts: Vec<String> = searched
        .iter()
        .filter_map(|name| contact.property(name))
        .chain([contact.id.as_str()])
        .map(str::to_lowercase)
        .collect();
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}

fn row(contact: &ContactView) -> String {
    let value = |name| contact.property(name).unwrap_or_default();
    let name = format!("{} {}", value("firstname"), value("lastname"));
    let name = if name.trim().is_empty() {
        "(no name)"
    } else {
        name.trim()
    };
    format!(
        "<tr><td><a href=\"/contacts/{id}\">{name}</a></td><td>{email}</td><td>{id}</td><td class=\"number\">{length}</td></tr>\n",
        id = escape(&contact.id),
        name = escape(name),
        email = escape(value("email")),
        length = length_of(value(TRANSCRIPT)),
    )
}

/// A box that stood on a page which refreshes itself would lose what is being typed.
fn search_box(wanted: Option<&str>) -> String {
    match wanted {
        None => "<p><a href=\"/?q=\">Search</a></p>".to_owned(),
        Some(wanted) => format!(
            "<form class=\"row\" role=\"search\" action=\"/\">\
             <div class=\"field\"><label for=\"q\">Name, e-mail, phone, company or record id</label>\
             <input id=\"q\" name=\"q\" type=\"search\" value=\"{}\" autofocus></div>\
             <button>Search</button> <a href=\"/\">All contacts</a></form>",
            escape(wanted)
        ),
    }
}

fn paging(wanted: Option<&str>, number: usize, pages: usize) -> String {
    if pages == 1 {
        return String::new();
    }
    let wanted = wanted.map_or_else(String::new, |wanted| format!("q={}&amp;", in_query(wanted)));
    let link = |to: usize, text: &str| format!("<a href=\"/?{wanted}page={to}\">{text}</a> ");
    let mut paging = String::from("<p>");
    if number > 1 {
        paging.push_str(&link(number - 1, "Previous page"));
    }
    let _ = write!(paging, "Page {number} of {pages} ");
    if number < pages {
        paging.push_str(&link(number + 1, "Next page"));
    }
    paging.push_str("</p>");
    paging
}

/// What HubSpot counts is unknown; UTF-16 units are never fewer than characters.
pub(crate) fn length_of(text: &str) -> usize {
    text.encode_utf16().count()
}
