//! HubSpot's CRM search: which records match, in which order, page by page, and how late the index knows of a change.
//!
//! Nothing here knows what a record is: it reads one by [`Searchable`], and learns a property's [`Kind`] from whoever asks.

mod body;
pub(crate) mod defaults;
mod filter;
mod handle;
pub(crate) mod index;
mod request;
mod tokens;
mod value;

use std::borrow::Cow;
use std::cmp::Ordering;

pub(crate) use request::Search;
pub(crate) use value::Kind;

use request::Sort;
use value::Value;

/// What search reads of a record.
pub(crate) trait Searchable {
    /// The value of a property; `None` when it is not set.
    fn value_of(&self, property: &str) -> Option<Cow<'_, str>>;
}

/// One page of what was found.
#[derive(Debug)]
pub(crate) struct Found<'a, R> {
    /// How many records match.
    pub(crate) total: usize,
    /// Those of this page.
    pub(crate) results: Vec<&'a R>,
    /// Where the next page begins, when there is one.
    pub(crate) next: Option<usize>,
}

/// Searches records that come in the order of their creation, which is the order of the results when none is asked for.
/// `searchable` names the properties that a `query` is looked for in.
pub(crate) fn run<'a, R: Searchable>(
    search: &Search,
    records: impl IntoIterator<Item = &'a R>,
    searchable: &[&str],
) -> Found<'a, R> {
    let mut matching: Vec<&R> = records
        .into_iter()
        .filter(|record| search.matches(*record, searchable))
        .collect();
    if let Some(sort) = &search.sort {
        matching.sort_by(|one, other| compare(sort, *one, *other));
    }
    let total = matching.len();
    let end = search.after.saturating_add(search.limit).min(total);
    let results = matching.get(search.after..end).unwrap_or_default().to_vec();
    Found {
        total,
        results,
        next: (search.limit > 0 && end < total).then_some(end),
    }
}

/// Records without a value come last, in either direction. HubSpot does not say where it puts them.
fn compare<R: Searchable>(sort: &Sort, one: &R, other: &R) -> Ordering {
    let value = |record: &R| {
        let text = record.value_of(&sort.property).filter(|text| !text.is_empty())?;
        Some(Value::stored(sort.kind, &text))
    };
    match (value(one), value(other)) {
        (Some(one), Some(other)) if sort.descending => other.order(&one),
        (Some(one), Some(other)) => one.order(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use super::*;

    struct Record(BTreeMap<&'static str, &'static str>);

    impl Searchable for Record {
        fn value_of(&self, property: &str) -> Option<Cow<'_, str>> {
            self.0.get(property).map(|value| Cow::Borrowed(*value))
        }
    }

    fn kind_of(property: &str) -> Option<Kind> {
        match property {
            "name" | "email" => Some(Kind::Text),
            "age" => Some(Kind::Number),
            "born" => Some(Kind::Time),
            "colours" => Some(Kind::Choice),
            _ => None,
        }
    }

    fn people() -> Vec<Record> {
        [
            [
                ("name", "Ada Lovelace"),
                ("email", "ada@maths.example.com"),
                ("age", "36"),
                ("born", "1815-12-10"),
                ("colours", "red;blue"),
            ],
            [
                ("name", "bob"),
                ("email", "bob@example.org"),
                ("age", "9"),
                ("born", "1990-01-01T00:00:00.000Z"),
                ("colours", "Red"),
            ],
            [
                ("name", "Čapek"),
                ("email", ""),
                ("age", "100"),
                ("born", "631152000001"),
                ("colours", "green"),
            ],
        ]
        .into_iter()
        .map(|values| Record(values.into_iter().filter(|(_, value)| !value.is_empty()).collect()))
        .collect()
    }

    /// The names of those found, by their first letters.
    fn found(request: &Json) -> String {
        let search = Search::parse(request.to_string().as_bytes(), &kind_of).unwrap();
        let people = people();
        let found = run(&search, &people, &["name", "email"]);
        found
            .results
            .iter()
            .filter_map(|record| record.0["name"].chars().next())
            .collect()
    }

    fn filtered(filter: &Json) -> String {
        found(&json!({"filterGroups": [{"filters": [filter]}]}))
    }

    #[test]
    fn text_is_compared_without_case_and_lists_want_lower_case() {
        for (operator, value, expected) in [
            ("EQ", "BOB", "b"),
            ("EQ", "bo", ""),
            ("NEQ", "bob", "AČ"),
            ("LT", "b", "A"),
            ("LTE", "BOB", "Ab"),
            ("GT", "bob", "Č"),
            ("GTE", "bob", "bČ"),
        ] {
            let filter = json!({"propertyName": "name", "operator": operator, "value": value});
            assert_eq!(filtered(&filter), expected, "{operator} {value}");
        }
        let list =
            |operator: &str, values: Json| json!({"propertyName": "name", "operator": operator, "values": values});
        assert_eq!(filtered(&list("IN", json!(["bob", "ada lovelace", "nobody"]))), "Ab");
        assert_eq!(
            filtered(&list("IN", json!(["Bob", "Ada Lovelace"]))),
            "",
            "upper case finds nothing"
        );
        assert_eq!(filtered(&list("NOT_IN", json!(["bob"]))), "AČ");
        let between = json!({"propertyName": "name", "operator": "BETWEEN", "value": "a", "highValue": "C"});
        assert_eq!(filtered(&between), "Ab");
    }

    #[test]
    fn numbers_and_times_are_compared_as_such() {
        let filter = |name: &str, operator: &str, value: Json| {
            filtered(&json!({"propertyName": name, "operator": operator, "value": value, "highValue": "100"}))
        };
        assert_eq!(filter("age", "GT", json!("9")), "AČ");
        assert_eq!(filter("age", "EQ", json!("36.0")), "A");
        assert_eq!(filter("age", "LTE", json!(36)), "Ab", "a number may come as one");
        assert_eq!(filter("age", "BETWEEN", json!("36")), "AČ", "both ends belong to it");
        assert_eq!(filter("age", "NEQ", json!("9")), "AČ");
        // 1990-01-01 in milliseconds, one of which is after the other record's.
        assert_eq!(filter("born", "EQ", json!("631152000000")), "b");
        assert_eq!(filter("born", "GT", json!("1990-01-01")), "Č");
        assert_eq!(filter("born", "LT", json!("1990-01-01T00:00:00Z")), "A");
        let list = json!({"propertyName": "age", "operator": "IN", "values": ["9", "100.0"]});
        assert_eq!(filtered(&list), "bČ");
    }

    #[test]
    fn choices_are_matched_one_by_one_with_their_case() {
        let filter = |operator: &str, value: &str| {
            filtered(&json!({"propertyName": "colours", "operator": operator, "value": value, "values": [value]}))
        };
        assert_eq!(filter("EQ", "red"), "A");
        assert_eq!(filter("EQ", "red;blue"), "A");
        assert_eq!(filter("NEQ", "blue"), "bČ");
        assert_eq!(filter("IN", "Red"), "b");
        assert_eq!(filter("NOT_IN", "red"), "bČ");
    }

    #[test]
    fn presence_is_asked_for_and_negations_need_it() {
        let filter = |operator: &str| {
            filtered(&json!({"propertyName": "email", "operator": operator, "value": "x", "values": ["x"]}))
        };
        assert_eq!(filter("HAS_PROPERTY"), "Ab");
        assert_eq!(filter("NOT_HAS_PROPERTY"), "Č");
        for negation in ["NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN"] {
            assert_eq!(filter(negation), "Ab", "{negation}");
        }
    }

    #[test]
    fn tokens_match_whole_words_and_stars_the_rest() {
        let filter = |operator: &str, name: &str, value: &str| {
            filtered(&json!({"propertyName": name, "operator": operator, "value": value}))
        };
        for (name, value, expected) in [
            ("name", "lovelace", "A"),
            ("name", "love", ""),
            ("name", "LOVE*", "A"),
            ("name", "*a*", "AČ"),
            ("name", "ada lovelace", "A"),
            ("name", "lovelace ada", ""),
            ("email", "*@example.org", "b"),
            ("email", "example.com", "A"),
            ("email", "*example*", "Ab"),
            ("email", "example", "Ab"),
            ("email", "exam", ""),
            ("email", "*", "Ab"),
            ("colours", "blue", "A"),
        ] {
            assert_eq!(filter("CONTAINS_TOKEN", name, value), expected, "{name} {value}");
        }
        assert_eq!(filter("NOT_CONTAINS_TOKEN", "email", "*.org"), "A");
    }

    #[test]
    fn groups_are_alternatives_and_a_query_narrows_them() {
        let filter = |name: &str, value: &str| json!({"propertyName": name, "operator": "EQ", "value": value});
        let groups = json!([
            {"filters": [filter("name", "bob"), filter("age", "9")]},
            {"filters": [filter("name", "bob"), filter("age", "36")]},
            {"filters": [filter("age", "36")]},
        ]);
        assert_eq!(found(&json!({"filterGroups": groups})), "Ab");
        assert_eq!(found(&json!({"filterGroups": groups, "query": "EXAMPLE.org"})), "b");
        assert_eq!(found(&json!({"query": "love maths"})), "A", "each word in any property");
        assert_eq!(found(&json!({"query": "love example.org"})), "");
        assert_eq!(
            found(&json!({"filters": [filter("age", "9")]})),
            "b",
            "filters without a group are one"
        );
        assert_eq!(found(&json!({})), "AbČ");
    }

    #[test]
    fn one_sort_orders_by_the_kind_and_puts_what_is_not_set_last() {
        for (sort, expected) in [
            (json!("age"), "bAČ"),
            (json!("-age"), "ČAb"),
            (json!("email"), "AbČ"),
            (json!("-email"), "bAČ"),
            (json!({"propertyName": "born", "direction": "DESCENDING"}), "ČbA"),
            (json!({"propertyName": "name"}), "AbČ"),
            (json!(r#"{"propertyName":"age","direction":"ASCENDING"}"#), "bAČ"),
        ] {
            assert_eq!(found(&json!({"sorts": [sort]})), expected, "{sort}");
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let page = |limit: usize, after: Json| {
            let request = json!({"limit": limit, "after": after}).to_string();
            let search = Search::parse(request.as_bytes(), &kind_of).unwrap();
            let people = people();
            let found = run(&search, &people, &[]);
            (found.total, found.results.len(), found.next)
        };
        assert_eq!(page(2, json!("0")), (3, 2, Some(2)));
        assert_eq!(page(2, json!(2)), (3, 1, None));
        assert_eq!(page(3, json!("")), (3, 3, None));
        assert_eq!(page(2, json!("7")), (3, 0, None));
        assert_eq!(page(0, json!("0")), (3, 0, None), "a limit of nothing only counts");
    }
}
