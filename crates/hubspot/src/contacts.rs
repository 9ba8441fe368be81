//! The calls on contact records. Needed scopes: `crm.objects.contacts.read`, `crm.objects.contacts.write`.

use std::{collections::BTreeMap, fmt};

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    BatchRead, BatchWrite, Class, Client, Contact, ContactId, Error, TraceId,
    answer::{Answer, Operation},
    batch::{Envelope, check_size},
    client::Call,
};

/// Asked for in every batch read, beside what the caller wants: without them an answer cannot be attributed to its question
/// after a merge, or where the address is not the record's first.
const ATTRIBUTION: [&str; 3] = ["email", "hs_additional_emails", "hs_merged_object_ids"];

/// The calls on contact records.
#[derive(Clone, Copy, Debug)]
pub struct Contacts<'a> {
    client: &'a Client,
}

/// What a batch read's inputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchReadBy {
    /// Record ids.
    Id,
    /// E-mail addresses, first or further ones.
    Email,
}

/// One contact to create. Its `Debug` shows no values.
#[derive(Clone, Serialize)]
pub struct CreateInput {
    /// The caller's name for it, unique within the batch.
    #[serde(rename = "objectWriteTraceId")]
    pub trace_id: TraceId,
    /// Names and values of the properties.
    pub properties: BTreeMap<String, String>,
    /// Required by HubSpot's description, and empty.
    #[serde(rename = "associations")]
    no_associations: [(); 0],
}

impl CreateInput {
    /// A contact with these properties.
    pub fn new(trace_id: impl Into<TraceId>, properties: BTreeMap<String, String>) -> Self {
        Self {
            trace_id: trace_id.into(),
            properties,
            no_associations: [],
        }
    }
}

impl fmt::Debug for CreateInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreateInput")
            .field("trace_id", &self.trace_id)
            .field("properties", &self.properties.keys())
            .finish_non_exhaustive()
    }
}

/// One contact to change. Its `Debug` shows no values.
#[derive(Clone, Serialize)]
pub struct UpdateInput {
    /// The caller's name for it, unique within the batch.
    #[serde(rename = "objectWriteTraceId")]
    pub trace_id: TraceId,
    /// The record. It must stand in a batch only once.
    pub id: ContactId,
    /// Names and new values of the properties; an empty text clears one, what is not named stays as it is.
    pub properties: BTreeMap<String, String>,
}

impl fmt::Debug for UpdateInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpdateInput")
            .field("trace_id", &self.trace_id)
            .field("id", &self.id)
            .field("properties", &self.properties.keys())
            .finish()
    }
}

/// What became of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The new record.
    Created(Contact),
    /// There is a record with this e-mail address (or another unique value) already; nothing was written.
    Conflict {
        /// The record that is there, where HubSpot names it.
        existing_id: Option<ContactId>,
    },
}

impl<'a> Contacts<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The contact with this e-mail address, or `None`. The address stands in the URL, which proxies may log;
    /// [`Contacts::batch_read`] sends it in the body.
    pub async fn get_by_email(&self, email: &str, properties: &[&str]) -> Result<Option<Contact>, Error> {
        let path = ("/crm/objects/{version}/contacts/{email}", email);
        self.get_one("read a contact by its e-mail address", path, properties, Some("email"))
            .await
    }

    /// The contact with this id, or `None`. After a merge it is the record that survived, under its own id. `properties`
    /// stand in the URL: for more than a few dozen use [`Contacts::batch_read`].
    pub async fn get(&self, id: &ContactId, properties: &[&str]) -> Result<Option<Contact>, Error> {
        let path = ("/crm/objects/{version}/contacts/{id}", id.as_str());
        self.get_one("read a contact", path, properties, None).await
    }

    async fn get_one(
        &self,
        operation: &'static str,
        (template, key): (&'static str, &str),
        properties: &[&str],
        id_property: Option<&str>,
    ) -> Result<Option<Contact>, Error> {
        let mut query: Vec<_> = properties.iter().map(|name| ("properties", *name)).collect();
        query.extend(id_property.map(|name| ("idProperty", name)));
        let call = Call {
            operation: Operation {
                name: operation,
                writes: false,
            },
            method: Method::GET,
            template,
            area: self.client.version().objects(),
            parts: &["contacts", key],
            query,
        };
        match self.client.call(call, None::<&Value>).await {
            Ok(answer) => answer.parse("it is no contact record").map(Some),
            Err(error) if *error.class() == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads up to [`MAX_BATCH_INPUTS`](crate::MAX_BATCH_INPUTS) contacts in one call. What stands in `asked` twice is asked
    /// for once (addresses without regard to case). Beside `properties` the answer always has `email`,
    /// `hs_additional_emails` and `hs_merged_object_ids`. No inputs: no call.
    pub async fn batch_read(
        &self,
        by: BatchReadBy,
        asked: &[impl AsRef<str> + Sync],
        properties: &[&str],
    ) -> Result<BatchRead, Error> {
        let operation = Operation {
            name: "read a batch of contacts",
            writes: false,
        };
        check_size(operation.name, asked.len())?;
        let asked: Vec<&str> = asked.iter().map(AsRef::as_ref).collect();
        if asked.is_empty() {
            return Ok(BatchRead::default());
        }
        let inputs: BTreeMap<String, &str> = asked.iter().map(|text| (text.to_lowercase(), *text)).collect();
        let inputs: Vec<Value> = inputs.values().map(|text| json!({ "id": text })).collect();
        let mut wanted = properties.to_vec();
        wanted.extend(ATTRIBUTION.iter().filter(|name| !properties.contains(name)));
        let mut body = json!({ "inputs": inputs, "properties": wanted, "propertiesWithHistory": [] });
        if by == BatchReadBy::Email {
            body["idProperty"] = "email".into();
        }
        let template = "/crm/objects/{version}/contacts/batch/read";
        let answer = self
            .post(operation, template, &["contacts", "batch", "read"], &body)
            .await?;
        Ok(BatchRead::new(
            &asked,
            Envelope::read(answer)?,
            |contact, text| match by {
                BatchReadBy::Id => contact.has_id(text),
                BatchReadBy::Email => contact.has_email(text),
            },
        ))
    }

    /// Creates a contact.
    pub async fn create(&self, properties: &BTreeMap<String, String>) -> Result<CreateOutcome, Error> {
        let operation = Operation {
            name: "create a contact",
            writes: true,
        };
        let body = json!({ "properties": properties, "associations": [] });
        match self
            .post(operation, "/crm/objects/{version}/contacts", &["contacts"], &body)
            .await
        {
            Ok(answer) => answer.parse("it is no contact record").map(CreateOutcome::Created),
            Err(error) => match error.class() {
                Class::Conflict { existing_id } => Ok(CreateOutcome::Conflict {
                    existing_id: existing_id.clone(),
                }),
                _ => Err(error),
            },
        }
    }

    /// Creates up to [`MAX_BATCH_INPUTS`](crate::MAX_BATCH_INPUTS) contacts in one call. Where trace ids repeat, one failure
    /// fails the whole call. No inputs: no call.
    pub async fn batch_create(&self, inputs: Vec<CreateInput>) -> Result<BatchWrite, Error> {
        let operation = Operation {
            name: "create a batch of contacts",
            writes: true,
        };
        let envelope = self
            .batch_write(
                operation,
                "/crm/objects/{version}/contacts/batch/create",
                "create",
                &inputs,
            )
            .await?;
        let email = |input: &CreateInput| input.properties.get("email").cloned();
        Ok(envelope.map_or_else(BatchWrite::default, |envelope| {
            BatchWrite::new(
                &inputs,
                envelope,
                |input| &input.trace_id,
                |input, contact| email(input).is_some_and(|email| contact.has_email(&email)),
                |input, name| email(input).is_some_and(|email| email.eq_ignore_ascii_case(name)),
            )
        }))
    }

    /// Changes a contact. `None`: there is no such record (any more).
    pub async fn update(
        &self,
        id: &ContactId,
        properties: &BTreeMap<String, String>,
    ) -> Result<Option<Contact>, Error> {
        let call = Call {
            operation: Operation {
                name: "change a contact",
                writes: true,
            },
            method: Method::PATCH,
            template: "/crm/objects/{version}/contacts/{id}",
            area: self.client.version().objects(),
            parts: &["contacts", id.as_str()],
            query: Vec::new(),
        };
        match self.client.call(call, Some(&json!({ "properties": properties }))).await {
            Ok(answer) => answer.parse("it is no contact record").map(Some),
            Err(error) if *error.class() == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes up to [`MAX_BATCH_INPUTS`](crate::MAX_BATCH_INPUTS) contacts in one call. Where trace ids repeat, one failure
    /// fails the whole call. No inputs: no call.
    pub async fn batch_update(&self, inputs: Vec<UpdateInput>) -> Result<BatchWrite, Error> {
        let operation = Operation {
            name: "change a batch of contacts",
            writes: true,
        };
        let envelope = self
            .batch_write(
                operation,
                "/crm/objects/{version}/contacts/batch/update",
                "update",
                &inputs,
            )
            .await?;
        Ok(envelope.map_or_else(BatchWrite::default, |envelope| {
            BatchWrite::new(
                &inputs,
                envelope,
                |input| &input.trace_id,
                |input, contact| contact.has_id(input.id.as_str()),
                |input, name| input.id.as_str() == name,
            )
        }))
    }

    async fn batch_write(
        &self,
        operation: Operation,
        template: &'static str,
        verb: &str,
        inputs: &[impl Serialize + Sync],
    ) -> Result<Option<Envelope>, Error> {
        check_size(operation.name, inputs.len())?;
        if inputs.is_empty() {
            return Ok(None);
        }
        let body = Inputs { inputs };
        Envelope::read(
            self.post(operation, template, &["contacts", "batch", verb], &body)
                .await?,
        )
        .map(Some)
    }

    async fn post(
        &self,
        operation: Operation,
        template: &'static str,
        parts: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<Answer, Error> {
        let area = self.client.version().objects();
        let call = Call {
            operation,
            method: Method::POST,
            template,
            area,
            parts,
            query: Vec::new(),
        };
        self.client.call(call, Some(body)).await
    }
}

/// The body of a batch write.
#[derive(Serialize)]
struct Inputs<'a, Input> {
    inputs: &'a [Input],
}
