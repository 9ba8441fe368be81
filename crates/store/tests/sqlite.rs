//! What is SQLite's own: the lock, files that are not Parlor's or not of this version, and power-safe settings.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may panic, makes its own ids, and its child process is told what to do and speaks to its parent"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use parlor_protocol::{
    ClaimedEmail, ConversationId, MessageId, MessageText, PageContext, PersonName, RepId, TenantId, VisitorId,
    WidgetId, WidgetKey,
};
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};
use parlor_store::{
    Append, AppendOutcome, Clock, Conversations, LauncherPosition, NewRep, NewVisitor, NewWidget, Reps, SecretHash,
    Settings, StoreError, SystemClock, Timestamp, Visitors, Widgets, Writer,
};
use rusqlite::Connection;

fn options(path: &Path, role: Role) -> OpenOptions {
    OpenOptions {
        path: path.to_owned(),
        clock: Arc::new(SystemClock),
        role,
    }
}

fn open(path: &Path, role: Role) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(&options(path, role))
}

/// All files of a folder but lock files, with what is in them.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_second_server_is_refused_by_name_and_may_start_when_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let first = open(&path, Role::Server).unwrap();
    let refused = open(&path, Role::Server).unwrap_err();
    let StoreError::InUse { path: named, holder } = &refused else {
        panic!("{refused}")
    };
    assert_eq!(Path::new(named), path);
    assert!(
        holder.starts_with(&format!("process {} since 20", std::process::id())),
        "{holder}"
    );

    // By another name of the same file, too.
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(open(&link, Role::Server), Err(StoreError::InUse { .. })));
    drop(first);
    open(&path, Role::Server).unwrap();
}

#[tokio::test]
async fn a_command_works_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let server = open(&path, Role::Server).unwrap();
    let command = open(&path, Role::Command).unwrap();
    let email = ClaimedEmail::parse("rep@example.com").unwrap();
    let id = RepId::parse(uuid::Uuid::now_v7().to_string()).unwrap();
    let rep = NewRep {
        id,
        email: email.clone(),
        name: "Grace".into(),
        password_hash: "$".into(),
    };
    command.add_rep(&TenantId::default_tenant(), rep).await.unwrap();
    command.close().await;
    assert!(server.rep_by_email(&email).await.unwrap().is_some());
    server.probe().await.unwrap();
}

#[tokio::test]
async fn a_command_may_come_first_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let command = open(&path, Role::Command).unwrap();
    let server = open(&path, Role::Server).unwrap();
    command.probe().await.unwrap();
    server.probe().await.unwrap();
}

#[test]
fn a_command_does_not_change_the_schema_under_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let server = open(&path, Role::Server).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 3")
        .unwrap();
    let refused = open(&path, Role::Command).unwrap_err().to_string();
    assert!(
        refused.contains("older") && refused.contains("restart the server"),
        "{refused}"
    );
    drop(server);
}

/// A clock that, whenever it is asked, lets something happen first. Opening asks it right before it tries to take the lock.
struct Meanwhile<F>(F);

impl<F: Fn() + Send + Sync + 'static> Clock for Meanwhile<F> {
    fn now(&self) -> Timestamp {
        self.0();
        SystemClock.now()
    }
}

#[tokio::test]
async fn a_command_waits_for_the_schema_of_a_server_that_is_just_starting() {
    let folder = tempfile::tempdir().unwrap();
    let (path, ready) = (folder.path().join("parlor.db"), folder.path().join("ready.db"));
    open(&ready, Role::Server).unwrap().close().await;
    // The server holds the lock and has come no further; it is done right after the command found no schema.
    let lock = std::fs::File::create(folder.path().join("parlor.db.lock")).unwrap();
    lock.lock().unwrap();
    let there = path.clone();
    let clock = Meanwhile(move || {
        if !there.exists() {
            std::fs::copy(&ready, &there).unwrap();
        }
    });
    let options = OpenOptions {
        clock: Arc::new(clock),
        ..options(&path, Role::Command)
    };
    let command = SqliteStore::open(&options).unwrap();
    command.probe().await.unwrap();
    command.close().await;
    lock.unlock().unwrap();
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    drop(open(&path, Role::Server).unwrap());
    std::fs::remove_file(folder.path().join("parlor.db.lock")).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 4711")
        .unwrap();
    let before = contents(folder.path());
    assert_eq!(before.len(), 1, "nothing lies beside it");
    for role in [Role::Server, Role::Command] {
        let refused = open(&path, role).unwrap_err();
        assert!(matches!(refused, StoreError::TooNew { found: 4711, .. }), "{refused}");
        assert!(
            contents(folder.path()) == before,
            "not a byte changed, and no file was added"
        );
    }
}

#[test]
fn a_newer_database_whose_server_crashed_is_refused_untouched() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("parlor.db");
    let running = open(&path, Role::Server).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 4711")
        .unwrap();
    for ending in ["parlor.db", "parlor.db-wal"] {
        std::fs::copy(folder.path().join(ending), copy.path().join(ending)).unwrap();
    }
    drop(running);
    let before = contents(copy.path());
    let refused = open(&copy.path().join("parlor.db"), Role::Server).unwrap_err();
    assert!(matches!(refused, StoreError::TooNew { found: 4711, .. }), "{refused}");
    let mut after = contents(copy.path());
    after.retain(|(path, _)| path.extension().is_none_or(|ending| ending != "lock"));
    assert!(after == before, "not a byte changed");
}

#[test]
fn what_is_no_database_of_ours_is_refused_untouched_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "dear diary, ".repeat(1_000)).unwrap();
    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE bookmark (url TEXT)")
        .unwrap();
    let before = contents(folder.path());
    for (path, reason) in [
        (text, "not a database"),
        (foreign, "the SQLite database of another program"),
        (folder.path().to_owned(), "it is a folder"),
        (folder.path().join("missing/parlor.db"), "No such file or directory"),
    ] {
        let refused = open(&path, Role::Server).unwrap_err();
        assert!(matches!(refused, StoreError::Open { .. }), "{refused}");
        let message = refused.to_string();
        assert!(
            message.contains(reason) && message.contains(&path.display().to_string()),
            "{message}"
        );
    }
    assert!(contents(folder.path()) == before);
}

#[test]
fn an_odd_path_is_only_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b%20?mode=memory#x'.db");
    for _ in 0..2 {
        drop(open(&path, Role::Server).unwrap());
    }
    assert!(path.exists());
}

#[tokio::test]
async fn a_closed_store_has_folded_its_log_and_says_that_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let store = open(&path, Role::Server).unwrap();
    store.set_setting("kept", "yes").await.unwrap();
    store.close().await;
    store.close().await;
    assert!(matches!(store.setting("kept").await, Err(StoreError::Closed)));
    assert!(matches!(store.probe().await, Err(StoreError::Closed)));
    assert!(!folder.path().join("parlor.db-wal").exists());
    assert_eq!(
        open(&path, Role::Server)
            .unwrap()
            .setting("kept")
            .await
            .unwrap()
            .as_deref(),
        Some("yes")
    );
}

#[tokio::test]
async fn a_corrupt_row_is_an_error_that_names_its_column_and_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let store = Arc::new(open(&path, Role::Server).unwrap());
    let talk = begin(&store).await;
    let vandal = Connection::open(&path).unwrap();
    vandal
        .execute_batch("PRAGMA foreign_keys = OFF; UPDATE visitor SET email = 'no address at all'")
        .unwrap();
    let error = store
        .visitor(&talk.tenant, &talk.visitor)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("visitor.email") && !error.contains("no address at all"),
        "{error}"
    );
    vandal.execute_batch("UPDATE message SET id = 'x'").unwrap();
    store.append(message(&talk, 1)).await.unwrap();
    vandal.execute_batch("UPDATE message SET id = 'x'").unwrap();
    let error = store
        .messages_after(&talk.tenant, &talk.conversation, 0, 9)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("message.id"), "{error}");
}

/// Kills a process while it appends, and looks whether what it acknowledged is there.
#[tokio::test]
async fn a_kill_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let mut expected: Vec<(u64, String)> = Vec::new();
    let mut talk = None;
    for round in 0..3_u64 {
        let mut child = spawn_appender(&path, round);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let ids = lines
            .by_ref()
            .find_map(|line| line.strip_prefix("talk ").map(str::to_owned))
            .unwrap();
        let refused = open(&path, Role::Server).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", child.id())), "{refused}");
        // Whatever was acknowledged, read or still in the pipe, counts.
        let mut acknowledged = Vec::new();
        for line in lines {
            let Some((seq, id)) = line.strip_prefix("ack ").and_then(|ack| ack.split_once(' ')) else {
                continue;
            };
            acknowledged.push((seq.parse::<u64>().unwrap(), id.to_owned()));
            if acknowledged.len() == 200 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= 200);

        let store = open(&path, Role::Server).unwrap();
        let (tenant, conversation) = (TenantId::default_tenant(), ConversationId::parse(ids).unwrap());
        let kept = store
            .messages_after(&tenant, &conversation, 0, usize::MAX)
            .await
            .unwrap();
        assert!(
            kept.iter().map(|message| message.seq).eq(1..=kept.len() as u64),
            "no gap"
        );
        for (seq, id) in &acknowledged {
            assert_eq!(kept[usize::try_from(*seq).unwrap() - 1].id.as_str(), id);
        }
        expected.extend(acknowledged);
        talk = Some(conversation);
    }
    assert!(talk.is_some() && expected.len() >= 600);
}

fn spawn_appender(path: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--ignored", "--nocapture"])
        .env("STORE_TEST_DATABASE", path)
        .env("STORE_TEST_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a_kill_loses_nothing_that_was_acknowledged, which kills it"]
async fn the_process_that_is_killed() {
    let Some(path) = std::env::var_os("STORE_TEST_DATABASE") else {
        return;
    };
    let store = Arc::new(open(Path::new(&path), Role::Server).unwrap());
    let talk = begin(&store).await;
    println!("\ntalk {}", talk.conversation.as_str());
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let (store, talk) = (Arc::clone(&store), talk.clone());
            tokio::spawn(async move {
                for number in 0..100_000 {
                    let AppendOutcome::Stored(appended) = store.append(message(&talk, number)).await.unwrap() else {
                        panic!("not stored")
                    };
                    // One write a line, so that a kill cannot mix two.
                    let line = format!("ack {} {}\n", appended.message.seq, appended.message.id);
                    let _ = std::io::stdout().lock().write_all(line.as_bytes());
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

#[derive(Clone)]
struct Talk {
    tenant: TenantId,
    visitor: VisitorId,
    conversation: ConversationId,
}

async fn begin(store: &SqliteStore) -> Talk {
    let tenant = TenantId::default_tenant();
    let uuid = || uuid::Uuid::now_v7().to_string();
    let widget = WidgetId::parse(uuid()).unwrap();
    let key = uuid().replace('-', "");
    let settings = NewWidget {
        id: widget.clone(),
        key: WidgetKey::parse(key.clone()).unwrap(),
        name: key,
        origins: Vec::new(),
        last_name_required: false,
        accent: "#000000".into(),
        greeting: String::new(),
        position: LauncherPosition::End,
    };
    store.add_widget(&tenant, settings).await.unwrap();
    let talk = Talk {
        tenant: tenant.clone(),
        visitor: VisitorId::parse(uuid()).unwrap(),
        conversation: ConversationId::parse(uuid()).unwrap(),
    };
    let mut code = [0; 32];
    code[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    let visitor = NewVisitor {
        id: talk.visitor.clone(),
        conversation: talk.conversation.clone(),
        widget,
        first_name: PersonName::parse("Ada").unwrap(),
        last_name: None,
        email: ClaimedEmail::parse("ada@example.com").unwrap(),
        page: PageContext::default(),
        held: false,
        code: (SecretHash(code), Timestamp::from_millis(0)),
        form: None,
    };
    store.register(&tenant, visitor).await.unwrap();
    talk
}

fn message(talk: &Talk, number: u64) -> Append {
    Append {
        tenant: talk.tenant.clone(),
        conversation: talk.conversation.clone(),
        writer: Writer::Visitor(talk.visitor.clone()),
        name: "Ada".into(),
        id: MessageId::parse(uuid::Uuid::new_v4().to_string()).unwrap(),
        text: MessageText::parse(&format!("message {number}")).unwrap(),
    }
}
