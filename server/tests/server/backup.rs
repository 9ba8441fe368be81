//! Backup of a server that runs, and the way back.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::program::{Folder, Program, error_text};
use crate::site::Visitor;

async fn stop(server: Program) {
    server.terminate();
    let (code, log) = server.ended().await;
    assert_eq!(code, Some(0), "{log}");
}

async fn export(folder: &Folder, email: &str) -> String {
    let output = folder.run(&["export", email]).await;
    assert!(output.status.success(), "{}", error_text(&output));
    String::from_utf8(output.stdout).unwrap()
}

async fn say(server: &Program, whom: &Visitor, text: &str) {
    server.site.chat(whom, None).await.say(&whom.conversation, text).await;
}

#[tokio::test]
async fn a_backup_is_whole_while_chats_go_on_and_its_owners_alone() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let server = folder.serve().await;
    let ada = server.site.register(&key, "Ada", "ada@example.com").await;
    say(&server, &ada, "in the log, not in the file").await;
    let made = folder.run(&["backup", "backup.db"]).await;
    assert!(made.status.success(), "{}", error_text(&made));
    let permissions = fs::metadata(folder.path("backup.db")).unwrap().permissions().mode();
    assert_eq!(permissions & 0o777, 0o600);
    let names = fs::read_dir(folder.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names
        .filter(|name| name.to_string_lossy().contains("unfinished"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let kept = rusqlite::Connection::open(folder.path("backup.db")).unwrap();
    let text: String = kept
        .query_row("SELECT text FROM message", [], |row| row.get(0))
        .unwrap();
    assert_eq!(text, "in the log, not in the file");
    drop(kept);
    // Never over another.
    let again = folder.run(&["backup", "backup.db"]).await;
    assert_eq!(again.status.code(), Some(2));
    assert!(error_text(&again).contains("there already"), "{}", error_text(&again));
    // A folder that is not there.
    let nowhere = folder.run(&["backup", "nowhere/backup.db"]).await;
    assert_eq!(nowhere.status.code(), Some(1));
}

#[tokio::test]
async fn a_backup_is_restored_without_the_server_and_what_it_replaced_is_kept() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let server = folder.serve().await;
    let ada = server.site.register(&key, "Ada", "ada@example.com").await;
    let bob = server.site.register(&key, "Bob", "bob@example.com").await;
    say(&server, &ada, "my secret sorrow").await;
    say(&server, &bob, "before").await;
    assert!(folder.run(&["backup", "backup.db"]).await.status.success());
    say(&server, &bob, "after the backup").await;
    assert!(folder.run(&["forget", "ada@example.com"]).await.status.success());

    let refused = folder.run(&["restore", "backup.db"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        error_text(&refused).contains("in use by a Parlor server"),
        "{}",
        error_text(&refused)
    );
    stop(server).await;

    // What is no backup changes nothing.
    fs::write(folder.path("text.db"), "no database").unwrap();
    let mut damaged = fs::read(folder.path("backup.db")).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle..].fill(7);
    fs::write(folder.path("damaged.db"), damaged).unwrap();
    for wrong in ["text.db", "damaged.db", "parlor.db", "nothing.db"] {
        let refused = folder.run(&["restore", wrong]).await;
        assert_eq!(refused.status.code(), Some(1), "{wrong}");
        assert!(
            export(&folder, "bob@example.com").await.contains("after the backup"),
            "{wrong}"
        );
    }

    let restored = folder.run(&["restore", "backup.db"]).await;
    assert!(restored.status.success(), "{}", error_text(&restored));
    let said = String::from_utf8(restored.stdout).unwrap();
    assert!(said.contains("1 conversation of people who were forgotten"), "{said}");
    let kept = said.split("is kept as ").nth(1).unwrap().split(':').next().unwrap();
    let replaced = rusqlite::Connection::open(folder.path(kept)).unwrap();
    let count = "SELECT count(*) FROM message WHERE text = 'after the backup'";
    assert_eq!(replaced.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 1);

    let server = folder.serve().await;
    let bobs = export(&folder, "bob@example.com").await;
    assert!(bobs.contains("before") && !bobs.contains("after the backup"), "{bobs}");
    assert!(!export(&folder, "ada@example.com").await.contains("sorrow"));
    let bytes = fs::read(folder.path("parlor.db")).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"sorrow"));
    let audit = folder.run(&["audit"]).await;
    let audit = String::from_utf8(audit.stdout).unwrap();
    assert!(audit.contains("restored") && audit.contains("forgotten"), "{audit}");
    let names = fs::read_dir(folder.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names
        .filter(|name| name.to_string_lossy().contains("restoring"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    stop(server).await;

    // An old file that somebody puts in its place by hand brings nobody back either.
    fs::copy(folder.path("backup.db"), folder.path("parlor.db")).unwrap();
    let server = folder.serve().await;
    assert!(!export(&folder, "ada@example.com").await.contains("sorrow"));
    stop(server).await;
}
