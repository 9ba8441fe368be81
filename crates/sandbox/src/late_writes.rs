//! Writes that HubSpot took and applies only later, after others to the same record.

use std::collections::BTreeSet;

use axum::body::{Body, Bytes};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use serde::Deserialize;

use crate::calls;
use crate::state::contacts::{ContactId, Contacts, IdProperty};
use crate::state::values::RawValues;

/// What a write touches. A contact that is not there yet is known by its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    Contact(ContactId),
    Email(String),
}

/// A write on hold: the request, and the rest of the way it would have gone.
pub(crate) struct LateWrite {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    pub(crate) next: Next,
}

impl LateWrite {
    /// Applies it; nobody waits for its answer any more.
    pub(crate) async fn apply(self) {
        let request = axum::extract::Request::from_parts(self.parts, Body::from(self.body));
        let response = self.next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), "a write on hold was applied");
    }
}

struct Held {
    id: u64,
    touched: BTreeSet<Touched>,
    /// How many writes still go first; `None` waits for its time alone.
    remaining: Option<u32>,
    write: LateWrite,
}

/// The writes on hold, in the order they came.
#[derive(Default)]
pub(crate) struct LateWrites {
    last_id: u64,
    held: Vec<Held>,
}

impl LateWrites {
    pub(crate) fn hold(&mut self, touched: BTreeSet<Touched>, after_writes: Option<u32>, write: LateWrite) -> u64 {
        self.last_id += 1;
        self.held.push(Held {
            id: self.last_id,
            touched,
            remaining: after_writes.map(|writes| writes.max(1)),
            write,
        });
        self.last_id
    }

    /// Counts a write that was applied, and takes out those whose turn has come.
    pub(crate) fn after_write(&mut self, touched: &BTreeSet<Touched>) -> Vec<LateWrite> {
        for held in &mut self.held {
            if !held.touched.is_disjoint(touched) {
                held.remaining = held.remaining.map(|remaining| remaining.saturating_sub(1));
            }
        }
        self.held
            .extract_if(.., |held| held.remaining == Some(0))
            .map(|held| held.write)
            .collect()
    }

    /// Takes out one whose time has come, if it has not been applied already.
    pub(crate) fn take(&mut self, id: u64) -> Option<LateWrite> {
        let place = self.held.iter().position(|held| held.id == id)?;
        Some(self.held.remove(place).write)
    }

    pub(crate) fn clear(&mut self) {
        self.held.clear();
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenBody {
    properties: RawValues,
    inputs: Vec<WrittenInput>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenInput {
    id: Option<String>,
    properties: RawValues,
}

/// The records that a call writes to; none when it only reads.
pub(crate) fn touched(
    contacts: &Contacts,
    method: &Method,
    path: &str,
    query: &str,
    named: Option<&str>,
    body: &[u8],
) -> BTreeSet<Touched> {
    if calls::only_reads(method, path) {
        return BTreeSet::new();
    }
    let body: WrittenBody = serde_json::from_slice(body).unwrap_or_default();
    let mut touched = BTreeSet::new();
    let mut add = |name: &str, property| {
        if property == IdProperty::Email {
            touched.insert(Touched::Email(name.to_lowercase()));
        }
        if let Some(contact) = contacts.find(name, property) {
            touched.insert(Touched::Contact(contact.id));
            touched.extend(contact.email().map(|email| Touched::Email(email.to_owned())));
        }
    };
    if let Some(named) = named {
        let by_email = query.split('&').any(|pair| pair == "idProperty=email");
        let property = if by_email {
            IdProperty::Email
        } else {
            IdProperty::RecordId
        };
        add(named, property);
    }
    let written = body.inputs.into_iter().chain([WrittenInput {
        id: None,
        properties: body.properties,
    }]);
    for input in written {
        if let Some(id) = input.id {
            add(&id, IdProperty::RecordId);
        }
        if let Some(email) = input.properties.get("email") {
            add(&String::from(email.clone()), IdProperty::Email);
        }
    }
    touched
}
