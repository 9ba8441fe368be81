//! The body of a search as clients send it, in all the forms that HubSpot takes.

use serde::Deserialize;

use super::filter::{Filter, Operator, Test};
use super::request::{refused, unknown_property};
use super::value::{Kind, Value};
use crate::errors::ApiError;

/// The body as it comes. SDKs send fields that they have no value for as `null`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    filter_groups: Option<Vec<FilterGroup>>,
    /// One group without its braces: not in HubSpot's description, but accepted.
    filters: Option<Vec<GivenFilter>>,
    pub(super) query: Option<String>,
    pub(super) sorts: Option<Vec<GivenSort>>,
    pub(super) properties: Option<Vec<String>>,
    pub(super) limit: Option<usize>,
    pub(super) after: Option<Scalar>,
}

impl Body {
    pub(super) fn groups(&mut self) -> Vec<FilterGroup> {
        let mut groups = self.filter_groups.take().unwrap_or_default();
        groups.extend(self.filters.take().map(|filters| FilterGroup { filters }));
        // A group without a filter asks for nothing.
        groups.retain(|group| !group.filters.is_empty());
        groups
    }
}

#[derive(Deserialize)]
pub(super) struct FilterGroup {
    pub(super) filters: Vec<GivenFilter>,
}

/// A value: HubSpot wants texts, and takes numbers and flags for them.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Flag(bool),
}

impl From<Scalar> for String {
    fn from(value: Scalar) -> Self {
        match value {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Flag(flag) => flag.to_string(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFilter {
    property_name: Option<String>,
    operator: Option<Operator>,
    value: Option<Scalar>,
    high_value: Option<Scalar>,
    values: Option<Vec<Scalar>>,
}

#[derive(Deserialize)]
#[serde(try_from = "RawFilter")]
pub(super) struct GivenFilter {
    property: String,
    operator: Operator,
    value: Option<Scalar>,
    high_value: Option<Scalar>,
    values: Vec<Scalar>,
}

impl TryFrom<RawFilter> for GivenFilter {
    type Error = String;

    fn try_from(raw: RawFilter) -> Result<Self, String> {
        match (raw.property_name, raw.operator) {
            (Some(property), Some(operator)) => Ok(Self {
                property,
                operator,
                value: raw.value,
                high_value: raw.high_value,
                values: raw.values.unwrap_or_default(),
            }),
            (property, operator) => {
                let missing: Vec<&str> = [("propertyName", property.is_none()), ("operator", operator.is_none())]
                    .into_iter()
                    .filter_map(|(name, is_missing)| is_missing.then_some(name))
                    .collect();
                Err(format!(
                    "Cannot build Filter, some of required attributes are not set [{}]",
                    missing.join(", ")
                ))
            }
        }
    }
}

impl GivenFilter {
    pub(super) fn check(self, kind_of: &dyn Fn(&str) -> Option<Kind>) -> Result<Filter, ApiError> {
        let Self {
            property,
            operator,
            value,
            high_value,
            values,
        } = self;
        let kind = kind_of(&property).ok_or_else(|| unknown_property(&property))?;
        let missing = |what: &str| refused(format!("The filter on \"{property}\" needs {what}"));
        let given = |value: Option<Scalar>, name: &str| value.map(String::from).ok_or_else(|| missing(name));
        let compared = |text: &str| {
            Value::given(kind, text)
                .ok_or_else(|| refused(format!("{text} is no value that \"{property}\" can be compared with")))
        };
        let one = |value: Option<Scalar>, name: &str| compared(&given(value, name)?);
        let list = |values: Vec<Scalar>| -> Result<Vec<Value>, ApiError> {
            if values.is_empty() {
                return Err(missing("values"));
            }
            let listed = |value: Scalar| {
                let value = String::from(value);
                // In lists the values of texts have to come in lower case, and are compared as they come.
                if kind == Kind::Text {
                    Ok(Value::Text(value))
                } else {
                    compared(&value)
                }
            };
            values.into_iter().map(listed).collect()
        };
        let pattern = |value| Ok::<_, ApiError>(given(value, "value")?.to_lowercase());
        let test = match operator {
            Operator::Eq => Test::Is(one(value, "value")?),
            Operator::Neq => Test::IsNot(one(value, "value")?),
            Operator::Lt | Operator::Lte => Test::Less {
                than: one(value, "value")?,
                or_equal: operator == Operator::Lte,
            },
            Operator::Gt | Operator::Gte => Test::Greater {
                than: one(value, "value")?,
                or_equal: operator == Operator::Gte,
            },
            Operator::Between => Test::Between {
                low: one(value, "value")?,
                high: one(high_value, "highValue")?,
            },
            Operator::In => Test::In(list(values)?),
            Operator::NotIn => Test::NotIn(list(values)?),
            Operator::HasProperty => Test::Present,
            Operator::NotHasProperty => Test::Absent,
            Operator::ContainsToken => Test::Contains(pattern(value)?),
            Operator::NotContainsToken => Test::ContainsNot(pattern(value)?),
        };
        Ok(Filter { property, kind, test })
    }
}

/// A sort by name (`-` in front for descending), as an object, or, as older examples of HubSpot's SDK send it, as such an
/// object in a text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum GivenSort {
    Object(SortObject),
    Text(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SortObject {
    property_name: String,
    direction: Option<Direction>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl GivenSort {
    pub(super) fn read(self) -> Result<(String, bool), ApiError> {
        let object = match self {
            Self::Object(object) => object,
            Self::Text(text) if text.trim_start().starts_with('{') => {
                serde_json::from_str(&text).map_err(|error| ApiError::invalid_json(&error))?
            }
            Self::Text(text) => {
                return Ok(match text.strip_prefix('-') {
                    Some(property) => (property.to_owned(), true),
                    None => (text, false),
                });
            }
        };
        Ok((object.property_name, object.direction == Some(Direction::Descending)))
    }
}
