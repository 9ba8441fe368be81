//! What in the property is ours, and what is somebody else's.

use std::collections::HashSet;

use parlor_store::ValueHash;
use sha2::{Digest, Sha256};

use super::MARKER;

/// The hash of a value, the same whatever line ends and trailing white space HubSpot gives it.
#[must_use]
pub fn hash(value: &str) -> ValueHash {
    ValueHash(Sha256::digest(normalised(value).as_bytes()).into())
}

/// Whether two values differ in nothing but line ends and trailing white space.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    normalised(one) == normalised(other)
}

fn normalised(value: &str) -> String {
    let unified = value.replace("\r\n", "\n");
    let lines: Vec<&str> = unified.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

const POINTER_START: &str = "(Earlier messages stand in ";
const POINTER_END: &str = " on this contact.)";

/// The line that says where the rest is.
pub(super) fn pointer(notes: usize) -> String {
    let notes = if notes == 1 {
        "a note".to_owned()
    } else {
        format!("{notes} notes")
    };
    format!("{POINTER_START}{notes}{POINTER_END}")
}

/// How many notes there are changes: whatever number an earlier value had, the line is ours.
fn is_pointer(line: &str) -> bool {
    let between = line
        .strip_prefix(POINTER_START)
        .and_then(|rest| rest.strip_suffix(POINTER_END));
    between.is_some_and(|between| {
        between == "a note"
            || between
                .strip_suffix(" notes")
                .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// What in the property is not ours. Before the fixed line: everything. After it: nothing, when the value is one we sent;
/// otherwise the lines that we would not write, moved in front. `ours` has all entries, those in notes too: an earlier value may
/// hold them.
pub(super) fn foreign_text(current: &str, ours: &str, known: &[ValueHash]) -> String {
    let Some((before, after)) = split_at_marker(current) else {
        return current.to_owned();
    };
    if known.contains(&hash(current)) {
        return before.to_owned();
    }
    let our_lines: HashSet<&str> = ours.lines().map(str::trim_end).collect();
    let strange: Vec<&str> = after
        .lines()
        .filter(|line| {
            let ends = line.trim_end();
            !ends.trim_start().is_empty() && !our_lines.contains(ends) && !is_pointer(ends)
        })
        .collect();
    if strange.is_empty() {
        return before.to_owned();
    }
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{before}{gap}{}\n", strange.join("\n"))
}

/// The text before the fixed line and what follows it.
pub(super) fn split_at_marker(value: &str) -> Option<(&str, &str)> {
    let mut start = 0;
    for line in value.split_inclusive('\n') {
        if line.trim_end() == MARKER {
            return Some((&value[..start], &value[start + line.len()..]));
        }
        start += line.len();
    }
    None
}
