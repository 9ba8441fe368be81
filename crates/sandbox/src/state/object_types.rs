//! The kinds of records, and the ids of records.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where ids begin: as long as those of a real account, so that a client that keeps them in 32 bits is found out.
pub(crate) const FIRST_ID: RecordId = RecordId(37_765_128_001);

/// A record's id. In answers it is a string of digits, in webhooks a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RecordId(u64);

impl RecordId {
    /// No record's id is smaller.
    pub(crate) const FIRST: Self = Self(0);
    /// No record's id is greater.
    pub(crate) const LAST: Self = Self(u64::MAX);

    /// The id as the number that webhooks carry.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for RecordId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A kind of record. HubSpot's paths take its plural, its singular or its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum ObjectType {
    #[serde(rename = "contacts")]
    Contact,
    #[serde(rename = "companies")]
    Company,
    #[serde(rename = "deals")]
    Deal,
    #[serde(rename = "tickets")]
    Ticket,
    #[serde(rename = "notes")]
    Note,
    #[serde(rename = "communications")]
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

    /// Notes and communications: HubSpot also calls them engagements.
    pub(crate) const fn is_engagement(self) -> bool {
        matches!(self, Self::Note | Self::Communication)
    }
}

/// The name is none of a kind of record that is here.
#[derive(Debug)]
pub(crate) struct UnknownObjectType;

impl FromStr for ObjectType {
    type Err = UnknownObjectType;

    /// From plural, singular or type id, whatever the case.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|object_type| {
                [object_type.plural(), object_type.singular(), object_type.type_id()]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name))
            })
            .ok_or(UnknownObjectType)
    }
}
