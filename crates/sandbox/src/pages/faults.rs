//! The page of the faults: those in force, some to add with one click, and a form for any other.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::layout::{Page, escape};
use super::see;
use crate::Sandbox;
use crate::faults::{Effect, FaultRule, FaultState};

/// What a form sends, by the names of its fields.
type Fields = BTreeMap<String, String>;

/// What can be added with one click: name, label, and the rule.
type Preset = (&'static str, &'static str, fn() -> FaultRule);

const PRESETS: [Preset; 8] = [
    ("limit", "429 for the next 10 writes", || {
        FaultRule::new("WRITE", "/crm/", Effect::status(429)).times(10)
    }),
    ("failing", "502 for the next 5 calls", || {
        FaultRule::every_call(Effect::html(502, "<h1>502 Bad Gateway</h1>")).times(5)
    }),
    ("flaky", "503 for one call in four", || {
        FaultRule::every_call(Effect::status(503)).percent(25)
    }),
    ("dropped_before", "Drop the next write, not applied", || {
        FaultRule::new("WRITE", "/crm/", Effect::DroppedBefore).times(1)
    }),
    ("dropped_after", "Drop the next write, applied", || {
        FaultRule::new("WRITE", "/crm/", Effect::applied_not_answered()).times(1)
    }),
    ("late", "Apply the next write after the one that follows it", || {
        FaultRule::new("WRITE", "/crm/", Effect::applied_after_writes(1)).times(1)
    }),
    ("cut_short", "Cut the next answer short", || {
        FaultRule::every_call(Effect::cut_short()).times(1)
    }),
    ("slow", "Every call 3 seconds slower", || {
        FaultRule::every_call(Effect::Delay { milliseconds: 3_000 })
    }),
];

/// The effects that the form offers: its value, and what it is called.
const EFFECTS: [(&str, &str); 7] = [
    ("status", "Answer a status, apply nothing"),
    ("delay", "Answer later"),
    ("dropped_before", "Drop the connection, apply nothing"),
    ("applied_not_answered", "Apply, then drop the connection"),
    ("applied_late", "Drop the connection, apply after later writes"),
    ("cut_short", "Apply, cut the answer short"),
    ("wrong_answer", "Apply, answer another body, type or status"),
];

pub(crate) async fn list(State(sandbox): State<Sandbox>) -> Response {
    page(&sandbox, None, &Fields::new())
}

fn page(sandbox: &Sandbox, wrong: Option<&str>, fields: &Fields) -> Response {
    let faults = sandbox.faults();
    let mut body = format!("<h1>Faults ({})</h1>\n", faults.len());
    if faults.is_empty() {
        body.push_str("<p>No rule is in force.</p>\n");
    } else {
        let rows: String = faults.iter().map(row).collect();
        let _ = write!(
            body,
            "<div class=\"wide\"><table class=\"stack\"><thead><tr><th>Rule</th><th>Calls</th><th>Effect</th><th class=\"number\">Matched</th>\
             <th class=\"number\">Struck</th><th></th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n\
             <form method=\"post\" action=\"/faults/clear\"><p><button>Remove all</button></p></form>\n"
        );
    }
    body.push_str("<h2>Add with one click</h2>\n<form method=\"post\" action=\"/faults\" class=\"row\">\n");
    for (name, label, _) in PRESETS {
        let _ = writeln!(body, "<button name=\"preset\" value=\"{name}\">{label}</button>");
    }
    body.push_str("</form>\n<h2>Add another</h2>\n");
    if let Some(wrong) = wrong {
        let _ = writeln!(body, "<p class=\"wrong\" role=\"alert\">{}</p>", escape(wrong));
    }
    body.push_str(&form(fields));
    Page {
        status: if wrong.is_some() {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        },
        section: "/faults",
        title: "Faults",
        refreshes: false,
        body: &body,
    }
    .into_response()
}

fn row(state: &FaultState) -> String {
    let rule = &state.rule;
    let mut calls = rule.method.clone().unwrap_or_else(|| "any".to_owned());
    if !rule.path.is_empty() {
        let _ = write!(calls, ", path with {}", rule.path);
    }
    if let Some(body) = &rule.body {
        let _ = write!(calls, ", body with {body}");
    }
    if rule.skip > 0 {
        let _ = write!(calls, ", after {}", rule.skip);
    }
    if let Some(percent) = rule.percent {
        let _ = write!(calls, ", {percent} of 100");
    }
    if let Some(times) = rule.times {
        let _ = write!(calls, ", at most {times}");
    }
    let effect = serde_json::to_string(&rule.effect).unwrap_or_default();
    format!(
        "<tr><td data-label=\"Rule\">{id}</td><td>{calls}</td><td><code>{effect}</code></td><td class=\"number\" data-label=\"Matched\">{matched}</td>\
         <td class=\"number\" data-label=\"Struck\">{struck}</td><td><form class=\"line\" method=\"post\" action=\"/faults/{id}/remove\">\
         <button aria-label=\"Remove rule {id}\">Remove</button></form></td></tr>\n",
        id = state.id,
        calls = escape(&calls),
        effect = escape(&effect),
        matched = state.matched,
        struck = state.struck,
    )
}

fn form(fields: &Fields) -> String {
    let value = |name: &str| escape(fields.get(name).map_or("", String::as_str));
    let text = |name: &str, label: &str| {
        format!(
            "<div class=\"field\"><label for=\"{name}\">{label}</label><input id=\"{name}\" name=\"{name}\" value=\"{}\"></div>\n",
            value(name)
        )
    };
    let number = |name: &str, label: &str| {
        format!(
            "<div class=\"field\"><label for=\"{name}\">{label}</label>\
             <input id=\"{name}\" name=\"{name}\" type=\"number\" min=\"0\" value=\"{}\"></div>\n",
            value(name)
        )
    };
    let choice = |name: &str, label: &str, choices: &[(&str, &str)]| {
        let options: Vec<String> = choices
            .iter()
            .map(|(choice, label)| {
                let selected = if value(name) == *choice { " selected" } else { "" };
                format!("<option value=\"{choice}\"{selected}>{label}</option>")
            })
            .collect();
        format!(
            "<div class=\"field\"><label for=\"{name}\">{label}</label><select id=\"{name}\" name=\"{name}\">{}</select></div>\n",
            options.concat()
        )
    };
    let methods = [
        ("", "any"),
        ("WRITE", "every write"),
        ("READ", "every read"),
        ("GET", "GET"),
        ("POST", "POST"),
        ("PATCH", "PATCH"),
        ("PUT", "PUT"),
        ("DELETE", "DELETE"),
    ];
    [
        "<form method=\"post\" action=\"/faults\">\n<fieldset><legend>Which calls</legend><div class=\"row\">\n"
            .to_owned(),
        choice("method", "Method", &methods),
        text("path", "Path contains"),
        text("body", "Body contains"),
        number("skip", "Let through first"),
        number("times", "Strike at most"),
        number("percent", "Of a hundred"),
        "</div></fieldset>\n<fieldset><legend>What happens</legend><div class=\"row\">\n".to_owned(),
        choice("effect", "Effect", &EFFECTS),
        number("status", "Status"),
        text("answer", "Body of the answer"),
        text("content_type", "Content type of the answer"),
        number("milliseconds", "Milliseconds"),
        number("writes", "Later writes"),
        number("bytes", "Bytes"),
        "</div></fieldset>\n<p><button>Add</button></p></form>".to_owned(),
    ]
    .concat()
}

pub(crate) async fn add(State(sandbox): State<Sandbox>, Form(fields): Form<Fields>) -> Response {
    match rule(&fields).and_then(|rule| rule.check().map(|()| rule)) {
        Ok(rule) => {
            sandbox.add_fault(rule);
            see("/faults")
        }
        Err(wrong) => page(&sandbox, Some(&wrong), &fields),
    }
}

fn rule(fields: &Fields) -> Result<FaultRule, String> {
    if let Some(name) = fields.get("preset") {
        let preset = PRESETS.iter().find(|(candidate, _, _)| candidate == name);
        return preset
            .map(|(_, _, rule)| rule())
            .ok_or_else(|| format!("There is no preset {name}"));
    }
    let text = |name: &str| fields.get(name).filter(|value| !value.is_empty()).cloned();
    Ok(FaultRule {
        method: text("method"),
        path: text("path").unwrap_or_default(),
        body: text("body"),
        skip: number(fields, "skip")?.unwrap_or_default(),
        times: number(fields, "times")?,
        percent: number(fields, "percent")?,
        effect: effect(fields)?,
    })
}

fn effect(fields: &Fields) -> Result<Effect, String> {
    let text = |name: &str| fields.get(name).filter(|value| !value.is_empty()).cloned();
    let kind = text("effect").unwrap_or_default();
    Ok(match kind.as_str() {
        "status" => Effect::Status {
            status: number(fields, "status")?.ok_or("Give the status to answer")?,
            message: None,
            category: None,
            body: text("answer"),
            content_type: text("content_type"),
            headers: BTreeMap::new(),
        },
        "delay" => Effect::Delay {
            milliseconds: number(fields, "milliseconds")?.ok_or("Give the milliseconds to wait")?,
        },
        "dropped_before" => Effect::DroppedBefore,
        "applied_not_answered" => Effect::applied_not_answered(),
        "applied_late" => Effect::AppliedLate {
            after_writes: number(fields, "writes")?,
            after_milliseconds: number(fields, "milliseconds")?,
            hang: false,
        },
        "cut_short" => Effect::CutShort {
            after_bytes: number(fields, "bytes")?,
        },
        "wrong_answer" => Effect::WrongAnswer {
            status: number(fields, "status")?,
            body: text("answer"),
            content_type: text("content_type"),
        },
        other => return Err(format!("There is no effect {other}")),
    })
}

fn number<T: std::str::FromStr>(fields: &Fields, name: &str) -> Result<Option<T>, String> {
    match fields
        .get(name)
        .map(|value| value.trim())
        .filter(|value| !value.is_empty())
    {
        None => Ok(None),
        Some(value) => value
            .parse()
            .map(Some)
            .map_err(|_| format!("{value} cannot be used for {name}: give a number")),
    }
}

pub(crate) async fn remove(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    if let Ok(id) = id.parse() {
        // Somebody else may have removed it meanwhile: it is gone either way.
        sandbox.remove_fault(id);
    }
    see("/faults")
}

pub(crate) async fn clear(State(sandbox): State<Sandbox>) -> Response {
    sandbox.clear_faults();
    see("/faults")
}
