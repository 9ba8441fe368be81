//! Contacts by the hundred.

use serde_json::{Value, json};

use crate::client::{Answer, Client};

const BASE: &str = "/crm/objects/2026-03/contacts";

async fn batch(client: &Client, operation: &str, inputs: Value) -> Answer {
    client
        .post(
            &format!("{BASE}/batch/{operation}"),
            json!({"inputs": inputs, "properties": ["email", "city"]}),
        )
        .await
}

fn seed(client: &Client, email: &str) -> String {
    client.sandbox().seed_contact([("email", email)]).unwrap().id
}

#[tokio::test]
async fn batch_read_tells_what_it_found_and_what_not() {
    let client = Client::start().await;
    let (ada, bob) = (seed(&client, "ada@example.com"), seed(&client, "bob@example.com"));

    let complete = batch(&client, "read", json!([{"id": bob}, {"id": ada}])).await;
    assert_eq!((complete.status, &complete.json()["status"]), (200, &json!("COMPLETE")));
    assert_eq!(complete.json()["results"].as_array().unwrap().len(), 2);
    assert_eq!(complete.json()["results"][0]["properties"]["city"], Value::Null);
    assert!(complete.json().get("errors").is_none() && complete.json().get("numErrors").is_none());

    let inputs = json!([{"id": "ADA@example.com"}, {"id": "x@example.com"}, {"id": "y@example.com"}]);
    let body = json!({"inputs": inputs, "properties": ["email"], "idProperty": "email"});
    let partial = client.post(&format!("{BASE}/batch/read"), body).await;
    assert_eq!(partial.status, 207);
    let json = partial.json();
    assert_eq!(
        (&json["results"][0]["id"], &json["numErrors"]),
        (&json!(ada), &json!(1))
    );
    let expected = json!([{
        "status": "error", "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
        "context": {"ids": ["x@example.com", "y@example.com"]},
    }]);
    assert_eq!(json["errors"], expected);
    assert!(json["startedAt"].is_string() && json["completedAt"].is_string());
}

#[tokio::test]
async fn batch_create_fails_whole_when_inputs_have_no_trace_ids_of_their_own() {
    let client = Client::start().await;
    let ada = seed(&client, "ada@example.com");
    let without = json!([{"properties": {"email": "new@example.com"}}, {"properties": {"email": "ada@example.com"}}]);
    let same = json!([
        {"properties": {"email": "new@example.com"}, "objectWriteTraceId": "1"},
        {"properties": {"email": "ada@example.com"}, "objectWriteTraceId": "1"},
    ]);
    for inputs in [without, same] {
        let answer = batch(&client, "create", inputs).await;
        assert_eq!(answer.status, 409);
        let message = format!("Contact already exists. Existing ID: {ada}");
        assert_eq!(answer.json()["message"], message);
        assert!(
            client.sandbox().contact_by_email("new@example.com").is_none(),
            "nothing was written"
        );
    }
    let twice = json!([{"properties": {"email": "new@example.com"}}, {"properties": {"email": "NEW@example.com"}}]);
    assert_eq!(batch(&client, "create", twice).await.status, 400);
    assert_eq!(client.sandbox().contacts().len(), 1);
}

#[tokio::test]
async fn batch_create_with_trace_ids_answers_input_by_input() {
    let client = Client::start().await;
    let ada = seed(&client, "ada@example.com");
    let inputs = json!([
        {"properties": {"email": "new@example.com"}, "objectWriteTraceId": "first"},
        {"properties": {"email": "ada@example.com"}, "objectWriteTraceId": "second"},
        {"properties": {"email": "bad"}, "objectWriteTraceId": "third"},
    ]);
    let answer = batch(&client, "create", inputs).await;
    let json = answer.json();
    assert_eq!((answer.status, &json["numErrors"]), (207, &json!(2)));
    assert_eq!(json["results"][0]["objectWriteTraceId"], "first");
    assert_eq!(json["results"][0]["properties"]["email"], "new@example.com");
    let expected = json!({
        "status": "error", "category": "CONFLICT", "message": format!("Contact already exists. Existing ID: {ada}"),
        "context": {"objectWriteTraceId": ["second"]},
    });
    assert_eq!(json["errors"][0], expected);
    assert_eq!(json["errors"][1]["category"], "VALIDATION_ERROR");

    let fine = json!([{"properties": {"email": "one@example.com"}}, {"properties": {"email": "two@example.com"}}]);
    let answer = batch(&client, "create", fine).await;
    assert_eq!(
        (answer.status, answer.json()["results"].as_array().unwrap().len()),
        (201, 2)
    );
}

#[tokio::test]
async fn batch_update_follows_the_same_rule() {
    let client = Client::start().await;
    let (ada, bob) = (seed(&client, "ada@example.com"), seed(&client, "bob@example.com"));
    let city = |id: &str| {
        client
            .sandbox()
            .contact(id)
            .unwrap()
            .property("city")
            .map(str::to_owned)
    };
    let inputs = |trace: bool| {
        let input = |id: &str, trace_id: &str| {
            let trace_id = trace.then_some(trace_id);
            json!({"id": id, "properties": {"city": "Paris"}, "objectWriteTraceId": trace_id})
        };
        json!([input(&ada, "1"), input("99", "2")])
    };
    let whole = batch(&client, "update", inputs(false)).await;
    assert_eq!((whole.status, &whole.json()["context"]["ids"]), (404, &json!(["99"])));
    assert_eq!(city(&ada), None, "nothing was written");

    let partial = batch(&client, "update", inputs(true)).await;
    assert_eq!((partial.status, &partial.json()["numErrors"]), (207, &json!(1)));
    let context = &partial.json()["errors"][0]["context"];
    assert_eq!(context, &json!({"ids": ["99"], "objectWriteTraceId": ["2"]}));
    assert_eq!(city(&ada).as_deref(), Some("Paris"));

    let fine = json!([{"id": ada, "properties": {"city": "Rome"}}, {"id": bob, "properties": {"city": "Bonn"}}]);
    assert_eq!(batch(&client, "update", fine).await.status, 200);
    assert_eq!(
        (city(&ada).as_deref(), city(&bob).as_deref()),
        (Some("Rome"), Some("Bonn"))
    );
}

#[tokio::test]
async fn batch_update_refuses_one_record_twice_and_names_other_than_ids() {
    let client = Client::start().await;
    let ada = seed(&client, "ada@example.com");
    let input = |trace: &str| json!({"id": ada, "properties": {"city": "Rome"}, "objectWriteTraceId": trace});
    let twice = batch(&client, "update", json!([input("1"), input("2")])).await;
    assert_eq!(
        (twice.status, &twice.json()["category"]),
        (400, &json!("VALIDATION_ERROR"))
    );
    assert!(twice.json()["message"].as_str().unwrap().contains(&ada));

    let by_email = json!([{"id": "ada@example.com", "idProperty": "email", "properties": {"city": "Rome"}}]);
    let refused = batch(&client, "update", by_email).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.json()["message"],
        "Unable to perform update/upsert by non-unique 0-1 property"
    );
    assert_eq!(client.sandbox().contact(&ada).unwrap().property("city"), None);
}

#[tokio::test]
async fn a_batch_holds_a_hundred_inputs() {
    let client = Client::start().await;
    let creations = |count: usize| -> Value {
        (0..count)
            .map(|number| json!({"properties": {"email": format!("v{number}@example.com")}}))
            .collect()
    };
    let reads = |count: usize| -> Value { (0..count).map(|number| json!({"id": number.to_string()})).collect() };
    assert_eq!(batch(&client, "create", creations(101)).await.status, 400);
    assert_eq!(batch(&client, "create", creations(100)).await.status, 201);
    assert_eq!(batch(&client, "read", reads(101)).await.status, 400);
    let updates: Value = (0..101)
        .map(|number| json!({"id": number.to_string(), "properties": {}}))
        .collect();
    assert_eq!(batch(&client, "update", updates).await.status, 400);
}

#[tokio::test]
async fn a_hundred_full_transcripts_fit_in_one_call() {
    let client = Client::start().await;
    let value = "\u{7f}é".repeat(32_768);
    let inputs: Value = (0..100)
        .map(|number| json!({"properties": {"email": format!("v{number}@example.com"), "message": value}}))
        .collect();
    assert_eq!(batch(&client, "create", inputs).await.status, 201);
}
