//! What the log leaves out: nobody can fill it with worn-out cookies, and no setting brings what is secret into it.

use crate::program::{Folder, Program};
use crate::site::Visitor;

const TEXT: &str = "canary message text 90125";
const PASSWORD: &str = "canary-password-51b0";
const REP: &str = "rep@parlor.example";

async fn started(settings: &[(&str, &str)]) -> (Folder, Program, String) {
    let settings = [settings, &[("PARLOR_REP_PASSWORD", PASSWORD)]].concat();
    let folder = Folder::new(&settings);
    let key = folder.add_widget().await;
    let added = folder.run(&["rep", "add", "--email", REP, "--name", "Robin"]).await;
    assert!(added.status.success());
    let program = folder.serve().await;
    (folder, program, key)
}

#[tokio::test]
async fn a_session_that_is_over_forged_or_malformed_is_no_line_in_the_log() {
    let (_folder, program, key) = started(&[]).await;
    let site = &program.site;
    let before = program.log();
    // An id as it is made but of no session; then what is no id.
    for id in ["AAAAAAAAAAAAAAAAAAAAAA", "nonsense", "%00", ""] {
        let (rep, visitor) = (format!("parlor-rep={id}"), format!("__Host-parlor-{key}={id}"));
        for (method, path, cookie) in [
            ("GET", "/inbox".to_owned(), &rep),
            ("GET", "/inbox/sign-in".to_owned(), &rep),
            ("POST", "/inbox/sign-out".to_owned(), &rep),
            ("POST", "/api/inbox/release".to_owned(), &rep),
            ("GET", format!("/widget/{key}"), &visitor),
            ("POST", format!("/widget/{key}/messages"), &visitor),
        ] {
            let answer = site.ask(method, &path).cookie(cookie).answer().await;
            assert!(answer.status < 500, "{path}: {}", answer.text);
        }
        for (path, cookie) in [
            ("/ws/inbox".to_owned(), &rep),
            (format!("/ws/visitor?widget={key}"), &visitor),
        ] {
            site.socket(&path, Some(cookie)).await.unwrap();
        }
    }
    assert_eq!(program.log(), before);
}

/// Everything that carries something worth hiding: a cookie, a password, a message by socket and by form.
async fn talk(program: &Program, key: &str) -> (Visitor, String) {
    let site = &program.site;
    let visitor = site.register(key, "Ada", "ada@example.com").await;
    let rep = site.sign_in(REP, PASSWORD).await;
    let mut chat = site.chat(&visitor, None).await;
    chat.say(&visitor.conversation, TEXT).await;
    let mut desk = site.desk(&rep).await;
    desk.subscribe(&visitor.conversation, None).await;
    desk.frame("page").await;
    let post = site
        .ask("POST", &format!("/widget/{key}/messages"))
        .cookie(&visitor.cookie);
    assert_eq!(post.form(&[("id", TEXT), ("text", TEXT)]).answer().await.status, 422);
    (visitor, rep)
}

#[tokio::test]
async fn a64_no_directive_makes_a_library_log_what_it_carries() {
    let asked = [
        "hyper::proto=trace",
        "hyper_util::client=trace",
        "tungstenite::protocol=trace",
        "tokio_tungstenite=debug",
        "tower_sessions::service=trace",
        "tower_sessions_core::session=trace",
        "axum::rejection=trace",
    ];
    let directives = format!("trace,[request]=trace,{}", asked.join(","));
    let (_folder, program, key) = started(&[("PARLOR_LOG", &directives)]).await;
    let (visitor, rep) = talk(&program, &key).await;
    program.terminate();
    let (_, log) = program.ended().await;
    assert!(log.contains("DEBUG"), "the log is talkative");
    let session = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    let canaries = [TEXT, PASSWORD, &session(&visitor.cookie), &session(&rep)];
    let leaks: Vec<&str> = log
        .lines()
        .filter(|line| canaries.iter().any(|canary| line.contains(canary)))
        .take(5)
        .collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    let of_libraries: Vec<&str> = log
        .lines()
        .filter(|line| {
            ["Parsed headers", "received frame", "Received message", "record found"]
                .iter()
                .any(|words| line.contains(words))
        })
        .take(5)
        .collect();
    assert!(of_libraries.is_empty(), "{of_libraries:#?}");

    let warned: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("in PARLOR_LOG has no effect"))
        .collect();
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].contains("WARN") && asked.iter().all(|directive| warned[0].contains(directive)),
        "{warned:?}"
    );
}

#[tokio::test]
async fn that_a_directive_has_no_effect_is_said_also_where_nothing_else_is_logged() {
    let (_folder, program, _) = started(&[("PARLOR_LOG", "reqwest=trace")]).await;
    assert!(
        program.log().contains("reqwest=trace in PARLOR_LOG has no effect"),
        "{}",
        program.log()
    );
    let (_folder, program, _) = started(&[("PARLOR_LOG", "info,parlor_engine=trace")]).await;
    assert!(!program.log().contains("has no effect"), "{}", program.log());
}
