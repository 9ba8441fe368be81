//! A new HubSpot token while the server runs, and dead letters: by command, and on the settings' page.

use std::time::{Duration, Instant};

use parlor_protocol::TenantId;
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule, Sandbox, SandboxOptions};
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};
use parlor_store::{Settings as _, SystemClock};
use serde_json::json;

use crate::house::House;
use crate::program::{Folder, error_text};

/// Waits, for at most so long.
async fn until(within: Duration, what: &str, mut is: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is().await {
        assert!(begun.elapsed() < within, "{what} does not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn hidden(page: &str, name: &str) -> String {
    let field = page
        .split("<input")
        .find(|field| field.contains(&format!("name=\"{name}\"")))
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    field
        .split("value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_given_by_command_is_used_by_the_running_server_within_two_seconds() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let folder = Folder::new(&[("HUBSPOT_BASE_URL", &hubspot.base_url())]);
    let program = folder.serve().await;
    hubspot.sandbox().add_token("pat-weak", ["crm.objects.contacts.read"]);
    folder.write("bad", "pat-nobody-knows-this-one\n");
    let refused = folder.run(&["hubspot", "connect", "--token-file", "bad"]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(error_text(&refused).contains("401"), "{}", error_text(&refused));

    folder.write("token", &format!("{DEFAULT_TOKEN}\n"));
    let checked = folder
        .run(&["hubspot", "connect", "--token-file", "token", "--check"])
        .await;
    assert!(checked.status.success(), "{}", error_text(&checked));
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("Portal: ") && !said.contains("from now on"), "{said}");
    assert!(!said.contains(DEFAULT_TOKEN));

    let property_was_looked_at = async || {
        let requests = hubspot.sandbox().requests();
        requests.iter().any(|request| request.path.contains("/properties/"))
    };
    assert!(!property_was_looked_at().await);
    let connected = folder.run(&["hubspot", "connect", "--token-file", "token"]).await;
    assert!(connected.status.success(), "{}", error_text(&connected));
    until(
        Duration::from_secs(3),
        "the first call of delivery",
        property_was_looked_at,
    )
    .await;
    drop(program);
    hubspot.stop().await.unwrap();
}

#[tokio::test]
async fn the_commands_say_what_there_is_and_what_to_do() {
    let folder = Folder::new(&[]);
    let listed = folder.run(&["deliveries", "list"]).await;
    assert!(String::from_utf8_lossy(&listed.stdout).contains("There are no dead letters."));
    for (arguments, words) in [
        (vec!["deliveries", "replay"], "--all"),
        (vec!["deliveries", "replay", "nonsense"], "this is no letter's id"),
        (
            vec!["deliveries", "replay", "01a1fd3d-9dc4-7154-b17a-aa414fcf173c"],
            "there is no dead letter of this id",
        ),
        (vec!["hubspot", "connect"], "the HubSpot token is empty"),
        (
            vec!["hubspot", "connect", "--token-file", "nowhere"],
            "the token cannot be read",
        ),
    ] {
        let output = folder.run(&arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(error_text(&output).contains(words), "{}", error_text(&output));
    }
    let store = SqliteStore::open(&OpenOptions {
        path: folder.path("parlor.db"),
        clock: std::sync::Arc::new(SystemClock),
        role: Role::Command,
    })
    .unwrap();
    store.set_setting("used_with", "sandbox").await.unwrap();
    store.close().await;
    folder.write("token", "pat-na1-of-a-real-account");
    let mixed = folder.run(&["hubspot", "connect", "--token-file", "token"]).await;
    assert!(
        error_text(&mixed).contains("belongs to the sandbox"),
        "{}",
        error_text(&mixed)
    );
    let all = folder.run(&["deliveries", "replay", "--all"]).await;
    assert!(String::from_utf8_lossy(&all.stdout).contains("0 on their way again."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_with_its_portal_before_it_is_used_and_never_stands_on_the_page() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let house = House::start_with(&[("HUBSPOT_BASE_URL", &hubspot.base_url())]).await;
    let cookie = house.rep_cookie().await;
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let asked = house.ask("POST", path).cookie(&cookie).form(fields);
        asked.answer().await
    };
    let away = house
        .ask("POST", "/inbox/settings/hubspot")
        .form(&[("token", DEFAULT_TOKEN)])
        .answer()
        .await;
    assert_eq!(away.status, 303, "only for reps");
    let refused = post("/inbox/settings/hubspot", &[("token", "pat-unknown-to-hubspot")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("Nothing was changed") && refused.text.contains("401"));

    let shown = post("/inbox/settings/hubspot", &[("token", DEFAULT_TOKEN)]).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert!(shown.text.contains("The token belongs to portal"));
    assert!(!shown.text.contains(DEFAULT_TOKEN));
    assert!(!house.engine.delivery().is_connected(), "it is only shown");

    let offer = hidden(&shown.text, "offer");
    let mut spoilt = offer.clone();
    spoilt.replace_range(40..41, if &offer[40..41] == "A" { "B" } else { "A" });
    for wrong in [spoilt.as_str(), "", "AAAA"] {
        let answer = post("/inbox/settings/hubspot/use", &[("offer", wrong)]).await;
        assert_eq!(answer.status, 422);
    }
    assert!(!house.engine.delivery().is_connected());
    let used = post("/inbox/settings/hubspot/use", &[("offer", &offer)]).await;
    assert_eq!((used.status, used.header("location")), (303, "/inbox/settings"));
    until(Duration::from_secs(3), "the connection", async || {
        let page = house.ask("GET", "/inbox/settings").cookie(&cookie).answer().await;
        page.text.contains("HubSpot: connected, portal")
    })
    .await;
    house.stop().await;
    hubspot.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_stand_on_the_page_and_go_out_again_from_there() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let house = House::start_with(&[
        ("HUBSPOT_BASE_URL", &hubspot.base_url()),
        ("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN),
        ("PARLOR_DELIVERY", "fast"),
    ])
    .await;
    let cookie = house.rep_cookie().await;
    hubspot
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::status(400)).times(1));
    let ada = house.register(&house.key, "Ada", "ada@example.com").await;
    // Registered faster than a person can.
    let input = json!({"conversation": ada.conversation});
    assert_eq!(house.inbox_function(&cookie, "release", &input).await.status, 200);
    house.chat(&ada, None).await.say(&ada.conversation, "hello").await;
    let settings = async || house.ask("GET", "/inbox/settings").cookie(&cookie).answer().await.text;
    until(Duration::from_secs(10), "the letter", async || {
        settings().await.contains("1 messages undelivered")
    })
    .await;
    let page = settings().await;
    assert!(page.contains("ada@example.com") && page.contains("correlation id") && page.contains("less than a minute"));
    assert_eq!(hidden(&page, "conversation"), ada.conversation);

    let nowhere = house
        .ask("POST", "/inbox/settings/replay")
        .cookie(&cookie)
        .form(&[("conversation", "nonsense")])
        .answer()
        .await;
    assert_eq!(nowhere.status, 404);
    let replayed = house
        .ask("POST", "/inbox/settings/replay")
        .cookie(&cookie)
        .form(&[("conversation", &ada.conversation)])
        .answer()
        .await;
    assert_eq!(replayed.status, 303);
    assert!(settings().await.contains("There are none"));
    let backlog = async || {
        let tenant = TenantId::default_tenant();
        house.engine.store().backlog(&tenant).await.unwrap() == 0
    };
    until(Duration::from_secs(10), "the delivery", backlog).await;

    // And by hand, from the card.
    let contact = hubspot.sandbox().contact_by_email("ada@example.com").unwrap();
    hubspot
        .sandbox()
        .set_property(&contact.id, "chat_transcript", "")
        .unwrap();
    let answer = house.inbox_function(&cookie, "write-again", &input).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    until(Duration::from_secs(10), "the writing", async || {
        let contact = hubspot.sandbox().contact_by_email("ada@example.com").unwrap();
        contact
            .property("chat_transcript")
            .is_some_and(|value| value.contains("hello"))
    })
    .await;
    house.stop().await;
    hubspot.stop().await.unwrap();
}
