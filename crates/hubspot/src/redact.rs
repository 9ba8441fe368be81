//! Texts from outside made fit to be kept: short, on one line, without our token and without e-mail addresses.

/// At most this many characters of a text that is not HubSpot's own are kept.
const EXCERPT_CHARACTERS: usize = 200;
/// Looked at for an excerpt; the rest of a long page says nothing more.
const EXCERPT_SOURCE_BYTES: usize = 8 * 1024;

/// The beginning of a body which is not HubSpot's JSON. Such pages like to repeat the request (its path, sometimes its
/// headers), so every word with an at-sign or with the token is left out.
pub(crate) fn excerpt(body: &[u8], token: &str) -> String {
    let cut = body.len().min(EXCERPT_SOURCE_BYTES);
    let text = String::from_utf8_lossy(&body[..cut]);
    let mut words: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || character.is_control())
        .collect();
    if cut < body.len() {
        // The last word may be half a token, which no comparison would find.
        words.pop();
    }
    let mut kept = String::new();
    for word in words.into_iter().filter(|word| !word.is_empty()) {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(if is_private(word, token) { "[…]" } else { word });
    }
    kept.chars().take(EXCERPT_CHARACTERS).collect()
}

fn is_private(word: &str, token: &str) -> bool {
    word.contains('@')
        || word.contains("%40")
        || word.contains("&#64;")
        || word.contains("&#x40;")
        || word.contains("&commat;")
        || word.contains(token)
}

/// HubSpot's own words, for people: control characters and our token removed, e-mail addresses kept.
pub(crate) fn message(text: &str, token: &str) -> String {
    const MESSAGE_CHARACTERS: usize = 2_000;
    text.replace(token, "[token]")
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(MESSAGE_CHARACTERS)
        .collect()
}

/// A name such as a category, a policy or a correlation id, or nothing where the text is no such name: these are shown
/// in `Display`, and must not carry anything else into a log.
pub(crate) fn name(text: &str, token: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    let is_name = !text.is_empty() && text.len() <= 100 && text.bytes().all(fits) && !text.contains(token);
    is_name.then(|| text.to_owned())
}

/// A content type's essence, for example `text/html`.
pub(crate) fn content_type(text: &str, token: &str) -> Option<String> {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let (kind, sub) = essence.split_once('/')?;
    let sub = sub.replace('+', "-");
    (name(kind, token).is_some() && name(&sub, token).is_some()).then(|| essence.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_holds_neither_token_nor_address() {
        let page = format!(
            "<p>No route\nGET /contacts/ada%40example.com Bearer pat-secret mailto:ada@example.com</p>{}",
            "x".repeat(400)
        );
        let text = excerpt(page.as_bytes(), "pat-secret");
        assert!(text.starts_with("<p>No route GET […] Bearer […]"), "{text}");
        assert!(
            !text.contains("ada") && !text.contains("secret") && text.chars().count() <= 200,
            "{text}"
        );
    }

    #[test]
    fn half_a_token_at_the_end_of_what_is_looked_at_is_dropped() {
        let page = format!("a{}pat-secret", " ".repeat(EXCERPT_SOURCE_BYTES - 5));
        assert_eq!(excerpt(page.as_bytes(), "pat-secret"), "a");
    }

    #[test]
    fn a_name_is_a_name_or_nothing() {
        assert_eq!(name("VALIDATION_ERROR", "pat"), Some("VALIDATION_ERROR".to_owned()));
        assert_eq!(name("x\ny", "pat"), None);
        assert_eq!(name("ada@example.com", "pat"), None);
        assert_eq!(name("pat", "pat"), None);
    }
}
