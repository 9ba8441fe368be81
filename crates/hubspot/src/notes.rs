//! The calls on notes: engagements that stand on a contact's timeline. Needed scopes: those of contacts.

use std::{collections::BTreeMap, fmt, str::FromStr};

use reqwest::Method;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    Class, Client, ContactId, Error, InvalidContactId,
    answer::{Answer, Operation},
    batch::check_size,
    client::Call,
};

/// The longest body of a note, in characters of its HTML.
pub const MAX_NOTE_BODY: usize = 65_536;

/// HubSpot's association type from a note to its contact.
const NOTE_TO_CONTACT: u32 = 202;

/// How many associations a page of the list may have.
const ASSOCIATIONS_PAGE: &str = "500";

/// The calls on notes.
#[derive(Clone, Copy, Debug)]
pub struct Notes<'a> {
    client: &'a Client,
}

/// A note's id: a number which HubSpot writes as a string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId(String);

impl NoteId {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NoteId {
    type Err = InvalidContactId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<ContactId>().map(|id| Self(id.to_string()))
    }
}

impl fmt::Display for NoteId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NoteId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Dated versions write the ids of associations as strings or as numbers.
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A note. Its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// The id.
    pub id: NoteId,
    /// Its text, as HTML.
    pub body: String,
}

impl fmt::Debug for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Note")
            .field("id", &self.id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[derive(Deserialize)]
struct Record {
    id: NoteId,
    #[serde(default)]
    properties: BTreeMap<String, Option<String>>,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Creates a note on a contact, dated `at`. `body` is HTML, at most [`MAX_NOTE_BODY`] characters. HubSpot has no key by which
    /// a second attempt would be recognised: after an unclear outcome look it up among [`Notes::of_contact`].
    pub async fn create(&self, contact: &ContactId, body: &str, at: OffsetDateTime) -> Result<NoteId, Error> {
        let at = at.format(&Rfc3339).unwrap_or_default();
        let body = json!({
            "properties": { "hs_timestamp": at, "hs_note_body": body },
            "associations": [{
                "to": { "id": contact.as_str() },
                "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_CONTACT }],
            }],
        });
        let call = self.objects(
            "create a note",
            Method::POST,
            "/crm/objects/{version}/notes",
            &["notes"],
        );
        let answer = self.client.call(call, Some(&body)).await?;
        answer.parse::<Record>("it is no note").map(|note| note.id)
    }

    /// Replaces a note's text. `false`: there is no such note (any more).
    pub async fn set_body(&self, id: &NoteId, body: &str) -> Result<bool, Error> {
        let body = json!({ "properties": { "hs_note_body": body } });
        let parts = ["notes", id.as_str()];
        let call = self.objects(
            "change a note",
            Method::PATCH,
            "/crm/objects/{version}/notes/{id}",
            &parts,
        );
        present(self.client.call(call, Some(&body)).await)
    }

    /// Moves a note into the recycling bin; one that is not there is archived already.
    pub async fn archive(&self, id: &NoteId) -> Result<(), Error> {
        let parts = ["notes", id.as_str()];
        let call = self.objects(
            "archive a note",
            Method::DELETE,
            "/crm/objects/{version}/notes/{id}",
            &parts,
        );
        match self.client.call(call, None::<&Value>).await {
            Ok(_) => Ok(()),
            Err(error) if *error.class() == Class::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads up to [`MAX_BATCH_INPUTS`](crate::MAX_BATCH_INPUTS) notes; those that are not there (any more) are left out.
    pub async fn read(&self, ids: &[NoteId]) -> Result<Vec<Note>, Error> {
        check_size("read notes", ids.len())?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id.as_str() })).collect();
        let body = json!({ "inputs": inputs, "properties": ["hs_note_body"], "propertiesWithHistory": [] });
        let mut call = self.objects(
            "read notes",
            Method::POST,
            "/crm/objects/{version}/notes/batch/read",
            &["notes", "batch", "read"],
        );
        call.operation.writes = false;
        let answer = self.client.call(call, Some(&body)).await?;
        let records: Vec<Record> = part(answer, "results", "a result is no note")?;
        let note = |record: Record| Note {
            body: record
                .properties
                .get("hs_note_body")
                .cloned()
                .flatten()
                .unwrap_or_default(),
            id: record.id,
        };
        Ok(records.into_iter().map(note).collect())
    }

    /// The ids of all notes on a contact; none where there is no such contact.
    pub async fn of_contact(&self, contact: &ContactId) -> Result<Vec<NoteId>, Error> {
        let mut ids = Vec::new();
        let mut after = String::new();
        loop {
            let mut query = vec![("limit", ASSOCIATIONS_PAGE)];
            if !after.is_empty() {
                query.push(("after", after.as_str()));
            }
            let call = Call {
                operation: Operation {
                    name: "list a contact's notes",
                    writes: false,
                },
                method: Method::GET,
                template: "/crm/objects/{version}/contacts/{id}/associations/notes",
                area: self.client.version().objects(),
                parts: &["contacts", contact.as_str(), "associations", "notes"],
                query,
            };
            let answer = match self.client.call(call, None::<&Value>).await {
                Ok(answer) => answer,
                Err(error) if *error.class() == Class::NotFound => return Ok(ids),
                Err(error) => return Err(error),
            };
            let next = answer
                .value
                .pointer("/paging/next/after")
                .and_then(Value::as_str)
                .map(str::to_owned);
            let page: Vec<Association> = part(answer, "results", "a result is no association")?;
            ids.extend(page.into_iter().map(|association| association.to));
            match next {
                Some(next) if next != after => after = next,
                _ => return Ok(ids),
            }
        }
    }

    fn objects<'b>(
        &self,
        name: &'static str,
        method: Method,
        template: &'static str,
        parts: &'b [&'b str],
    ) -> Call<'b> {
        Call {
            operation: Operation { name, writes: true },
            method,
            template,
            area: self.client.version().objects(),
            parts,
            query: Vec::new(),
        }
    }
}

/// `toObjectId` in dated versions, `id` in v3.
#[derive(Deserialize)]
struct Association {
    #[serde(rename = "toObjectId", alias = "id")]
    to: NoteId,
}

fn present(answer: Result<Answer, Error>) -> Result<bool, Error> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if *error.class() == Class::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn part<T: serde::de::DeserializeOwned>(mut answer: Answer, name: &str, what: &'static str) -> Result<T, Error> {
    answer.value = answer.value.get_mut(name).map(Value::take).unwrap_or_default();
    answer.parse(what)
}
