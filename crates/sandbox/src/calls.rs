//! What kind of call a method and a path make.

use axum::http::Method;

/// Whether the call changes nothing: some that only read are sent by POST.
pub(crate) fn only_reads(method: &Method, path: &str) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
        || path.ends_with("/batch/read")
        || is_search(method, path)
}

/// Whether the call is a search, which has a limit of its own.
pub(crate) fn is_search(method: &Method, path: &str) -> bool {
    method == Method::POST && path.starts_with("/crm/") && path.ends_with("/search")
}

/// Whether the bodies of the call hold secrets: those of OAuth and of what it grants.
pub(crate) fn is_secret(path: &str) -> bool {
    path.contains("/oauth/") || path.contains("/private-apps/") || path.starts_with("/visitor-identification/")
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
}
