//! Backups of a database in use, and restoring that may end at any point.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parlor_store::sqlite::{BackupError, OpenOptions, Restoring, Role, SqliteStore, back_up};
use parlor_store::{Settings, SystemClock, Timestamp};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(&OpenOptions {
        path: path.to_owned(),
        clock: Arc::new(SystemClock),
        role: Role::Server,
    })
    .unwrap()
}

fn moment(number: i64) -> Timestamp {
    Timestamp::from_millis(number)
}

async fn with(path: &Path, value: &str) {
    let store = open(path);
    store.set_setting("value", value).await.unwrap();
    store.close().await;
}

async fn value(path: &Path) -> Option<String> {
    let store = open(path);
    let value = store.setting("value").await.unwrap();
    store.close().await;
    value
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_while_others_write_is_of_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let store = Arc::new(open(&path));
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        async move {
            // The second follows the first: no moment has it without.
            for number in 0.. {
                store.set_setting("first", &number.to_string()).await.unwrap();
                store.set_setting("second", &number.to_string()).await.unwrap();
                if stop.load(Ordering::Relaxed) {
                    return number;
                }
            }
            0
        }
    });
    let mut last = -1;
    for number in 0..10 {
        let target = folder.path().join(format!("{number}.db"));
        let (from, to) = (path.clone(), target.clone());
        tokio::task::spawn_blocking(move || back_up(&from, &to))
            .await
            .unwrap()
            .unwrap();
        let kept = open(&target);
        let read = async |name: &str| {
            kept.setting(name)
                .await
                .unwrap()
                .map_or(-1, |value| value.parse::<i64>().unwrap())
        };
        let (first, second) = (read("first").await, read("second").await);
        assert!(first == second || first == second + 1, "{first} {second}");
        assert!(first >= last, "{first} after {last}");
        last = first;
        kept.close().await;
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() > 10, "writing went on");
    store.close().await;
}

#[tokio::test]
async fn restoring_that_ends_on_its_way_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (path, backup) = (folder.path().join("parlor.db"), folder.path().join("backup.db"));
    with(&path, "old").await;
    back_up(&path, &backup).unwrap();
    with(&path, "new").await;
    let before = names(folder.path());
    let restoring = Restoring::begin(&path, &backup, moment(1)).unwrap();
    // Nobody else restores meanwhile, and no server starts.
    assert!(matches!(
        Restoring::begin(&path, &backup, moment(2)),
        Err(BackupError::InUse { .. })
    ));
    with(restoring.copy(), "changed").await;
    drop(restoring);
    assert_eq!(names(folder.path()), before);
    assert_eq!(value(&path).await.as_deref(), Some("new"));
    // A process that ended without a word left its copy: the next one begins anew.
    std::fs::write(folder.path().join("parlor.db.restoring"), "half").unwrap();
    let restoring = Restoring::begin(&path, &backup, moment(3)).unwrap();
    let aside = restoring.finish(moment(4)).unwrap().unwrap();
    assert_eq!(
        aside,
        folder.path().canonicalize().unwrap().join("parlor.db.replaced-4")
    );
    assert_eq!(value(&path).await.as_deref(), Some("old"));
    assert_eq!(value(&aside).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_database_is_restored_where_it_lies_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let (path, backup) = (other.path().join("real.db"), folder.path().join("backup.db"));
    with(&path, "old").await;
    back_up(&path, &backup).unwrap();
    with(&path, "new").await;
    let link: PathBuf = folder.path().join("parlor.db");
    symlink(&path, &link).unwrap();
    let server = open(&path);
    assert!(matches!(
        Restoring::begin(&link, &backup, moment(1)),
        Err(BackupError::InUse { .. })
    ));
    server.close().await;
    Restoring::begin(&link, &backup, moment(2))
        .unwrap()
        .finish(moment(3))
        .unwrap();
    assert!(link.is_symlink());
    assert_eq!(value(&path).await.as_deref(), Some("old"));
    // Where there was none, there is one.
    let new = folder.path().join("new.db");
    assert_eq!(
        Restoring::begin(&new, &backup, moment(4))
            .unwrap()
            .finish(moment(5))
            .unwrap(),
        None
    );
    assert_eq!(value(&new).await.as_deref(), Some("old"));
}

#[tokio::test]
async fn a_copied_database_with_its_log_is_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let store = open(&path);
    store.set_setting("value", "in the log").await.unwrap();
    for ending in ["", "-wal"] {
        let name = format!("parlor.db{ending}");
        std::fs::copy(
            folder.path().join(&name),
            folder.path().join(format!("copy.db{ending}")),
        )
        .unwrap();
    }
    store.close().await;
    let refused = Restoring::begin(&path, &folder.path().join("copy.db"), moment(1)).unwrap_err();
    assert!(refused.to_string().contains("log beside it"), "{refused}");
}
