//! Records over a restart.

use parlor_sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use crate::client::Client;

fn options(folder: &tempfile::TempDir) -> SandboxOptions {
    SandboxOptions {
        records_file: Some(folder.path().join("sandbox.json")),
        ..SandboxOptions::default()
    }
}

const BASE: &str = "/crm/v3/objects/contacts";

#[tokio::test]
async fn records_come_back_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = Client::start_with(options(&folder)).await;
    first.sandbox().add_token("pat-reader", ["crm.objects.contacts.read"]);
    let property = json!({
        "groupName": "contactinformation", "name": "chat_transcript", "label": "Chat transcript", "type": "string",
        "fieldType": "textarea",
    });
    assert_eq!(first.post("/crm/v3/properties/contacts", property).await.status, 201);
    let body = json!({"properties": {"email": "ada@example.com", "chat_transcript": "Hello\n😀"}});
    let id = first.post(BASE, body).await.json()["id"].as_str().unwrap().to_owned();
    let other = first.sandbox().seed_contact([("email", "old@example.com")]).unwrap().id;
    first.sandbox().merge(&id, &other).unwrap();
    let before = first.sandbox().contacts();
    first.running.stop().await.unwrap();

    let second = Client::start_with(options(&folder)).await;
    assert_eq!(second.sandbox().contacts(), before);
    assert_eq!(
        second.get(&format!("{BASE}/{other}")).await.json()["id"],
        id,
        "merges are kept"
    );
    let taken = second
        .post(BASE, json!({"properties": {"email": "old@example.com"}}))
        .await;
    assert_eq!(taken.status, 409, "addresses are found again");
    let fresh = second.sandbox().seed_contact([("email", "new@example.com")]).unwrap();
    assert!(fresh.id > other, "ids are never given twice");
    let reader = second.request(reqwest::Method::GET, BASE).bearer_auth("pat-reader");
    assert_eq!(reader.send().await.unwrap().status(), 200);

    drop(second);
    let third = Sandbox::new(options(&folder)).unwrap();
    assert!(
        third.contact_by_email("new@example.com").is_some(),
        "dropping saves too"
    );
}

#[tokio::test]
async fn visitors_tokens_come_back_and_a_file_from_before_there_were_any_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let first = Client::start_with(options(&folder)).await;
    let create = "/visitor-identification/v3/tokens/create";
    let ada = json!({"email": "ada@example.com"});
    assert_eq!(first.post(create, ada.clone()).await.status, 200);
    let before = first.sandbox().visitor_tokens();
    first.running.stop().await.unwrap();

    let second = Client::start_with(options(&folder)).await;
    assert_eq!(second.sandbox().visitor_tokens(), before);
    assert_eq!(second.post(create, ada).await.status, 200);
    let after = second.sandbox().visitor_tokens();
    assert_eq!((after.len(), &after[0]), (2, &before[0]));
    second.running.stop().await.unwrap();

    let path = folder.path().join("sandbox.json");
    let mut file: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let removed = file["records"].as_object_mut().unwrap().remove("visitor_tokens");
    assert!(removed.is_some());
    std::fs::write(&path, file.to_string()).unwrap();
    assert_eq!(Sandbox::new(options(&folder)).unwrap().visitor_tokens(), []);
}

#[tokio::test]
async fn changes_are_saved_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::start_with(options(&folder)).await;
    client.sandbox().seed_contact([("email", "ada@example.com")]).unwrap();
    let saved = async {
        while Sandbox::new(options(&folder)).unwrap().contacts().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), saved)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    for contents in ["{ not json", "{\"version\": 99, \"records\": {}}", "{\"version\": 1}"] {
        std::fs::write(&path, contents).unwrap();
        let error = Sandbox::new(options(&folder)).err().unwrap().to_string();
        assert!(
            error.contains(path.to_str().unwrap()) && error.contains("move it away"),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), contents);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let running = Sandbox::start(SandboxOptions {
        records_file: Some(folder.path().join("missing/sandbox.json")),
        ..SandboxOptions::default()
    })
    .await
    .unwrap();
    running.sandbox().seed_contact([("email", "ada@example.com")]).unwrap();
    let error = running.stop().await.unwrap_err().to_string();
    assert!(error.contains("missing/sandbox.json"), "{error}");
}
