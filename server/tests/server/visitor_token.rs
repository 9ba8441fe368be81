//! `/api/visitor-token` as pages and sites' servers meet it: who may ask, what is answered, and every refusal with its code.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use parlor_engine::Context;
use parlor_engine::identity::settings::{IdentityChange, change_identity};
use parlor_engine::identity::{ExchangeError, ProofError, Sealer, TokenError};
use parlor_protocol::{TenantId, WidgetKey};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule, Plan, RunningSandbox, Sandbox, SandboxOptions};
use serde_json::{Value, json};

use crate::house::{House, PAGE};
use crate::site::{Answer, Ask, Site};

const SECRET_KEY: [u8; 32] = *b"thirty-two bytes, not all alike!";
pub const EMAIL: &str = "ada@example.com";
const CREATE: &str = "/tokens/create";

pub fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token of these two parts, signed with HS256 whatever its header says.
pub fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

pub fn hs256() -> Value {
    json!({"alg": "HS256", "typ": "JWT"})
}

/// In seconds.
pub fn now() -> i64 {
    Context::system().now().millis() / 1_000
}

/// What a good proof says.
pub fn claims(key: &str, now: i64) -> Value {
    json!({"sub": "7", "email": EMAIL, "given_name": "Ada", "aud": key, "iat": now, "exp": now + 300})
}

/// A server with a HubSpot of its own, and a site that has its widget's secret.
struct Exchange {
    house: House,
    hubspot: RunningSandbox,
    secret: String,
}

impl Exchange {
    async fn start() -> Self {
        Self::start_with(IdentityChange::default()).await
    }

    async fn start_with(change: IdentityChange) -> Self {
        let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let house = House::start_with(&[
            ("HUBSPOT_BASE_URL", &hubspot.base_url()),
            ("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN),
            ("PARLOR_SECRET_KEY", &STANDARD.encode(SECRET_KEY)),
        ])
        .await;
        let change = IdentityChange {
            new_secret: true,
            ..change
        };
        let (context, store) = (house.engine.context(), house.engine.store().as_ref());
        let key = WidgetKey::parse(house.key.as_str()).unwrap();
        let (sealer, tenant) = (Sealer::new(&SECRET_KEY), TenantId::default_tenant());
        let changed = change_identity(context, store, &sealer, &tenant, &key, change).await;
        let secret = changed.unwrap().secret.unwrap().reveal().to_owned();
        Self { house, hubspot, secret }
    }

    fn claims(&self) -> Value {
        claims(&self.house.key, now())
    }

    /// A good proof in which some claims are other ones; `null` takes one away.
    fn proof(&self, other: &Value) -> String {
        let mut claims = self.claims();
        for (name, value) in other.as_object().unwrap() {
            claims[name] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            }
        }
        signed(&hs256(), &claims, &self.secret)
    }

    fn ask(&self, path: &str) -> Ask {
        self.house.ask("POST", &format!("{path}?widget={}", self.house.key))
    }

    async fn by_page(&self, proof: &str) -> Answer {
        exchange(&self.house, &self.house.key, proof).await
    }

    async fn by_server(&self, secret: &str, email: &str) -> Answer {
        self.ask("/api/visitor-token")
            .header("authorization", &format!("Bearer {secret}"))
            .json(&json!({"email": email, "given_name": "Ada"}))
            .answer()
            .await
    }

    /// How often HubSpot was asked for a token.
    fn calls(&self) -> usize {
        let requests = self.hubspot.sandbox().requests();
        requests.iter().filter(|request| request.path.ends_with(CREATE)).count()
    }

    async fn stop(self) {
        self.house.stop().await;
        self.hubspot.stop().await.unwrap();
    }
}

/// What the loader on the site's page sends.
pub async fn exchange(site: &Site, key: &str, proof: &str) -> Answer {
    site.ask("POST", &format!("/api/visitor-token?widget={key}"))
        .header("origin", PAGE)
        .header("sec-fetch-site", "cross-site")
        .json(&json!({"token": proof}))
        .answer()
        .await
}

/// A problem document with this status and code, which no cache keeps.
#[track_caller]
pub fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{code}: {}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{code}");
    assert_eq!(answer.header("cache-control"), "no-store", "{code}");
    assert_eq!(answer.json()["code"], code, "{}", answer.text);
    assert!(answer.set_cookies().is_empty());
}

#[tokio::test]
async fn a_page_that_may_embed_the_widget_exchanges_its_proof() {
    let site = Exchange::start().await;
    let answer = site.by_page(&site.proof(&json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    assert!(answer.header("vary").to_lowercase().contains("origin"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.set_cookies().is_empty());
    let told = answer.json();
    assert_eq!(told.as_object().unwrap().len(), 3, "{told}");
    assert_eq!(told["email"], EMAIL);
    assert!(told["expires_at"].as_str().unwrap().ends_with('Z'), "{told}");
    let known = site.hubspot.sandbox().visitor_tokens();
    assert_eq!(told["token"], known[0].token.as_str());
    // The site's own server, which has no origin, and any type of body: the same token, without another call.
    let proof = json!({"token": site.proof(&json!({}))}).to_string();
    let again = site.ask("/api/visitor-token").body("text/plain", &proof).answer().await;
    assert_eq!((again.status, &again.json()["token"]), (200, &told["token"]));
    assert_eq!(again.header("access-control-allow-origin"), "");
    assert_eq!(site.calls(), 1);
    site.stop().await;
}

#[tokio::test]
async fn another_page_is_refused_whatever_it_brings_and_may_not_read_the_answer() {
    let site = Exchange::start().await;
    let proof = site.proof(&json!({}));
    let none = "https://evil.example";
    for origin in [
        none,
        "null",
        "https://www.example.com.evil.example",
        "http://www.example.com",
    ] {
        for path in ["/api/visitor-token", "/api/visitor-token/revoke"] {
            let ask = site.ask(path).header("origin", origin).json(&json!({"token": proof}));
            let answer = ask.answer().await;
            assert_problem(&answer, 403, "origin_not_allowed");
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        }
    }
    assert_eq!(site.calls(), 0);
    assert_eq!(site.by_page(&proof).await.status, 200, "nobody revoked it");
    site.stop().await;
}

#[tokio::test]
async fn a_browsers_question_is_answered_for_the_widgets_pages_alone() {
    let site = Exchange::start().await;
    for path in ["/api/visitor-token", "/api/visitor-token/revoke"] {
        let address = format!("{path}?widget={}", site.house.key);
        let preflight = async |origin: &str| {
            let ask = site.house.ask("OPTIONS", &address).header("origin", origin);
            ask.header("access-control-request-method", "POST").answer().await
        };
        let allowed = preflight(PAGE).await;
        assert_eq!(allowed.status, 204, "{}", allowed.text);
        assert_eq!(allowed.header("access-control-allow-origin"), PAGE);
        assert_eq!(allowed.header("access-control-allow-methods"), "POST");
        assert_eq!(allowed.header("access-control-allow-headers"), "content-type");
        let foreign = preflight("https://evil.example").await;
        assert_problem(&foreign, 403, "origin_not_allowed");
        assert_eq!(foreign.header("access-control-allow-origin"), "");
    }
    site.stop().await;
}

#[tokio::test]
async fn what_is_no_request_is_answered_with_what_is_wrong() {
    let site = Exchange::start().await;
    for query in ["", "?widget=", "?widget=nosuchwidget", "?widget=../x", "?key=x"] {
        let ask = site.house.ask("POST", &format!("/api/visitor-token{query}"));
        let answer = ask.json(&json!({"token": "x"})).answer().await;
        assert_problem(&answer, 404, "no_widget");
    }
    let array = json!([site.proof(&json!({}))]).to_string();
    for body in ["", "token=x", "[]x", "null", "[]", array.as_str(), "{\"token\": \"x\""] {
        let answer = site
            .ask("/api/visitor-token")
            .body("application/json", body)
            .answer()
            .await;
        assert_problem(&answer, 400, "unreadable");
    }
    for path in ["/api/visitor-token", "/api/visitor-token/revoke"] {
        for token in [json!(1), json!({"$ne": null}), json!([]), json!(true)] {
            let answer = site.ask(path).json(&json!({"token": token})).answer().await;
            assert_problem(&answer, 422, "invalid");
            assert!(answer.text.contains("`token`: must be a text"), "{}", answer.text);
        }
        for body in [json!({}), json!({"token": null}), json!({"token": ""})] {
            assert_problem(&site.ask(path).json(&body).answer().await, 401, "proof_missing");
        }
    }
    for path in ["/api/visitor-token", "/api/visitor-token/revoke"] {
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            for query in [String::new(), format!("?widget={}", site.house.key)] {
                let ask = site.house.ask(method, &format!("{path}{query}"));
                // Also for a browser whose address bar it is.
                let answer = ask.header("accept", "text/html").answer().await;
                assert_problem(&answer, 405, "method_not_allowed");
                let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
                assert!(allowed.contains(&"POST") && !allowed.contains(&"GET"), "{allowed:?}");
            }
        }
        let head = site.house.ask("HEAD", path).answer().await;
        assert_eq!(head.status, 405);
    }
    site.stop().await;
}

#[tokio::test]
async fn a_page_may_read_that_it_sent_too_much_or_in_another_way_and_another_page_may_not() {
    let site = Exchange::start().await;
    let large = json!({"token": "x".repeat(9_000)});
    for path in ["/api/visitor-token", "/api/visitor-token/revoke"] {
        let sent = async |origin: &str| site.ask(path).header("origin", origin).json(&large).answer().await;
        let got = async |origin: &str| {
            let address = format!("{path}?widget={}", site.house.key);
            site.house.ask("GET", &address).header("origin", origin).answer().await
        };
        let (large, other) = (sent(PAGE).await, got(PAGE).await);
        assert_problem(&large, 413, "too_large");
        assert_problem(&other, 405, "method_not_allowed");
        for answer in [&large, &other] {
            assert_eq!(answer.header("access-control-allow-origin"), PAGE);
        }
        let foreign = "https://evil.example";
        for answer in [&sent(foreign).await, &got(foreign).await] {
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn the_secret_is_a_bearers_in_any_letters_and_another_scheme_is_none() {
    let site = Exchange::start_with(IdentityChange {
        landing_page: Some(true),
        ..IdentityChange::default()
    })
    .await;
    let by = async |authorization: &str, body: Value| {
        let ask = site.ask("/api/visitor-token").header("authorization", authorization);
        ask.json(&body).answer().await
    };
    let address = json!({"email": EMAIL});
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = by(&format!("{scheme} {}", site.secret), address.clone()).await;
        assert_eq!(answer.status, 200, "{scheme}: {}", answer.text);
    }
    // The password of a site under construction, say, has nothing to do with a proof.
    let proof = json!({"token": site.proof(&json!({}))});
    assert_eq!(by("Basic YWRhOmFkYQ==", proof.clone()).await.status, 200);
    for none in [format!("Basic {}", site.secret), site.secret.clone()] {
        assert_problem(&by(&none, address.clone()).await, 401, "secret_wrong");
    }
    assert_problem(&by("Bearer", proof).await, 401, "secret_wrong");
    // Whoever has no secret is not told what else is wrong.
    let nobody = json!({"email": "nobody", "given_name": "a\nb"});
    assert_problem(&by("Bearer wrong", nobody.clone()).await, 401, "secret_wrong");
    assert_problem(&by(&format!("Bearer {}", site.secret), nobody).await, 422, "invalid");
    for given_name in [json!(7), json!("\u{202e}adA")] {
        let body = json!({"email": EMAIL, "given_name": given_name});
        assert_problem(&by(&format!("Bearer {}", site.secret), body).await, 422, "invalid");
    }
    site.stop().await;
}

#[tokio::test]
async fn a25_a26_each_thing_that_is_no_proof_has_its_code() {
    let site = Exchange::start().await;
    let (now, good) = (now(), site.proof(&json!({})));
    let with_header = |header: &Value| signed(header, &site.claims(), &site.secret);
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none"})), part(&site.claims()));
    let cases = [
        ("proof_missing", String::new()),
        ("proof_malformed", "x".to_owned()),
        ("proof_malformed", format!("a.b.{}", "c".repeat(5_000))),
        ("proof_unsigned", unsigned),
        ("proof_unsigned", with_header(&json!({"alg": "nOnE"}))),
        ("proof_unsigned", good.rsplit_once('.').unwrap().0.to_owned() + "."),
        ("proof_algorithm", with_header(&json!({"alg": "RS256"}))),
        ("proof_algorithm", with_header(&json!({"alg": "EdDSA"}))),
        ("proof_algorithm", with_header(&json!({"alg": "HS512"}))),
        (
            "proof_header",
            with_header(&json!({"alg": "HS256", "jku": "https://evil.example/keys"})),
        ),
        (
            "proof_header",
            with_header(&json!({"alg": "HS256", "x5u": "https://evil.example/x"})),
        ),
        ("proof_signature", signed(&hs256(), &site.claims(), "another secret")),
        (
            "proof_signature",
            signed(&json!({"alg": "HS256", "kid": "../../dev/null"}), &site.claims(), ""),
        ),
        ("proof_signature", good[..good.len() - 3].to_owned()),
        (
            "proof_expired",
            site.proof(&json!({"iat": now - 700, "exp": now - 400})),
        ),
        ("proof_not_yet_valid", site.proof(&json!({"nbf": now + 120}))),
        ("proof_too_long_lived", site.proof(&json!({"exp": now + 7_200}))),
        ("proof_audience", site.proof(&json!({"aud": "another"}))),
        ("proof_audience", site.proof(&json!({"aud": null}))),
        ("proof_claim", site.proof(&json!({"sub": null}))),
        ("proof_claim", site.proof(&json!({"exp": null}))),
        ("proof_claim", site.proof(&json!({"email": "nobody"}))),
    ];
    for (code, token) in &cases {
        let answer = site.by_page(token).await;
        assert_problem(&answer, 401, code);
        // The site's developer reads it in the page's console.
        assert_eq!(answer.header("access-control-allow-origin"), PAGE);
        assert!(token.is_empty() || !answer.text.contains(token.as_str()));
    }
    let vouched = site.proof(&json!({"email_verified": false}));
    assert_problem(&site.by_page(&vouched).await, 403, "proof_not_verified");
    assert_eq!(site.calls(), 0, "nothing of it reached HubSpot");
    // A widget without any key takes none.
    let other = site
        .house
        .add_widget(&TenantId::default_tenant(), "Other", &[PAGE])
        .await;
    let proof = signed(&hs256(), &claims(&other, now), &site.secret);
    assert_problem(
        &exchange(&site.house, &other, &proof).await,
        401,
        "proof_not_configured",
    );
    site.stop().await;
}

#[tokio::test]
async fn a_secret_belongs_on_a_server_and_vouches_only_where_the_widget_allows_it() {
    let site = Exchange::start().await;
    let in_page = site
        .ask("/api/visitor-token")
        .header("origin", PAGE)
        .header("authorization", &format!("Bearer {}", site.secret))
        .json(&json!({"email": EMAIL}))
        .answer()
        .await;
    assert_problem(&in_page, 403, "secret_in_page");
    assert_problem(&site.by_server(&site.secret, EMAIL).await, 403, "proof_required");
    assert_problem(&site.by_server("wrong", EMAIL).await, 401, "secret_wrong");
    assert_eq!(site.calls(), 0);
    site.stop().await;

    let site = Exchange::start_with(IdentityChange {
        landing_page: Some(true),
        ..IdentityChange::default()
    })
    .await;
    let answer = site.by_server(&site.secret, EMAIL).await;
    assert_eq!(
        (answer.status, &answer.json()["email"]),
        (200, &json!(EMAIL)),
        "{}",
        answer.text
    );
    for secret in ["", "wrong"] {
        assert_problem(&site.by_server(secret, EMAIL).await, 401, "secret_wrong");
    }
    assert_problem(&site.by_server(&site.secret, "nobody").await, 422, "invalid");
    assert_eq!(
        site.by_page(&site.proof(&json!({"email_verified": false})))
            .await
            .status,
        200
    );
    for _ in 0..8 {
        assert_eq!(site.by_server(&site.secret, EMAIL).await.status, 200);
    }
    let often = site.by_server(&site.secret, EMAIL).await;
    assert_problem(&often, 429, "rate_limited");
    assert!((1..=60).contains(&often.header("retry-after").parse::<u32>().unwrap()));
    site.stop().await;
}

#[tokio::test]
async fn a29_a_proof_is_worth_nothing_after_its_user_signed_out() {
    let site = Exchange::start().await;
    let revoke = async |token: &str| {
        let ask = site.ask("/api/visitor-token/revoke").header("origin", PAGE);
        ask.json(&json!({"token": token})).answer().await
    };
    let proof = site.proof(&json!({"jti": "one"}));
    assert_eq!(site.by_page(&proof).await.status, 200);
    let revoked = revoke(&proof).await;
    assert_eq!((revoked.status, revoked.text.as_str()), (204, ""));
    assert_eq!(revoked.header("access-control-allow-origin"), PAGE);
    assert_problem(&site.by_page(&proof).await, 401, "proof_revoked");
    // Signed once more under the same id, it is the same proof; under another, another.
    let same = site.proof(&json!({"jti": "one", "sub": "8"}));
    assert_problem(&site.by_page(&same).await, 401, "proof_revoked");
    assert_eq!(site.by_page(&site.proof(&json!({"jti": "two"}))).await.status, 200);
    assert_eq!(revoke(&proof).await.status, 204, "twice does no harm");
    assert_problem(&revoke("x.y.z").await, 401, "proof_malformed");
    site.stop().await;
}

#[tokio::test]
async fn another_tenants_widget_is_none_over_http() {
    let site = Exchange::start().await;
    let theirs = TenantId::parse("elsewhere").unwrap();
    let key = site.house.add_widget(&theirs, "Theirs", &[PAGE]).await;
    let (context, store) = (site.house.engine.context(), site.house.engine.store().as_ref());
    let (sealer, parsed) = (Sealer::new(&SECRET_KEY), WidgetKey::parse(key.as_str()).unwrap());
    let change = IdentityChange {
        new_secret: true,
        ..IdentityChange::default()
    };
    let changed = change_identity(context, store, &sealer, &theirs, &parsed, change).await;
    let secret = changed.unwrap().secret.unwrap().reveal().to_owned();
    let proof = signed(&hs256(), &claims(&key, now()), &secret);
    for path in ["/api/visitor-token", "/api/visitor-token/revoke"] {
        let ask = site.house.ask("POST", &format!("{path}?widget={key}"));
        let answer = ask.header("origin", PAGE).json(&json!({"token": proof})).answer().await;
        assert_problem(&answer, 404, "no_widget");
        let preflight = site.house.ask("OPTIONS", &format!("{path}?widget={key}"));
        assert_problem(&preflight.header("origin", PAGE).answer().await, 404, "no_widget");
    }
    assert_eq!(site.calls(), 0);
    site.stop().await;
}

/// HubSpot in trouble; the answer to the first who asks.
async fn with_hubspot(make: impl FnOnce(&Sandbox), status: u16, code: &str) -> Answer {
    let site = Exchange::start().await;
    make(site.hubspot.sandbox());
    let answer = site.by_page(&site.proof(&json!({}))).await;
    assert_problem(&answer, status, code);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    // Whoever comes next is answered the same without asking HubSpot again, and the chat goes on.
    let calls = site.calls();
    let next = site.by_page(&site.proof(&json!({"email": "bob@example.com"}))).await;
    assert_problem(&next, status, code);
    assert_eq!(site.calls(), calls, "{code}");
    site.house.register(&site.house.key, "Ada", EMAIL).await;
    site.stop().await;
    answer
}

#[tokio::test]
async fn each_trouble_with_hubspot_has_its_code_and_says_whether_trying_again_helps() {
    let never = |answer: &Answer| assert_eq!(answer.header("retry-after"), "");
    let within = |answer: &Answer, seconds: std::ops::RangeInclusive<u32>| {
        let wait: u32 = answer.header("retry-after").parse().expect("seconds");
        assert!(seconds.contains(&wait), "{wait} is not in {seconds:?}");
    };
    never(&with_hubspot(|hubspot| hubspot.set_plan(Plan::Starter), 502, "hubspot_plan").await);
    never(
        &with_hubspot(
            |hubspot| hubspot.add_token(DEFAULT_TOKEN, ["crm.objects.contacts.read"]),
            502,
            "hubspot_scope_missing",
        )
        .await,
    );
    let without_key = |hubspot: &Sandbox| {
        hubspot.remove_token(DEFAULT_TOKEN);
    };
    never(&with_hubspot(without_key, 502, "hubspot_key_refused").await);
    let limited = |hubspot: &Sandbox| {
        let mut limited = Effect::status(429);
        if let Effect::Status { headers, .. } = &mut limited {
            headers.insert("retry-after".to_owned(), "300".to_owned());
        }
        hubspot.add_fault(FaultRule::new("POST", CREATE, limited));
    };
    within(&with_hubspot(limited, 503, "hubspot_rate_limited").await, 250..=300);
    let down = with_hubspot(|hubspot| hubspot.set_down(true), 503, "hubspot_unreachable").await;
    within(&down, 1..=5);
}

/// The files that `docs/identity.md` shows, and the text of the page.
fn documents() -> (std::path::PathBuf, String) {
    let documents = std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"));
    let page = std::fs::read_to_string(documents.join("identity.md")).unwrap();
    (documents.join("identity"), page)
}

#[test]
fn the_page_shows_the_examples_as_they_are_run() {
    let (folder, page) = documents();
    let mut shown = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            page.contains(&format!("\n{text}```\n")),
            "{} in docs/identity.md",
            path.display()
        );
        shown += 1;
    }
    assert_eq!(shown, 5);
}

#[test]
fn the_page_has_every_code() {
    let (_, page) = documents();
    let proofs = [
        ProofError::Missing,
        ProofError::NotConfigured,
        ProofError::Malformed,
        ProofError::Unsigned,
        ProofError::Algorithm { expected: "HS256" },
        ProofError::Header(String::new()),
        ProofError::Signature,
        ProofError::Expired,
        ProofError::NotYetValid,
        ProofError::TooLongLived,
        ProofError::Audience,
        ProofError::Claim { claim: "", wrong: "" },
        ProofError::Revoked,
        ProofError::NotVerified,
        ProofError::SecretUnreadable,
    ]
    .map(ExchangeError::Proof);
    let tokens = [
        TokenError::NotConnected,
        TokenError::KeyRefused,
        TokenError::ScopeMissing,
        TokenError::PlanLacksIt,
        TokenError::RateLimited,
        TokenError::Unreachable,
        TokenError::Refused,
        TokenError::Store,
    ]
    .map(ExchangeError::Token);
    let others = [
        ExchangeError::Secret,
        ExchangeError::VouchingNotAllowed,
        ExchangeError::RateLimited(Duration::ZERO),
        ExchangeError::TooManyRevocations,
        ExchangeError::NoWidget,
    ];
    let of_the_route = [
        "origin_not_allowed",
        "unreadable",
        "transfer_encoding",
        "too_large",
        "method_not_allowed",
        "invalid",
        "secret_in_page",
    ];
    let codes = proofs.iter().chain(&tokens).chain(&others).map(ExchangeError::code);
    for code in codes.chain(of_the_route) {
        assert!(
            page.contains(&format!("\n| `{code}` | ")),
            "{code} is not in docs/identity.md"
        );
    }
}
