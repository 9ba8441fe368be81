//! A search that was asked for, checked against HubSpot's limits.

use super::Searchable;
use super::body::{Body, FilterGroup, GivenSort};
use super::filter::Filter;
use super::value::Kind;
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
pub(super) fn refused(message: String) -> ApiError {
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

pub(super) fn unknown_property(name: &str) -> ApiError {
    refused(format!("Property \"{name}\" does not exist"))
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
