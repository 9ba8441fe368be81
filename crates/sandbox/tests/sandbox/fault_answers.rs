//! Faults that let a call be applied and spoil its answer, and which calls a rule means.

use parlor_sandbox::{Effect, FaultRule};
use reqwest::Method;
use serde_json::json;

use crate::faults::{BASE, city, client_with_ada, to};

#[tokio::test]
async fn a_status_comes_with_hubspots_envelope_or_a_page() {
    let (client, ada) = client_with_ada().await;
    let sandbox = client.sandbox();
    sandbox.add_fault(FaultRule::every_call(Effect::status(503)).times(1));
    let answer = client.patch(&ada, to("Rome")).await;
    let expected = r#"{"status":"error","message":"Service Unavailable","correlationId":"…"}"#;
    assert_eq!((answer.status, answer.error_text().as_str()), (503, expected));

    sandbox.add_fault(FaultRule::every_call(Effect::html(504, "<h1>504</h1>")).times(1));
    let answer = client.patch(&ada, to("Rome")).await;
    assert_eq!((answer.status, answer.text.as_str()), (504, "<h1>504</h1>"));
    assert_eq!(answer.header("content-type"), Some("text/html"));

    sandbox.add_fault(FaultRule::every_call(Effect::status(429)).times(1));
    let answer = client.patch(&ada, to("Rome")).await;
    assert_eq!(answer.json()["policyName"], "TEN_SECONDLY_ROLLING");
    assert_eq!(city(&client), None, "nothing was applied");
}

#[tokio::test]
async fn an_answer_can_be_cut_short_after_the_call_was_applied() {
    let (client, ada) = client_with_ada().await;
    for (after_bytes, most) in [(None, 300), (Some(10), 10), (Some(1_000_000), 1_000_000)] {
        client.sandbox().clear_faults();
        let rule = FaultRule::new("PATCH", "", Effect::CutShort { after_bytes }).times(1);
        client.sandbox().add_fault(rule);
        let request = client
            .request(Method::PATCH, &ada)
            .bearer_auth("pat-sandbox")
            .json(&to("Rome"));
        let mut response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "the head is whole");
        let promised = response.content_length().unwrap();
        let mut came = 0;
        let error = loop {
            match response.chunk().await {
                Ok(chunk) => came += chunk.expect("the body ends with an error").len() as u64,
                Err(error) => break error,
            }
        };
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        assert!(
            came > 0 && came < promised && came <= most,
            "{came} of {promised} bytes"
        );
        assert_eq!(city(&client).as_deref(), Some("Rome"));
        let logged = client.sandbox().requests().pop().unwrap();
        assert_eq!(logged.status, Some(200));
        let sent = client
            .sandbox()
            .request_bodies(logged.number)
            .unwrap()
            .response
            .unwrap();
        assert_eq!(sent.bytes as u64, came);
        client
            .sandbox()
            .set_property(ada.rsplit('/').next().unwrap(), "city", "")
            .unwrap();
    }
    assert_eq!(
        client.get(&ada).await.status,
        200,
        "the next call finds a new connection"
    );
}

#[tokio::test]
async fn an_answer_can_be_wrong_after_the_call_was_applied() {
    let (client, ada) = client_with_ada().await;
    let sandbox = client.sandbox();
    sandbox.add_fault(FaultRule::new("PATCH", "", Effect::wrong_answer("text/html", "<h1>Welcome</h1>")).times(1));
    let answer = client.patch(&ada, to("Rome")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "<h1>Welcome</h1>"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(city(&client).as_deref(), Some("Rome"));

    let rule = json!({"effect": {"kind": "wrong_answer", "content_type": "text/plain"}, "times": 1});
    assert_eq!(client.post("/_control/faults", rule).await.status, 201);
    let answer = client.get(&ada).await;
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.json()["properties"]["email"], "ada@example.com");

    let rule = json!({"effect": {"kind": "wrong_answer", "body": "{\"id\":", "status": 201}, "times": 1});
    assert_eq!(client.post("/_control/faults", rule).await.status, 201);
    let answer = client.patch(&ada, json!({"properties": {"nothing": "x"}})).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (201, "{\"id\":"),
        "in place of an error too"
    );
    assert_eq!(answer.header("content-type"), Some("application/json;charset=utf-8"));
}

#[tokio::test]
async fn a_rule_can_mean_every_write_or_every_read() {
    let (client, ada) = client_with_ada().await;
    let inputs = json!({"inputs": []});
    for (word, read, written) in [("WRITE", 200, 503), ("read", 503, 200)] {
        client.sandbox().clear_faults();
        client
            .sandbox()
            .add_fault(FaultRule::new(word, "", Effect::status(503)));
        assert_eq!(client.get(&ada).await.status, read);
        assert_eq!(
            client
                .post(&format!("{BASE}/batch/read?x"), inputs.clone())
                .await
                .status,
            read
        );
        assert_eq!(client.post(&format!("{BASE}/search"), json!({})).await.status, read);
        assert_eq!(client.patch(&ada, to("Rome")).await.status, written);
    }
}

#[tokio::test]
async fn one_rule_can_be_removed() {
    let (client, ada) = client_with_ada().await;
    let sandbox = client.sandbox();
    let first = sandbox.add_fault(FaultRule::every_call(Effect::status(500)));
    sandbox.add_fault(FaultRule::every_call(Effect::status(502)));
    assert_eq!(client.get(&ada).await.status, 500);
    assert!(sandbox.remove_fault(first) && !sandbox.remove_fault(first));
    assert_eq!(client.get(&ada).await.status, 502);
    assert_eq!(client.delete("/_control/faults/2").await.status, 204);
    assert_eq!(client.get(&ada).await.status, 200);
    for gone in ["2", "x"] {
        assert_eq!(client.delete(&format!("/_control/faults/{gone}")).await.status, 404);
    }
}

#[tokio::test]
async fn a_status_without_a_body_comes_without_one() {
    let (client, ada) = client_with_ada().await;
    client
        .sandbox()
        .add_fault(FaultRule::every_call(Effect::status(204)).times(1));
    let answer = client.patch(&ada, to("Rome")).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.header("content-type"), None);
    let wrong = json!({"times": 1, "effect": {"kind": "wrong_answer", "status": 204}});
    assert_eq!(client.post("/_control/faults", wrong).await.status, 201);
    let answer = client.patch(&ada, to("Rome")).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}
