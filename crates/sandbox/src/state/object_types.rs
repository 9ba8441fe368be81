//! The types of records, with the names that HubSpot has for each, and a record's id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A type of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum ObjectType {
    Contact,
    Company,
    Deal,
    Ticket,
    Note,
    Communication,
}

impl ObjectType {
    pub(crate) const ALL: [Self; 6] = [
        Self::Contact,
        Self::Company,
        Self::Deal,
        Self::Ticket,
        Self::Note,
        Self::Communication,
    ];

    pub(crate) const fn type_id(self) -> &'static str {
        match self {
            Self::Contact => "0-1",
            Self::Company => "0-2",
            Self::Deal => "0-3",
            Self::Ticket => "0-5",
            Self::Note => "0-46",
            Self::Communication => "0-18",
        }
    }

    pub(crate) const fn singular(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Deal => "deal",
            Self::Ticket => "ticket",
            Self::Note => "note",
            Self::Communication => "communication",
        }
    }

    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Company => "companies",
            Self::Deal => "deals",
            Self::Ticket => "tickets",
            Self::Note => "notes",
            Self::Communication => "communications",
        }
    }
}

/// The name is none of a kind of record that is here.
#[derive(Debug)]
pub(crate) struct UnknownObjectType;

impl FromStr for ObjectType {
    type Err = UnknownObjectType;

    /// From plural, singular or type id.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| [kind.plural(), kind.singular(), kind.type_id()].contains(&name))
            .ok_or(UnknownObjectType)
    }
}

/// A record's id. On the wire it is a string of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RecordId(u64);

impl RecordId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The id as the number that webhooks carry.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for RecordId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
