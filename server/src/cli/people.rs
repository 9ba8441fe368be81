//! `parlor forget`, `parlor export`, `parlor retention`, `parlor audit`: what is done with people's data, beside a running server or
//! without one. A running server notices what was forgotten within two seconds.

use parlor_engine::erasure::{self, COMMAND_LINE, ForgetError, Journal};
use parlor_engine::export::export as everything_on;
use parlor_engine::retention::{self, RetentionError};
use parlor_engine::{Clock as _, Context, SystemClock};
use parlor_protocol::{ClaimedEmail, TenantId};
use parlor_store::{Audit, Audits as _};

use super::add::say;
use super::{Failure, database, open_store, open_store_at};
use crate::secret_key;
use crate::settings::Settings;

/// How many lines of the audit are shown.
const LINES: usize = 1_000;

impl From<ForgetError> for Failure {
    fn from(error: ForgetError) -> Self {
        Self::Other(error.to_string())
    }
}

/// The address as registrations have it.
fn address(email: &str) -> Result<ClaimedEmail, Failure> {
    ClaimedEmail::parse(email).map_err(|error| Failure::Usage(error.to_string()))
}

pub(super) async fn forget(settings: &Settings, email: &str) -> Result<(), Failure> {
    let email = address(email)?;
    let context = Context::system();
    let path = database(settings);
    let key = secret_key::key(settings.secret_key.as_ref(), &path, &context)?;
    let journal = Journal::beside(&path, key);
    let store = open_store_at(path)?;
    let (tenant, timeout) = (TenantId::default_tenant(), settings.hubspot.timeout);
    let erased = erasure::forget(&context, &store, &journal, &tenant, &email, COMMAND_LINE, timeout).await;
    store.close().await;
    let erased = erased?;
    if erased.conversations.is_empty() {
        say(
            "Nothing is kept on this address. Should an older backup be restored that has it, it is forgotten there as well.",
        );
        return Ok(());
    }
    say(&format!(
        "Forgotten: {} with {}.",
        counted(erased.conversations.len() as u64, "conversation"),
        counted(erased.messages, "message")
    ));
    if erased.records > 0 {
        say(
            "A running server removes them from HubSpot: Parlor's part of the contact's property, and Parlor's notes. What others wrote \
             there, and the contact itself, are yours to delete.",
        );
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the export goes to standard output")]
pub(super) async fn export(settings: &Settings, email: &str) -> Result<(), Failure> {
    let email = address(email)?;
    let store = open_store(settings)?;
    let tenant = TenantId::default_tenant();
    let exported = everything_on(&store, &tenant, &email, COMMAND_LINE, SystemClock.now()).await;
    store.close().await;
    let text = serde_json::to_string_pretty(&exported?).map_err(anyhow::Error::from)?;
    println!("{text}");
    Ok(())
}

pub(super) async fn retention(settings: &Settings, days: Option<&str>) -> Result<(), Failure> {
    let store = open_store(settings)?;
    let tenant = TenantId::default_tenant();
    let outcome = async {
        if let Some(days) = days {
            let days = match days {
                "off" => None,
                // What is no number is refused like one that is too small.
                days => Some(days.parse().unwrap_or(0)),
            };
            retention::set_days(&store, &tenant, days, COMMAND_LINE)
                .await
                .map_err(|error| match error {
                    RetentionError::Store(error) => Failure::from(error),
                    wrong @ RetentionError::Days => Failure::Usage(wrong.to_string()),
                })?;
        }
        Ok(retention::days(&store, &tenant).await?)
    };
    let kept: Result<Option<u32>, Failure> = outcome.await;
    store.close().await;
    match kept? {
        None => say("Conversations are kept for good. Limit it with parlor retention --days N."),
        Some(days) => say(&format!(
            "Conversations are erased here {} after their last message, once HubSpot has them. HubSpot keeps its copy.",
            counted(u64::from(days), "day")
        )),
    }
    Ok(())
}

pub(super) async fn audit(settings: &Settings) -> Result<(), Failure> {
    let store = open_store(settings)?;
    let audits = store.audits(&TenantId::default_tenant(), LINES).await;
    store.close().await;
    for audit in audits? {
        say(&line(&audit));
    }
    Ok(())
}

fn line(audit: &Audit) -> String {
    format!(
        "{}  {}  {}  {}, {}, {}",
        audit.at.rfc3339(),
        audit.actor,
        audit.action,
        counted(audit.visitors, "visitor"),
        counted(audit.conversations, "conversation"),
        counted(audit.messages, "message"),
    )
}

/// `1 message`, `2 messages`.
pub(super) fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}
