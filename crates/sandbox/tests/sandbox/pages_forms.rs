//! The pages that do something: their forms, and who may send them.

use std::time::Duration;

use parlor_sandbox::{Effect, FaultRule};
use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::pages::{page, send};

#[tokio::test]
async fn no_page_with_a_field_to_fill_in_refreshes_itself() {
    let client = Client::start().await;
    client.get("/crm/v3/objects/contacts").await;
    for (path, refreshes) in [
        ("/", true),
        ("/?q=", false),
        ("/requests", true),
        ("/requests/1", false),
        ("/faults", false),
        ("/clock", false),
    ] {
        let text = page(&client, path).await.text;
        assert_eq!(text.contains("http-equiv=\"refresh\""), refreshes, "{path}");
        assert!(!refreshes || !text.contains("<input"), "{path}");
        assert_eq!(
            text.matches("<input ").count() + text.matches("<select ").count(),
            text.matches("<label for=").count(),
            "each field has its label: {path}"
        );
    }
}

#[tokio::test]
async fn the_log_shows_each_request_and_leads_to_its_bodies() {
    let client = Client::start().await;
    client
        .sandbox()
        .add_fault(FaultRule::new("PATCH", "", Effect::status(502)));
    let body = json!({"properties": {"email": "ada@example.com"}});
    client.post("/crm/v3/objects/contacts", body).await;
    client.patch("/crm/v3/objects/contacts/1", json!({})).await;
    let list = page(&client, "/requests").await.text;
    assert!(
        list.contains("<a href=\"/requests/1\">1</a>") && list.contains("<td>201</td>"),
        "{list}"
    );
    assert!(
        list.contains("<td>502</td>") && list.contains("<td>rule 1</td>"),
        "{list}"
    );
    assert!(
        list.find("/requests/2").unwrap() < list.find("/requests/1\"").unwrap(),
        "the newest first"
    );
    let struck = page(&client, "/requests?fault=any").await.text;
    assert!(struck.contains("Requests (1)") && !struck.contains("/requests/1\""));
    let one = page(&client, "/requests/1").await.text;
    assert!(
        one.contains("{&quot;properties&quot;:{&quot;email&quot;:&quot;ada@example.com&quot;}}"),
        "{one}"
    );
    assert!(one.contains("&quot;archived&quot;:false"), "{one}");
    assert_eq!(page(&client, "/requests/9").await.status, 404);
    let cleared = send(&client, "/requests/clear", "").await;
    assert!(cleared.text.contains("There is no such request."));
}

#[tokio::test]
async fn faults_are_added_by_a_click_or_a_form_and_removed() {
    let client = Client::start().await;
    let empty = page(&client, "/faults").await.text;
    let presets = empty.matches("name=\"preset\"").count();
    assert!(empty.contains("No rule is in force.") && presets > 5);
    for preset in empty.split("name=\"preset\" value=\"").skip(1) {
        let name = preset.split('"').next().unwrap();
        assert_eq!(
            send(&client, "/faults", &format!("preset={name}")).await.status,
            200,
            "{name}"
        );
    }
    let rules = client.sandbox().faults();
    assert_eq!(rules.len(), presets);
    assert_eq!(
        (rules[0].rule.method.as_deref(), rules[0].rule.times),
        (Some("WRITE"), Some(10))
    );
    let left = send(&client, "/faults/1/remove", "").await.text;
    assert!(left.contains(&format!("Faults ({})", presets - 1)) && !left.contains("Remove rule 1\""));
    send(&client, "/faults/clear", "").await;
    assert!(client.sandbox().faults().is_empty());

    let form = "method=PATCH&path=%2Fcontacts&body=Rome&skip=1&times=2&percent=50&effect=wrong_answer&status=&answer=%3Ch1%3E\
                &content_type=text%2Fhtml&milliseconds=&writes=&bytes=";
    let added = send(&client, "/faults", form).await;
    assert!(
        added
            .text
            .contains("PATCH, path with /contacts, body with Rome, after 1, 50 of 100, at most 2")
    );
    let expected = FaultRule::new("PATCH", "/contacts", Effect::wrong_answer("text/html", "<h1>"))
        .body_contains("Rome")
        .skip(1)
        .times(2)
        .percent(50);
    assert_eq!(client.sandbox().faults()[0].rule, expected);

    for (form, wrong) in [
        ("effect=status&status=20&path=kept", "20 is no status"),
        ("effect=status&path=kept", "Give the status"),
        (
            "effect=delay&milliseconds=soon&path=kept",
            "soon cannot be used for milliseconds",
        ),
        ("effect=explosion&path=kept", "There is no effect explosion"),
        ("preset=unheard&path=kept", "There is no preset unheard"),
    ] {
        let refused = send(&client, "/faults", form).await;
        assert_eq!(refused.status, 400, "{form}");
        assert!(refused.text.contains(wrong), "{form}");
        assert!(
            refused.text.contains("name=\"path\" value=\"kept\""),
            "what was typed stays: {form}"
        );
    }
    assert_eq!(client.sandbox().faults().len(), 1);
}

#[tokio::test]
async fn the_clock_is_moved_by_buttons_and_set_by_hand() {
    let client = Client::start().await;
    let before = client.sandbox().now().unix_milliseconds();
    send(&client, "/clock", "advance_milliseconds=86400000").await;
    assert!(client.sandbox().now().unix_milliseconds() - before >= 86_400_000);
    let set = send(&client, "/clock", "set=2030-05-06T07%3A08%3A09Z").await;
    assert!(set.text.contains("2030-05-06T07:08:"), "{}", set.text);
    send(&client, "/clock", "search_lag=250").await;
    assert_eq!(client.sandbox().search_lag(), Duration::from_millis(250));
    let wrong = send(&client, "/clock", "set=%3Csoon%3E").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("&lt;soon&gt; is no moment") && wrong.text.contains("value=\"&lt;soon&gt;\""));
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let client = Client::start().await;
    for (path, origin) in [
        ("/faults", "https://evil.example"),
        ("/faults/clear", "null"),
        ("/requests/clear", "https://evil.example"),
        ("/clock", "https://evil.example"),
    ] {
        let request = client
            .request(Method::POST, path)
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        let status = request.body("preset=limit").send().await.unwrap().status();
        assert_eq!(status, 403, "{path}");
    }
    assert!(client.sandbox().faults().is_empty());
}
