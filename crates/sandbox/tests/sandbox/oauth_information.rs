//! What is told of a token, and tokens revoked.

use std::time::Duration;

use parlor_sandbox::{
    Account, Clock, DEFAULT_APP_ID, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Moment, OauthApp, OauthTokens,
    SandboxOptions,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, read};

const VERSIONS: [&str; 3] = ["v3", "2026-03", "2026-09"];
const SCOPES: [&str; 2] = ["crm.objects.contacts.read", "oauth"];

async fn start() -> (Client, Clock, OauthTokens) {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_790_000_000_000));
    let options = SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    };
    let client = Client::start_with(options).await;
    let tokens = client
        .sandbox()
        .install_app(DEFAULT_CLIENT_ID, SCOPES, Duration::from_mins(30))
        .unwrap();
    (client, clock, tokens)
}

async fn introspect(client: &Client, version: &str, name: &str, token: &str) -> Value {
    let fields = [
        ("client_id", DEFAULT_CLIENT_ID),
        ("client_secret", DEFAULT_CLIENT_SECRET),
        (name, token),
    ];
    let answer = client
        .form(&format!("/oauth/{version}/token/introspect"), &fields)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn an_access_token_is_told_of_in_both_spellings() {
    let (client, clock, tokens) = start().await;
    clock.advance(Duration::from_millis(1_500));
    let token = tokens.access_token.as_str();
    for version in VERSIONS {
        for name in ["token", "access_token"] {
            let mut told = introspect(&client, version, name, token).await;
            let signed = told.as_object_mut().unwrap().remove("signed_access_token").unwrap();
            let expected = json!({
                "active": true, "token": token, "hub_id": 891_936_587, "user_id": 26_648_231,
                "client_id": DEFAULT_CLIENT_ID, "app_id": DEFAULT_APP_ID, "user": "admin@sandbox.example",
                "hub_domain": "sandbox.hubspot.example", "scopes": SCOPES, "expires_in": 1_798,
                "is_private_distribution": false, "token_use": "access_token", "token_type": "Bearer",
            });
            assert_eq!(told, expected);
            for (name, value) in [
                ("hubId", json!(891_936_587)),
                ("appId", json!(DEFAULT_APP_ID)),
                ("hublet", json!("na1")),
                ("expiresAt", json!(1_790_001_800_000_i64)),
                ("isServiceAccount", json!(false)),
            ] {
                assert_eq!(signed[name], value);
            }
            for name in [
                "signature",
                "newSignature",
                "scopes",
                "appInstallId",
                "trialScopeToScopeGroupPks",
            ] {
                assert!(signed[name].is_string(), "{name}: {signed}");
            }
        }
    }
    clock.advance(Duration::from_mins(30));
    assert_eq!(
        introspect(&client, "v3", "token", token).await,
        json!({"active": false}),
        "its time is over"
    );
}

#[tokio::test]
async fn a_refresh_token_is_told_of_in_both_spellings() {
    let (client, _, tokens) = start().await;
    let token = tokens.refresh_token.as_str();
    for name in ["token", "refresh_token"] {
        let expected = json!({
            "active": true, "token": token, "hub_id": 891_936_587, "user_id": 26_648_231,
            "client_id": DEFAULT_CLIENT_ID, "app_id": DEFAULT_APP_ID, "user": "admin@sandbox.example",
            "hub_domain": "sandbox.hubspot.example", "scopes": SCOPES, "token_use": "refresh_token",
            "token_type": "Bearer",
        });
        assert_eq!(introspect(&client, "2026-03", name, token).await, expected);
    }
}

#[tokio::test]
async fn only_an_app_is_told_of_its_own_tokens() {
    let (client, _, tokens) = start().await;
    let other = OauthApp {
        client_id: "another".to_owned(),
        client_secret: "secret".to_owned(),
        app_id: 7,
        ..OauthApp::default()
    };
    client.sandbox().add_app(other).unwrap();
    for token in ["", "made-up"] {
        assert_eq!(
            introspect(&client, "v3", "token", token).await,
            json!({"active": false})
        );
    }
    for token in [&tokens.access_token, &tokens.refresh_token] {
        let form = [
            ("client_id", "another"),
            ("client_secret", "secret"),
            ("token", token.as_str()),
        ];
        let told = client.form("/oauth/v3/token/introspect", &form).await;
        assert_eq!(told.json(), json!({"active": false}));
        assert_eq!(client.form("/oauth/v3/token/revoke", &form).await.status, 200);
        assert_eq!(
            introspect(&client, "v3", "token", token).await["active"],
            true,
            "another app's token is not revoked"
        );
        for path in ["/oauth/v3/token/introspect", "/oauth/v3/token/revoke"] {
            let refused = client.form(path, &[("client_id", "another"), ("token", token)]).await;
            let status = (refused.status, &refused.json()["status"]);
            assert_eq!(status, (400, &json!("BAD_CLIENT_SECRET")));
            let refused = client.post(path, json!({"token": token})).await;
            assert_eq!(refused.status, 415);
        }
    }
}

#[tokio::test]
async fn a_revoked_refresh_token_leaves_the_access_token_its_time() {
    let (client, _, _) = start().await;
    for version in VERSIONS {
        let tokens = client
            .sandbox()
            .install_app(DEFAULT_CLIENT_ID, SCOPES, Duration::from_mins(30))
            .unwrap();
        let revoke = async |token: &str| {
            let fields = [
                ("client_id", DEFAULT_CLIENT_ID),
                ("client_secret", DEFAULT_CLIENT_SECRET),
                ("token", token),
            ];
            let answer = client.form(&format!("/oauth/{version}/token/revoke"), &fields).await;
            (answer.status, answer.text)
        };
        let contacts = async || {
            let path = "/crm/v3/objects/contacts";
            client.call_as(&tokens.access_token, Method::GET, path).await.status
        };
        let done = (200, String::new());
        assert_eq!(revoke(&tokens.refresh_token).await, done);
        let told = introspect(&client, version, "token", &tokens.refresh_token).await;
        assert_eq!((told["active"].as_bool(), contacts().await), (Some(false), 200));
        assert_eq!(revoke(&tokens.access_token).await, done);
        assert_eq!(contacts().await, 401);
        assert_eq!(revoke("made-up").await, done, "RFC 7009 makes no error of it");
    }
}

#[tokio::test]
async fn the_older_calls_tell_and_delete() {
    let (client, clock, tokens) = start().await;
    let (access, refresh) = (tokens.access_token.as_str(), tokens.refresh_token.as_str());
    let access_path = format!("/oauth/v1/access-tokens/{access}");
    let told = client.get(&access_path).await;
    let expected = json!({
        "token": access, "user": "admin@sandbox.example", "hub_domain": "sandbox.hubspot.example", "scopes": SCOPES,
        "hub_id": 891_936_587, "app_id": DEFAULT_APP_ID, "expires_in": 1_800, "user_id": 26_648_231,
        "token_type": "access",
    });
    assert_eq!((told.status, told.json()), (200, expected));
    let refresh_path = format!("/oauth/v1/refresh-tokens/{refresh}");
    let told = client.get(&refresh_path).await;
    let expected = json!({
        "token": refresh, "client_id": DEFAULT_CLIENT_ID, "user": "admin@sandbox.example",
        "hub_domain": "sandbox.hubspot.example", "scopes": SCOPES, "hub_id": 891_936_587, "user_id": 26_648_231,
        "token_type": "refresh",
    });
    assert_eq!((told.status, told.json()), (200, expected));
    assert_eq!(client.delete(&refresh_path).await.status, 204);
    for answer in [client.get(&refresh_path).await, client.delete(&refresh_path).await] {
        assert_eq!(
            (answer.status, &answer.json()["message"]),
            (404, &json!("resource not found"))
        );
    }
    assert_eq!(client.sandbox().installed_apps().len(), 1, "the app stays installed");
    clock.advance(Duration::from_mins(30));
    assert_eq!(client.get(&access_path).await.status, 404);

    let log = client.get("/_control/requests").await.text;
    assert!(!log.contains(access) && !log.contains(refresh), "{log}");
    assert!(log.contains("/oauth/v1/refresh-tokens/…"));
}

#[tokio::test]
async fn a_static_token_is_told_of() {
    let (client, _, tokens) = start().await;
    client.sandbox().add_token("narrow", ["tickets"]);
    let path = "/oauth/v2/private-apps/get/access-token-info";
    let told = async |token_key: &str, bearer: Option<&str>| {
        let mut request = client.request(Method::POST, path).json(&json!({"tokenKey": token_key}));
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        read(request.send().await.unwrap()).await.unwrap()
    };
    let narrow = told("narrow", None).await.json();
    let app_id = narrow["appId"].as_u64().unwrap();
    let expected = json!({"userId": 26_648_231, "hubId": 891_936_587, "appId": app_id, "scopes": ["tickets"]});
    assert_eq!(narrow, expected);
    assert_eq!(told("narrow", Some("narrow")).await.json(), narrow, "the number stays");
    let every = told("pat-sandbox", None).await.json();
    assert_ne!(every["appId"], app_id);
    let scopes = every["scopes"].as_array().unwrap();
    assert!(scopes.contains(&json!("crm.objects.contacts.write")) && !scopes.contains(&json!("*")));
    for (token, bearer) in [
        ("made-up", None),
        (tokens.access_token.as_str(), None),
        ("narrow", Some("made-up")),
    ] {
        assert_eq!(told(token, bearer).await.json()["category"], "INVALID_AUTHENTICATION");
    }
    client.sandbox().set_account(Account {
        data_hosting_location: "eu1".to_owned(),
        ..Account::default()
    });
    assert_eq!(
        told("narrow", None).await.status,
        401,
        "elsewhere it has to be the bearer too"
    );
    assert_eq!(told("narrow", Some("narrow")).await.status, 200);
    assert_eq!(client.post(path, json!({"token": "narrow"})).await.status, 400);
}
