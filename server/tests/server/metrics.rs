//! What is measured of the real program, and what it does when files run out.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::program::{Folder, Program};
use crate::site::Site;

async fn metric(folder: &Folder, name: &str) -> String {
    let text = Site::new(folder.metrics, "").get("/metrics").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.map_or_else(String::new, |value| value.trim().to_owned())
}

#[tokio::test]
async fn a89_a1_refused_sockets_are_counted_and_logged_once() {
    let folder = Folder::new(&[("PARLOR_MAX_SOCKETS", "1")]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let path = format!("/ws/visitor?widget={key}");
    let mut held = program.site.socket(&path, None).await.unwrap();
    for _ in 0..2 {
        assert_eq!(program.site.socket(&path, None).await.err().unwrap().0, 503);
    }
    let foreign = [Some("https://evil.example")];
    let refused = crate::socket::Socket::open(&program.site, &path, &foreign, None).await;
    assert_eq!(refused.err().unwrap().0, 403);
    assert_eq!(
        metric(&folder, "parlor_sockets_refused_total{reason=\"full\"}").await,
        "2"
    );
    assert_eq!(
        metric(&folder, "parlor_sockets_refused_total{reason=\"origin\"}").await,
        "1"
    );
    assert_eq!(metric(&folder, "parlor_sockets").await, "1");
    assert_eq!(
        program.log().matches("https://evil.example").count(),
        1,
        "{}",
        program.log()
    );
    held.send(serde_json::json!({"type": "ping"})).await;
    held.frame("pong").await;
    for path in ["/", "/metrics/x", "/healthz"] {
        assert_eq!(Site::new(folder.metrics, "").get(path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a89_when_files_run_out_the_program_neither_spins_nor_falls() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let command = format!("ulimit -n 64; exec {} serve", env!("CARGO_BIN_EXE_parlor"));
    let program = folder.serve_by("/bin/sh", &["-c", &command], "Parlor: ").await;
    let visitor = program.site.register(&key, "Ada", "ada@example.com").await;
    let mut chat = program.site.chat(&visitor, None).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(TcpStream::connect(folder.address).await.unwrap());
    }
    chat.say(&visitor.conversation, "among the crowd").await;
    let used = busy_for_a_second(&program).await;
    assert!(
        used < 30,
        "{used} hundredths of a second of work within one second of doing nothing"
    );
    chat.say(&visitor.conversation, "still here").await;
    drop(crowd);
    assert_eq!(program.site.get("/readyz").await.status, 200);
    assert!(!program.log().contains("panicked"), "{}", program.log());
}

/// The processor time that passes while nothing is asked of the program: time itself is what is waited for.
async fn busy_for_a_second(program: &Program) -> u64 {
    let before = program.processor_time();
    tokio::time::sleep(Duration::from_secs(1)).await;
    program.processor_time() - before
}
