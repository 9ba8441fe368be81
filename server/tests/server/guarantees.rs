//! The page of guarantees names tests that there are, for each of its promises.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The text of every file below a folder with one of these endings.
pub fn sources(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if endings.contains(&ending) {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

pub fn page(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// What stands between these two, again and again.
pub fn between(text: &str, open: char, close: char) -> impl Iterator<Item = &str> {
    let parts = text.split(open).skip(1);
    let step = if open == close { 2 } else { 1 };
    parts.step_by(step).filter_map(move |part| part.split(close).next())
}

#[test]
fn every_promise_names_tests_that_there_are() {
    let page = page("docs/guarantees.md");
    let (promises, table) = page.split_once("## What shows it").unwrap();
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .filter(|(promise, _)| *promise != "promise")
        .collect();

    let (before_limits, rest) = promises.split_once("### Limits").unwrap();
    let after_limits = rest.split_once("\n## ").unwrap().1;
    let named: BTreeSet<&str> = rows.iter().map(|(promise, _)| *promise).collect();
    let mut count = 0;
    for line in before_limits.lines().chain(after_limits.lines()) {
        if let Some(lead) = line.strip_prefix("* ") {
            let lead = lead.strip_prefix("**").expect("a promise begins with its name");
            let lead = lead.split("**").next().unwrap().trim_end_matches('.');
            assert!(named.contains(lead), "no test is named for: {lead}");
            count += 1;
        }
    }
    assert!(count >= 20, "{count} promises");

    let mut tests: Vec<String> = Vec::new();
    for folder in ["crates", "server"] {
        tests.extend(sources(folder, &["rs"]).into_iter().map(|(_, text)| text));
    }
    let in_browser = sources("end2end/tests", &["ts"]);
    for (promise, shown_by) in rows {
        assert!(promises.contains(&format!("**{promise}")), "{promise} is not promised");
        let functions: Vec<&str> = between(shown_by, '`', '`').collect();
        let titles: Vec<&str> = between(shown_by, '‘', '’').collect();
        assert!(!functions.is_empty() || !titles.is_empty(), "{promise}");
        for function in functions {
            let is_there = tests.iter().any(|text| text.contains(&format!("fn {function}(")));
            assert!(is_there, "{promise}: there is no test {function}");
        }
        for title in titles {
            let is_there = in_browser
                .iter()
                .any(|(_, text)| text.contains(&format!("test('{title}'")));
            assert!(is_there, "{promise}: there is no test ‘{title}’");
        }
    }
}
