//! A64: every secret and every personal value of a whole run, and the log at its most talkative.

use parlor_sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use crate::program::Folder;
use crate::site::message_id;
use crate::socket::message;

const TOKEN: &str = "pat-canary-7f3a91c2d4e5";
const PASSWORD: &str = "canary-password-51b0";
const WRONG_PASSWORD: &str = "canary-wrong-password-c2";
const REP: &str = "canary-rep@parlor.example";
const REP_NAME: &str = "Canaryrepname";
const FIRST_NAME: &str = "Canaryfirst";
const LAST_NAME: &str = "Canarylast";
const EMAIL: &str = "canary-visitor@example.com";
const TEXT: &str = "canary message text 90125";
const ANSWER: &str = "canary answer text 5150";
const PAGE: &str = "https://www.example.com/canary-page?order=order-1984-b";
const STRAY: &str = "canary-stray-2112";

/// The canaries that stand in a text.
fn found<'a>(canaries: &'a [String], text: &str) -> Vec<&'a String> {
    let text = text.to_lowercase();
    let stands = |canary: &&String| text.contains(&canary.to_lowercase());
    canaries.iter().filter(stands).collect()
}

fn secret_of(cookie: &str) -> String {
    cookie.split_once('=').unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a64_nothing_secret_or_personal_is_logged_measured_or_put_into_an_address() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    hubspot.sandbox().add_token(TOKEN, ["*"]);
    let base_url = hubspot.base_url();
    let folder = Folder::new(&[
        ("PARLOR_LOG", "trace"),
        ("HUBSPOT_BASE_URL", &base_url),
        ("HUBSPOT_ACCESS_TOKEN", TOKEN),
        ("PARLOR_REP_PASSWORD", PASSWORD),
    ]);
    let key = folder.add_widget().await;
    assert!(
        folder
            .run(&["rep", "add", "--email", REP, "--name", REP_NAME])
            .await
            .status
            .success()
    );
    let program = folder.serve().await;
    let site = program.site.clone();

    // A visitor registers in every way, well and badly, and talks by cookie and by token.
    let stamp = site.stamp(&key).await;
    tokio::time::sleep(std::time::Duration::from_millis(850)).await;
    let input = json!({
        "input": {"first_name": FIRST_NAME, "last_name": LAST_NAME, "email": EMAIL, "form": stamp},
        "page": {"url": PAGE, "title": STRAY, "referrer": PAGE, "utm_term": STRAY},
    });
    let registered = site.visitor_function(&key, "register", &input).await;
    let visitor = site.visitor(&key, &registered.cookie()).await;
    let code = registered.json()["registered"]["code"].as_str().unwrap().to_owned();
    let granted = site
        .visitor_function(&key, "token", &json!({"code": code}))
        .await
        .json();
    let visitor_token = granted["token"].as_str().unwrap().to_owned();
    let wrong = [("first_name", FIRST_NAME), ("last_name", ""), ("email", STRAY)];
    assert_eq!(
        site.ask("POST", &format!("/widget/{key}/register"))
            .form(&wrong)
            .answer()
            .await
            .status,
        422
    );
    let odd = json!({"input": {"first_name": [STRAY], "email": EMAIL}, "page": {}});
    site.visitor_function(&key, "register", &odd).await;
    site.visitor_function(&key, "token", &json!({"code": STRAY})).await;
    let mut by_token = site.socket(&format!("/ws/visitor?widget={key}"), None).await.unwrap();
    by_token
        .send(json!({"type": "hello", "versions": [1], "token": visitor_token}))
        .await;
    by_token.frame("welcome").await;
    let mut chat = site.chat(&visitor, None).await;
    chat.say(&visitor.conversation, TEXT).await;
    let id = message_id();
    chat.send(message(&visitor.conversation, &id, TEXT)).await;
    chat.frame("ack").await;
    chat.send(message(&visitor.conversation, &id, STRAY)).await;
    chat.error().await;
    chat.send_text(&format!("{{\"type\":\"{STRAY}\"}}")).await;
    chat.error().await;

    // A rep signs in, well and badly, reads and answers.
    let bad = [("email", REP), ("password", WRONG_PASSWORD)];
    assert_eq!(site.ask("POST", "/inbox/sign-in").form(&bad).answer().await.status, 422);
    let rep_cookie = site.sign_in(REP, PASSWORD).await;
    let mut desk = site.desk(&rep_cookie).await;
    desk.subscribe(&visitor.conversation, None).await;
    desk.say(&visitor.conversation, ANSWER).await;
    desk.frame_where("card", |card| card["card"]["delivery"]["status"] == "delivered")
        .await;
    let page = site
        .ask("GET", &format!("/inbox/{}", visitor.conversation))
        .cookie(&rep_cookie)
        .answer()
        .await;
    assert!(page.text.contains(TEXT));

    // What strangers put into addresses and headers.
    let stray_paths = [
        format!("/{STRAY}"),
        format!("/inbox/{STRAY}"),
        format!("/inbox/sign-in?next=/inbox/{STRAY}&email={STRAY}"),
        format!("/widget/{STRAY}?token={STRAY}"),
        format!("/pkg/{STRAY}.js"),
        format!("/api/inbox/{STRAY}"),
    ];
    for path in stray_paths {
        site.ask("GET", &path)
            .header("authorization", STRAY)
            .cookie(&format!("x={STRAY}"))
            .answer()
            .await;
        site.ask("POST", &path)
            .header("referer", STRAY)
            .body("text/plain", STRAY)
            .answer()
            .await;
    }
    let metrics_site = crate::site::Site::new(folder.metrics, "");
    let metrics = metrics_site.get("/metrics").await.text;
    assert!(metrics.contains("parlor_registrations_total"));
    let called: Vec<String> = hubspot
        .sandbox()
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert!(
        called.iter().any(|path| path.contains("/contacts/batch/")),
        "{called:?}"
    );
    let addresses = called.join("\n");
    program.terminate();
    let (exit, log) = program.ended().await;
    assert_eq!(exit, Some(0), "{log}");

    let canaries = [
        TOKEN,
        PASSWORD,
        WRONG_PASSWORD,
        REP,
        REP_NAME,
        FIRST_NAME,
        LAST_NAME,
        EMAIL,
        TEXT,
        ANSWER,
        STRAY,
        "canary",
        &code,
        &visitor_token,
        &secret_of(&visitor.cookie),
        &secret_of(&rep_cookie),
        "order-1984-b",
    ]
    .map(str::to_owned);
    assert!(log.contains("DEBUG"), "the log is at its most talkative");
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| !found(&canaries, line).is_empty())
        .take(5)
        .collect();
    assert!(lines.is_empty(), "in the log: {lines:#?}");
    assert_eq!(found(&canaries, &metrics), Vec::<&String>::new(), "in the metrics");
    assert_eq!(
        found(&canaries, &addresses),
        Vec::<&String>::new(),
        "in the addresses HubSpot is called by"
    );

    // The search finds what is there: one leak for each canary, planted in the very same log.
    for canary in &canaries {
        let leaky = format!("{log}\nDEBUG somebody said too much: {canary}\n");
        assert!(found(&canaries, &leaky).contains(&canary));
    }
}
