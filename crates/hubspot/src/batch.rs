//! HubSpot's batch calls: up to a hundred inputs in one request, answered one by one in any order.
//!
//! HubSpot answers 207 where some inputs failed, and newer versions do so under 200 or 201: what counts is the list of errors in
//! the body. Failures are told apart only where each input has a trace id of its own; otherwise the first failure
//! fails the whole call.

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Class, Contact, ContactId, Error, NotSent, RateLimitPolicy,
    answer::{self, Answer, Said},
    redact,
};

/// HubSpot's limit for one batch call.
pub const MAX_BATCH_INPUTS: usize = 100;

/// The caller's own name for one input of a batch (HubSpot's `objectWriteTraceId`). It must be unique within the batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TraceId(String);

impl TraceId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for TraceId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why one input, or several, of a batch failed. Its `Debug` leaves out what may be personal.
#[derive(Clone, PartialEq, Eq)]
pub struct BatchFailure {
    /// The inputs meant, where HubSpot names them by their trace ids, or by record ids that belong to one.
    pub trace_ids: Vec<TraceId>,
    /// The record ids or e-mail addresses HubSpot names.
    pub named: Vec<String>,
    /// HubSpot's category, for example `VALIDATION_ERROR`.
    pub category: Option<String>,
    /// HubSpot's own words, which may hold an e-mail address: for people, never for a log.
    pub message: Option<String>,
    /// The record that stands in the way of a creation, where HubSpot names it.
    pub existing_id: Option<ContactId>,
    /// What HubSpot's support asks for, where the failure has one of its own.
    pub correlation_id: Option<String>,
    scopes: Vec<String>,
}

impl BatchFailure {
    fn from_error(error: &Value) -> Self {
        let said = Said::from_body(error).unwrap_or_default();
        let context = |name: &str| {
            error
                .get("context")
                .and_then(|context| context.get(name))
                .map(texts)
                .unwrap_or_default()
        };
        let named = ["ids", "id"].into_iter().flat_map(context).collect();
        Self {
            trace_ids: context("objectWriteTraceId").into_iter().map(TraceId).collect(),
            named,
            existing_id: answer::existing_id(&said),
            category: said.category,
            message: said.message,
            correlation_id: said.correlation_id.as_deref().and_then(|text| redact::name(text, "\0")),
            scopes: said.scopes,
        }
    }

    /// The same classes as for a whole call, read from the category.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.category.as_deref().unwrap_or_default() {
            "CONFLICT" | "OBJECT_ALREADY_EXISTS" => Class::Conflict {
                existing_id: self.existing_id.clone(),
            },
            "OBJECT_NOT_FOUND" | "NOT_FOUND" => Class::NotFound,
            "VALIDATION_ERROR" | "BAD_REQUEST" => Class::Invalid,
            "MISSING_SCOPES" | "FORBIDDEN" => Class::Permission {
                scopes: self.scopes.clone(),
            },
            "RATE_LIMITS" | "RATE_LIMIT" => Class::RateLimited {
                policy: RateLimitPolicy::Other,
            },
            "INTERNAL_ERROR" | "SERVICE_UNAVAILABLE" | "TIMEOUT" => Class::Unavailable,
            _ if self.existing_id.is_some() => Class::Conflict {
                existing_id: self.existing_id.clone(),
            },
            _ => Class::UnexpectedAnswer,
        }
    }

    /// Whether the write may have been applied although HubSpot reports an error: so for everything that is not a clear refusal.
    #[must_use]
    pub fn outcome_unclear(&self) -> bool {
        matches!(self.class(), Class::Unavailable | Class::UnexpectedAnswer)
    }
}

impl fmt::Debug for BatchFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BatchFailure")
            .field("trace_ids", &self.trace_ids)
            .field("named", &self.named.len())
            .field("class", &self.class())
            .finish_non_exhaustive()
    }
}

/// What a batch read found. Its `Debug` shows counts only.
#[derive(Clone, Default)]
pub struct BatchRead {
    /// The records, each once, in HubSpot's order.
    pub found: Vec<Contact>,
    /// What was asked for and certainly is not there, as it was asked.
    pub missing: Vec<String>,
    /// What was asked for and is neither found nor certainly absent, as it was asked: HubSpot reported another error
    /// for it, or sent a record that cannot be attributed. Read it on its own.
    pub unclear: Vec<String>,
    /// Errors other than "not found".
    pub errors: Vec<BatchFailure>,
    /// Which record answers which question.
    answers: Vec<(String, usize)>,
}

impl BatchRead {
    /// The record that answers what was asked for. Its id or first e-mail address can be another one: after a merge, or where
    /// the address is one of the record's further addresses.
    #[must_use]
    pub fn answer_to(&self, asked: &str) -> Option<&Contact> {
        let (_, index) = self.answers.iter().find(|(question, _)| question == asked)?;
        self.found.get(*index)
    }

    /// Attributes the records and errors of an answer to what was asked for.
    pub(crate) fn new(asked: &[&str], envelope: Envelope, fits: impl Fn(&Contact, &str) -> bool) -> Self {
        let Envelope {
            results: found,
            failures,
            ..
        } = envelope;
        let (absent, errors): (Vec<_>, Vec<_>) = failures
            .into_iter()
            .partition(|failure| failure.class() == Class::NotFound);
        let names = |failures: &[BatchFailure], asked: &str| {
            failures
                .iter()
                .flat_map(|failure| &failure.named)
                .any(|name| name.eq_ignore_ascii_case(asked))
        };
        let mut read = Self::default();
        let mut open = Vec::new();
        let mut attributed = BTreeSet::new();
        for &question in asked {
            if let Some(index) = found.iter().position(|contact| fits(contact, question)) {
                attributed.insert(index);
                read.answers.push((question.to_owned(), index));
            } else if names(&absent, question) {
                read.missing.push(question.to_owned());
            } else if names(&errors, question) {
                read.unclear.push(question.to_owned());
            } else {
                open.push(question.to_owned());
            }
        }
        let unattributed: Vec<usize> = (0..found.len()).filter(|index| !attributed.contains(index)).collect();
        let anonymous_error = errors.iter().any(|failure| failure.named.is_empty());
        match (unattributed.as_slice(), open.as_slice()) {
            // HubSpot sends only what was asked for: one record and one question left belong together.
            ([index], [question]) if !anonymous_error => read.answers.push((question.clone(), *index)),
            ([], _) if !anonymous_error => read.missing.append(&mut open),
            _ => read.unclear.append(&mut open),
        }
        Self { found, errors, ..read }
    }
}

impl fmt::Debug for BatchRead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BatchRead")
            .field("found", &self.found.len())
            .field("missing", &self.missing.len())
            .field("unclear", &self.unclear.len())
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

/// What became of a batch of writes.
#[derive(Clone, Debug, Default)]
pub struct BatchWrite {
    /// The records as they are after the write, with the trace id of their input where it is known.
    pub written: Vec<(Option<TraceId>, Contact)>,
    /// What HubSpot refused.
    pub failed: Vec<BatchFailure>,
    /// Inputs of which the answer says nothing, or nothing that can be attributed: read them before writing again.
    pub unanswered: Vec<TraceId>,
}

impl BatchWrite {
    /// Whether every input was written.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.unanswered.is_empty()
    }

    /// Attributes the records and failures of an answer to the inputs: by the trace id HubSpot echoes, else where exactly one
    /// input fits the record (or the name in a failure).
    pub(crate) fn new<Input>(
        inputs: &[Input],
        envelope: Envelope,
        trace_id: impl Fn(&Input) -> &TraceId,
        fits: impl Fn(&Input, &Contact) -> bool,
        is_named: impl Fn(&Input, &str) -> bool,
    ) -> Self {
        let mut answered = HashSet::new();
        let mut write = Self::default();
        for contact in envelope.results {
            let echoed = contact.object_write_trace_id.as_deref();
            let known = match echoed.and_then(|echo| inputs.iter().find(|input| trace_id(input).as_str() == echo)) {
                Some(input) => Some(trace_id(input)),
                None => only(inputs.iter().filter(|input| fits(input, &contact))).map(&trace_id),
            };
            answered.extend(known);
            write.written.push((known.cloned(), contact));
        }
        for mut failure in envelope.failures {
            if failure.trace_ids.is_empty() {
                let named = |input: &&Input| failure.named.iter().any(|name| is_named(input, name));
                failure.trace_ids = inputs
                    .iter()
                    .filter(named)
                    .map(|input| trace_id(input).clone())
                    .collect();
            }
            answered.extend(inputs.iter().map(&trace_id).filter(|id| failure.trace_ids.contains(id)));
            write.failed.push(failure);
        }
        let silent = inputs
            .iter()
            .map(&trace_id)
            .filter(|id| !answered.contains(id))
            .cloned();
        write.unanswered = silent.collect();
        write
    }
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// The envelope of every batch answer.
pub(crate) struct Envelope {
    results: Vec<Contact>,
    failures: Vec<BatchFailure>,
}

impl Envelope {
    /// Reads the envelope. A batch that is not complete is an error: nothing can be said of its inputs.
    pub(crate) fn read(answer: Answer) -> Result<Self, Error> {
        if answer
            .value
            .get("status")
            .and_then(Value::as_str)
            .is_some_and(|status| status != "COMPLETE")
        {
            return Err(answer.wrong_shape("the batch's status is not COMPLETE"));
        }
        let Some(results) = answer.value.get("results").and_then(Value::as_array) else {
            return Err(answer.wrong_shape("a batch has no results"));
        };
        let Ok(results) = results.iter().map(Contact::deserialize).collect::<Result<Vec<_>, _>>() else {
            return Err(answer.wrong_shape("a result is no contact record"));
        };
        let errors = answer
            .value
            .get("errors")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut failures: Vec<_> = errors.iter().map(BatchFailure::from_error).collect();
        let counted = answer
            .value
            .get("numErrors")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        if counted > 0 && failures.is_empty() {
            // Counted and not named: an error of which nothing is known.
            failures.push(BatchFailure::from_error(&Value::Null));
        }
        Ok(Self { results, failures })
    }
}

/// Refuses more inputs than HubSpot takes.
pub(crate) fn check_size(operation: &'static str, given: usize) -> Result<(), Error> {
    if given > MAX_BATCH_INPUTS {
        return Err(Error::not_sent(
            operation,
            NotSent::TooManyInputs {
                given,
                allowed: MAX_BATCH_INPUTS,
            },
        ));
    }
    Ok(())
}

/// A list of texts, or a single one.
fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let text = |item: &Value| match item {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}
