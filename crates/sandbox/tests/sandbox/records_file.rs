//! Records over a restart.

use std::time::Duration;

use parlor_sandbox::{Account, DEFAULT_CLIENT_ID, OauthApp, Sandbox, SandboxOptions};
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
        let path = folder.path().join("sandbox.json");
        while !std::fs::read_to_string(&path).is_ok_and(|kept| kept.contains("ada@example.com")) {
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
async fn a_file_belongs_to_one_sandbox_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Client::start_with(options(&folder)).await;
    let error = Sandbox::new(options(&folder)).err().unwrap().to_string();
    let path = folder.path().join("sandbox.json");
    assert!(
        error.contains(path.to_str().unwrap()) && error.contains("in use by another sandbox"),
        "{error}"
    );
    first.running.stop().await.unwrap();
    Sandbox::new(options(&folder)).unwrap();
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

/// The first format, as it was written: two contacts, one of them merged from a third and one archived, and a property.
const FIRST_FORMAT: &str = r#"{
  "version": 1,
  "records": {
    "portal_id": 4711,
    "tokens": {"pat-old": ["*"]},
    "properties": {
      "chat_transcript": {
        "updatedAt": "2026-01-02T03:04:05.006Z", "createdAt": "2026-01-02T03:04:05.006Z", "name": "chat_transcript",
        "label": "Chat transcript", "type": "string", "fieldType": "textarea", "description": "",
        "groupName": "contactinformation", "options": [], "displayOrder": -1, "calculated": false,
        "externalOptions": false, "archived": false, "hasUniqueValue": false, "hidden": false, "hubspotDefined": false,
        "modificationMetadata": {"archivable": true, "readOnlyDefinition": false, "readOnlyValue": false},
        "formField": false, "dataSensitivity": "non_sensitive"
      },
      "email": {
        "updatedAt": "2020-01-01T00:00:00.000Z", "createdAt": "2020-01-01T00:00:00.000Z", "name": "email",
        "label": "Email", "type": "string", "fieldType": "text", "description": "",
        "groupName": "contactinformation", "options": [], "displayOrder": -1, "calculated": false,
        "externalOptions": false, "archived": false, "hasUniqueValue": true, "hidden": false, "hubspotDefined": true,
        "modificationMetadata": {"archivable": false, "readOnlyDefinition": true, "readOnlyValue": false},
        "formField": true, "dataSensitivity": "non_sensitive"
      }
    },
    "contacts": {
      "next_id": 37765128004,
      "by_id": {
        "37765128001": {
          "id": 37765128001,
          "values": {"email": "ada@example.com", "chat_transcript": "Hello"},
          "created_at": "2026-01-02T03:04:05.006Z", "updated_at": "2026-01-02T03:05:05.006Z", "archived_at": null,
          "additional_emails": ["old@example.com"], "merged_ids": [37765128002]
        },
        "37765128003": {
          "id": 37765128003,
          "values": {"email": "gone@example.com"},
          "created_at": "2026-01-02T03:04:05.006Z", "updated_at": "2026-01-02T03:06:05.006Z",
          "archived_at": "2026-01-02T03:06:05.006Z",
          "additional_emails": [], "merged_ids": []
        }
      },
      "merged": {"37765128002": 37765128001}
    },
    "visitor_tokens": {}
  }
}"#;

#[tokio::test]
async fn a_file_of_the_first_format_is_read_and_kept_in_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    std::fs::write(&path, FIRST_FORMAT).unwrap();
    let check = |sandbox: &Sandbox| {
        let contact = sandbox.contact_by_email("old@example.com").unwrap();
        assert_eq!(
            (contact.id.as_str(), contact.property("chat_transcript")),
            ("37765128001", Some("Hello"))
        );
        assert_eq!(contact.updated_at.iso(), "2026-01-02T03:05:05.006Z");
        assert_eq!(sandbox.contact("37765128002").unwrap().id, "37765128001");
        assert!(sandbox.contact("37765128003").unwrap().archived);
        assert_eq!(sandbox.contacts().len(), 1);
    };
    let client = Client::start_with(options(&folder)).await;
    check(client.sandbox());
    let read = client
        .request(
            reqwest::Method::GET,
            "/crm/v3/objects/contacts/37765128001?propertiesWithHistory=chat_transcript",
        )
        .bearer_auth("pat-old");
    let read: serde_json::Value = read.send().await.unwrap().json().await.unwrap();
    let past = &read["propertiesWithHistory"]["chat_transcript"][0];
    assert_eq!(past["timestamp"], "2026-01-02T03:05:05.006Z");
    let fresh = client
        .sandbox()
        .seed_contact([("email", "new@example.com")])
        .unwrap()
        .id;
    assert_eq!(fresh, "37765128004", "ids go on where they were");
    client.sandbox().archive(&fresh).unwrap();
    client.running.stop().await.unwrap();

    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(file["version"], 2);
    check(&Sandbox::new(options(&folder)).unwrap());
}

#[tokio::test]
async fn every_kind_its_associations_and_its_past_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let first = Client::start_with(options(&folder)).await;
    let ada = first.sandbox().seed_contact([("email", "ada@example.com")]).unwrap().id;
    first.sandbox().set_property(&ada, "city", "Rome").unwrap();
    first.sandbox().set_property(&ada, "city", "Bonn").unwrap();
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]);
    let note = json!({
        "properties": {"hs_timestamp": "2026-11-21T08:30:00Z", "hs_note_body": "Hello"},
        "associations": [{"to": {"id": ada}, "types": types}],
    });
    assert_eq!(first.post("/crm/v3/objects/notes", note).await.status, 201);
    let group = json!({"name": "extras", "label": "Extras"});
    assert_eq!(first.post("/crm/v3/properties/deals/groups", group).await.status, 201);
    first
        .post("/_control/blocklist", json!({"blocklist": "enforced"}))
        .await;
    let unknown = json!({"objectId": "nobody@example.com", "idProperty": "email"});
    first.post(&format!("{BASE}/gdpr-delete"), unknown).await;
    let paths = [
        format!("{BASE}/{ada}?associations=notes&propertiesWithHistory=city"),
        "/crm/v3/objects/notes?associations=contacts&properties=hs_note_body".to_owned(),
        "/crm/v3/properties/deals/groups/extras".to_owned(),
        "/_control/blocklist".to_owned(),
    ];
    let mut before = Vec::new();
    for path in &paths {
        before.push(first.get(path).await.json());
    }
    first.running.stop().await.unwrap();

    let second = Client::start_with(options(&folder)).await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(second.get(path).await.json(), before, "{path}");
    }
}

#[tokio::test]
async fn apps_installs_tokens_and_the_account_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let first = Client::start_with(options(&folder)).await;
    let app = OauthApp {
        client_id: "another".to_owned(),
        app_id: 7,
        ..OauthApp::default()
    };
    first.sandbox().add_app(app).unwrap();
    let account = Account {
        data_hosting_location: "eu1".to_owned(),
        ..Account::default()
    };
    first.sandbox().set_account(account.clone());
    let tokens = first
        .sandbox()
        .install_app(DEFAULT_CLIENT_ID, ["*"], Duration::from_mins(30))
        .unwrap();
    let (apps, installed) = (first.sandbox().apps(), first.sandbox().installed_apps());
    first.running.stop().await.unwrap();

    let second = Client::start_with(options(&folder)).await;
    assert_eq!(second.sandbox().apps(), apps);
    assert_eq!(second.sandbox().installed_apps(), installed);
    assert_eq!(second.sandbox().account(), account);
    let answer = second.call_as(&tokens.access_token, reqwest::Method::GET, BASE).await;
    assert_eq!(answer.status, 200);
    let known = second
        .get(&format!("/oauth/v1/refresh-tokens/{}", tokens.refresh_token))
        .await;
    assert_eq!(known.status, 200);
}

/// A file as it was written before there were apps and before the account could be set.
const OLDER_FILE: &str = r#"{
  "version": 1,
  "records": {
    "portal_id": 891936587,
    "tokens": { "pat-reader": ["crm.objects.contacts.read"], "pat-sandbox": ["*"] },
    "properties": {
      "email": {
        "updatedAt": "2019-08-06T02:41:08.029Z", "createdAt": "2019-08-06T02:41:08.029Z", "name": "email",
        "label": "Email", "type": "string", "fieldType": "text", "description": "", "groupName": "contactinformation",
        "options": [], "displayOrder": -1, "calculated": false, "externalOptions": false, "archived": false,
        "hasUniqueValue": true, "hidden": false, "hubspotDefined": true,
        "modificationMetadata": { "archivable": false, "readOnlyDefinition": true, "readOnlyValue": false },
        "formField": true, "dataSensitivity": "non_sensitive"
      }
    },
    "contacts": {
      "next_id": 37765128002,
      "by_id": {
        "37765128001": {
          "id": 37765128001,
          "values": { "email": "ada@example.com" },
          "created_at": "2026-11-21T08:32:59.184Z",
          "updated_at": "2026-11-21T08:32:59.184Z",
          "archived_at": null,
          "additional_emails": [],
          "merged_ids": []
        }
      },
      "merged": {}
    },
    "visitor_tokens": {
      "1": {
        "token": "sandbox-visitor-1-70f4bdeb-0b0d-4c3f-9d1c-5ac3d4dcd1c8",
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": null,
        "created_at": "2026-11-21T08:32:59.184Z",
        "expires_at": "2026-11-21T20:32:59.184Z"
      }
    }
  }
}"#;

#[tokio::test]
async fn a_file_from_before_there_were_apps_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sandbox.json"), OLDER_FILE).unwrap();
    let client = Client::start_with(options(&folder)).await;
    let sandbox = client.sandbox();
    assert_eq!(sandbox.contact_by_email("ada@example.com").unwrap().id, "37765128001");
    assert_eq!(sandbox.visitor_tokens().len(), 1);
    assert_eq!(
        client.call_as("pat-reader", reqwest::Method::GET, BASE).await.status,
        200
    );
    assert_eq!(sandbox.apps(), [OauthApp::default()]);
    assert!(sandbox.installed_apps().is_empty());
    assert_eq!(sandbox.account(), Account::default());
}
