//! One condition on one property, by HubSpot's operators.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::Deserialize;

use super::tokens;
use super::value::{Kind, Value};

/// What a filter does with the value it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Operator {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    Between,
    In,
    NotIn,
    HasProperty,
    NotHasProperty,
    ContainsToken,
    NotContainsToken,
}

/// A filter whose values suit its property.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) property: String,
    pub(crate) kind: Kind,
    pub(crate) test: Test,
}

/// The operator with its values.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Is(Value),
    IsNot(Value),
    Less { than: Value, or_equal: bool },
    Greater { than: Value, or_equal: bool },
    Between { low: Value, high: Value },
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Present,
    Absent,
    Contains(String),
    ContainsNot(String),
}

impl Filter {
    /// Whether a record with this value matches. A negation needs a value that it can negate: what is not set is found by
    /// `NOT_HAS_PROPERTY` alone. HubSpot's documentation does not say so, nor the opposite.
    pub(crate) fn matches(&self, value: Option<Cow<'_, str>>) -> bool {
        let Some(text) = value.filter(|text| !text.is_empty()) else {
            return matches!(self.test, Test::Absent);
        };
        match &self.test {
            Test::Present => true,
            Test::Absent => false,
            Test::Is(wanted) => self.is(&text, wanted),
            Test::IsNot(wanted) => !self.is(&text, wanted),
            Test::In(wanted) => wanted.iter().any(|wanted| self.is(&text, wanted)),
            Test::NotIn(wanted) => !wanted.iter().any(|wanted| self.is(&text, wanted)),
            Test::Less { than, or_equal } => within(self.order(&text, than), Ordering::Less, *or_equal),
            Test::Greater { than, or_equal } => within(self.order(&text, than), Ordering::Greater, *or_equal),
            Test::Between { low, high } => {
                within(self.order(&text, low), Ordering::Greater, true)
                    && within(self.order(&text, high), Ordering::Less, true)
            }
            Test::Contains(pattern) => tokens::contains(&text.to_lowercase(), pattern),
            Test::ContainsNot(pattern) => !tokens::contains(&text.to_lowercase(), pattern),
        }
    }

    fn is(&self, text: &str, wanted: &Value) -> bool {
        let whole = Value::stored(self.kind, text) == *wanted;
        whole
            || self.kind == Kind::Choice
                && text
                    .split(';')
                    .any(|choice| Value::stored(self.kind, choice.trim()) == *wanted)
    }

    fn order(&self, text: &str, wanted: &Value) -> Option<Ordering> {
        let value = Value::stored(self.kind, text);
        // A text among numbers is neither less nor greater.
        (std::mem::discriminant(&value) == std::mem::discriminant(wanted)).then(|| value.order(wanted))
    }
}

fn within(order: Option<Ordering>, wanted: Ordering, or_equal: bool) -> bool {
    order.is_some_and(|order| order == wanted || or_equal && order == Ordering::Equal)
}
