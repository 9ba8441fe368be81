//! What kind of call a method and a path make.

use axum::http::Method;

/// Whether the call changes nothing: some that only read are sent by POST.
pub(crate) fn only_reads(method: &Method, path: &str) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
        || path.ends_with("/batch/read")
        || is_search(method, path)
}

/// Whether the call is a search, which has a limit of its own: `POST /crm/v3/objects/{type}/search` and `POST /crm/objects/2026-03/{type}/search`.
pub(crate) fn is_search(method: &Method, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    method == Method::POST
        && matches!(
            parts[..],
            ["crm", "objects", _, _, "search"] | ["crm", _, "objects", _, "search"]
        )
}

/// Whether the bodies of the call hold secrets: those of OAuth and of what it grants.
pub(crate) fn is_secret(path: &str) -> bool {
    path.contains("/oauth/") || path.contains("/private-apps/") || is_visitor_identification(path)
}

/// Whether the call is about visitors' tokens. HubSpot's older path for it is still good.
pub(crate) fn is_visitor_identification(path: &str) -> bool {
    path.starts_with("/visitor-identification/") || path.starts_with("/conversations/v3/visitor-identification/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_told_from_writes() {
        for (method, path, reads) in [
            (Method::GET, "/crm/v3/objects/contacts", true),
            (Method::POST, "/crm/v3/objects/contacts", false),
            (Method::POST, "/crm/v3/objects/contacts/batch/read", true),
            (Method::POST, "/crm/objects/2026-03/contacts/search", true),
            (Method::POST, "/crm/objects/2026-03/contacts/batch/update", false),
            (Method::DELETE, "/crm/v3/objects/contacts/search", false),
        ] {
            assert_eq!(only_reads(&method, path), reads, "{method} {path}");
        }
    }

    #[test]
    fn only_the_search_calls_are_searches() {
        for path in [
            "/crm/v3/objects/contacts/search",
            "/crm/objects/2026-03/deals/search",
            "/crm/objects/2026-09/0-1/search",
        ] {
            assert!(is_search(&Method::POST, path), "{path}");
            assert!(!is_search(&Method::GET, path), "{path}");
        }
        for path in [
            "/crm/v3/objects/contacts",
            "/crm/v3/objects/contacts/batch/search",
            "/crm/v3/properties/contacts/search",
            "/search",
        ] {
            assert!(!is_search(&Method::POST, path), "{path}");
        }
    }
}
