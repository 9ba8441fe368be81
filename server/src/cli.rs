//! The command line: what there is to say, and what each word does.

mod add;
mod backup;
mod deliveries;
mod hubspot;
mod identity;
mod people;
mod serve;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use parlor_engine::{StoreError, SystemClock};
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};

use crate::settings::{DEFAULT_FILE, SANDBOX_DATABASE, Settings, SettingsError};

/// Live chat for marketing sites that writes itself into HubSpot.
#[derive(Debug, Parser)]
#[command(
    name = "parlor",
    version,
    after_help = "Settings are in parlor.toml or the environment; see docs/configuration.md."
)]
pub struct CommandLine {
    /// The file with the settings [default: parlor.toml, when it is there]
    #[arg(long, global = true, env = "PARLOR_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run Parlor
    Serve(ServeArguments),
    /// Run the sandbox HubSpot alone
    Sandbox,
    /// The people who answer
    #[command(subcommand)]
    Rep(RepCommand),
    /// The chats on your sites
    #[command(subcommand)]
    Widget(WidgetCommand),
    /// Forget a person: erase what they wrote and who they are, here and from HubSpot; works beside a running server
    Forget {
        /// Their e-mail address
        email: String,
    },
    /// Print everything kept on a person as JSON; works beside a running server
    Export {
        /// Their e-mail address
        email: String,
    },
    /// Show or change for how long conversations are kept here; works beside a running server
    Retention {
        /// Days after the last message, or "off"
        #[arg(long, value_name = "N|off")]
        days: Option<String>,
    },
    /// List what was done to people's data, and by whom
    Audit,
    /// Write a backup of the database to a new file; works beside a running server
    Backup {
        /// The file to write
        file: PathBuf,
    },
    /// Put a backup in the database's place; the server must be stopped
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// The HubSpot account that is written to
    #[command(subcommand)]
    Hubspot(hubspot::HubspotCommand),
    /// What could not be delivered to HubSpot
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
}

#[derive(Debug, Args, Default)]
struct ServeArguments {
    /// Also run the sandbox HubSpot and a demo page, and write to the sandbox
    #[arg(long)]
    sandbox: bool,
}

#[derive(Debug, Subcommand)]
enum RepCommand {
    /// Add a rep; works beside a running server. The password comes from PARLOR_REP_PASSWORD, or is made and printed
    Add {
        /// The address they sign in with
        #[arg(long)]
        email: String,
        /// The name visitors see
        #[arg(long)]
        name: String,
    },
    /// Give a rep another password and end their sessions
    Password {
        /// The address they sign in with
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum WidgetCommand {
    /// Add a widget and print its snippet; works beside a running server
    Add(WidgetArguments),
    /// List the widgets with their keys and origins
    List,
    /// Show or change how a site proves who its visitors are, and which chat its loader boots; works beside a running server
    Identity(identity::IdentityArguments),
    /// Change which origins may embed a widget; works beside a running server
    Origins {
        /// The widget's key, as its snippet has it
        #[arg(long)]
        key: String,
        /// An origin that may embed it from now on; once for each
        #[arg(long, value_name = "ORIGIN")]
        allow: Vec<String>,
        /// An origin that may no longer; once for each
        #[arg(long, value_name = "ORIGIN")]
        forbid: Vec<String>,
    },
}

#[derive(Debug, Args)]
struct WidgetArguments {
    /// Its name, shown to visitors and reps
    #[arg(long)]
    name: String,
    /// An origin that may embed it, like https://www.example.com; once for each
    #[arg(long, required = true)]
    origin: Vec<String>,
    /// Visitors may leave the last name out
    #[arg(long)]
    last_name_optional: bool,
    /// The accent colour, like #0b5fff
    #[arg(long, default_value = "#0b5fff")]
    accent: String,
    /// The line above the form
    #[arg(long, default_value = "Questions? We are happy to help.")]
    greeting: String,
    /// Put the launcher at the start of the line (left in English) instead of its end
    #[arg(long)]
    at_start: bool,
}

/// Why the program ends without having done its work.
#[derive(Debug)]
pub enum Failure {
    /// A setting or an argument: exit code 2.
    Usage(String),
    /// Everything else: exit code 1.
    Other(String),
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Usage(error.0)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(format!("{error:#}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error.to_string())
    }
}

impl CommandLine {
    /// Does what the command line says.
    pub async fn run(self, environment: &BTreeMap<String, String>) -> Result<(), Failure> {
        let settings = load(self.config, environment)?;
        match self.command.unwrap_or(Command::Serve(ServeArguments::default())) {
            Command::Serve(ServeArguments { sandbox: true }) => serve::with_sandbox(settings, environment).await,
            Command::Serve(ServeArguments { sandbox: false }) => serve::alone(settings, environment).await,
            Command::Sandbox => serve::sandbox_alone(settings).await,
            Command::Rep(RepCommand::Add { email, name }) => add::rep(&settings, environment, &email, &name).await,
            Command::Rep(RepCommand::Password { email }) => add::reset(&settings, environment, &email).await,
            Command::Forget { email } => people::forget(&settings, &email).await,
            Command::Export { email } => people::export(&settings, &email).await,
            Command::Retention { days } => people::retention(&settings, days.as_deref()).await,
            Command::Audit => people::audit(&settings).await,
            Command::Backup { file } => backup::backup(&settings, &file).await,
            Command::Restore { file } => backup::restore(&settings, &file).await,
            Command::Widget(WidgetCommand::Add(arguments)) => add::widget(&settings, arguments).await,
            Command::Hubspot(command) => hubspot::run(&settings, command).await,
            Command::Deliveries(command) => deliveries::run(&settings, command).await,
            Command::Widget(WidgetCommand::List) => add::list_widgets(&settings).await,
            Command::Widget(WidgetCommand::Identity(arguments)) => identity::change(&settings, arguments).await,
            Command::Widget(WidgetCommand::Origins { key, allow, forbid }) => {
                add::change_origins_of(&settings, &key, &allow, &forbid).await
            }
        }
    }
}

/// Reads the settings: the file named, else `parlor.toml` when it is there.
fn load(named: Option<PathBuf>, environment: &BTreeMap<String, String>) -> Result<Settings, Failure> {
    let is_named = named.is_some();
    let path = named.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => None,
        Err(error) => {
            let path = path.display();
            return Err(Failure::Usage(format!(
                "{path} cannot be read: {error}; name a readable file with --config"
            )));
        }
    };
    let name = path.display().to_string();
    let settings = Settings::load(text.as_deref().map(|text| (name.as_str(), text)), environment)?;
    let folder = settings
        .database
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Failure::Usage(format!(
            "DATABASE_URL names a file in {}, which is no folder: make it, or name another file",
            folder.display()
        )));
    }
    Ok(settings)
}

/// The store of a command that runs beside a server, or without one.
fn open_store(settings: &Settings) -> Result<SqliteStore, Failure> {
    open_store_at(database(settings))
}

/// The database that a command is about.
fn database(settings: &Settings) -> PathBuf {
    let mut path = settings.database.clone();
    // After `make run` there is only the sandbox's: an empty second one would be of no use to anybody.
    let sandbox = Path::new(SANDBOX_DATABASE);
    if settings.database_is_default && !path.exists() && sandbox.exists() {
        add::say(&format!(
            "In {SANDBOX_DATABASE}, which `parlor serve --sandbox` uses (DATABASE_URL names another):"
        ));
        sandbox.clone_into(&mut path);
    }
    path
}

fn open_store_at(path: PathBuf) -> Result<SqliteStore, Failure> {
    let clock = std::sync::Arc::new(SystemClock);
    Ok(SqliteStore::open(&OpenOptions {
        path,
        clock,
        role: Role::Command,
    })?)
}
