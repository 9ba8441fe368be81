//! The client against the sandbox: the same calls that go to HubSpot, with limits, scopes and faults on demand.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod visitor_tokens;

use std::{collections::BTreeMap, time::Duration};

use parlor_hubspot::{
    ApiVersion, BatchReadBy, Class, Client, ClientOptions, CreateInput, CreateOutcome, NewProperty, PropertyOutcome,
    RateLimitPolicy, Retry, UpdateInput,
};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule, RunningSandbox, Sandbox, SandboxOptions};

async fn start() -> RunningSandbox {
    Sandbox::start(SandboxOptions::default()).await.unwrap()
}

fn options(sandbox: &RunningSandbox, token: &str) -> ClientOptions {
    ClientOptions {
        base_url: sandbox.base_url().parse().unwrap(),
        ..ClientOptions::new(token)
    }
}

fn client(sandbox: &RunningSandbox) -> Client {
    Client::new(options(sandbox, DEFAULT_TOKEN)).unwrap()
}

fn properties(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn transcript() -> NewProperty {
    NewProperty {
        group_name: "contactinformation".to_owned(),
        name: "chat_transcript".to_owned(),
        label: "Chat transcript".to_owned(),
        kind: "string".to_owned(),
        field_type: "textarea".to_owned(),
        description: "The chats of this contact".to_owned(),
    }
}

#[tokio::test]
async fn a_contact_is_created_once_and_found_by_odd_addresses_in_every_version() {
    let sandbox = start().await;
    for version in ["v3", "2026-03", "2026-09"] {
        let version: ApiVersion = version.parse().unwrap();
        let client = Client::new(ClientOptions {
            version,
            ..options(&sandbox, DEFAULT_TOKEN)
        })
        .unwrap();
        let email = format!("o'hara+a/b%2f#{version}@example.com").to_lowercase();
        let CreateOutcome::Created(contact) = client
            .contacts()
            .create(&properties(&[("email", &email)]))
            .await
            .unwrap()
        else {
            panic!("there was no such contact");
        };
        let found = client
            .contacts()
            .get_by_email(&email, &["email"])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (&found.id, found.property("email")),
            (&contact.id, Some(email.as_str()))
        );
        assert!(found.created_at.is_some());
        let again = client
            .contacts()
            .create(&properties(&[("email", &email.to_uppercase())]))
            .await
            .unwrap();
        assert_eq!(
            again,
            CreateOutcome::Conflict {
                existing_id: Some(contact.id)
            }
        );
        assert_eq!(
            client.contacts().get_by_email("nobody@example.com", &[]).await.unwrap(),
            None
        );
    }
}

#[tokio::test]
async fn the_property_is_made_once_and_then_holds_text() {
    let sandbox = start().await;
    let client = client(&sandbox);
    assert_eq!(
        client.properties().get("contacts", "chat_transcript").await.unwrap(),
        None
    );
    let created = client.properties().create("contacts", &transcript()).await.unwrap();
    let PropertyOutcome::Created(property) = created else {
        panic!("it was not there")
    };
    assert_eq!(
        (property.kind.as_deref(), property.field_type.as_deref()),
        (Some("string"), Some("textarea"))
    );
    assert!(!property.is_read_only());
    let again = client.properties().create("contacts", &transcript()).await.unwrap();
    assert_eq!(again, PropertyOutcome::AlreadyExists);
    assert_eq!(
        client.properties().get("contacts", "chat_transcript").await.unwrap(),
        Some(property)
    );

    let id = sandbox
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id
        .parse()
        .unwrap();
    let text = "MESSAGE: Grüße\n  😀".to_owned();
    let written = client
        .contacts()
        .update(&id, &properties(&[("chat_transcript", &text)]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(written.id, id);
    let read = client.contacts().get(&id, &["chat_transcript"]).await.unwrap().unwrap();
    assert_eq!(read.property("chat_transcript"), Some(text.as_str()));

    let error = client
        .contacts()
        .update(&id, &properties(&[("no_such_property", "x")]))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class(), error.retry(), error.category()),
        (&Class::Invalid, Retry::No, Some("VALIDATION_ERROR"))
    );
    assert!(error.correlation_id().is_some());
    let gone = client
        .contacts()
        .update(&"999999999".parse().unwrap(), &BTreeMap::new())
        .await
        .unwrap();
    assert_eq!(gone, None);
}

#[tokio::test]
async fn a_batch_reads_what_is_there_and_names_what_is_missing_also_after_a_merge() {
    let sandbox = start().await;
    let client = client(&sandbox);
    let ada = sandbox
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let bob = sandbox
        .sandbox()
        .seed_contact([("email", "bob@example.com")])
        .unwrap()
        .id;
    let asked = ["bob@example.com", "eve@example.com", "ADA@example.com"];
    let read = client
        .contacts()
        .batch_read(BatchReadBy::Email, &asked, &["firstname"])
        .await
        .unwrap();
    let id_for = |asked| read.answer_to(asked).map(|contact| contact.id.to_string());
    assert_eq!(
        (id_for("bob@example.com"), id_for("ADA@example.com")),
        (Some(bob.clone()), Some(ada.clone()))
    );
    assert_eq!(
        (read.missing, read.unclear.len(), read.errors.len()),
        (vec!["eve@example.com".to_owned()], 0, 0)
    );

    sandbox.sandbox().merge(&ada, &bob).unwrap();
    let asked = [bob.as_str(), "999999999"];
    let read = client
        .contacts()
        .batch_read(BatchReadBy::Id, &asked, &[])
        .await
        .unwrap();
    assert_eq!(
        read.answer_to(&bob).map(|contact| contact.id.to_string()),
        Some(ada.clone()),
        "{read:?}"
    );
    assert_eq!(read.missing, ["999999999"]);
    let read = client
        .contacts()
        .batch_read(BatchReadBy::Email, &["bob@example.com"], &[])
        .await
        .unwrap();
    assert_eq!(
        read.answer_to("bob@example.com").map(|contact| contact.id.to_string()),
        Some(ada)
    );
}

#[tokio::test]
async fn a_batch_of_writes_says_for_each_input_what_became_of_it() {
    let sandbox = start().await;
    let client = client(&sandbox);
    let ada = sandbox
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let inputs = vec![
        CreateInput::new("new", properties(&[("email", "bob@example.com")])),
        CreateInput::new("known", properties(&[("email", "ada@example.com")])),
        CreateInput::new("bad", properties(&[("email", "no address")])),
    ];
    let write = client.contacts().batch_create(inputs).await.unwrap();
    let (trace_id, bob) = write.written[0].clone();
    assert_eq!((write.written.len(), trace_id), (1, Some("new".into())));
    let failure = |name: &str| {
        write
            .failed
            .iter()
            .find(|failure| failure.trace_ids == [name.into()])
            .unwrap()
            .class()
    };
    assert_eq!(
        failure("known"),
        Class::Conflict {
            existing_id: Some(ada.parse().unwrap())
        }
    );
    assert_eq!(failure("bad"), Class::Invalid);
    assert!(write.unanswered.is_empty());

    let update = |trace_id: &str, id: &str| UpdateInput {
        trace_id: trace_id.into(),
        id: id.parse().unwrap(),
        properties: properties(&[("firstname", trace_id)]),
    };
    let inputs = vec![
        update("a", &ada),
        update("gone", "999999999"),
        update("b", bob.id.as_str()),
    ];
    let write = client.contacts().batch_update(inputs).await.unwrap();
    assert_eq!(write.written.len(), 2, "{write:?}");
    assert_eq!(
        (write.failed.len(), write.failed[0].class()),
        (1, Class::NotFound),
        "{write:?}"
    );
    assert_eq!(write.failed[0].trace_ids, ["gone".into()]);
    assert!(write.unanswered.is_empty());
    assert_eq!(
        sandbox.sandbox().contact(&ada).unwrap().properties["firstname"].as_deref(),
        Some("a")
    );
}

#[tokio::test]
async fn wrong_tokens_and_missing_scopes_are_told_apart() {
    let sandbox = start().await;
    let unknown = Client::new(options(&sandbox, "pat-unknown")).unwrap();
    let error = unknown.account().details().await.unwrap_err();
    assert_eq!((error.class(), error.retry()), (&Class::Token, Retry::Later));

    sandbox.sandbox().add_token("pat-reader", ["crm.objects.contacts.read"]);
    let reader = Client::new(options(&sandbox, "pat-reader")).unwrap();
    let error = reader
        .contacts()
        .create(&properties(&[("email", "a@example.com")]))
        .await
        .unwrap_err();
    assert_eq!(
        error.class(),
        &Class::Permission {
            scopes: vec!["crm.objects.contacts.write".to_owned()]
        }
    );
    assert!(!error.outcome_unclear());
}

#[tokio::test]
async fn the_ten_second_limit_is_seen_coming_and_named_when_it_is_hit() {
    let sandbox = start().await;
    sandbox.sandbox().set_limit(2);
    let client = client(&sandbox);
    client.account().details().await.unwrap();
    let limit = client.last_rate_limit().unwrap();
    assert_eq!((limit.max, limit.interval), (Some(2), Some(Duration::from_secs(10))));
    let before = limit.remaining.unwrap();
    client.account().details().await.unwrap();
    assert!(client.last_rate_limit().unwrap().remaining.unwrap() < before);
    let error = client.account().details().await.unwrap_err();
    assert_eq!(
        error.class(),
        &Class::RateLimited {
            policy: RateLimitPolicy::TenSecondly
        }
    );
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(10)));
}

#[tokio::test]
async fn a_write_that_was_applied_and_not_answered_is_unclear() {
    let sandbox = start().await;
    let client = client(&sandbox);
    sandbox
        .sandbox()
        .add_fault(FaultRule::new("POST", "contacts", Effect::applied_not_answered()).times(1));
    let input = properties(&[("email", "ada@example.com")]);
    let error = client.contacts().create(&input).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unclear()), (&Class::Interrupted, true));
    let outcome = client.contacts().create(&input).await.unwrap();
    assert!(
        matches!(outcome, CreateOutcome::Conflict { existing_id: Some(_) }),
        "it was applied"
    );
}

#[tokio::test]
async fn a_gateways_page_is_an_unavailable_hubspot() {
    let sandbox = start().await;
    let client = client(&sandbox);
    sandbox
        .sandbox()
        .add_fault(FaultRule::every_call(Effect::html(502, "<html>Bad gateway</html>")).times(1));
    let error = client.account().details().await.unwrap_err();
    assert_eq!(
        (error.class(), error.status(), error.outcome_unclear()),
        (&Class::Unavailable, Some(502), false)
    );
    assert!(client.account().details().await.unwrap().portal_id > 0);
}
