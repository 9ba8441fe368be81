//! `parlor`: reads the command line and the environment, and runs what they ask for.

use std::process::ExitCode;

use clap::Parser;
use parlor_server::cli::{CommandLine, Failure};

#[tokio::main]
#[expect(clippy::print_stderr, reason = "why the program ends goes to standard error")]
async fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match command_line.run(&environment).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            eprintln!("parlor: {message}");
            ExitCode::from(2)
        }
        Err(Failure::Other(message)) => {
            eprintln!("parlor: {message}");
            ExitCode::FAILURE
        }
    }
}
