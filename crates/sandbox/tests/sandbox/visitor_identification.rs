//! Tokens for visitors.

use parlor_sandbox::{Effect, FaultRule, Plan, SandboxOptions};
use reqwest::Method;
use serde_json::json;

use crate::client::{Client, read};

const CREATE: &str = "/visitor-identification/2026-03/tokens/create";
const SCOPE: &str = "conversations.visitor_identification.tokens.create";

#[tokio::test]
async fn every_call_makes_another_token_in_every_version() {
    let client = Client::start().await;
    let mut tokens = Vec::new();
    for base in [
        "/visitor-identification/v3",
        "/visitor-identification/2026-03",
        "/visitor-identification/2026-09",
        "/conversations/v3/visitor-identification",
    ] {
        let visitor = json!({"email": " Ada@Example.com", "firstName": "Ada", "hsCustomerAgentContext": {}});
        let answer = client.post(&format!("{base}/tokens/create"), visitor).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/json;charset=utf-8"));
        assert_eq!(answer.header("x-hubspot-ratelimit-max"), Some("190"));
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(answer.json(), json!({"token": token}), "nothing but the token");
        assert!(!tokens.contains(&token));
        tokens.push(token);
    }
    let kept = client.get("/_control/visitor-tokens").await.json()["visitor_tokens"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 4);
    assert_eq!(kept[2]["token"], tokens[2]);
    assert_eq!(kept[2]["email"], "ada@example.com");
    assert_eq!(
        (&kept[2]["first_name"], &kept[2]["last_name"]),
        (&json!("Ada"), &json!(null))
    );
    assert!(
        client.sandbox().contacts().is_empty(),
        "a contact comes with the first chat"
    );

    let calls = client.sandbox().requests();
    let created = calls.iter().filter(|call| call.path.ends_with("/tokens/create"));
    assert_eq!(created.count(), 4, "a test can count the calls");
    client.post("/_control/reset", json!({})).await;
    assert_eq!(client.sandbox().visitor_tokens(), []);
}

#[tokio::test]
async fn an_address_that_is_missing_or_not_valid_is_refused() {
    let client = Client::start().await;
    for visitor in [
        json!({}),
        json!({"email": null, "firstName": "Ada"}),
        json!({"email": ""}),
        json!({"email": "ada"}),
        json!({"email": "ada@example"}),
        json!({"email": 7}),
        json!([]),
    ] {
        let answer = client.post(CREATE, visitor.clone()).await;
        assert_eq!(answer.status, 400, "{visitor}");
        answer.error_text();
        assert_eq!(answer.json()["category"], "VALIDATION_ERROR", "{visitor}");
    }
    assert_eq!(client.sandbox().visitor_tokens(), []);
}

#[tokio::test]
async fn the_scope_is_looked_at_before_the_plan() {
    let client = Client::start_with(SandboxOptions {
        plan: Plan::Free,
        ..SandboxOptions::default()
    })
    .await;
    let ada = json!({"email": "ada@example.com"});
    client.sandbox().add_token("narrow", ["crm.objects.contacts.write"]);
    let create = async |token: &str| {
        let request = client.request(Method::POST, CREATE).bearer_auth(token).json(&ada);
        read(request.send().await.unwrap()).await.unwrap()
    };
    assert_eq!(create("pat-unknown").await.status, 401);
    let answer = create("narrow").await;
    assert_eq!(
        (answer.status, &answer.json()["category"]),
        (403, &json!("MISSING_SCOPES"))
    );
    assert_eq!(
        answer.json()["errors"][0]["context"]["requiredGranularScopes"],
        json!([SCOPE])
    );
    client.sandbox().add_token("narrow", [SCOPE]);
    let answer = create("narrow").await;
    assert_eq!(answer.status, 403);
    assert!(
        answer
            .error_text()
            .starts_with("{\"status\":\"error\",\"message\":\"This portal doesn't have access to this feature."),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("scope"), "{}", answer.text);

    for (plan, status) in [
        ("starter", 403),
        ("professional", 200),
        ("enterprise", 200),
        ("free", 403),
    ] {
        let set = client.post("/_control/plan", json!({"plan": plan})).await;
        assert_eq!(set.status, 204);
        assert_eq!(client.get("/_control/plan").await.json(), json!({"plan": plan}));
        assert_eq!(create("narrow").await.status, status, "{plan}");
    }
    assert_eq!(
        client.get("/crm/v3/objects/contacts").await.status,
        200,
        "contacts are free"
    );
    assert_eq!(client.post("/_control/plan", json!({"plan": "gold"})).await.status, 400);
    client.sandbox().set_plan(Plan::Enterprise);
    client.sandbox().reset();
    assert_eq!(client.sandbox().plan(), Plan::Free, "as the options made it");
}

#[tokio::test]
async fn limits_faults_and_outages_meet_it_like_any_other_call() {
    let client = Client::start().await;
    let status = async || client.post(CREATE, json!({"email": "ada@example.com"})).await.status;
    client.sandbox().add_fault(
        FaultRule::new("POST", CREATE, Effect::status(502))
            .body_contains("ada@")
            .times(1),
    );
    assert_eq!([status().await, status().await], [502, 200]);
    client.sandbox().set_down(true);
    assert_eq!(status().await, 503);
    client.sandbox().set_down(false);
    client.sandbox().set_limit(1);
    assert_eq!(status().await, 429);
}
