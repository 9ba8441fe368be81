//! The token endpoint, and calls with its tokens.

use std::time::Duration;

use parlor_sandbox::{
    Clock, Consent, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_REDIRECT_URI, Effect, FaultRule, Moment,
    OauthApp, SandboxOptions,
};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::client::{Answer, Client, read};

const BASE: &str = "/crm/v3/objects/contacts";
const VERSIONS: [&str; 4] = ["v1", "v3", "2026-03", "2026-09"];
const NOON: Moment = Moment::from_unix_milliseconds(1_790_000_000_000);

async fn start() -> (Client, Clock) {
    let clock = Clock::manual(NOON);
    let options = SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    };
    let client = Client::start_with(options).await;
    client.sandbox().set_consent(Consent::Allow);
    (client, clock)
}

/// A code for the default app, by the way a browser goes.
async fn code(client: &Client, more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("client_id", DEFAULT_CLIENT_ID),
        ("redirect_uri", DEFAULT_REDIRECT_URI),
        ("scope", "oauth crm.objects.contacts.read"),
    ]);
    query.extend_pairs(more);
    let answer = client.get(&format!("/oauth/authorize?{}", query.finish())).await;
    assert_eq!(answer.status, 302, "{}", answer.text);
    let back = Url::parse(answer.header("location").unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap();
    code.1.into_owned()
}

const CLIENT: [(&str, &str); 2] = [
    ("client_id", DEFAULT_CLIENT_ID),
    ("client_secret", DEFAULT_CLIENT_SECRET),
];

async fn exchange(client: &Client, version: &str, fields: &[(&str, &str)]) -> Answer {
    let fields = [&CLIENT[..], fields].concat();
    client.form(&format!("/oauth/{version}/token"), &fields).await
}

async fn exchange_code(client: &Client, version: &str, code: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", DEFAULT_REDIRECT_URI),
    ];
    exchange(client, version, &fields).await
}

fn expect_refusal(answer: &Answer, error: &str, status: &str, message: &str) {
    let expected = format!(
        "{{\"error\":\"{error}\",\"error_description\":\"{message}\",\"status\":\"{status}\",\"message\":\"{message}\",\
         \"correlationId\":\"…\"}}"
    );
    assert_eq!((answer.status, answer.error_text()), (400, expected));
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_becomes_tokens_in_every_version_and_a_refresh_token_stays() {
    let (client, _) = start().await;
    for version in VERSIONS {
        let answer = exchange_code(&client, version, &code(&client, &[]).await).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-type"), Some("application/json;charset=utf-8"));
        let given = answer.json();
        let (access, refresh) = (text(&given, "access_token"), text(&given, "refresh_token"));
        assert!(refresh.starts_with("na1-") && access.len() > 200, "{given}");
        let expected = json!({
            "token_type": "bearer", "refresh_token": refresh, "access_token": access, "hub_id": 891_936_587,
            "scopes": ["crm.objects.contacts.read", "oauth"], "expires_in": 1_800, "token_use": "access_token",
            "user_id": 26_648_231,
        });
        assert_eq!(given, expected);
        assert_eq!(client.call_as(&access, Method::GET, BASE).await.status, 200);
        let refused = client.call_as(&access, Method::DELETE, &format!("{BASE}/1")).await;
        assert_eq!(refused.json()["category"], "MISSING_SCOPES");

        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let again = exchange(&client, version, &fields).await.json();
        assert_eq!(text(&again, "refresh_token"), refresh);
        assert_ne!(text(&again, "access_token"), access);
        assert_eq!(
            client.call_as(&access, Method::GET, BASE).await.status,
            200,
            "the earlier token stays good"
        );
    }
}

#[tokio::test]
async fn an_expired_access_token_says_since_when() {
    let (client, clock) = start().await;
    let given = exchange_code(&client, "v3", &code(&client, &[]).await).await.json();
    let access = text(&given, "access_token");
    clock.advance(Duration::from_millis(1_800_000 - 1));
    assert_eq!(client.call_as(&access, Method::GET, BASE).await.status, 200);
    clock.advance(Duration::from_secs(8));
    let refused = client.call_as(&access, Method::GET, BASE).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("x-hubspot-auth-failure"), Some("401 Unauthorized"));
    assert_eq!(
        refused.error_text(),
        "{\"status\":\"error\",\"message\":\"The OAuth token used to make this call expired 7 second(s) ago.\",\
         \"correlationId\":\"…\",\"category\":\"EXPIRED_AUTHENTICATION\"}"
    );
}

#[tokio::test]
async fn a_code_is_good_once_and_not_for_long() {
    let (client, clock) = start().await;
    let used = code(&client, &[]).await;
    assert_eq!(exchange_code(&client, "v1", &used).await.status, 200);
    let unknown = "missing or unknown auth code";
    for code in [used.as_str(), "made-up", ""] {
        let refused = exchange_code(&client, "v1", code).await;
        expect_refusal(&refused, "invalid_grant", "BAD_AUTH_CODE", unknown);
    }
    let late = code(&client, &[]).await;
    clock.advance(Duration::from_mins(5));
    let refused = exchange_code(&client, "v1", &late).await;
    expect_refusal(&refused, "invalid_grant", "EXPIRED_AUTH_CODE", "auth code is expired");
}

#[tokio::test]
async fn a_code_goes_with_its_app_and_its_redirect_uri() {
    let (client, _) = start().await;
    let other = OauthApp {
        client_id: "another".to_owned(),
        client_secret: "secret".to_owned(),
        app_id: 7,
        ..OauthApp::default()
    };
    client.sandbox().add_app(other).unwrap();
    let code = code(&client, &[]).await;
    let fields = |client_id, client_secret, redirect_uri| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("client_secret", client_secret),
            ("code", code.as_str()),
            ("redirect_uri", redirect_uri),
        ]
    };
    let form = async |fields: [(&str, &str); 5]| client.form("/oauth/v3/token", &fields).await;
    let (id, secret, uri) = (DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_REDIRECT_URI);

    let refused = form(fields("another", "secret", uri)).await;
    let unknown = "missing or unknown auth code";
    expect_refusal(&refused, "invalid_grant", "BAD_AUTH_CODE", unknown);
    let refused = form(fields("nobody", secret, uri)).await;
    let unknown = "missing or unknown client id";
    expect_refusal(&refused, "invalid_client", "BAD_CLIENT_ID", unknown);
    let refused = form(fields(id, "secret", uri)).await;
    let wrong = "missing or invalid client secret";
    expect_refusal(&refused, "invalid_client", "BAD_CLIENT_SECRET", wrong);
    let refused = form(fields(id, secret, "http://localhost:3000/elsewhere")).await;
    let mismatch = "redirect URI does not match initial auth code URI";
    let status = "MISMATCH_REDIRECT_URI_AUTH_CODE";
    expect_refusal(&refused, "invalid_grant", status, mismatch);
    let refused = form(fields(id, secret, "")).await;
    let missing = "missing or invalid redirect URI";
    expect_refusal(&refused, "invalid_request", "BAD_REDIRECT_URI", missing);
    assert_eq!(
        form(fields(id, secret, uri)).await.status,
        200,
        "what was wrong with the form left the code as it was"
    );
}

#[tokio::test]
async fn a_challenge_has_to_be_met() {
    let (client, _) = start().await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let hashed = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for asked in [
        &[("code_challenge", hashed), ("code_challenge_method", "S256")][..],
        &[("code_challenge", verifier), ("code_challenge_method", "plain")],
        &[("code_challenge", verifier)],
    ] {
        let code = code(&client, asked).await;
        for wrong in ["", hashed, "guessed"] {
            let wrong = if asked[0].1 == wrong { "guessed" } else { wrong };
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", DEFAULT_REDIRECT_URI),
                ("code_verifier", wrong),
            ];
            let refused = exchange(&client, "2026-03", &fields).await;
            let message = "missing or invalid code verifier";
            expect_refusal(&refused, "invalid_grant", "BAD_CODE_VERIFIER", message);
        }
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", DEFAULT_REDIRECT_URI),
            ("code_verifier", verifier),
        ];
        assert_eq!(exchange(&client, "2026-03", &fields).await.status, 200);
    }
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_not_looked_at() {
    let (client, _) = start().await;
    let code = code(&client, &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", DEFAULT_REDIRECT_URI),
        ("code_verifier", "unasked"),
    ];
    assert_eq!(exchange(&client, "v3", &fields).await.status, 200);
}

#[tokio::test]
async fn what_the_endpoint_does_not_know_is_refused() {
    let (client, _) = start().await;
    for grant_type in ["", "password"] {
        let refused = exchange(&client, "v1", &[("grant_type", grant_type)]).await;
        let message = "missing or unknown grant type";
        expect_refusal(&refused, "unsupported_grant_type", "BAD_GRANT_TYPE", message);
    }
    for refresh_token in ["", "made-up"] {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let refused = exchange(&client, "2026-09", &fields).await;
        let message = "refresh token is invalid, expired or revoked";
        expect_refusal(&refused, "invalid_grant", "BAD_REFRESH_TOKEN", message);
    }
    let body = json!({"grant_type": "refresh_token", "client_id": DEFAULT_CLIENT_ID});
    let refused = client.post("/oauth/v3/token", body.clone()).await;
    assert_eq!(refused.status, 415, "JSON is no form");
    refused.error_text();
    let request = client
        .request(Method::POST, "/oauth/v3/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.to_string());
    let refused = read(request.send().await.unwrap()).await.unwrap();
    let message = "missing or unknown grant type";
    expect_refusal(&refused, "unsupported_grant_type", "BAD_GRANT_TYPE", message);
}

#[tokio::test]
async fn an_app_gets_a_token_of_its_own_for_its_own_scopes() {
    let (client, _) = start().await;
    let fields = |scope| [("grant_type", "client_credentials"), ("scope", scope)];
    let given = exchange(&client, "2026-03", &fields("developer.webhooks_journal.read")).await;
    let token = text(&given.json(), "access_token");
    let expected = json!({
        "token_type": "bearer", "access_token": token, "scopes": ["developer.webhooks_journal.read"],
        "expires_in": 1_800, "token_use": "client_credentials",
    });
    assert_eq!((given.status, given.json()), (200, expected));
    let refused = client.call_as(&token, Method::GET, BASE).await;
    assert_eq!(refused.json()["category"], "MISSING_SCOPES");
    for scope in ["", "crm.objects.contacts.read"] {
        let refused = exchange(&client, "2026-03", &fields(scope)).await;
        let message = "missing, unknown or invalid scope";
        expect_refusal(&refused, "invalid_scope", "BAD_SCOPE", message);
    }
}

#[tokio::test]
async fn uninstalling_ends_every_token_of_the_app() {
    let (client, _) = start().await;
    for version in ["v3", "2026-03", "2026-09"] {
        let pending = code(&client, &[]).await;
        let given = exchange_code(&client, "v3", &code(&client, &[]).await).await.json();
        let (access, refresh) = (text(&given, "access_token"), text(&given, "refresh_token"));
        assert_eq!(client.sandbox().installed_apps().len(), 1);
        let path = format!("/appinstalls/{version}/external-install");
        let answer = client.call_as(&access, Method::DELETE, &path).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        assert!(client.sandbox().installed_apps().is_empty());
        assert_eq!(
            client.call_as(&access, Method::GET, BASE).await.json()["category"],
            "INVALID_AUTHENTICATION"
        );
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let refused = exchange(&client, "v3", &fields).await;
        assert_eq!(refused.json()["status"], "BAD_REFRESH_TOKEN");
        let refused = exchange_code(&client, "v3", &pending).await;
        assert_eq!(refused.json()["status"], "BAD_AUTH_CODE");
        assert_eq!(
            client.delete(&path).await.status,
            403,
            "a static token is no installation"
        );
    }
}

#[tokio::test]
async fn faults_and_outages_strike_oauth_too() {
    let (client, _) = start().await;
    let pending = code(&client, &[]).await;
    let lost = FaultRule::new("POST", "/oauth/v3/token", Effect::applied_not_answered()).times(1);
    client.sandbox().add_fault(lost);
    let fields = [("code", pending.as_str()), ("grant_type", "authorization_code")];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(CLIENT)
        .extend_pairs(fields)
        .append_pair("redirect_uri", DEFAULT_REDIRECT_URI)
        .finish();
    let request = client.request(Method::POST, "/oauth/v3/token").body(body);
    assert!(request.send().await.is_err(), "the connection is closed");
    let again = exchange_code(&client, "v3", &pending).await;
    assert_eq!(again.json()["status"], "BAD_AUTH_CODE", "the code was spent");
    client.sandbox().set_down(true);
    assert_eq!(exchange_code(&client, "v3", &pending).await.status, 503);
}
