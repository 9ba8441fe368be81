//! `parlor hubspot connect`: a new token, beside a running server or without one. It is never an argument, which every user of the
//! machine could read.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use parlor_engine::Context;
use parlor_engine::connection::{CheckedToken, ConnectError, check_client, keep_token};
use parlor_protocol::TenantId;
use parlor_store::Settings as _;
use secrecy::SecretString;

use super::add::say;
use super::serve::USED_WITH;
use super::{Failure, database, open_store_at};
use crate::origin::is_loopback;
use crate::settings::Settings;
use crate::{run, secret_key};

/// Longer is no token.
const MOST_BYTES: u64 = 4_096;

#[derive(Debug, Subcommand)]
pub(super) enum HubspotCommand {
    /// Give Parlor a HubSpot token, read from a file or from standard input, after showing which portal and scopes it belongs to. A
    /// running server uses it within two seconds
    Connect(ConnectArguments),
}

#[derive(Debug, Args)]
pub(super) struct ConnectArguments {
    /// The file with the token; without it, it is read from standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Only show what it is good for
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(settings: &Settings, command: HubspotCommand) -> Result<(), Failure> {
    let HubspotCommand::Connect(arguments) = command;
    let token = read(&arguments)?;
    let client = run::connect(&settings.hubspot)(token.clone()).map_err(|error| Failure::Usage(error.to_string()))?;
    let tenant = TenantId::default_tenant();
    let context = Context::system();
    let path = database(settings);
    let sealer = secret_key::sealer(settings.secret_key.as_ref(), &path, &context)?;
    let store = open_store_at(path)?;
    if store.setting(USED_WITH).await?.as_deref() == Some("sandbox") && !is_loopback(&settings.hubspot.base_url) {
        store.close().await;
        return Err(Failure::Usage(
            "this database belongs to the sandbox, and HUBSPOT_BASE_URL leads to the real HubSpot: name the real database with \
             DATABASE_URL"
                .to_owned(),
        ));
    }
    let outcome = async {
        let checked = check_client(&store, &tenant, &client).await?;
        tell(&checked);
        let missing = checked.missing();
        if !missing.is_empty() {
            return Err(ConnectError::Scopes(missing));
        }
        if !arguments.check {
            keep_token(&context, &store, &sealer, &tenant, &token).await?;
        }
        Ok(())
    }
    .await;
    store.close().await;
    match outcome {
        Ok(()) if arguments.check => Ok(()),
        Ok(()) => {
            say("It is used from now on; a running server notices within two seconds.");
            Ok(())
        }
        Err(ConnectError::Store(error)) => Err(error.into()),
        Err(error @ ConnectError::Unknown(_)) => Err(Failure::Other(error.to_string())),
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}

fn read(arguments: &ConnectArguments) -> Result<SecretString, Failure> {
    let mut text = String::new();
    let read = match &arguments.token_file {
        Some(path) => std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text)),
        None => std::io::stdin().take(MOST_BYTES).read_to_string(&mut text),
    };
    read.map_err(|error| Failure::Usage(format!("the token cannot be read: {error}")))?;
    Ok(SecretString::from(text.trim()))
}

fn tell(checked: &CheckedToken) {
    say(&format!("Portal: {}", checked.portal_id));
    match &checked.scopes {
        Some(scopes) => say(&format!("Scopes: {}", scopes.join(" "))),
        None => say("Scopes: HubSpot does not tell"),
    }
}
