//! `parlor backup` beside a running server, and `parlor restore` without one.

use std::path::Path;
use std::sync::Arc;

use parlor_engine::delivery::unclear_for;
use parlor_engine::erasure::{self, COMMAND_LINE, Journal};
use parlor_engine::{Context, SystemClock};
use parlor_protocol::TenantId;
use parlor_store::sqlite::{BackupError, OpenOptions, Restoring, Role, SqliteStore, back_up};
use parlor_store::{Audits as _, NewAudit};

use super::add::say;
use super::people::counted;
use super::{Failure, database};
use crate::secret_key;
use crate::settings::Settings;

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Exists(_) => Self::Usage(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

pub(super) async fn backup(settings: &Settings, target: &Path) -> Result<(), Failure> {
    let (path, to) = (database(settings), target.to_owned());
    let made = tokio::task::spawn_blocking(move || back_up(&path, &to)).await;
    made.map_err(anyhow::Error::from)??;
    say(&format!("{} is whole and was read back.", target.display()));
    say("Keep the files .key and .erased beside the database, too: the newest of each.");
    Ok(())
}

pub(super) async fn restore(settings: &Settings, backup: &Path) -> Result<(), Failure> {
    let context = Context::system();
    let path = database(settings);
    let restoring = Restoring::begin(&path, backup, context.now())?;
    let key = secret_key::key(settings.secret_key.as_ref(), &path, &context)?;
    let copy = SqliteStore::open(&OpenOptions {
        path: restoring.copy().to_owned(),
        clock: Arc::new(SystemClock),
        role: Role::Command,
    })?;
    let prepared = prepare(settings, &context, &copy, &Journal::beside(&path, key)).await;
    copy.close().await;
    drop(copy);
    let again = prepared?;
    let aside = restoring.finish(context.now())?;
    say(&format!("{} is restored from {}.", path.display(), backup.display()));
    if again > 0 {
        say(&format!(
            "{} of people who were forgotten since: erased again.",
            counted(again as u64, "conversation")
        ));
    }
    if let Some(aside) = aside {
        say(&format!(
            "What was replaced is kept as {}: remove it when you no longer need it.",
            aside.display()
        ));
    }
    Ok(())
}

/// What has to be done before anybody sees the restored state.
async fn prepare(
    settings: &Settings,
    context: &Context,
    copy: &SqliteStore,
    journal: &Journal,
) -> Result<usize, Failure> {
    let timeout = settings.hubspot.timeout;
    let again = erasure::forget_again(context, copy, journal, timeout).await?;
    copy.doubt_everything(context.now() + unclear_for(timeout)).await?;
    let line = NewAudit {
        actor: COMMAND_LINE.to_owned(),
        action: "restored",
        visitors: 0,
        conversations: 0,
        messages: 0,
    };
    copy.add_audit(&TenantId::default_tenant(), line).await?;
    Ok(again)
}
