//! Reading contacts by the hundred, so that one which HubSpot refuses to read does not keep the others from being read.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use parlor_hubspot::{BatchRead, BatchReadBy, Class, Client, Contact, Error};
use parlor_store::Reason;

use super::{Delivery, EVERY_ONE, Stop, portal_trouble, reason_of, reason_of_portal};

/// What was read, in as many calls as it took.
#[derive(Default)]
pub(super) struct Reading {
    parts: Vec<BatchRead>,
    refused: BTreeMap<String, Reason>,
    failed: BTreeMap<String, Reason>,
}

/// What became of one question.
pub(super) enum Found {
    /// The contact, maybe under another id than asked for.
    Contact(Contact),
    /// HubSpot has no such contact.
    Nothing,
    /// HubSpot refuses the question itself, with these words.
    Refused(Reason),
    /// HubSpot cannot answer for this one alone, at present.
    Failed(Reason),
    /// The answer cannot be attributed: ask by itself.
    Unclear,
}

impl Reading {
    /// What was found for one of those asked for.
    pub(super) fn of(&self, asked: &str) -> Found {
        if let Some(contact) = self.parts.iter().find_map(|part| part.answer_to(asked)) {
            Found::Contact(contact.clone())
        } else if let Some(reason) = self.refused.get(asked) {
            Found::Refused(reason.clone())
        } else if let Some(reason) = self.failed.get(asked) {
            Found::Failed(reason.clone())
        } else if self
            .parts
            .iter()
            .any(|part| part.missing.iter().any(|missing| missing == asked))
        {
            Found::Nothing
        } else {
            Found::Unclear
        }
    }
}

/// One culprit among a hundred is found by eight failing calls; with so many, it is not one.
const MOST_FAILURES: u32 = 20;

/// Whether a failure that looks like HubSpot's as a whole may be a single contact's.
pub(super) fn may_be_one(error: &Error) -> bool {
    matches!(
        error.class(),
        Class::Unavailable | Class::Timeout | Class::Interrupted | Class::UnexpectedAnswer
    )
}

impl Delivery {
    /// Reads contacts. What HubSpot refuses as a whole is halved until the culprit stands alone; likewise what it cannot answer,
    /// where it has just shown that it works.
    pub(super) async fn read(
        &self,
        client: &Client,
        by: BatchReadBy,
        asked: &[&str],
        properties: &[&str],
    ) -> Result<Reading, Stop> {
        let mut reading = Reading::default();
        let mut parts = vec![asked];
        let mut failures = 0;
        while let Some(part) = parts.pop() {
            let contacts = client.contacts();
            match self.ask(client, contacts.batch_read(by, part, properties)).await? {
                Ok(read) => reading.parts.push(read),
                Err(error) if *error.class() != Class::Invalid => {
                    failures += 1;
                    if !self.is_isolating.load(Ordering::Relaxed) || !may_be_one(&error) || failures > MOST_FAILURES {
                        return Err(portal_trouble(&error));
                    }
                    match part {
                        [one] => drop(reading.failed.insert((*one).to_owned(), reason_of_portal(&error))),
                        _ => parts.extend(<[_; 2]>::from(part.split_at(part.len() / 2))),
                    }
                }
                Err(error) => match part {
                    [one] => {
                        reading.refused.insert((*one).to_owned(), reason_of(&error));
                        if reading.refused.len() == asked.len() && asked.len() >= EVERY_ONE {
                            return Err(portal_trouble(&error));
                        }
                    }
                    _ => parts.extend(<[_; 2]>::from(part.split_at(part.len() / 2))),
                },
            }
        }
        Ok(reading)
    }
}

/// What a question about a single contact found.
pub(super) fn found(answer: Result<Option<Contact>, Error>) -> Result<Found, Stop> {
    match answer {
        Ok(Some(contact)) => Ok(Found::Contact(contact)),
        Ok(None) => Ok(Found::Nothing),
        Err(error) if *error.class() == Class::Invalid => Ok(Found::Refused(reason_of(&error))),
        Err(error) => Err(portal_trouble(&error)),
    }
}
