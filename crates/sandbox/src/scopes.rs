//! Which scopes a call needs, as HubSpot's OpenAPI descriptions and guides name them.

use std::collections::BTreeSet;

use axum::http::Method;

use crate::calls;
use crate::plan::Plan;
use crate::state::object_types::ObjectType;

/// Scopes that were granted.
pub(crate) type Scopes = BTreeSet<String>;

/// The scope every public app has: enough for what is about the account alone.
pub(crate) const OAUTH: &str = "oauth";

/// The scope for visitors' tokens, which only some plans can grant.
pub(crate) const VISITOR_TOKENS: &str = "conversations.visitor_identification.tokens.create";

/// Every scope that a call of the sandbox asks for.
pub(crate) const KNOWN: [&str; 17] = [
    OAUTH,
    VISITOR_TOKENS,
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "developers-read",
    "developers-write",
    "tickets",
];

/// The scopes of one kind of record.
#[derive(Clone, Copy)]
struct ObjectScopes {
    read: &'static str,
    write: &'static str,
    schema_read: &'static str,
    schema_write: &'static str,
}

const fn scopes_of(object_type: ObjectType) -> ObjectScopes {
    match object_type {
        // Activities have no scopes of their own: they go with the contacts.
        ObjectType::Contact | ObjectType::Note | ObjectType::Communication => ObjectScopes {
            read: "crm.objects.contacts.read",
            write: "crm.objects.contacts.write",
            schema_read: "crm.schemas.contacts.read",
            schema_write: "crm.schemas.contacts.write",
        },
        ObjectType::Company => ObjectScopes {
            read: "crm.objects.companies.read",
            write: "crm.objects.companies.write",
            schema_read: "crm.schemas.companies.read",
            schema_write: "crm.schemas.companies.write",
        },
        ObjectType::Deal => ObjectScopes {
            read: "crm.objects.deals.read",
            write: "crm.objects.deals.write",
            schema_read: "crm.schemas.deals.read",
            schema_write: "crm.schemas.deals.write",
        },
        ObjectType::Ticket => ObjectScopes {
            read: "tickets",
            write: "tickets",
            schema_read: "tickets",
            schema_write: "tickets",
        },
    }
}

fn named(object_type: &str) -> Option<ObjectScopes> {
    object_type.parse().ok().map(scopes_of)
}

/// The scopes a call needs, all of them. A type that is not known needs none: its call is refused further in.
pub(crate) fn required(method: &Method, path: &str) -> BTreeSet<&'static str> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let reads = calls::only_reads(method, path);
    match parts.first() {
        Some(&"account-info") => BTreeSet::from([OAUTH]),
        _ if calls::is_visitor_identification(path) => BTreeSet::from([VISITOR_TOKENS]),
        Some(&("webhooks" | "app-webhooks")) if reads => BTreeSet::from(["developers-read"]),
        Some(&("webhooks" | "app-webhooks")) => BTreeSet::from(["developers-write"]),
        Some(&"crm") => required_in_crm(&parts, reads),
        _ => BTreeSet::new(),
    }
}

/// `/crm/v3/{area}/…` and `/crm/{area}/2026-03/…` name the area in either of two places.
fn required_in_crm(parts: &[&str], reads: bool) -> BTreeSet<&'static str> {
    let Some([first, second, rest @ ..]) = parts.get(1..) else {
        return BTreeSet::new();
    };
    let area = [first, second]
        .into_iter()
        .find(|part| ["objects", "properties", "associations"].contains(part));
    let types = match area.copied() {
        Some("properties") => {
            let scope = rest
                .first()
                .copied()
                .and_then(named)
                .map(|scopes| if reads { scopes.schema_read } else { scopes.schema_write });
            return scope.into_iter().collect();
        }
        // `/crm/v4/associations/{from}/{to}/…` needs the scopes of both types.
        Some("associations") => rest.get(..2).unwrap_or(rest).to_vec(),
        // `/{type}/{id}/associations/{to}/…` and `/{type}/{id}/associations/default/{to}/…` as well.
        Some("objects") => match rest {
            [from, _, "associations", "default", to, ..] | [from, _, "associations", to, ..] => vec![*from, *to],
            [name, ..] => vec![*name],
            [] => Vec::new(),
        },
        _ => Vec::new(),
    };
    types
        .into_iter()
        .filter_map(named)
        .map(|scopes| if reads { scopes.read } else { scopes.write })
        .collect()
}

/// Whether an account with this plan can grant the scope.
pub(crate) fn can_be_granted(scope: &str, plan: Plan) -> bool {
    scope != VISITOR_TOKENS || plan.has_visitor_identification()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_needs_the_scopes_of_the_table() {
        let contacts = ("crm.objects.contacts.read", "crm.objects.contacts.write");
        let types = [
            ("contacts", contacts),
            ("0-1", contacts),
            (
                "companies",
                ("crm.objects.companies.read", "crm.objects.companies.write"),
            ),
            ("company", ("crm.objects.companies.read", "crm.objects.companies.write")),
            ("deals", ("crm.objects.deals.read", "crm.objects.deals.write")),
            ("tickets", ("tickets", "tickets")),
            ("notes", contacts),
            ("communications", contacts),
        ];
        for (name, (read, write)) in types {
            for base in [
                format!("/crm/v3/objects/{name}"),
                format!("/crm/objects/2026-03/{name}"),
                format!("/crm/objects/2026-09/{name}"),
            ] {
                for (method, rest, scope) in [
                    (Method::GET, "", read),
                    (Method::POST, "", write),
                    (Method::GET, "/1", read),
                    (Method::PATCH, "/1", write),
                    (Method::DELETE, "/1", write),
                    (Method::POST, "/search", read),
                    (Method::POST, "/batch/read", read),
                    (Method::POST, "/batch/create", write),
                    (Method::POST, "/batch/update", write),
                    (Method::POST, "/batch/upsert", write),
                    (Method::POST, "/batch/archive", write),
                    (Method::POST, "/merge", write),
                    (Method::POST, "/gdpr-delete", write),
                    (Method::GET, "/1/associations/notes", read),
                ] {
                    let path = format!("{base}{rest}");
                    let needed = required(&method, &path);
                    assert!(needed.contains(scope), "{method} {path} needs {needed:?}, not {scope}");
                    assert!(needed.len() == 1 || rest.contains("associations"), "{method} {path}");
                }
            }
        }
    }

    #[test]
    fn properties_need_the_scopes_of_the_schema() {
        for (method, path, scope) in [
            (Method::GET, "/crm/v3/properties/contacts", "crm.schemas.contacts.read"),
            (
                Method::POST,
                "/crm/properties/2026-03/contacts",
                "crm.schemas.contacts.write",
            ),
            (
                Method::POST,
                "/crm/v3/properties/deals/batch/read",
                "crm.schemas.deals.read",
            ),
            (
                Method::POST,
                "/crm/v3/properties/companies/groups",
                "crm.schemas.companies.write",
            ),
            (
                Method::DELETE,
                "/crm/properties/2026-09/0-3/amount",
                "crm.schemas.deals.write",
            ),
            (Method::GET, "/crm/v3/properties/tickets/subject", "tickets"),
            (Method::POST, "/crm/v3/properties/notes", "crm.schemas.contacts.write"),
        ] {
            assert_eq!(required(&method, path), BTreeSet::from([scope]), "{method} {path}");
        }
    }

    #[test]
    fn associations_need_the_scopes_of_both_types() {
        let (contacts, companies) = ("crm.objects.contacts.write", "crm.objects.companies.write");
        for path in [
            "/crm/v3/objects/contacts/1/associations/companies/2/279",
            "/crm/v4/objects/contact/1/associations/default/company/2",
            "/crm/objects/2026-03/contacts/1/associations/default/0-2/2",
            "/crm/v4/associations/companies/contacts/batch/create",
            "/crm/associations/2026-03/contacts/companies/batch/archive",
        ] {
            let method = if path.contains("/batch/") {
                Method::POST
            } else {
                Method::PUT
            };
            assert_eq!(
                required(&method, path),
                BTreeSet::from([contacts, companies]),
                "{method} {path}"
            );
        }
        let reading = BTreeSet::from(["crm.objects.contacts.read", "tickets"]);
        for (method, path) in [
            (Method::GET, "/crm/v4/objects/notes/1/associations/tickets"),
            (Method::POST, "/crm/v4/associations/notes/tickets/batch/read"),
        ] {
            assert_eq!(required(&method, path), reading, "{method} {path}");
        }
    }

    #[test]
    fn everything_else_needs_what_it_needs() {
        for (method, path, scopes) in [
            (
                Method::POST,
                "/visitor-identification/v3/tokens/create",
                vec![VISITOR_TOKENS],
            ),
            (Method::GET, "/account-info/2026-03/details", vec![OAUTH]),
            (
                Method::GET,
                "/account-info/v3/api-usage/daily/private-apps",
                vec![OAUTH],
            ),
            (Method::GET, "/webhooks/v3/1/subscriptions", vec!["developers-read"]),
            (
                Method::POST,
                "/app-webhooks/2026-09/1/subscriptions",
                vec!["developers-write"],
            ),
            (Method::DELETE, "/appinstalls/v3/external-install", vec![]),
            (Method::GET, "/crm/v3/objects/unheard-of", vec![]),
            (Method::GET, "/crm", vec![]),
        ] {
            assert_eq!(required(&method, path), scopes.into_iter().collect(), "{method} {path}");
        }
    }
}
