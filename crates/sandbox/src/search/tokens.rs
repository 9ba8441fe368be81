//! Tokens: the words of a text, and patterns with `*` that match them.
//!
//! HubSpot does not say how it takes texts apart. Here a text has two kinds of tokens: what stands between spaces (so that
//! `*@example.com` finds an address), and within that what letters and digits make up (so that `example` finds it too).

/// Whether the text contains what the pattern asks for, both in lower case. A pattern without a star is a run of whole
/// words; each word of one with a star matches some token.
pub(crate) fn contains(text: &str, pattern: &str) -> bool {
    if pattern.contains('*') {
        return pattern
            .split_whitespace()
            .all(|word| tokens(text).any(|token| matches(token, word)));
    }
    let wanted: Vec<&str> = words(pattern).collect();
    let words: Vec<&str> = words(text).collect();
    !wanted.is_empty() && words.windows(wanted.len()).any(|run| run == wanted)
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().chain(words(text))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Whether the whole token matches, where a star stands for any characters or none.
fn matches(token: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return token == pattern;
    };
    let Some(mut left) = token.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The earliest place of each part leaves the most for those after it.
    for part in middle.split('*') {
        let Some(place) = left.find(part) else {
            return false;
        };
        left = left.get(place + part.len()..).unwrap_or_default();
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_or_nothing() {
        for (token, pattern, expected) in [
            ("lovelace", "lovelace", true),
            ("lovelace", "love*", true),
            ("lovelace", "*lace", true),
            ("lovelace", "l*e", true),
            ("lovelace", "l*v*l*c*", true),
            ("lovelace", "*lovelace*", true),
            ("lovelace", "love*love", false),
            ("aba", "ab*ba", false),
            ("abba", "ab*ba", true),
            ("", "*", true),
            ("ab", "*b*b", false),
        ] {
            assert_eq!(matches(token, pattern), expected, "{token} {pattern}");
        }
    }
}
