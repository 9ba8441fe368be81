//! HubSpot's three signatures of a request, by which a receiver knows that it comes from HubSpot.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// What HubSpot decodes in the URL before it signs with version 3, and nothing else.
const DECODED: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

/// Version 1: over the secret and the body.
pub(crate) fn v1(secret: &str, body: &str) -> String {
    hex(&Sha256::new().chain_update(secret).chain_update(body).finalize())
}

/// Version 2, of workflows and cards: over the secret, the method, the URL and the body.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "subscriptions are signed with versions 1 and 3")
)]
pub(crate) fn v2(secret: &str, method: &str, url: &str, body: &str) -> String {
    let signed = Sha256::new()
        .chain_update(secret)
        .chain_update(method)
        .chain_update(url)
        .chain_update(body);
    hex(&signed.finalize())
}

/// Version 3: over the method, the URL, the body and the time (milliseconds since 1970), keyed with the secret.
pub(crate) fn v3(secret: &str, method: &str, url: &str, body: &str, timestamp: &str) -> String {
    // HMAC takes keys of any length: this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    for part in [method, &decoded(url), body, timestamp] {
        mac.update(part.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn decoded(url: &str) -> String {
    DECODED.iter().fold(url.to_owned(), |url, (encoded, plain)| {
        url.replace(encoded, plain).replace(&encoded.to_lowercase(), plain)
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The known answers are those of HubSpot's own documentation.
#[cfg(test)]
mod tests {
    use super::{v1, v2, v3};

    const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    const URL: &str = "https://www.example.com/webhook_uri";

    #[test]
    fn version_1_is_the_hash_of_secret_and_body() {
        let body = r#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#;
        assert_eq!(
            v1(SECRET, body),
            "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
        );
    }

    #[test]
    fn version_2_takes_method_and_url_in() {
        assert_eq!(
            v2(SECRET, "GET", URL, ""),
            "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
        );
        assert_eq!(
            v2(SECRET, "POST", URL, r#"{"example_field":"example_value"}"#),
            "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"
        );
    }

    #[test]
    fn version_3_takes_the_time_in() {
        let body = "{'example_field':'example_value'}";
        for (timestamp, signature) in [
            ("1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
            ("1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
        ] {
            assert_eq!(v3(SECRET, "POST", URL, body, timestamp), signature);
        }
    }

    #[test]
    fn version_3_decodes_some_of_the_url_and_leaves_the_rest() {
        let signed = |url: &str| v3(SECRET, "POST", url, "[]", "1693657560000");
        assert_eq!(
            signed("https://h.example/a%3Ab%2fc%2C%3B"),
            signed("https://h.example/a:b/c,;")
        );
        for left in ["%20", "%26", "%3D"] {
            let url = format!("https://h.example/?q={left}");
            let plain = url.replace("%20", " ").replace("%26", "&").replace("%3D", "=");
            assert_ne!(signed(&url), signed(&plain), "{left}");
        }
    }
}
