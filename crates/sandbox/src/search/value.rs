//! Values as search compares them, which depends on the type of their property.

use std::cmp::Ordering;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::clock::Moment;

/// How the values of a property are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Without case, by words.
    Text,
    /// By size.
    Number,
    /// By time, whether written as milliseconds or as a date.
    Time,
    /// With case, choice by choice: semicolons stand between several.
    Choice,
}

impl Kind {
    /// The kind that a property's `type` has.
    pub(crate) fn of(property_type: &str) -> Self {
        match property_type {
            "number" => Self::Number,
            "date" | "datetime" => Self::Time,
            "enumeration" | "bool" => Self::Choice,
            _ => Self::Text,
        }
    }
}

/// One value, ready to be compared with others of its kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Text(String),
}

impl Value {
    /// The value that a filter gives; `None` when it is none of this kind.
    pub(crate) fn given(kind: Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Text => Some(Self::Text(text.to_lowercase())),
            Kind::Choice => Some(Self::Text(text.to_owned())),
            Kind::Number => number(text).map(Self::Number),
            Kind::Time => milliseconds(text).map(Self::Number),
        }
    }

    /// The value of a record. One that does not suit its property's type, which may have been set before there was such a
    /// property, is compared as text.
    pub(crate) fn stored(kind: Kind, text: &str) -> Self {
        Self::given(kind, text).unwrap_or_else(|| Self::Text(text.to_lowercase()))
    }

    /// Numbers come before texts.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    // Zero is zero, with either sign.
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number + 0.0)
}

/// Milliseconds since 1970, from milliseconds, a date or a moment in ISO 8601.
fn milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(milliseconds) = number(text) {
        return Some(milliseconds);
    }
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let date = Date::parse(text, &format_description!("[year]-[month]-[day]")).ok()?;
        Some(date.midnight().assume_utc())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "no date is 2^53 milliseconds away")]
    let milliseconds = Moment::from(moment).unix_milliseconds() as f64;
    Some(milliseconds)
}
