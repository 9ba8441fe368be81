//! What all pages have in common: head, banner, navigation, style, and the escape of everything that comes from outside.

use std::fmt::Write;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// The pages that the navigation leads to.
const SECTIONS: [(&str, &str); 6] = [
    ("/", "Contacts"),
    ("/objects", "Other records"),
    ("/requests", "Requests"),
    ("/faults", "Faults"),
    ("/webhooks", "Webhooks"),
    ("/clock", "Clock"),
];

/// A page on its way.
pub(crate) struct Page<'a> {
    pub(crate) status: StatusCode,
    /// Where it stands in the navigation: the address of one of its entries.
    pub(crate) section: &'static str,
    pub(crate) title: &'a str,
    /// Loads itself again every two seconds. Not where somebody may be typing.
    pub(crate) refreshes: bool,
    /// HTML, in which everything from outside was escaped.
    pub(crate) body: &'a str,
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let navigation: Vec<String> = SECTIONS
            .iter()
            .map(|(address, name)| {
                let current = if *address == self.section {
                    " aria-current=\"page\""
                } else {
                    ""
                };
                format!("<a href=\"{address}\"{current}>{name}</a>\n")
            })
            .collect();
        let refresh = if self.refreshes {
            "<meta http-equiv=\"refresh\" content=\"2\">\n"
        } else {
            ""
        };
        let navigation = format!("<nav aria-label=\"Pages\">\n{}</nav>\n", navigation.concat());
        document(self.status, self.title, refresh, &navigation, self.body, "'self'")
    }
}

/// A whole answer. `form_action` says where its forms may lead, as a Content-Security-Policy says it.
pub(crate) fn document(
    status: StatusCode,
    title: &str,
    head: &str,
    navigation: &str,
    body: &str,
    form_action: &str,
) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         {head}<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title} – sandbox of HubSpot</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <p class=\"banner\" role=\"note\">Parlor’s sandbox of HubSpot – nothing here leaves this machine</p>\n\
         {navigation}<main>\n{body}\n</main>\n</body>\n</html>\n",
        title = escape(title),
    );
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action {form_action}; \
         frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            HeaderName::from_static("referrer-policy"),
            // Without any referrer a browser would send the forms with the origin `null`, which is refused.
            HeaderValue::from_static("same-origin"),
        ),
    ];
    (status, headers, Html(html)).into_response()
}

/// Text as it may stand in HTML, in an attribute too.
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

/// Text as it may stand in a query's value.
pub(crate) fn in_query(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 64rem; padding: 0 1rem 2rem; }
.banner { margin: 0 -1rem; padding: .5rem 1rem; background: #ffd24d; color: #1d1500; font-weight: 600; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: .5rem 0; border-bottom: 1px solid #8886; }
nav a[aria-current] { font-weight: 600; text-decoration: none; color: inherit; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8886; }
td { overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.whole { overflow-wrap: normal; white-space: nowrap; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; border: 1px solid #8886; border-radius: .5rem; }
small { font-weight: normal; opacity: .75; }
p, h1, h2 { overflow-wrap: anywhere; }
form.line { display: inline; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .5rem 0; }
.field { display: flex; flex-direction: column; gap: .1rem; }
input, select, textarea, button { font: inherit; padding: .35rem .5rem; max-width: 100%; box-sizing: border-box; }
button { cursor: pointer; }
.wrong { padding: .5rem .75rem; border-left: .3rem solid #c1121f; }
@media (max-width: 40rem) {
.field, .field > * { width: 100%; }
.stack, .stack tbody { display: block; }
.stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.stack tr { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .35rem 0; border-bottom: 1px solid #8886; }
.stack td { max-width: 100%; padding: 0; border: 0; text-align: left; }
.stack td[data-label]::before { content: attr(data-label) ' '; }
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_leaves_its_place() {
        assert_eq!(
            escape("<a b=\"c\" d='e'>&</a>"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;&lt;/a&gt;"
        );
        assert_eq!(in_query("a&b=\"č\""), "a%26b%3D%22%C4%8D%22");
    }
}
