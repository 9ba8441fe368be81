//! What a proof must be, and the ways in which a token is none (A25, A26).

use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use super::*;

const KEY: &str = "demo4f7k2m9xabcd";
const SECRET: &[u8] = b"a secret of the widget, forty-three letters";
/// 2026-11-21T12:00:00Z, in seconds.
const NOW: i64 = 1_795_262_400;

/// An Ed25519 key pair made for these tests: PKCS#8 (private), raw (public).
const ED_PRIVATE: [u8; 48] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
/// RFC 8032, section 7.1, test 1.
const ED_PUBLIC: [u8; 32] = *b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

fn now() -> Timestamp {
    Timestamp::from_millis(NOW * 1_000)
}

fn key() -> WidgetKey {
    WidgetKey::parse(KEY).unwrap()
}

fn keys() -> ProofKeys {
    ProofKeys::new(Some(SECRET), None, false, Timestamp::from_millis(0))
}

fn claims() -> Value {
    json!({
        "sub": "user-7", "email": "Ada@Example.com", "given_name": "Ada", "family_name": "Lovelace",
        "aud": KEY, "iat": NOW - 5, "exp": NOW + 300,
    })
}

fn with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn without(claim: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(claim);
    claims
}

fn signed(claims: &Value) -> String {
    signed_as(
        &Header::new(Algorithm::HS256),
        claims,
        &EncodingKey::from_secret(SECRET),
    )
}

fn signed_as(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

/// A token with any header, signed with the widget's secret by HS256 whatever the header says.
fn with_header(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_secret(SECRET), Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn check(token: &str) -> Result<Proof, ProofError> {
    keys().check(&key(), token, now())
}

fn code(token: &str) -> &'static str {
    check(token).map_or_else(|error| error.code(), |_| "proof")
}

#[test]
fn a_proof_names_the_person() {
    let proof = check(&signed(&claims())).unwrap();
    assert!(matches!(proof.person.email, ProvenEmail::Verified(_)));
    assert_eq!(proof.person.email.as_str(), "ada@example.com");
    assert_eq!(proof.person.first_name, Some(PersonName::parse("Ada").unwrap()));
    assert_eq!(proof.person.last_name, Some(PersonName::parse("Lovelace").unwrap()));
    assert_eq!(proof.expires_at.millis(), (NOW + 300) * 1_000);
    let nameless = check(&signed(&with(&json!({"given_name": "", "family_name": null})))).unwrap();
    assert_eq!((nameless.person.first_name, nameless.person.last_name), (None, None));
}

#[test]
fn the_sites_private_key_proves_as_well() {
    let keys = ProofKeys::new(None, Some(&ED_PUBLIC), false, Timestamp::from_millis(0));
    let token = signed_as(
        &Header::new(Algorithm::EdDSA),
        &claims(),
        &EncodingKey::from_ed_der(&ED_PRIVATE),
    );
    assert!(keys.check(&key(), &token, now()).is_ok());
    // While a site goes over from one key to the other, both count.
    let both = ProofKeys::new(Some(SECRET), Some(&ED_PUBLIC), false, Timestamp::from_millis(0));
    assert!(both.check(&key(), &token, now()).is_ok());
    assert!(both.check(&key(), &signed(&claims()), now()).is_ok());
}

#[test]
fn a25_without_a_proof_nothing_is_proven() {
    assert_eq!(code(""), "proof_missing");
    let keyless = ProofKeys::new(None, None, true, Timestamp::from_millis(0));
    let refused = keyless.check(&key(), &signed(&claims()), now());
    assert_eq!(refused.unwrap_err(), ProofError::NotConfigured);
}

#[test]
fn a26_what_is_not_signed_as_the_widget_says_is_refused() {
    let none = with_header(&json!({"alg": "none"}), &claims());
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    for alg in ["none", "None", "NONE", "nOnE"] {
        assert_eq!(
            code(&with_header(&json!({ "alg": alg }), &claims())),
            "proof_unsigned",
            "{alg}"
        );
    }
    assert_eq!(code(&unsigned), "proof_unsigned");
    let good = signed(&claims());
    assert_eq!(
        code(&format!("{}.", good.rsplit_once('.').unwrap().0)),
        "proof_unsigned"
    );
    for alg in ["HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", "XYZ"] {
        assert_eq!(
            code(&with_header(&json!({ "alg": alg }), &claims())),
            "proof_algorithm",
            "{alg}"
        );
    }
    // The public key, which everybody knows, taken for a secret.
    let public_only = ProofKeys::new(None, Some(&ED_PUBLIC), false, Timestamp::from_millis(0));
    let confused = signed_as(
        &Header::new(Algorithm::HS256),
        &claims(),
        &EncodingKey::from_secret(&ED_PUBLIC),
    );
    let refused = public_only.check(&key(), &confused, now()).unwrap_err();
    assert_eq!(refused, ProofError::Algorithm { expected: "EdDSA" });
}

#[test]
fn a26_another_key_a_changed_or_a_truncated_token_is_refused() {
    let other = signed_as(
        &Header::new(Algorithm::HS256),
        &claims(),
        &EncodingKey::from_secret(b"another secret"),
    );
    assert_eq!(code(&other), "proof_signature");
    let good = signed(&claims());
    let (signed_part, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed_part.split_once('.').unwrap();
    let changed = URL_SAFE_NO_PAD.encode(with(&json!({"email": "eve@example.com"})).to_string());
    assert_eq!(code(&format!("{header}.{changed}.{signature}")), "proof_signature");
    for length in 1..good.len() {
        assert_ne!(code(&good[..length]), "proof", "cut after {length} bytes");
    }
}

#[test]
fn a26_a_header_that_leads_elsewhere_is_refused() {
    for extra in ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc"] {
        let header = json!({"alg": "HS256", extra: "https://attacker.example/keys"});
        assert_eq!(code(&with_header(&header, &claims())), "proof_header", "{extra}");
    }
    // A key's id chooses nothing: there is one key.
    let other = EncodingKey::from_secret(b"");
    for kid in ["../../dev/null", "' OR 1=1 --", "/proc/self/environ"] {
        let header = Header {
            kid: Some(kid.to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        assert_eq!(code(&signed_as(&header, &claims(), &other)), "proof_signature", "{kid}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let long = signed(&with(&json!({"x": "y".repeat(5_000)})));
    for token in [
        "x",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        "e30.e30.e30",
        " ",
        "\u{0}.\u{0}.\u{0}",
        &long,
    ] {
        let code = code(token);
        assert!(
            matches!(code, "proof_malformed" | "proof_unsigned"),
            "{token:.20}: {code}"
        );
    }
    assert_eq!(code(&signed(&json!(["no", "object"]))), "proof_malformed");
}

#[test]
fn time_decides() {
    for (changes, expected) in [
        (json!({"exp": NOW - 30}), "proof_expired"),
        (json!({"exp": NOW - 29}), "proof"),
        (json!({"exp": 0}), "proof_expired"),
        (json!({"exp": -5}), "proof_expired"),
        // At most an hour after it was issued, which was five seconds ago.
        (json!({"exp": NOW + 3_595}), "proof"),
        (json!({"exp": NOW + 3_596}), "proof_too_long_lived"),
        (json!({"iat": NOW + 30, "exp": NOW + 3_630}), "proof"),
        (json!({"iat": NOW + 30, "exp": NOW + 3_631}), "proof_too_long_lived"),
        (json!({"iat": NOW - 86_400}), "proof_too_long_lived"),
        (json!({"exp": 1e11}), "proof_too_long_lived"),
        (json!({"exp": 1e300}), "proof_claim"),
        (json!({"exp": (NOW + 60).to_string()}), "proof_claim"),
        (json!({"exp": 1_795_262_400.5}), "proof"),
        (json!({"iat": NOW + 31}), "proof_not_yet_valid"),
        (json!({"nbf": NOW + 31}), "proof_not_yet_valid"),
        (json!({"nbf": NOW + 30}), "proof"),
    ] {
        assert_eq!(code(&signed(&with(&changes))), expected, "{changes}");
    }
    assert_eq!(code(&signed(&without("exp"))), "proof_claim");
    let undated = |seconds: i64| {
        let mut claims = without("iat");
        claims["exp"] = json!(NOW + seconds);
        signed(&claims)
    };
    assert_eq!(code(&undated(3_630)), "proof");
    assert_eq!(code(&undated(3_631)), "proof_too_long_lived");
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    for (audience, expected) in [
        (json!("another4widget99"), "proof_audience"),
        (json!(["another4widget99"]), "proof_audience"),
        (json!([]), "proof_audience"),
        (json!(null), "proof_audience"),
        (json!(["another4widget99", KEY]), "proof"),
    ] {
        assert_eq!(
            code(&signed(&with(&json!({ "aud": audience })))),
            expected,
            "{audience}"
        );
    }
    assert_eq!(code(&signed(&without("aud"))), "proof_audience");
}

#[test]
fn each_wrong_claim_is_named() {
    for (changes, claim) in [
        (json!({"email": "nobody"}), "email"),
        (json!({"email": 7}), "email"),
        (json!({"email": null}), "email"),
        (json!({"sub": ""}), "sub"),
        (json!({"sub": "x".repeat(256)}), "sub"),
        (json!({"sub": null}), "sub"),
        (json!({"sub": 7}), "sub"),
        (json!({"jti": ""}), "jti"),
        (json!({"given_name": "a\nFROM: rep"}), "given_name"),
        (json!({"family_name": "x".repeat(101)}), "family_name"),
        (json!({"email_verified": "true"}), "email_verified"),
    ] {
        match check(&signed(&with(&changes))) {
            Err(ProofError::Claim { claim: named, .. }) => assert_eq!(named, claim, "{changes}"),
            other => panic!("{changes}: {other:?}"),
        }
    }
}

#[test]
fn what_was_issued_before_the_revocation_is_refused() {
    let keys = |seconds: i64| ProofKeys::new(Some(SECRET), None, false, Timestamp::from_millis(seconds * 1_000));
    let dated = signed(&claims());
    assert!(keys(NOW - 5).check(&key(), &dated, now()).is_ok());
    assert_eq!(keys(NOW - 4).check(&key(), &dated, now()), Err(ProofError::Revoked));
    // Without a date it may be as old as an hour before its end.
    let undated = signed(&without("iat"));
    assert_eq!(
        keys(NOW - 3_299).check(&key(), &undated, now()),
        Err(ProofError::Revoked)
    );
    assert!(keys(NOW - 3_300).check(&key(), &undated, now()).is_ok());
}

#[test]
fn signature_and_audience_decide_what_may_be_revoked() {
    let revocation = |claims: &Value| keys().revocation(&key(), &signed(claims), now());
    let until = |claims: &Value| revocation(claims).unwrap().until.millis() / 1_000 - NOW;
    let an_hour = 3_660;
    for (claims, seconds) in [
        (claims(), an_hour),
        (without("exp"), an_hour),
        (with(&json!({"exp": NOW - 900})), an_hour),
        (with(&json!({"nbf": NOW + 900})), an_hour),
        (with(&json!({"iat": NOW + 3_000, "exp": NOW + 3_630})), an_hour),
        (with(&json!({"iat": NOW + 3_000, "exp": NOW + 3_631})), 3_661),
        (with(&json!({"iat": NOW + 82_800, "exp": NOW + 86_400})), 86_430),
    ] {
        assert_eq!(until(&claims), seconds, "{claims}");
    }
    let days = revocation(&with(&json!({"exp": NOW + 86_401})));
    assert_eq!(days, Err(ProofError::TooLongLived));
    assert_eq!(revocation(&with(&json!({"aud": "another"}))), Err(ProofError::Audience));
    let other = EncodingKey::from_secret(b"another secret");
    let forged = signed_as(&Header::new(Algorithm::HS256), &claims(), &other);
    let refused = keys().revocation(&key(), &forged, now());
    assert_eq!(refused, Err(ProofError::Signature));
    // What is revoked is what is checked.
    let named = with(&json!({"jti": "a"}));
    for claims in [claims(), named] {
        let proof = check(&signed(&claims)).unwrap();
        assert_eq!(revocation(&claims).unwrap().hash, proof.hash);
    }
}

#[test]
fn a_secret_that_cannot_be_read_refuses_what_it_signed_alone() {
    let keys = |public_key| ProofKeys::new(None, public_key, false, Timestamp::from_millis(0)).with_unreadable_secret();
    let by_private_key = signed_as(
        &Header::new(Algorithm::EdDSA),
        &claims(),
        &EncodingKey::from_ed_der(&ED_PRIVATE),
    );
    let refused = keys(Some(&ED_PUBLIC)).check(&key(), &signed(&claims()), now());
    assert_eq!(refused, Err(ProofError::SecretUnreadable));
    assert!(keys(Some(&ED_PUBLIC)).check(&key(), &by_private_key, now()).is_ok());
    let refused = keys(None).check(&key(), &by_private_key, now());
    assert_eq!(refused, Err(ProofError::Algorithm { expected: "HS256" }));
}

#[test]
fn an_address_is_vouched_for_only_where_the_widget_allows_it() {
    let mut claims = with(&json!({"email_verified": false}));
    claims.as_object_mut().unwrap().remove("sub");
    let token = signed(&claims);
    assert_eq!(code(&token), "proof_not_verified");
    let lenient = ProofKeys::new(Some(SECRET), None, true, Timestamp::from_millis(0));
    let proof = lenient.check(&key(), &token, now()).unwrap();
    assert!(matches!(proof.person.email, ProvenEmail::Vouched(_)));
    // The setting loosens nothing else.
    let unsigned = with_header(&json!({"alg": "none"}), &claims);
    assert_eq!(lenient.check(&key(), &unsigned, now()), Err(ProofError::Unsigned));
}

#[test]
fn a_jti_names_the_proof_however_it_is_signed_again() {
    let hash = |claims: &Value| check(&signed(claims)).unwrap().hash;
    let first = with(&json!({"jti": "a"}));
    assert_eq!(hash(&first), hash(&with(&json!({"jti": "a", "exp": NOW + 200}))));
    assert_ne!(hash(&first), hash(&with(&json!({"jti": "b"}))));
    assert_ne!(hash(&claims()), hash(&with(&json!({"exp": NOW + 200}))));
}

#[test]
fn nothing_personal_is_shown_for_debugging() {
    let proof = check(&signed(&claims())).unwrap();
    let shown = format!("{proof:?} {:?} {:?}", proof.person, proof.person.email);
    assert!(!shown.contains("ada") && !shown.contains("Ada"), "{shown}");
}
