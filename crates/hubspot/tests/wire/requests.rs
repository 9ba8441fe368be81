//! What is sent.

use std::collections::BTreeMap;

use parlor_hubspot::{ApiVersion, BuildError, Class, Client, ClientOptions, NewProperty, NotSent, SecretString, Url};

use crate::raw_server::{JSON, RawServer, TOKEN, answer};

const CONTACT: &str = r#"{"id":"7","properties":{"email":"a@b.co"}}"#;

async fn line_for_email(email: &str) -> String {
    let server = RawServer::answering("200 OK", JSON, CONTACT).await;
    server
        .client()
        .contacts()
        .get_by_email(email, &[])
        .await
        .unwrap()
        .unwrap();
    server.request_line()
}

#[tokio::test]
async fn every_part_of_a_path_is_encoded() {
    let cases = [
        ("a/b?c#d@e.co", "a%2Fb%3Fc%23d%40e.co"),
        ("a+b%2F@e.co", "a%2Bb%252F%40e.co"),
        ("jürgen@bücher.example", "j%C3%BCrgen%40b%C3%BCcher.example"),
        ("../batch/read", "..%2Fbatch%2Fread"),
        ("a b\r\nX: y;=&", "a%20b%0D%0AX%3A%20y%3B%3D%26"),
    ];
    for (email, encoded) in cases {
        let expected = format!("GET /crm/objects/2026-03/contacts/{encoded}?idProperty=email HTTP/1.1");
        assert_eq!(line_for_email(email).await, expected);
    }
}

#[tokio::test]
async fn what_would_address_another_resource_is_not_sent() {
    let server = RawServer::start(vec![]).await;
    let client = server.client();
    for text in ["", ".", ".."] {
        let error = client.contacts().get_by_email(text, &[]).await.unwrap_err();
        assert_eq!(error.class(), &Class::NotSent(NotSent::NoName), "{text:?}");
        let error = client.properties().get("contacts", text).await.unwrap_err();
        assert_eq!(error.class(), &Class::NotSent(NotSent::NoName), "{text:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_call_carries_the_token_the_user_agent_and_the_properties_wanted() {
    let server = RawServer::answering("200 OK", JSON, CONTACT).await;
    let options = ClientOptions {
        user_agent: "Parlor/1".to_owned(),
        ..server.options()
    };
    let client = Client::new(options).unwrap();
    client
        .contacts()
        .get(&"7".parse().unwrap(), &["a b", "c&d"])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        server.request_line(),
        "GET /crm/objects/2026-03/contacts/7?properties=a+b&properties=c%26d HTTP/1.1"
    );
    let request = server.requests()[0].to_ascii_lowercase();
    for header in [
        &format!("authorization: bearer {TOKEN}"),
        "user-agent: parlor/1",
        "accept: application/json",
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header} in {request}");
    }
    assert!(
        !request.contains("cookie") && !request.contains("accept-encoding"),
        "{request}"
    );
}

#[tokio::test]
async fn the_version_and_a_path_in_the_base_url_stand_where_they_belong() {
    let property = NewProperty {
        group_name: "contactinformation".to_owned(),
        name: "chat_transcript".to_owned(),
        label: "Chat transcript".to_owned(),
        kind: "string".to_owned(),
        field_type: "textarea".to_owned(),
        description: "Written by a program".to_owned(),
    };
    let created = serde_json::to_string(&property).unwrap();
    let scripts = vec![
        answer("200 OK", JSON, r#"{"portalId":1}"#),
        answer("201 Created", JSON, &created),
        answer("200 OK", JSON, CONTACT),
    ];
    let server = RawServer::start(scripts).await;
    let base_url = server.base_url.join("/hub/spot/").unwrap();
    let client = Client::new(ClientOptions {
        base_url,
        version: ApiVersion::V3,
        ..server.options()
    })
    .unwrap();
    client.account().details().await.unwrap();
    client.properties().create("contacts", &property).await.unwrap();
    client
        .contacts()
        .update(&"7".parse().unwrap(), &BTreeMap::new())
        .await
        .unwrap()
        .unwrap();
    let lines: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap().to_owned())
        .collect();
    let expected = [
        "GET /hub/spot/account-info/v3/details HTTP/1.1",
        "POST /hub/spot/crm/v3/properties/contacts HTTP/1.1",
        "PATCH /hub/spot/crm/v3/objects/contacts/7 HTTP/1.1",
    ];
    assert_eq!(lines, expected);
    assert!(
        server.requests()[1].contains(r#""type":"string","fieldType":"textarea""#),
        "{}",
        server.requests()[1]
    );
}

#[test]
fn options_nothing_can_be_sent_with_are_refused_with_a_reason() {
    let build = |token: &str, base: &str, user_agent: &str| {
        let base_url = Url::parse(base).unwrap();
        let options = ClientOptions::new(SecretString::from(token));
        Client::new(ClientOptions {
            base_url,
            user_agent: user_agent.to_owned(),
            ..options
        })
        .unwrap_err()
    };
    let base = "https://api.hubapi.com";
    assert!(matches!(build("", base, "x"), BuildError::EmptyToken));
    for token in ["pat\n", "pat-ü", "pat with space", "\"pat\u{0}\""] {
        let error = build(token, base, "x");
        assert!(matches!(error, BuildError::TokenCharacters), "{token:?}");
        assert!(!format!("{error} {error:?}").contains("pat"), "{error}");
    }
    for base in [
        "ftp://a.co",
        "data:x",
        "https://a:b@c.co",
        "https://c.co?x",
        "https://c.co#x",
    ] {
        assert!(matches!(build("pat", base, "x"), BuildError::BaseUrl(_)), "{base}");
    }
    assert!(matches!(build("pat", base, "a\nb"), BuildError::UserAgent));
    assert!(Client::new(ClientOptions::new("pat")).is_ok());
}
