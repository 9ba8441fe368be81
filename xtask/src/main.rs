//! Chores of the repository: `cargo xtask web` builds what the browser gets, `cargo xtask sizes` says how big it is.

mod bundle;
mod checkout;
mod compression;
mod fingerprint;
mod public;
mod sizes;
mod style;
mod toolchain;
mod tools;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Builds WASM, JavaScript, CSS and static files into target/web
    Web {
        /// Compile quickly and neither optimise nor compress: for trying things out, never for a release
        #[arg(long)]
        dev: bool,
        /// The rustup toolchain that compiles to WASM; found by itself when not given
        #[arg(long, env = "PARLOR_WASM_TOOLCHAIN")]
        toolchain: Option<String>,
    },
    /// Prints the sizes of what stands in target/web as JSON
    Sizes,
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line of causes; a backtrace says nothing about a missing tool or file.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<()> {
    let checkout = checkout::Checkout::locate();
    match chore {
        Chore::Web { dev, toolchain } => {
            let mode = if dev {
                web::Mode::Development
            } else {
                web::Mode::Release
            };
            web::build(&checkout, mode, toolchain)
        }
        Chore::Sizes => sizes::print_json(&checkout),
    }
}
