//! The pages, which need no token and no script.

use reqwest::Method;

use crate::client::{Answer, Client, read};

async fn page(client: &Client, path: &str) -> Answer {
    read(client.request(Method::GET, path).send().await.unwrap())
        .await
        .unwrap()
}

fn define_transcript(client: &Client) -> impl Future<Output = Answer> {
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
