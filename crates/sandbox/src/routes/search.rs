//! Search: one call for each type of object.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::body::json;
use super::contacts::asked_or_default;
use super::inject::CallBody;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::search::{self, Kind, Search, defaults};
use crate::state::contacts::ContactView;

#[derive(Serialize)]
struct Answer {
    total: usize,
    results: Vec<ContactView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

#[derive(Serialize)]
struct Paging {
    next: NextPage,
}

/// Of the next page HubSpot's search tells no link.
#[derive(Serialize)]
struct NextPage {
    after: String,
}

pub(crate) async fn contacts(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let now = sandbox.now();
    let mut state = sandbox.state();
    let state = &mut *state;
    let properties = &state.records.properties;
    let kind_of = |name: &str| properties.get(name).map(|property| Kind::of(&property.kind));
    let search = Search::parse(&body, &kind_of)?;
    let contacts = state.records.contacts.all().map(|contact| (contact.id, contact));
    let seen = state.index.seen(now, contacts).filter(|contact| !contact.is_archived());
    let found = search::run(&search, seen, defaults::searchable("contacts"));
    let asked = asked_or_default(search.properties.iter().map(String::as_str).collect());
    let answer = Answer {
        total: found.total,
        results: found
            .results
            .into_iter()
            .map(|contact| contact.view(properties, asked.iter().copied()))
            .collect(),
        paging: found.next.map(|after| Paging {
            next: NextPage {
                after: after.to_string(),
            },
        }),
    };
    Ok(json(StatusCode::OK, &answer))
}
