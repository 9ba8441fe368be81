//! Which parts of a text are links: http, https and mailto, and only where what is read is where it leads.

use parlor_protocol::ClaimedEmail;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Shown as it is.
    Text(String),
    /// Shown as it is, and leads to what it says.
    Link(String),
}

const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// Splits a text; joined again, the pieces are the text.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain_from = 0;
    let mut position = 0;
    while let Some(found) = text.get(position..).and_then(next_scheme) {
        let start = position + found;
        let end = start + candidate_length(&text[start..]);
        let is_followed_by_tab = text[end..].starts_with('\t');
        let link = without_trailing_punctuation(&text[start..end]);
        let stands_alone =
            !text[..start].ends_with(|before: char| before.is_alphanumeric() || "/@:.-_+".contains(before));
        if stands_alone && !is_followed_by_tab && leads_where_it_says(link) {
            if plain_from < start {
                pieces.push(Piece::Text(text[plain_from..start].to_owned()));
            }
            pieces.push(Piece::Link(link.to_owned()));
            plain_from = start + link.len();
        }
        // What follows a refused candidate is no link of its own: `https://bank.com@https://evil` stays text.
        position = end.max(start + 1);
    }
    if plain_from < text.len() {
        pieces.push(Piece::Text(text[plain_from..].to_owned()));
    }
    pieces
}

/// Where the next scheme begins, in any case of letters.
fn next_scheme(text: &str) -> Option<usize> {
    text.bytes().enumerate().find_map(|(index, byte)| {
        let begins = matches!(byte, b'h' | b'H' | b'm' | b'M') && scheme_of(&text[index..]).is_some();
        begins.then_some(index)
    })
}

fn scheme_of(text: &str) -> Option<&'static str> {
    SCHEMES.into_iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|beginning| beginning.eq_ignore_ascii_case(scheme))
    })
}

/// A link ends at white space, at what no address holds, and at characters that turn the direction of what is read.
fn candidate_length(text: &str) -> usize {
    let ends = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || "<>\"`".contains(character)
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.find(ends).unwrap_or(text.len())
}

/// "(see https://example.com/a_(b))." links `https://example.com/a_(b)`.
fn without_trailing_punctuation(mut link: &str) -> &str {
    loop {
        let Some(last) = link.chars().next_back() else {
            return link;
        };
        let opening = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' | '。' | '、' | '，' | '’' | '”' | '»' => {
                None
            }
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            _ => return link,
        };
        if let Some(opening) = opening {
            let count = |wanted: char| link.chars().filter(|character| *character == wanted).count();
            if count(opening) >= count(last) {
                return link;
            }
        }
        link = &link[..link.len() - last.len_utf8()];
    }
}

/// Refuses an address whose host is not the first thing one reads: a user's name before it (`https://bank.com@evil`), a
/// backslash (which browsers read as a slash), and letters beyond ASCII, which may look like others.
fn leads_where_it_says(link: &str) -> bool {
    let Some(scheme) = scheme_of(link) else { return false };
    let rest = &link[scheme.len()..];
    if scheme == "mailto:" {
        return ClaimedEmail::parse(rest).is_ok();
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let host_is_plain = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => {
            !address.is_empty()
                && address
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
        }
        None => host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        }),
    };
    host_is_plain && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Vec<String> {
        let joined: String = pieces(text)
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Link(text) => text.as_str(),
            })
            .collect();
        assert_eq!(joined, text, "nothing is lost");
        pieces(text)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Link(link) => Some(link),
                Piece::Text(_) => None,
            })
            .collect()
    }

    #[test]
    fn web_and_mail_addresses_are_links() {
        assert_eq!(
            links("see https://example.com/a?b=c#d and HTTP://example.org:8080"),
            ["https://example.com/a?b=c#d", "HTTP://example.org:8080",]
        );
        assert_eq!(links("mailto:ada@example.com"), ["mailto:ada@example.com"]);
        assert_eq!(
            links("http://[::1]:3000/x\nhttp://127.0.0.1"),
            ["http://[::1]:3000/x", "http://127.0.0.1"]
        );
        assert_eq!(links("https://example.com/@ada"), ["https://example.com/@ada"]);
    }

    #[test]
    fn the_punctuation_around_a_link_is_not_part_of_it() {
        assert_eq!(links("(see https://example.com/a_(b))."), ["https://example.com/a_(b)"]);
        assert_eq!(
            links("https://example.com, https://example.org!"),
            ["https://example.com", "https://example.org"]
        );
        assert_eq!(links("<https://example.com>"), ["https://example.com"]);
        assert_eq!(links("“https://example.com”…"), ["https://example.com"]);
        assert_eq!(links("文https://example.com"), Vec::<String>::new());
    }

    #[test]
    fn a41_nothing_is_a_link_that_does_not_lead_where_it_says() {
        for text in [
            "javascript:alert(1)",
            "jAvAsCrIpT:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "//evil.example",
            "https://bank.com@evil.example",
            "https://bank.com:pass@evil.example/",
            "https://bank.com\\@evil.example",
            "https://evil.example\\bank.com",
            "https://ex\tample.com",
            "https://аpple.com",
            "https://bücher.example",
            "https://",
            "https:///evil.example",
            "https://..",
            "http://%65vil.example",
            "mailto:",
            "mailto:ada@example.com?bcc=eve@example.com",
            "xhttps://example.com",
            "https://bank.com@https://evil.example",
        ] {
            assert_eq!(links(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(links("https://example.com\u{202e}moc.live"), ["https://example.com"]);
    }
}
