//! Contacts one by one.

use std::time::Duration;

use parlor_sandbox::{Clock, Moment, SandboxOptions};
use serde_json::{Value, json};

use crate::client::Client;

const BASES: [&str; 3] = [
    "/crm/v3/objects/contacts",
    "/crm/objects/2026-03/contacts",
    "/crm/objects/2026-09/contacts",
];
const BASE: &str = BASES[1];

#[tokio::test]
async fn a_contact_is_created_read_and_changed_under_every_version() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_654_093_891_469));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    })
    .await;
    for (base, email) in BASES
        .into_iter()
        .zip(["a@example.com", "b@example.com", "c@example.com"])
    {
        let created_at = clock.now().iso();
        let body = json!({"properties": {"email": email.to_uppercase(), "firstname": "Ada"}});
        let created = client.post(base, body).await;
        assert_eq!(created.status, 201);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        assert!(id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
        let expected = json!({
            "id": id,
            "properties": {
                "createdate": created_at, "email": email, "firstname": "Ada", "hs_object_id": id,
                "lastmodifieddate": created_at,
            },
            "createdAt": created_at, "updatedAt": created_at, "archived": false,
        });
        assert_eq!(created.json(), expected);

        clock.advance(Duration::from_secs(1));
        let changed = client
            .patch(&format!("{base}/{id}"), json!({"properties": {"lastname": "Lovelace"}}))
            .await;
        assert_eq!(
            (changed.status, &changed.json()["updatedAt"]),
            (200, &json!(clock.now().iso()))
        );
        assert_eq!(changed.json()["createdAt"], created_at);

        let by_email = format!("{base}/{}?idProperty=email", email.replace('@', "%40"));
        let cleared = client.patch(&by_email, json!({"properties": {"firstname": ""}})).await;
        assert_eq!(
            (cleared.status, &cleared.json()["properties"]["firstname"]),
            (200, &Value::Null)
        );

        for selection in [
            "properties=lastname&properties=firstname&properties=nothing",
            "properties=lastname,firstname,nothing",
        ] {
            let read = client.get(&format!("{by_email}&{selection}")).await;
            let expected = json!({
                "createdate": created_at, "firstname": null, "hs_object_id": id, "lastname": "Lovelace",
                "lastmodifieddate": clock.now().iso(),
            });
            assert_eq!(
                read.json()["properties"],
                expected,
                "unset is null, unknown is left out"
            );
        }
        let unasked = client.get(&format!("{base}/{id}")).await;
        assert_eq!(unasked.json()["properties"]["email"], email);
    }
    assert_eq!(clock.now().iso(), "2022-06-01T14:31:34.469Z");
}

#[tokio::test]
async fn an_address_belongs_to_one_contact_whatever_its_case() {
    let client = Client::start().await;
    let id = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let taken = client
        .post(BASE, json!({"properties": {"email": "ADA@Example.com"}}))
        .await;
    assert_eq!(taken.status, 409);
    let expected = format!(
        "{{\"status\":\"error\",\"message\":\"Contact already exists. Existing ID: {id}\",\"correlationId\":\"…\",\
         \"category\":\"CONFLICT\"}}"
    );
    assert_eq!(taken.error_text(), expected);

    let other = client
        .sandbox()
        .seed_contact([("email", "other@example.com")])
        .unwrap()
        .id;
    let body = json!({"properties": {"email": "ada@example.com"}});
    assert_eq!(client.patch(&format!("{BASE}/{other}"), body).await.status, 409);
}

#[tokio::test]
async fn values_that_hubspot_refuses_are_refused_in_its_words() {
    let client = Client::start().await;
    let refused = async |properties: Value| client.post(BASE, json!({"properties": properties})).await;

    let answer = refused(json!({"email": "example.lcom"})).await;
    assert_eq!(answer.status, 400);
    let expected = r#"{"status":"error","message":"Property values were not valid: [{\"isValid\":false,\"message\":\"Email address example.lcom is invalid\",\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]","correlationId":"…","category":"VALIDATION_ERROR"}"#;
    assert_eq!(answer.error_text(), expected);

    let answer = refused(json!({"missing": "x"})).await;
    let inner = r#"[{"isValid":false,"message":"Property \"missing\" does not exist","error":"PROPERTY_DOESNT_EXIST","name":"missing","localizedErrorMessage":"Property \"missing\" does not exist","portalId":891936587}]"#;
    assert_eq!(
        answer.json()["message"],
        format!("Property values were not valid: {inner}")
    );
    assert_eq!(
        (answer.status, &answer.json()["category"]),
        (400, &json!("VALIDATION_ERROR"))
    );

    for (properties, code) in [
        (json!({"createdate": "2020-01-01"}), "READ_ONLY_VALUE"),
        (json!({"hs_object_id": "7"}), "READ_ONLY_VALUE"),
        (json!({"lifecyclestage": "friend"}), "INVALID_OPTION"),
        (json!({"message": "x".repeat(65_537)}), "VALUE_TOO_LONG"),
        (json!({"message": "😀".repeat(32_769)}), "VALUE_TOO_LONG"),
        (
            json!({"chat_transcript": "there is no such property at first"}),
            "PROPERTY_DOESNT_EXIST",
        ),
        (json!({"email": "a@localhost"}), "INVALID_EMAIL"),
        (json!({"email": "a b@example.com"}), "INVALID_EMAIL"),
    ] {
        let answer = refused(properties).await;
        assert_eq!(answer.status, 400, "{code}");
        assert!(
            answer.json()["message"].as_str().unwrap().contains(code),
            "{code}: {}",
            answer.text
        );
    }
    assert!(client.sandbox().contacts().is_empty(), "nothing of it was stored");

    for value in ["x".repeat(65_536), "😀".repeat(32_768)] {
        assert_eq!(
            refused(json!({"message": value})).await.status,
            201,
            "the longest value fits"
        );
    }
    assert_eq!(
        refused(json!({"lifecyclestage": "lead", "zip": 1234})).await.json()["properties"]["zip"],
        "1234"
    );
}

#[tokio::test]
async fn what_is_not_there_is_answered_404_in_the_way_it_was_named() {
    let client = Client::start().await;
    let expected = r#"{"status":"error","message":"resource not found","correlationId":"…"}"#;
    for path in ["/123", "/nobody%40example.com?idProperty=email"] {
        let answer = client.get(&format!("{BASE}{path}")).await;
        assert_eq!((answer.status, answer.error_text().as_str()), (404, expected));
        let answer = client
            .patch(&format!("{BASE}{path}"), json!({"properties": {"city": "Paris"}}))
            .await;
        assert_eq!((answer.status, answer.error_text().as_str()), (404, expected));
    }
    let answer = client.get(&format!("{BASE}/abc")).await;
    let expected = r#"{"status":"error","message":"Object not found.  objectId are usually numeric.","correlationId":"…","context":{"id":["abc"]},"category":"OBJECT_NOT_FOUND"}"#;
    assert_eq!((answer.status, answer.error_text().as_str()), (404, expected));
}

#[tokio::test]
async fn an_archived_contact_is_gone_and_gives_its_address_back() {
    let client = Client::start().await;
    let seed = || {
        client
            .sandbox()
            .seed_contact([("email", "ada@example.com")])
            .unwrap()
            .id
    };
    let id = seed();
    let archived = client.delete(&format!("{BASE}/{id}")).await;
    assert_eq!((archived.status, archived.text.as_str()), (204, ""));
    assert_eq!(client.get(&format!("{BASE}/{id}")).await.status, 404);
    assert_eq!(
        client.get(&format!("{BASE}/{id}?archived=true")).await.json()["archived"],
        true
    );
    assert_eq!(
        client
            .patch(&format!("{BASE}/{id}"), json!({"properties": {}}))
            .await
            .status,
        404
    );
    assert_eq!(
        client.delete(&format!("{BASE}/{id}")).await.status,
        204,
        "archiving twice is no error"
    );
    assert_ne!(seed(), id);
}

#[tokio::test]
async fn gdpr_delete_removes_for_good() {
    let client = Client::start().await;
    let gdpr_delete = format!("{BASE}/gdpr-delete");
    let id = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let body = json!({"objectId": "ADA@example.com", "idProperty": "email"});
    assert_eq!(client.post(&gdpr_delete, body).await.status, 204);
    assert!(client.sandbox().contact(&id).is_none());
    let unknown = json!({"objectId": "nobody@example.com", "idProperty": "email"});
    assert_eq!(client.post(&gdpr_delete, unknown).await.status, 204);

    let id = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    assert_eq!(client.post(&gdpr_delete, json!({"objectId": id})).await.status, 204);
    assert_eq!(client.post(&gdpr_delete, json!({"objectId": id})).await.status, 404);
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let client = Client::start().await;
    let seed = |number: usize| {
        let email = format!("visitor{number}@example.com");
        client.sandbox().seed_contact([("email", email.as_str())]).unwrap().id
    };
    let ids: Vec<String> = (0..12).map(seed).collect();
    client.sandbox().archive(&ids[3]).unwrap();

    let mut listed = Vec::new();
    let mut path = format!("{BASE}?limit=4&properties=email");
    loop {
        let page = client.get(&path).await.json();
        for contact in page["results"].as_array().unwrap() {
            listed.push(contact["id"].as_str().unwrap().to_owned());
        }
        let Some(after) = page["paging"]["next"]["after"].as_str() else {
            assert!(page.get("paging").is_none(), "the last page has no paging");
            break;
        };
        assert_eq!(
            page["paging"]["next"]["link"],
            format!(
                "{}{BASE}?properties=email&limit=4&after={after}",
                client.running.base_url()
            )
        );
        path = format!("{BASE}?properties=email&limit=4&after={after}");
    }
    let expected: Vec<String> = ids.iter().filter(|id| **id != ids[3]).cloned().collect();
    assert_eq!(listed, expected);
    assert_eq!(client.get(BASE).await.json()["results"].as_array().unwrap().len(), 10);
    assert_eq!(client.get(&format!("{BASE}?limit=101")).await.status, 400);
    assert_eq!(client.get(&format!("{BASE}?after=x")).await.status, 400);
}

#[tokio::test]
async fn a_merged_record_leads_to_the_primary_one() {
    let client = Client::start().await;
    let sandbox = client.sandbox();
    let primary = sandbox
        .seed_contact([("email", "new@example.com"), ("firstname", "Ada")])
        .unwrap()
        .id;
    let other = sandbox
        .seed_contact([("email", "old@example.com"), ("firstname", "A."), ("city", "London")])
        .unwrap()
        .id;
    sandbox.merge(&primary, &other).unwrap();

    for path in [format!("/{other}?"), "/old%40example.com?idProperty=email&".to_owned()] {
        let read = client
            .get(&format!(
                "{BASE}{path}properties=email,firstname,city,hs_additional_emails"
            ))
            .await;
        assert_eq!((read.status, &read.json()["id"]), (200, &json!(primary)));
        let properties = &read.json()["properties"];
        assert_eq!(properties["email"], "new@example.com");
        assert_eq!(
            (&properties["firstname"], &properties["city"]),
            (&json!("Ada"), &json!("London"))
        );
        assert_eq!(properties["hs_additional_emails"], "old@example.com");
    }
    for (input, id_property) in [(other.as_str(), None), ("old@example.com", Some("email"))] {
        let body = json!({"inputs": [{"id": input}], "properties": ["email"], "idProperty": id_property});
        let read = client.post(&format!("{BASE}/batch/read"), body).await;
        assert_eq!((read.status, &read.json()["results"][0]["id"]), (200, &json!(primary)));
    }
    let again = client
        .post(BASE, json!({"properties": {"email": "old@example.com"}}))
        .await;
    assert_eq!(
        again.json()["message"],
        format!("Contact already exists. Existing ID: {primary}")
    );
}
