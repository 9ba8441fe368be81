//! The page on which a person is asked, and the way back.

use parlor_sandbox::{Consent, DEFAULT_CLIENT_ID, DEFAULT_REDIRECT_URI, Plan};
use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::client::{Answer, Client, read};

const VISITORS: &str = "conversations.visitor_identification.tokens.create";

/// The address with these parameters, over those of a good one.
fn address(base: &str, over: &[(&str, &str)]) -> String {
    let good = [
        ("client_id", DEFAULT_CLIENT_ID),
        ("redirect_uri", DEFAULT_REDIRECT_URI),
        ("scope", "oauth crm.objects.contacts.read"),
        ("state", "a b&c=d"),
    ];
    let kept = good
        .iter()
        .filter(|(name, _)| !over.iter().any(|(other, _)| other == name));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .extend_pairs(over)
        .finish();
    format!("{base}?{query}")
}

fn way_back(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 302, "{}", answer.text);
    let back = Url::parse(answer.header("location").unwrap()).unwrap();
    assert!(back.as_str().starts_with(&format!("{DEFAULT_REDIRECT_URI}?")));
    back.query_pairs().into_owned().collect()
}

async fn press(client: &Client, address: &str, button: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = client
        .request(Method::POST, address)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("decision={button}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.send().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_person_is_asked_and_sent_back_with_a_code_or_a_refusal_and_the_state() {
    let client = Client::start().await;
    for base in ["/oauth/authorize", "/oauth/891936587/authorize"] {
        let address = address(base, &[]);
        let page = client.get(&address).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("Install Sandbox app?") && page.text.contains("<li>crm.objects.contacts.read</li>"));
        assert!(page.text.contains(">Allow</button>") && page.text.contains(">Deny</button>"));
        let action = format!("action=\"{}\"", address.replace('&', "&amp;"));
        assert!(page.text.contains(&action), "{}", page.text);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' http://localhost:3000;"), "{policy}");

        let own = [("origin", client.running.base_url())];
        let own = [(own[0].0, own[0].1.as_str())];
        let allowed = way_back(&press(&client, &address, "allow", &own).await);
        assert_eq!(allowed[0].0, "code");
        assert!(allowed[0].1.starts_with("na1-"));
        assert_eq!(allowed[1], ("state".to_owned(), "a b&c=d".to_owned()));
        let denied = way_back(&press(&client, &address, "deny", &own).await);
        assert_eq!(denied[0], ("error".to_owned(), "access_denied".to_owned()));
        assert_eq!(denied.last().unwrap(), &allowed[1]);

        let foreign = press(&client, &address, "allow", &[("origin", "https://evil.example")]).await;
        assert_eq!((foreign.status, foreign.header("location")), (403, None));
    }
}

#[tokio::test]
async fn control_answers_in_the_persons_place() {
    let client = Client::start().await;
    let address = address("/oauth/authorize", &[("state", "")]);
    for (consent, name) in [("allow", "code"), ("deny", "error")] {
        let set = client.post("/_control/consent", json!({"consent": consent})).await;
        assert_eq!(set.status, 204);
        assert_eq!(
            client.get("/_control/consent").await.json(),
            json!({"consent": consent})
        );
        let back = way_back(&client.get(&address).await);
        assert_eq!(back[0].0, name);
        assert!(back.iter().all(|(name, _)| name != "state"), "none was given");
    }
    assert_eq!(
        client.post("/_control/consent", json!({"consent": "?"})).await.status,
        400
    );
    client.post("/_control/reset", json!({})).await;
    assert_eq!(client.get(&address).await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_is_told_on_a_page_and_sends_nobody_back() {
    let client = Client::start().await;
    client.sandbox().set_consent(Consent::Allow);
    for (over, words) in [
        (&[("client_id", "")][..], "client_id"),
        (&[("client_id", "nobody")], "client_id"),
        (&[("redirect_uri", "")], "redirect_uri"),
        (&[("redirect_uri", "https://evil.example/<b>")], "redirect_uri"),
        (
            &[("redirect_uri", "http://localhost:3000/oauth/callback/")],
            "redirect_uri",
        ),
        (&[("scope", "")], "oauth."),
        (&[("scope", "crm.objects.contacts.read")], "oauth."),
        (&[("scope", "oauth <i>unheard.of</i>")], "&lt;i&gt;unheard.of&lt;/i&gt;"),
        (&[("optional_scope", "unheard.of")], "unheard.of"),
        (
            &[("code_challenge", "x"), ("code_challenge_method", "S512")],
            "code_challenge_method",
        ),
        (&[("code_challenge_method", "S256")], "code_challenge_method"),
    ] {
        let answer = client.get(&address("/oauth/authorize", over)).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{over:?}");
        assert!(answer.text.contains(words), "{over:?}: {}", answer.text);
        assert!(!answer.text.contains("<i>"));
    }
    let elsewhere = client.get(&address("/oauth/1/authorize", &[])).await;
    assert_eq!(elsewhere.status, 400);
}

#[tokio::test]
async fn a_plan_grants_only_what_it_has() {
    let client = Client::start().await;
    client.sandbox().set_plan(Plan::Starter);
    let required = format!("oauth {VISITORS}");
    let answer = client.get(&address("/oauth/authorize", &[("scope", &required)])).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains(VISITORS), "{}", answer.text);
    let optional = address("/oauth/authorize", &[("optional_scope", VISITORS)]);
    let answer = client.get(&optional).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text.contains(&format!("<li>{VISITORS}")), "it is left out");
    client.sandbox().set_plan(Plan::Professional);
    assert!(client.get(&optional).await.text.contains(&format!("<li>{VISITORS}")));
}

#[tokio::test]
async fn apps_are_added_installed_and_removed_over_control() {
    let client = Client::start().await;
    let added = client
        .post(
            "/_control/apps",
            json!({"name": "Mine", "redirect_uris": ["https://app.example.com/back?x=1"]}),
        )
        .await;
    assert_eq!(added.status, 201, "{}", added.text);
    let app = added.json();
    assert_eq!((&app["app_id"], &app["scopes"]), (&json!(1_000_002), &json!(["oauth"])));
    let client_id = app["client_id"].as_str().unwrap();
    let over = [
        ("client_id", client_id),
        ("redirect_uri", "https://app.example.com/back?x=1"),
    ];
    client.sandbox().set_consent(Consent::Allow);
    let answer = client.get(&address("/oauth/authorize", &over)).await;
    let back = answer.header("location").unwrap();
    assert!(back.starts_with("https://app.example.com/back?x=1&code="), "{back}");

    let installed = client
        .post(
            "/_control/installs",
            json!({"client_id": client_id, "scopes": ["tickets"], "expires_in": 60, "access_token": "short"}),
        )
        .await;
    assert_eq!(
        (installed.status, &installed.json()["access_token"]),
        (201, &json!("short"))
    );
    let expected = json!({"installs": [
        {"client_id": client_id, "app_id": 1_000_002, "name": "Mine", "scopes": ["tickets"]},
    ]});
    assert_eq!(client.get("/_control/installs").await.json(), expected);
    let contacts = "/crm/v3/objects/contacts";
    assert_eq!(client.call_as("short", Method::GET, contacts).await.status, 403);
    let uninstall = format!("/_control/installs/{client_id}");
    assert_eq!(client.delete(&uninstall).await.status, 204);
    assert_eq!(client.call_as("short", Method::GET, contacts).await.status, 401);
    assert_eq!(
        client.delete(&uninstall).await.status,
        400,
        "it is not installed any more"
    );

    let path = format!("/_control/apps/{client_id}");
    assert_eq!(
        [client.delete(&path).await.status, client.delete(&path).await.status],
        [204, 400]
    );
    assert_eq!(client.get(&address("/oauth/authorize", &over)).await.status, 400);
    for wrong in [
        json!({"redirect_uris": ["/back"]}),
        json!({"app_id": 1_000_001}),
        json!({"client_id": ""}),
        json!({"redirect_uri": "https://app.example.com"}),
    ] {
        assert_eq!(
            client.post("/_control/apps", wrong.clone()).await.status,
            400,
            "{wrong}"
        );
    }
    let default = client.post("/_control/installs", json!({})).await.json();
    let token = default["access_token"].as_str().unwrap();
    assert_eq!(client.call_as(token, Method::GET, contacts).await.status, 200);
}
