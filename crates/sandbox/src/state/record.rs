//! One record: its values with their past, and what HubSpot itself knows about it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::changes::Origin;
use super::history::History;
use super::object_types::RecordId;
use super::values::Values;
use crate::clock::Moment;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: RecordId,
    values: BTreeMap<String, History>,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    pub(crate) archived_at: Option<Moment>,
    /// The addresses of the contacts that were merged into this one.
    pub(crate) additional_emails: BTreeSet<String>,
    pub(crate) merged_ids: BTreeSet<RecordId>,
}

impl Record {
    pub(crate) fn new(id: RecordId, created_at: Moment) -> Self {
        Self {
            id,
            values: BTreeMap::new(),
            created_at,
            updated_at: created_at,
            archived_at: None,
            additional_emails: BTreeSet::new(),
            merged_ids: BTreeSet::new(),
        }
    }

    pub(crate) const fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// A value that was written; `None` when it is not set.
    pub(crate) fn written(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.current()
    }

    pub(crate) fn email(&self) -> Option<&str> {
        self.written("email")
    }

    /// Any value, also one that HubSpot itself sets.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        match name {
            "createdate" | "hs_createdate" => Some(self.created_at.iso()),
            "lastmodifieddate" | "hs_lastmodifieddate" => Some(self.updated_at.iso()),
            "hs_object_id" => Some(self.id.to_string()),
            "hs_additional_emails" => joined(self.additional_emails.iter()),
            "hs_merged_object_ids" => joined(self.merged_ids.iter()),
            _ => self.written(name).map(str::to_owned),
        }
    }

    /// The record with its values, but not those that they replaced.
    pub(crate) fn without_past(&self) -> Self {
        let current = self.values.iter();
        Self {
            id: self.id,
            values: current
                .map(|(name, history)| (name.clone(), history.newest()))
                .collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            archived_at: self.archived_at,
            additional_emails: self.additional_emails.clone(),
            merged_ids: self.merged_ids.clone(),
        }
    }

    /// The properties that were ever written.
    pub(crate) fn histories(&self) -> impl Iterator<Item = (&str, &History)> {
        self.values.iter().map(|(name, history)| (name.as_str(), history))
    }

    pub(crate) fn history(&self, name: &str) -> Option<&History> {
        self.values.get(name)
    }

    /// Writes values that were checked, and returns those that are other than before.
    pub(crate) fn write(&mut self, values: Values, origin: Origin, kept: usize) -> Values {
        self.updated_at = origin.at;
        values
            .into_iter()
            .filter(|(name, value)| match self.values.get_mut(name) {
                Some(history) => history.write(value.clone(), origin, kept),
                None if value.is_empty() => false,
                None => {
                    let history = self.values.entry(name.clone()).or_default();
                    history.write(value.clone(), origin, kept)
                }
            })
            .collect()
    }

    /// Takes in a record that is merged into this one, and returns how many values came from it: those that this one lacks.
    pub(crate) fn absorb(&mut self, other: Self, now: Moment, kept: usize) -> usize {
        if let Some(email) = other.email()
            && self.email().is_some()
        {
            self.additional_emails.insert(email.to_owned());
        }
        self.additional_emails.extend(other.additional_emails);
        self.merged_ids.extend(other.merged_ids);
        self.merged_ids.insert(other.id);
        self.updated_at = now;
        other
            .values
            .into_iter()
            .map(|(name, history)| self.values.entry(name).or_default().absorb(history, kept))
            .filter(|moved| *moved)
            .count()
    }
}

fn joined<T: ToString>(values: impl Iterator<Item = T>) -> Option<String> {
    let list: Vec<String> = values.map(|value| value.to_string()).collect();
    (!list.is_empty()).then(|| list.join(";"))
}
