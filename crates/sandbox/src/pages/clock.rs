//! The page of the clock: what time it is in the sandbox, and how far behind search is.

use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::layout::{Page, escape};
use super::see;
use crate::{Moment, Sandbox};

/// How far the buttons move the clock, in milliseconds.
const STEPS: [(u64, &str); 5] = [
    (10_000, "10 seconds"),
    (60_000, "1 minute"),
    (1_800_000, "30 minutes"),
    (43_200_000, "12 hours"),
    (86_400_000, "1 day"),
];

pub(crate) async fn show(State(sandbox): State<Sandbox>) -> Response {
    page(&sandbox, None, &sandbox.now().iso())
}

fn page(sandbox: &Sandbox, wrong: Option<&str>, set: &str) -> Response {
    let steps: Vec<String> = STEPS
        .iter()
        .map(|(milliseconds, name)| {
            format!("<button name=\"advance_milliseconds\" value=\"{milliseconds}\">{name} forward</button>\n")
        })
        .collect();
    let kind = if sandbox.options().clock.is_manual() {
        "It stands still until it is moved."
    } else {
        "It goes on like the machine’s clock."
    };
    let wrong = wrong.map_or_else(String::new, |wrong| {
        format!("<p class=\"wrong\" role=\"alert\">{}</p>\n", escape(wrong))
    });
    let body = format!(
        "<h1>Clock</h1>\n{wrong}<p>When this page was loaded it was <strong>{now}</strong> in the sandbox. {kind}</p>\n\
         <form method=\"post\" action=\"/clock\" class=\"row\">{steps}</form>\n\
         <form method=\"post\" action=\"/clock\" class=\"row\"><div class=\"field\"><label for=\"set\">Set it to</label>\
         <input id=\"set\" name=\"set\" value=\"{set}\" required></div><button>Set</button></form>\n\
         <h2>Search</h2>\n<form method=\"post\" action=\"/clock\" class=\"row\"><div class=\"field\">\
         <label for=\"lag\">Search learns of a change after so many milliseconds</label>\
         <input id=\"lag\" name=\"search_lag\" type=\"number\" min=\"0\" value=\"{lag}\" required></div>\
         <button>Set</button></form>",
        steps = steps.concat(),
        now = sandbox.now().iso(),
        set = escape(set),
        lag = sandbox.search_lag().as_millis(),
    );
    Page {
        status: if wrong.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        },
        section: "/clock",
        title: "Clock",
        refreshes: false,
        body: &body,
    }
    .into_response()
}

#[derive(Deserialize)]
pub(crate) struct Given {
    advance_milliseconds: Option<u64>,
    set: Option<String>,
    search_lag: Option<u64>,
}

pub(crate) async fn set(State(sandbox): State<Sandbox>, Form(given): Form<Given>) -> Response {
    if let Some(lag) = given.search_lag {
        sandbox.set_search_lag(Duration::from_millis(lag));
    }
    if let Some(milliseconds) = given.advance_milliseconds
        && let Err(error) = sandbox.advance_clock(Duration::from_millis(milliseconds))
    {
        return page(&sandbox, Some(&error.to_string()), &sandbox.now().iso());
    }
    if let Some(text) = given.set {
        let moment: Result<Moment, _> = serde_json::from_value(text.trim().into());
        let moved = match moment {
            Ok(moment) => sandbox.set_clock(moment).map_err(|error| error.to_string()),
            Err(_) => Err(format!("{text} is no moment: write it like {}", sandbox.now().iso())),
        };
        if let Err(wrong) = moved {
            return page(&sandbox, Some(&wrong), &text);
        }
    }
    see("/clock")
}
