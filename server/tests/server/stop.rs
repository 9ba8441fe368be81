//! Stopping: sockets are told, what was acknowledged is there afterwards, and it does not take long.

use std::time::{Duration, Instant};

use parlor_sandbox::{Sandbox, SandboxOptions};
use serde_json::json;
use tokio::net::TcpStream;

use crate::program::Folder;
use crate::site::message_id;
use crate::socket::{News, message};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_says_goodbye_ends_well_and_loses_nothing_acknowledged() {
    let folder = Folder::new(&[("PARLOR_REP_PASSWORD", "correct horse battery")]);
    let key = folder.add_widget().await;
    assert!(
        folder
            .run(&["rep", "add", "--email", "a@b.example", "--name", "A"])
            .await
            .status
            .success()
    );
    let program = folder.serve().await;
    let site = program.site.clone();
    let visitor = site.register(&key, "Ada", "ada@example.com").await;
    let rep = site.sign_in("a@b.example", "correct horse battery").await;
    let mut desk = site.desk(&rep).await;
    let mut chat = site.chat(&visitor, None).await;
    // Messages are under way while the signal comes.
    let mut sent = Vec::new();
    for number in 0..25 {
        let id = message_id();
        chat.send(message(&visitor.conversation, &id, &format!("number {number}")))
            .await;
        sent.push(id);
    }
    let first = chat.frame("ack").await;
    let began = Instant::now();
    program.terminate();
    let mut acknowledged = vec![first["id"].as_str().unwrap().to_owned()];
    let code = loop {
        match chat.news().await {
            News::Frame(frame) if frame["type"] == "ack" => acknowledged.push(frame["id"].as_str().unwrap().to_owned()),
            News::Frame(_) => {}
            News::Closed(code) => break code,
        }
    };
    assert_eq!(code, 1012);
    assert_eq!(desk.closed().await, 1012);
    let (exit, log) = program.ended().await;
    assert_eq!(exit, Some(0), "{log}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());

    let back = folder.serve().await;
    let mut chat = back
        .site
        .socket(&format!("/ws/visitor?widget={key}"), Some(&visitor.cookie))
        .await
        .unwrap();
    chat.hello().await;
    chat.subscribe(&visitor.conversation, Some(0)).await;
    let page = chat.frame("page").await;
    let kept: Vec<&str> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["id"].as_str().unwrap())
        .collect();
    for id in &acknowledged {
        assert!(kept.contains(&id.as_str()), "{id} was acknowledged");
    }
    assert_eq!(
        kept,
        sent.iter().take(kept.len()).map(String::as_str).collect::<Vec<_>>(),
        "in order, without a gap"
    );
    assert_eq!(
        back.site.ask("GET", "/inbox").cookie(&rep).answer().await.status,
        200,
        "sessions outlive a restart"
    );
}

#[tokio::test]
async fn a_kill_loses_nothing_acknowledged_either() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let visitor = program.site.register(&key, "Ada", "ada@example.com").await;
    let mut chat = program.site.chat(&visitor, None).await;
    for number in 0..20 {
        chat.say(&visitor.conversation, &format!("number {number}")).await;
    }
    // Dropping it kills it.
    drop(program);
    let back = folder.serve().await;
    let mut chat = back
        .site
        .socket(&format!("/ws/visitor?widget={key}"), Some(&visitor.cookie))
        .await
        .unwrap();
    chat.hello().await;
    chat.subscribe(&visitor.conversation, Some(0)).await;
    assert_eq!(chat.frame("page").await["messages"].as_array().unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_half_open_holds_up_a_stop() {
    use tokio::io::AsyncWriteExt;

    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    hubspot.sandbox().set_down(true);
    let base_url = hubspot.base_url();
    let folder = Folder::new(&[("HUBSPOT_BASE_URL", &base_url), ("HUBSPOT_ACCESS_TOKEN", "pat-sandbox")]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let visitor = program.site.register(&key, "Ada", "ada@example.com").await;
    let _never_hello = program
        .site
        .socket(&format!("/ws/visitor?widget={key}"), Some(&visitor.cookie))
        .await
        .unwrap();
    let _never_reads = program.site.chat(&visitor, None).await;
    let _idle = TcpStream::connect(folder.address).await.unwrap();
    let mut half = TcpStream::connect(folder.address).await.unwrap();
    half.write_all(b"POST /inbox/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        .await
        .unwrap();
    let began = Instant::now();
    program.terminate();
    let (exit, log) = program.ended().await;
    assert_eq!(exit, Some(0), "{log}");
    assert!(began.elapsed() < Duration::from_secs(11), "{:?}", began.elapsed());
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn it_is_ready_while_hubspot_is_down_and_chats_at_full_speed() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    hubspot.sandbox().set_down(true);
    let base_url = hubspot.base_url();
    let settings = [
        ("HUBSPOT_BASE_URL", base_url.as_str()),
        ("HUBSPOT_ACCESS_TOKEN", "pat-sandbox"),
    ];
    let house = crate::house::House::start_with(&settings).await;
    assert_eq!(house.get("/healthz").await.text, "alive\n");
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut chat = house.chat(&visitor, None).await;
    assert_eq!(chat.say(&visitor.conversation, "hello").await["seq"], 1);
    let ready = house.get("/readyz").await;
    assert_eq!((ready.status, ready.text.as_str()), (200, "ready\n"));
    house.begin_to_stop();
    assert_eq!(chat.closed().await, 1012);
    chat.try_send(&json!({"type": "ping"})).await;
    house.stop().await;
}
