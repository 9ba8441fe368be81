//! Reading contacts by the hundred, so that one which HubSpot refuses to read does not keep the others from being read.

use std::collections::BTreeMap;

use parlor_hubspot::{BatchRead, BatchReadBy, Class, Client, Contact, Error};
use parlor_store::Reason;

use super::{Delivery, EVERY_ONE, Stop, portal_trouble, reason_of};

/// What was read, in as many calls as it took.
#[derive(Default)]
pub(super) struct Reading {
    parts: Vec<BatchRead>,
    refused: BTreeMap<String, Reason>,
}

/// What became of one question.
pub(super) enum Found {
    /// The contact, maybe under another id than asked for.
    Contact(Contact),
    /// HubSpot has no such contact.
    Nothing,
    /// HubSpot refuses the question itself, with these words.
    Refused(Reason),
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

impl Delivery {
    /// Reads contacts. What HubSpot refuses as a whole is halved until the culprit stands alone.
    pub(super) async fn read(
        &self,
        client: &Client,
        by: BatchReadBy,
        asked: &[&str],
        properties: &[&str],
    ) -> Result<Reading, Stop> {
        let mut reading = Reading::default();
        let mut parts = vec![asked];
        while let Some(part) = parts.pop() {
            let contacts = client.contacts();
            match self.ask(client, contacts.batch_read(by, part, properties)).await? {
                Ok(read) => reading.parts.push(read),
                Err(error) if *error.class() != Class::Invalid => return Err(portal_trouble(&error)),
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
