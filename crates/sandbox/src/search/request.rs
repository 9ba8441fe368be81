//! The body of a search: read, and checked against HubSpot's limits.

use serde::Deserialize;

use super::Searchable;
use super::filter::{Filter, Operator, Test};
use super::value::{Kind, Value};
use crate::errors::ApiError;

/// What HubSpot's guide to search allows.
const LONGEST_BODY: usize = 3_000;
const MOST_GROUPS: usize = 5;
const MOST_FILTERS_IN_A_GROUP: usize = 6;
const MOST_FILTERS: usize = 18;
const DEFAULT_LIMIT: usize = 10;
const HIGHEST_LIMIT: usize = 200;
/// As far as paging goes.
const MOST_RESULTS: usize = 10_000;

/// A search that can be run.
#[derive(Debug)]
pub(crate) struct Search {
    groups: Vec<Vec<Filter>>,
    /// The words that have to be found, in lower case.
    query: Vec<String>,
    pub(crate) sort: Option<Sort>,
    /// The properties asked for; none are HubSpot's default ones.
    pub(crate) properties: Vec<String>,
    pub(crate) limit: usize,
    pub(crate) after: usize,
}

/// By which property the results are ordered.
#[derive(Debug)]
pub(crate) struct Sort {
    pub(crate) property: String,
    pub(crate) kind: Kind,
    pub(crate) descending: bool,
}

impl Search {
    /// Reads a body; `kind_of` answers the kind of a property, or nothing for a name that is no property.
    pub(crate) fn parse(body: &[u8], kind_of: &dyn Fn(&str) -> Option<Kind>) -> Result<Self, ApiError> {
        let characters = String::from_utf8_lossy(body).chars().count();
        if characters > LONGEST_BODY {
            return Err(refused(format!(
                "The request body must not be longer than {LONGEST_BODY} characters, but it has {characters}"
            )));
        }
        let mut body: Body = serde_json::from_slice(body).map_err(|error| ApiError::invalid_json(&error))?;
        let groups = body.groups();
        check_numbers(&groups)?;
        let groups: Result<Vec<Vec<Filter>>, ApiError> = groups
            .into_iter()
            .map(|group| group.filters.into_iter().map(|filter| filter.check(kind_of)).collect())
            .collect();
        let limit = body.limit.unwrap_or(DEFAULT_LIMIT);
        if limit > HIGHEST_LIMIT {
            return Err(refused(format!(
                "The limit must be at most {HIGHEST_LIMIT}, but it is {limit}"
            )));
        }
        let after = match body.after.map(String::from).as_deref().map(str::trim) {
            None | Some("") => 0,
            Some(after) => after
                .parse()
                .map_err(|_| refused(format!("after must be an integer, but it is {after}")))?,
        };
        if limit.saturating_add(after) > MOST_RESULTS {
            return Err(refused(format!(
                "Paging goes no further than {MOST_RESULTS} results, but {limit} after {after} were asked for"
            )));
        }
        Ok(Self {
            groups: groups?,
            query: body
                .query
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_lowercase)
                .collect(),
            sort: sort(body.sorts.unwrap_or_default(), kind_of)?,
            properties: body.properties.unwrap_or_default(),
            limit,
            after,
        })
    }

    /// Whether a record matches one of the groups, and the query.
    pub(crate) fn matches(&self, record: &impl Searchable, searchable: &[&str]) -> bool {
        let filters = |group: &Vec<Filter>| {
            group
                .iter()
                .all(|filter| filter.matches(record.value_of(&filter.property)))
        };
        (self.groups.is_empty() || self.groups.iter().any(filters)) && self.finds_query(record, searchable)
    }

    /// Each word has to be part of some searchable property. HubSpot says that a query finds what contains it, and not how
    /// it takes several words.
    fn finds_query(&self, record: &impl Searchable, searchable: &[&str]) -> bool {
        if self.query.is_empty() {
            return true;
        }
        let texts: Vec<String> = searchable
            .iter()
            .filter_map(|property| record.value_of(property))
            .map(|text| text.to_lowercase())
            .collect();
        self.query
            .iter()
            .all(|word| texts.iter().any(|text| text.contains(word.as_str())))
    }
}

/// 400 for a search that HubSpot refuses. Its exact words are known for none of these.
fn refused(message: String) -> ApiError {
    ApiError::validation(message)
}

fn check_numbers(groups: &[FilterGroup]) -> Result<(), ApiError> {
    let most = groups.iter().map(|group| group.filters.len()).max().unwrap_or_default();
    let all: usize = groups.iter().map(|group| group.filters.len()).sum();
    let too_many = |what: &str, most: usize, given: usize| {
        Err(refused(format!(
            "A search has at most {most} {what}, but {given} were given"
        )))
    };
    if groups.len() > MOST_GROUPS {
        too_many("filter groups", MOST_GROUPS, groups.len())
    } else if most > MOST_FILTERS_IN_A_GROUP {
        too_many("filters in a group", MOST_FILTERS_IN_A_GROUP, most)
    } else if all > MOST_FILTERS {
        too_many("filters", MOST_FILTERS, all)
    } else {
        Ok(())
    }
}

fn sort(sorts: Vec<GivenSort>, kind_of: &dyn Fn(&str) -> Option<Kind>) -> Result<Option<Sort>, ApiError> {
    if sorts.len() > 1 {
        return Err(refused(format!(
            "Only one sort can be applied, but {} were given",
            sorts.len()
        )));
    }
    let Some(given) = sorts.into_iter().next() else {
        return Ok(None);
    };
    let (property, descending) = given.read()?;
    match kind_of(&property) {
        Some(kind) => Ok(Some(Sort {
            property,
            kind,
            descending,
        })),
        None => Err(unknown_property(&property)),
    }
}

fn unknown_property(name: &str) -> ApiError {
    refused(format!("Property \"{name}\" does not exist"))
}

/// The body as it comes. SDKs send fields that they have no value for as `null`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    filter_groups: Option<Vec<FilterGroup>>,
    /// One group without its braces: not in HubSpot's description, but accepted.
    filters: Option<Vec<GivenFilter>>,
    query: Option<String>,
    sorts: Option<Vec<GivenSort>>,
    properties: Option<Vec<String>>,
    limit: Option<usize>,
    after: Option<Scalar>,
}

impl Body {
    fn groups(&mut self) -> Vec<FilterGroup> {
        let mut groups = self.filter_groups.take().unwrap_or_default();
        groups.extend(self.filters.take().map(|filters| FilterGroup { filters }));
        // A group without a filter asks for nothing.
        groups.retain(|group| !group.filters.is_empty());
        groups
    }
}

#[derive(Deserialize)]
struct FilterGroup {
    filters: Vec<GivenFilter>,
}

/// A value: HubSpot wants texts, and takes numbers and flags for them.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Scalar {
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
struct GivenFilter {
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
    fn check(self, kind_of: &dyn Fn(&str) -> Option<Kind>) -> Result<Filter, ApiError> {
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
enum GivenSort {
    Object(SortObject),
    Text(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SortObject {
    property_name: String,
    direction: Option<Direction>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Direction {
    Ascending,
    Descending,
}

impl GivenSort {
    fn read(self) -> Result<(String, bool), ApiError> {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn refusal(request: &Json) -> Option<String> {
        let kind_of = |name: &str| {
            ["name", "age"]
                .contains(&name)
                .then_some(Kind::of(if name == "age" { "number" } else { "string" }))
        };
        let error = Search::parse(request.to_string().as_bytes(), &kind_of).err()?;
        assert_eq!(error.status, 400, "{}", error.body.message);
        assert_eq!(error.body.category.as_deref(), Some("VALIDATION_ERROR"));
        Some(error.body.message.clone())
    }

    fn groups(filters_of_each: &[usize]) -> Json {
        let filter = json!({"propertyName": "name", "operator": "HAS_PROPERTY"});
        let group = |filters: &usize| json!({"filters": vec![filter.clone(); *filters]});
        json!({"filterGroups": filters_of_each.iter().map(group).collect::<Vec<_>>()})
    }

    #[test]
    fn groups_and_filters_are_counted() {
        for (allowed, refused) in [
            (vec![1; 5], vec![1; 6]),
            (vec![6], vec![7]),
            (vec![6, 6, 6], vec![6, 6, 6, 1]),
            (vec![4, 4, 4, 4, 2], vec![4, 4, 4, 4, 3]),
        ] {
            assert_eq!(refusal(&groups(&allowed)), None, "{allowed:?}");
            assert!(refusal(&groups(&refused)).is_some(), "{refused:?}");
        }
    }

    #[test]
    fn limits_pages_and_length_are_checked() {
        assert_eq!(refusal(&json!({"limit": 200, "after": "9800"})), None);
        assert!(refusal(&json!({"limit": 201})).is_some());
        assert!(refusal(&json!({"limit": -1})).is_some());
        assert!(refusal(&json!({"limit": 200, "after": "9801"})).is_some());
        assert!(refusal(&json!({"after": "10000"})).is_some());
        assert!(refusal(&json!({"after": "first"})).is_some());
        // `{"query":""}` has twelve characters.
        assert_eq!(refusal(&json!({"query": "é".repeat(2_988)})), None);
        assert!(refusal(&json!({"query": "é".repeat(2_989)})).is_some());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let filter = |filter: Json| refusal(&json!({"filterGroups": [{"filters": [filter]}]}));
        let unknown = filter(json!({"propertyName": "nothing", "operator": "HAS_PROPERTY"}));
        assert_eq!(unknown.as_deref(), Some("Property \"nothing\" does not exist"));
        let unset = filter(json!({"value": "x"}));
        assert!(
            unset.is_some_and(|message| message.starts_with("Invalid input JSON on line 1, column ")
                && message.contains("some of required attributes are not set [propertyName, operator]"))
        );
        for wrong in [
            json!({"propertyName": "name", "operator": "LIKE", "value": "x"}),
            json!({"propertyName": "name", "operator": "EQ"}),
            json!({"propertyName": "name", "operator": "BETWEEN", "value": "x"}),
            json!({"propertyName": "name", "operator": "IN", "value": "x"}),
            json!({"propertyName": "name", "operator": "CONTAINS_TOKEN"}),
            json!({"propertyName": "age", "operator": "GT", "value": "old"}),
            json!({"propertyName": "age", "operator": "IN", "values": ["1", "x"]}),
        ] {
            assert!(filter(wrong.clone()).is_some(), "{wrong}");
        }
        assert!(refusal(&json!({"sorts": ["name", "age"]})).is_some());
        assert!(refusal(&json!({"sorts": ["nothing"]})).is_some());
        assert!(refusal(&json!({"filterGroups": {}})).is_some());
        assert_eq!(
            refusal(&json!({"filterGroups": null, "sorts": null, "query": null, "limit": null, "after": null})),
            None
        );
    }
}
