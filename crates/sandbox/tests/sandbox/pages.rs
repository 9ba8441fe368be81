//! The pages, which need no token and no script.

use parlor_sandbox::{Effect, FaultRule};
use reqwest::Method;
use serde_json::json;

use crate::client::{Answer, Client, read};

pub async fn page(client: &Client, path: &str) -> Answer {
    read(client.request(Method::GET, path).send().await.unwrap())
        .await
        .unwrap()
}

pub fn define_transcript(client: &Client) -> impl Future<Output = Answer> {
    client.post(
        "/crm/v3/properties/contacts",
        serde_json::json!({
            "groupName": "contactinformation", "name": "chat_transcript", "label": "Chat transcript", "type": "string",
            "fieldType": "textarea",
        }),
    )
}

#[tokio::test]
async fn the_contacts_are_listed_with_the_length_of_their_transcript() {
    let client = Client::start().await;
    define_transcript(&client).await;
    let seeded = client
        .sandbox()
        .seed_contact([
            ("email", "ada@example.com"),
            ("firstname", "<b>Ada"),
            ("chat_transcript", "four"),
        ])
        .unwrap();
    let list = page(&client, "/").await;
    assert_eq!(list.status, 200);
    assert!(
        list.text
            .contains("Parlor’s sandbox of HubSpot – nothing here leaves this machine")
    );
    assert!(
        list.text
            .contains(&format!("<a href=\"/contacts/{}\">&lt;b&gt;Ada</a>", seeded.id)),
        "{}",
        list.text
    );
    assert!(list.text.contains("<td>ada@example.com</td>") && list.text.contains(">4</td>"));
    assert!(list.text.contains("<meta http-equiv=\"refresh\" content=\"2\">"));
    let policy = list.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"));
    assert!(policy.contains("form-action 'self'"));
    assert_eq!(list.header("referrer-policy"), Some("same-origin"));
}

#[tokio::test]
async fn a_contact_shows_its_transcript_as_it_is() {
    let client = Client::start().await;
    define_transcript(&client).await;
    let transcript = "\n  first line\n<script>alert(1)</script> & \"more\"";
    let seeded = client
        .sandbox()
        .seed_contact([("email", "ada@example.com"), ("chat_transcript", transcript)])
        .unwrap();
    let shown = page(&client, &format!("/contacts/{}", seeded.id)).await;
    // A parser drops the one newline after `<pre>`; the transcript's own follows it.
    let expected = "<pre id=\"chat_transcript\">\n\n  first line\n&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;</pre>";
    assert!(shown.text.contains(expected), "{}", shown.text);
    assert!(shown.text.contains("white-space: pre-wrap"));
    assert!(shown.text.contains("<tr><th>email</th><td>ada@example.com</td></tr>"));
    assert!(!shown.text.contains("<script"));
    assert_eq!(page(&client, "/contacts/1").await.status, 404);
}

/// What a browser sends for a form on one of the pages; the answer is that of the page it is led to.
/// Sends a form as a browser does, which then loads the page that it is led to.
pub async fn send(client: &Client, path: &str, form: &str) -> Answer {
    let request = client
        .request(Method::POST, path)
        .header("origin", client.running.base_url())
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = read(request.body(form.to_owned()).send().await.unwrap()).await.unwrap();
    match answer.header("location") {
        Some(shown) if answer.status == 303 => page(client, shown).await,
        _ => answer,
    }
}

#[tokio::test]
async fn contacts_are_searched_and_paged() {
    let client = Client::start().await;
    for number in 0..120 {
        let email = format!("{number:03}@example.com");
        client.sandbox().seed_contact([("email", email.as_str())]).unwrap();
    }
    let ada = client
        .sandbox()
        .seed_contact([
            ("email", "ada@example.org"),
            ("firstname", "Ada"),
            ("lastname", "Lovelace"),
        ])
        .unwrap();
    let first = page(&client, "/").await;
    assert!(first.text.contains("Contacts (121)") && first.text.contains("Page 1 of 3"));
    assert!(first.text.contains("049@example.com") && !first.text.contains("050@example.com"));
    assert!(first.text.contains("<a href=\"/?page=2\">Next page</a>"));
    let last = page(&client, "/?page=99").await;
    assert!(last.text.contains("Page 3 of 3") && last.text.contains("ada@example.org"));
    for wanted in ["love+ADA", "example.org", ada.id.as_str()] {
        let found = page(&client, &format!("/?q={wanted}")).await;
        assert!(
            found.text.contains("Contacts (1)") && found.text.contains("Ada Lovelace"),
            "{wanted}"
        );
    }
    let found = page(&client, "/?q=example.com&page=2").await;
    assert!(
        found
            .text
            .contains("<a href=\"/?q=example.com&amp;page=3\">Next page</a>")
    );
    assert!(page(&client, "/?q=nobody").await.text.contains("No contact has that."));
}

#[tokio::test]
async fn nothing_hostile_leaves_its_place_on_any_page() {
    let client = Client::start().await;
    let hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;";
    define_transcript(&client).await;
    let id = client
        .sandbox()
        .seed_contact([
            ("firstname", hostile),
            ("chat_transcript", hostile),
            ("company", hostile),
        ])
        .unwrap()
        .id;
    let rule = FaultRule::new(hostile, hostile, Effect::html(500, hostile)).body_contains(hostile);
    client.sandbox().add_fault(rule);
    let body = json!({"properties": {"city": hostile}});
    client.post("/crm/v3/objects/contacts?x='%22%3Cscript%3E", body).await;
    let encoded = "%22'%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E";
    for path in [
        "/".to_owned(),
        format!("/?q={encoded}"),
        format!("/?q=script&page={encoded}"),
        format!("/contacts/{id}"),
        "/requests".to_owned(),
        format!("/requests?path={encoded}"),
        "/requests/1".to_owned(),
        "/requests/2".to_owned(),
        "/faults".to_owned(),
    ] {
        let shown = page(&client, &path).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(
            !shown.text.contains("<script") && !shown.text.contains("<img"),
            "{path}: {}",
            shown.text
        );
    }
    let form = format!("effect={encoded}&path={encoded}&method={encoded}&status={encoded}");
    let refused = send(&client, "/faults", &form).await;
    assert!(
        !refused.text.contains("<script") && !refused.text.contains("<img"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn a_contact_shows_its_notes_and_what_its_values_were() {
    let client = Client::start().await;
    let sandbox = client.sandbox();
    let ada = sandbox
        .seed_contact([("email", "ada@example.com"), ("city", "London")])
        .unwrap();
    let one = format!("/crm/v3/objects/contacts/{}", ada.id);
    client.patch(&one, json!({"properties": {"city": "<b>Rome"}})).await;
    let note = sandbox
        .seed_record(
            "notes",
            [("hs_note_body", "<p>Wants a lamp</p>"), ("hs_timestamp", "1")],
        )
        .unwrap();
    let path = format!(
        "/crm/v4/objects/notes/{}/associations/default/contacts/{}",
        note.id, ada.id
    );
    assert_eq!(client.call(Method::PUT, &path, None).await.status, 200);

    let shown = page(&client, &format!("/contacts/{}", ada.id)).await.text;
    assert!(shown.contains("<h2>notes (1)</h2>") && shown.contains("<pre>\n&lt;p&gt;Wants a lamp&lt;/p&gt;</pre>"));
    assert!(shown.contains("<td>city</td><td>London</td><td>CRM_UI</td>"), "{shown}");
    assert!(
        shown.contains("<td>city</td><td>&lt;b&gt;Rome</td><td>INTEGRATION</td>"),
        "{shown}"
    );

    let link = format!("/objects/notes/{}", note.id);
    assert!(shown.contains(&link));
    let back = page(&client, &link).await;
    assert_eq!(back.status, 200);
    assert!(
        back.text
            .contains(&format!("/contacts/{}\">ada@example.com</a>", ada.id)),
        "{}",
        back.text
    );
    let list = page(&client, "/objects").await.text;
    assert!(list.contains("<h2>notes (1)</h2>") && list.contains("<h2>deals (0)</h2>") && list.contains(&link));
    for missing in ["/objects/notes/1", "/objects/spaceships/1", "/contacts/x"] {
        assert_eq!(page(&client, missing).await.status, 404, "{missing}");
    }
}
