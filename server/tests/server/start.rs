//! Starting: what is refused, with which words and which exit code, before anything is opened.

use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpListener;

use crate::program::{Folder, error_text};
use crate::site::Site;

/// The program refuses to start: exit code 2, one line, these words.
async fn refused(folder: &Folder, arguments: &[&str], words: &[&str]) {
    let output = folder.run(arguments).await;
    let said = error_text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    for word in words {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
    assert!(!folder.path("parlor.db").exists(), "nothing was opened");
}

#[tokio::test]
async fn a68_a_token_that_is_none_is_refused_and_not_repeated() {
    for token in [
        "changeme",
        "your-token-goes-here-please",
        "<token>",
        "pat-eu1-12",
        "secret-secret-secret",
        "xxxxxxxxxxxxxxxxxxxx",
    ] {
        let folder = Folder::new(&[("HUBSPOT_ACCESS_TOKEN", token)]);
        let output = folder.run(&["serve"]).await;
        assert!(!error_text(&output).contains(token), "{token}");
        refused(&folder, &["serve"], &["HUBSPOT_ACCESS_TOKEN", "Service Keys"]).await;
    }
}

#[tokio::test]
async fn a68_the_sandboxs_token_and_the_real_hubspot_do_not_meet() {
    let folder = Folder::new(&[("HUBSPOT_ACCESS_TOKEN", "pat-sandbox")]);
    refused(&folder, &["serve"], &["HUBSPOT_ACCESS_TOKEN", "--sandbox"]).await;
    // The same host, as names are written out in full.
    let folder = Folder::new(&[
        ("HUBSPOT_ACCESS_TOKEN", "pat-sandbox"),
        ("HUBSPOT_BASE_URL", "https://api.hubapi.com."),
    ]);
    refused(&folder, &["serve"], &["HUBSPOT_ACCESS_TOKEN"]).await;
    let folder = Folder::new(&[("HUBSPOT_ACCESS_TOKEN", "pat-eu1-0f1e2d3c4b5a69788796a5b4c3d2e1f0")]);
    refused(&folder, &["serve", "--sandbox"], &["--sandbox", "HUBSPOT_ACCESS_TOKEN"]).await;
    assert!(!folder.path("parlor-sandbox.db").exists());
}

#[tokio::test]
async fn a_secret_key_that_is_one_byte_repeated_is_refused_with_how_to_make_one() {
    for key in [
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
    ] {
        let folder = Folder::new(&[("PARLOR_SECRET_KEY", key)]);
        let output = folder.run(&["serve"]).await;
        assert!(!error_text(&output).contains(key), "{key}");
        refused(&folder, &["serve"], &["PARLOR_SECRET_KEY", "openssl rand -base64 32"]).await;
        assert!(!folder.path("parlor.db").exists());
    }
}

#[tokio::test]
async fn a_wrong_setting_is_named_in_one_line() {
    for (variable, value) in [
        ("PARLOR_LISTEN", "3000"),
        ("PARLOR_LISTEN", "0.0.0.0:3000"),
        ("PARLOR_PUBLIC_URL", "http://chat.example.com"),
        ("PARLOR_PUBLIC_URL", "https://chat.example.com/parlor"),
        ("PARLOR_TRUSTED_PROXIES", "everyone"),
        ("PARLOR_METRICS_LISTEN", "localhost"),
        ("PARLOR_SANDBOX_LISTEN", "192.0.2.1:3002"),
        ("HUBSPOT_ACCESS_TOKEN", "pat-eu1-0f1e2d3c4b5a\n69788796a5b4c3d2e1f0"),
        ("DATABASE_URL", "postgres://parlor:hunter2hunter2@db/parlor"),
        ("DATABASE_URL", "sqlite::memory:"),
        ("PARLOR_MAX_SOCKETS", "many"),
        ("PARLOR_LOG", "=,=loud"),
        ("PARLOR_LOG", "inof"),
        ("PARLOR_LOG", "info,blah"),
        ("DATABASE_URL", "sqlite:nowhere/parlor.db"),
        ("PARLOR_LOG_FORMAT", "xml"),
        ("HUBSPOT_BASE_URL", "http://api.hubapi.com"),
        ("PARLOR_HUBSPOT_API_VERSION", "latest"),
        ("PARLOR_HUBSPOT_PROPERTY", "Chat Transcript"),
        ("PARLOR_HUBSPOT_TIMEOUT_SECONDS", "0"),
        ("PARLOR_REGISTRATION_BURST", "0"),
        ("PARLOR_REGISTRATION_REFILL_SECONDS", "-1"),
    ] {
        let folder = Folder::new(&[(variable, value)]);
        let named = if value.starts_with("0.0.0.0") {
            "PARLOR_PUBLIC_URL"
        } else {
            variable
        };
        refused(&folder, &["serve"], &[named]).await;
        let output = folder.run(&["serve"]).await;
        assert!(!error_text(&output).contains("hunter2"), "no password is repeated");
    }
}

#[tokio::test]
async fn a_file_with_an_unknown_setting_or_none_at_all_is_refused() {
    let folder = Folder::new(&[]);
    folder.write("parlor.toml", "lisen = \"127.0.0.1:3000\"\n");
    refused(&folder, &["serve"], &["parlor.toml", "lisen"]).await;
    folder.write("parlor.toml", "[hubspot]\ntoken = \"x\"\n");
    refused(&folder, &["serve"], &["hubspot.token"]).await;
    folder.write("parlor.toml", "listen = [\n");
    refused(&folder, &["serve"], &["parlor.toml", "TOML"]).await;
    // The line that is wrong may hold the token.
    folder.write("parlor.toml", "\n[hubspot]\naccess_token = \"pat-na1-0f1e2d3c\n");
    refused(&folder, &["serve"], &["parlor.toml", "line 3"]).await;
    assert!(!error_text(&folder.run(&["serve"]).await).contains("0f1e2d3c"));
    folder.write("parlor.toml", "max_sockets = 1.5\n");
    refused(&folder, &["serve"], &["max_sockets"]).await;
    folder.write("parlor.toml", "");
    refused(
        &folder,
        &["--config", "elsewhere.toml", "serve"],
        &["elsewhere.toml", "--config"],
    )
    .await;
}

#[tokio::test]
async fn a_sandbox_that_could_not_keep_its_records_is_refused_at_once() {
    let folder = Folder::new(&[("PARLOR_SANDBOX_FILE", "nowhere/sandbox.json")]);
    refused(&folder, &["serve", "--sandbox"], &["PARLOR_SANDBOX_FILE"]).await;
}

#[tokio::test]
async fn a_file_is_read_and_the_environment_wins_over_it() {
    let folder = Folder::new(&[("PARLOR_MAX_SOCKETS", "1")]);
    folder.write("parlor.toml", "max_sockets = 50\ndatabase_url = \"sqlite:named.db\"\n");
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    assert!(folder.path("named.db").exists() && !folder.path("parlor.db").exists());
    let path = format!("/ws/visitor?widget={key}");
    let _first = program.site.socket(&path, None).await.unwrap();
    assert_eq!(program.site.socket(&path, None).await.err().unwrap().0, 503);
}

#[tokio::test]
async fn an_unknown_variable_is_warned_about_and_a_missing_token_said() {
    let folder = Folder::new(&[
        ("PARLOR_PUBLICURL", "https://chat.example.com"),
        ("PARLOR_REP_PASSWORD", "unused here"),
    ]);
    let program = folder.serve().await;
    assert!(
        program.said.contains("HUBSPOT_ACCESS_TOKEN is not set"),
        "{}",
        program.said
    );
    let log = program.log();
    assert!(
        log.contains("PARLOR_PUBLICURL") && log.contains("docs/configuration.md"),
        "{log}"
    );
    assert!(!log.contains("PARLOR_REP_PASSWORD"));
    assert_eq!(program.site.get("/healthz").await.status, 200);
    assert_eq!(program.site.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_second_server_on_the_same_database_is_refused_by_name() {
    let folder = Folder::new(&[]);
    let program = folder.serve().await;
    let mut second = folder.clone();
    second.address = crate::program::free_address();
    second.metrics = crate::program::free_address();
    let output = second.run(&["serve"]).await;
    let said = error_text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("parlor.db") && said.contains(&program.id().to_string()),
        "{said}"
    );
    assert!(said.contains("DATABASE_URL"), "{said}");
    assert_eq!(program.site.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_port_in_use_is_named_with_its_setting() {
    let folder = Folder::new(&[]);
    for (address, setting) in [
        (folder.address, "PARLOR_LISTEN"),
        (folder.metrics, "PARLOR_METRICS_LISTEN"),
    ] {
        let _taken = TcpListener::bind(address).unwrap();
        let output = folder.run(&["serve"]).await;
        let said = error_text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&address.to_string()) && said.contains(setting), "{said}");
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_untouched() {
    let folder = Folder::new(&[]);
    folder.add_widget().await;
    let path = folder.path("parlor.db");
    // SQLite's user_version, in which the schema's number stands, lies at byte 60 of the file.
    let mut file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(60)).unwrap();
    file.write_all(&999_u32.to_be_bytes()).unwrap();
    drop(file);
    let read = || {
        let mut bytes = Vec::new();
        std::fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let before = read();
    for arguments in [&["serve"][..], &["widget", "list"]] {
        let output = folder.run(arguments).await;
        let said = error_text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("newer Parlor") && said.contains("999"), "{said}");
    }
    assert_eq!(read(), before);
}

#[tokio::test]
async fn what_the_sandbox_wrote_never_reaches_a_real_portal() {
    let (demo, sandbox) = (
        crate::program::free_address().to_string(),
        crate::program::free_address().to_string(),
    );
    let folder = Folder::new(&[
        ("DATABASE_URL", "sqlite:one.db"),
        ("PARLOR_DEMO_LISTEN", &demo),
        ("PARLOR_SANDBOX_LISTEN", &sandbox),
    ]);
    let program = folder
        .serve_by(env!("CARGO_BIN_EXE_parlor"), &["serve", "--sandbox"], "Metrics")
        .await;
    for word in [
        "A marketing page",
        "sign in as",
        "with the password",
        "The sandbox HubSpot",
    ] {
        assert!(program.said.contains(word), "{}", program.said);
    }
    let page = Site::new(demo.parse().unwrap(), "").get("/").await;
    assert!(page.text.contains("/embed.js\" data-widget=\""));
    program.terminate();
    assert_eq!(program.ended().await.0, Some(0));
    let output = folder.run(&["serve"]).await;
    assert_eq!(output.status.code(), Some(2), "{}", error_text(&output));
    assert!(error_text(&output).contains("DATABASE_URL"));
}

#[tokio::test]
async fn reps_and_widgets_are_added_beside_a_running_server_which_notices() {
    let folder = Folder::new(&[("PARLOR_REP_PASSWORD", "correct horse battery")]);
    let program = folder.serve().await;
    let site = &program.site;
    let key = folder.add_widget().await;
    assert_eq!(site.get(&format!("/widget/{key}")).await.status, 200);
    let added = folder
        .run(&["rep", "add", "--email", "rep@parlor.example", "--name", "Robin"])
        .await;
    assert!(added.status.success(), "{}", error_text(&added));
    assert!(String::from_utf8_lossy(&added.stdout).contains("/inbox"));
    let cookie = site.sign_in("rep@parlor.example", "correct horse battery").await;
    let again = folder
        .run(&["rep", "add", "--email", "rep@parlor.example", "--name", "Robin"])
        .await;
    assert_eq!(again.status.code(), Some(2));
    assert!(error_text(&again).contains("exists already"));
    // A reset from the command line ends the session and its socket.
    let mut desk = site.desk(&cookie).await;
    let reset = folder.run(&["rep", "password", "--email", "rep@parlor.example"]).await;
    assert!(reset.status.success(), "{}", error_text(&reset));
    assert_eq!(desk.closed().await, 1008);
    let listed = folder.run(&["widget", "list"]).await;
    assert!(String::from_utf8_lossy(&listed.stdout).contains(&key));
    for wrong in [
        &["widget", "add", "--name", "X", "--origin", "http://www.example.com"][..],
        &["widget", "add", "--name", "X", "--origin", "*"],
        &[
            "widget",
            "add",
            "--name",
            "X",
            "--origin",
            "https://a.example",
            "--accent",
            "red;}body{",
        ],
        &["widget", "add", "--name", ""],
        &["rep", "add", "--email", "nonsense", "--name", "X"],
        &["rep", "password", "--email", "nobody@parlor.example"],
    ] {
        assert_eq!(folder.run(wrong).await.status.code(), Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_short_password_for_a_rep_is_refused_and_a_made_one_is_printed_once() {
    let folder = Folder::new(&[("PARLOR_REP_PASSWORD", "short")]);
    let output = folder
        .run(&["rep", "add", "--email", "a@b.example", "--name", "A"])
        .await;
    assert_eq!(output.status.code(), Some(2));
    assert!(error_text(&output).contains("PARLOR_REP_PASSWORD"));
    let folder = Folder::new(&[]);
    let output = folder
        .run(&["rep", "add", "--email", "a@b.example", "--name", "A"])
        .await;
    let said = String::from_utf8(output.stdout).unwrap();
    let password = said.lines().find_map(|line| line.strip_prefix("Password: ")).unwrap();
    let program = folder.serve().await;
    program.site.sign_in("a@b.example", password).await;
}
