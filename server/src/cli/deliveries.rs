//! `parlor deliveries …`: dead letters, beside a running server or without one. A running server looks for what others left it
//! every two seconds.

use clap::{ArgGroup, Args, Subcommand};
use parlor_protocol::{ConversationId, TenantId};
use parlor_store::{DeadLetter, DeadLetters, Rest};

use super::add::say;
use super::{Failure, open_store};
use crate::settings::Settings;

/// Letters listed at once.
const MOST: usize = 1_000;

#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// List the dead letters: what HubSpot refuses, or has not taken for seven days
    List,
    /// Send dead letters on their way again; works beside a running server
    Replay(ReplayArguments),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["id", "all"])))]
pub(super) struct ReplayArguments {
    /// The letter's id, as the list shows it
    id: Option<String>,
    /// Every letter
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(settings: &Settings, command: DeliveriesCommand) -> Result<(), Failure> {
    let tenant = TenantId::default_tenant();
    match command {
        DeliveriesCommand::List => {
            let store = open_store(settings)?;
            let letters = store.dead_letters(&tenant, MOST).await;
            store.close().await;
            list(&letters?);
            Ok(())
        }
        DeliveriesCommand::Replay(ReplayArguments { id, .. }) => {
            let id = id.map(ConversationId::parse).transpose();
            let id =
                id.map_err(|_| Failure::Usage("this is no letter's id: parlor deliveries list shows them".to_owned()))?;
            let store = open_store(settings)?;
            let replayed = store.replay(&tenant, id.as_ref()).await;
            store.close().await;
            match (replayed?, id) {
                (0, Some(_)) => Err(Failure::Usage(
                    "there is no dead letter of this id: parlor deliveries list shows those there are".to_owned(),
                )),
                (count, _) => {
                    say(&format!("{count} on their way again."));
                    Ok(())
                }
            }
        }
    }
}

fn list(letters: &[DeadLetter]) {
    if letters.is_empty() {
        say("There are no dead letters.");
    }
    for letter in letters {
        let why = match letter.rest {
            Rest::Refused => "refused",
            Rest::Dead => "failed for seven days",
        };
        let record = letter.record.as_deref().unwrap_or("none yet");
        say(&format!(
            "{}  {why} since {}",
            letter.conversation,
            letter.since.rfc3339()
        ));
        say(&format!(
            "  contact {record}, {} messages undelivered",
            letter.undelivered
        ));
        say(&format!("  {}", letter.reason.words));
        if let Some(id) = &letter.reason.correlation_id {
            say(&format!("  correlation id {id}"));
        }
    }
}
