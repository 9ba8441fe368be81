//! What in the property is ours, and what is somebody else's.

use std::collections::HashSet;

use parlor_store::ValueHash;
use sha2::{Digest, Sha256};

use super::MARKER;
use super::entries::{INDENT, heading_of};

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

/// Whether a value says that entries stand in notes.
#[must_use]
pub fn points_to_notes(value: &str) -> bool {
    value.lines().any(|line| is_pointer(line.trim_end()))
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
    let strange = strange_lines(after, ours);
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

/// The lines that we would not write. An entry that we do not know (this store was restored from a backup, or the entry's time here
/// ended) stays whole and under its heading, although it may share lines with entries of ours.
fn strange_lines<'a>(after: &'a str, ours: &str) -> Vec<&'a str> {
    let our_lines: Vec<&str> = ours.lines().collect();
    let our_entries: HashSet<String> = (0..our_lines.len())
        .filter_map(|start| entry_at(&our_lines[start..]).map(as_one))
        .collect();
    let our_lines: HashSet<&str> = our_lines.into_iter().map(str::trim_end).collect();
    let lines: Vec<&str> = after.lines().collect();
    let mut strange: Vec<&str> = Vec::new();
    let mut heading = None;
    let mut rest = lines.as_slice();
    while let Some((line, following)) = rest.split_first() {
        let ends = line.trim_end();
        if heading_of(ends).is_some() {
            heading = Some(*line);
        } else if let Some(entry) = entry_at(rest).filter(|entry| !our_entries.contains(&as_one(entry))) {
            if let Some(heading) = heading.take() {
                begin(&mut strange, &[heading]);
            }
            begin(&mut strange, entry);
            rest = &rest[entry.len()..];
            continue;
        } else if !ends.trim_start().is_empty() && !our_lines.contains(ends) && !is_pointer(ends) {
            strange.push(line);
        }
        rest = following;
    }
    strange
}

/// An entry's lines as one text, the same whatever white space their ends have.
fn as_one(entry: &[&str]) -> String {
    let lines: Vec<&str> = entry.iter().map(|line| line.trim_end()).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Adds lines after an empty one.
fn begin<'a>(lines: &mut Vec<&'a str>, added: &[&'a str]) {
    if !lines.is_empty() {
        lines.push("");
    }
    lines.extend(added);
}

/// The entry that begins with the first of these lines: who, when, what, and the text's further lines.
fn entry_at<'a, 'b>(lines: &'b [&'a str]) -> Option<&'b [&'a str]> {
    let starts = ["FROM: ", "SENT AT: ", "MESSAGE:"];
    if lines.len() < starts.len() || !lines.iter().zip(starts).all(|(line, start)| line.starts_with(start)) {
        return None;
    }
    let mut length = starts.len();
    for (index, line) in lines.iter().enumerate().skip(starts.len()) {
        if line.starts_with(INDENT) {
            length = index + 1;
        } else if !line.is_empty() {
            break;
        }
    }
    Some(&lines[..length])
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
