//! Writes that HubSpot took and applies only later, after others to the same record.

use std::collections::BTreeSet;

use axum::body::{Body, Bytes};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use serde::Deserialize;

use crate::calls;
use crate::routes::path::{OBJECT_ID, OBJECT_TYPE, TO_OBJECT_ID, TO_OBJECT_TYPE};
use crate::state::Records;
use crate::state::collection::IdProperty;
use crate::state::object_types::{ObjectType, RecordId};
use crate::state::values::{RawValue, RawValues};

/// What a write touches. A record that is not there yet is known by its unique values: a contact by its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    Record(ObjectType, RecordId),
    UniqueValue(ObjectType, String, String),
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

/// The parts of any body that name records.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WrittenBody {
    properties: RawValues,
    inputs: Vec<WrittenInput>,
    id_property: Option<String>,
    object_id: Option<RawValue>,
    primary_object_id: Option<RawValue>,
    object_id_to_merge: Option<RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WrittenInput {
    id: Option<RawValue>,
    id_property: Option<String>,
    properties: RawValues,
    from: Option<WrittenEnd>,
    to: Option<OneOrMore>,
}

#[derive(Deserialize)]
struct WrittenEnd {
    id: RawValue,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(WrittenEnd),
    More(Vec<WrittenEnd>),
}

impl OneOrMore {
    fn into_vec(self) -> Vec<WrittenEnd> {
        match self {
            Self::One(end) => vec![end],
            Self::More(ends) => ends,
        }
    }
}

/// What a call touches, gathered name by name.
struct Gathering<'a> {
    records: &'a Records,
    touched: BTreeSet<Touched>,
}

impl Gathering<'_> {
    /// Notes a record by one of its names, and with it all the others.
    fn add(&mut self, object_type: ObjectType, name: &str, id_property: Option<&str>) {
        let Ok(property) = self.records.id_property(object_type, id_property) else {
            return;
        };
        if let IdProperty::Unique(property) = property {
            self.add_value(object_type, property, name);
        }
        let schema = self.records.schema(object_type);
        if let Some(record) = self.records.of(object_type).find(name, property) {
            self.touched.insert(Touched::Record(object_type, record.id));
            for property in schema.all().filter(|property| property.has_unique_value) {
                if let Some(value) = record.written(&property.name) {
                    self.add_value(object_type, &property.name, value);
                }
            }
        }
    }

    fn add_value(&mut self, object_type: ObjectType, property: &str, value: &str) {
        let value = value.trim().to_lowercase();
        self.touched
            .insert(Touched::UniqueValue(object_type, property.to_owned(), value));
    }

    /// Notes the records that have, or will have, the unique ones of these values.
    fn add_values(&mut self, object_type: ObjectType, values: RawValues) {
        for (name, value) in values {
            if self.records.schema(object_type).is_unique(&name) {
                self.add(object_type, &String::from(value), Some(name.as_str()));
            }
        }
    }
}

/// The records that a call writes to; none when it only reads. `named` are the placeholders of its path.
pub(crate) fn touched<'a>(
    records: &Records,
    method: &Method,
    path: &str,
    query: &str,
    named: impl Iterator<Item = (&'a str, &'a str)>,
    body: &[u8],
) -> BTreeSet<Touched> {
    if calls::only_reads(method, path) {
        return BTreeSet::new();
    }
    let named: Vec<(&str, &str)> = named.collect();
    let placeholder = |name| named.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
    let kind = |name| placeholder(name).and_then(|value| value.parse::<ObjectType>().ok());
    let Some(object_type) = kind(OBJECT_TYPE) else {
        return BTreeSet::new();
    };
    let to_object_type = kind(TO_OBJECT_TYPE);
    let mut gathering = Gathering {
        records,
        touched: BTreeSet::new(),
    };
    if let Some(name) = placeholder(OBJECT_ID) {
        let id_property = query.split('&').find_map(|pair| pair.strip_prefix("idProperty="));
        gathering.add(object_type, name, id_property);
    }
    if let (Some(to_object_type), Some(name)) = (to_object_type, placeholder(TO_OBJECT_ID)) {
        gathering.add(to_object_type, name, None);
    }
    let body: WrittenBody = serde_json::from_slice(body).unwrap_or_default();
    gathering.add_values(object_type, body.properties);
    if let Some(name) = body.object_id {
        gathering.add(object_type, &String::from(name), body.id_property.as_deref());
    }
    for name in [body.primary_object_id, body.object_id_to_merge].into_iter().flatten() {
        gathering.add(object_type, &String::from(name), None);
    }
    for input in body.inputs {
        if let Some(name) = input.id {
            gathering.add(object_type, &String::from(name), input.id_property.as_deref());
        }
        gathering.add_values(object_type, input.properties);
        if let Some(from) = input.from {
            gathering.add(object_type, &String::from(from.id), None);
        }
        let ends = input.to.map(OneOrMore::into_vec).unwrap_or_default();
        for end in ends {
            gathering.add(to_object_type.unwrap_or(object_type), &String::from(end.id), None);
        }
    }
    gathering.touched
}
