//! The programs that npm brings: wasm-opt and esbuild, pinned in `xtask/package-lock.json`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::checkout::Checkout;

/// A program from `xtask/node_modules`.
pub fn npm_program(checkout: &Checkout, name: &str) -> anyhow::Result<PathBuf> {
    let program = checkout.path("xtask/node_modules/.bin").join(name);
    if !program.exists() {
        bail!("{name} is missing: run `make setup`");
    }
    Ok(program)
}

/// Runs a program that reads standard input and writes standard output.
pub fn filter(command: &mut Command, input: &[u8]) -> anyhow::Result<Vec<u8>> {
    let name = command.get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {name}; run `make setup`"))?;
    let written = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(input),
        None => Ok(()),
    };
    let output = child.wait_with_output().with_context(|| format!("{name} broke off"))?;
    if !output.status.success() {
        bail!("{name} failed ({}); its message stands above", output.status);
    }
    written.with_context(|| format!("{name} did not read its input"))?;
    Ok(output.stdout)
}

/// What esbuild makes smaller.
#[derive(Clone, Copy)]
pub enum Source {
    /// A module, whose top-level names are its own.
    Module,
    /// A classic script, whose top-level names the page may use.
    Script,
    /// A style sheet.
    Css,
}

/// Minifies one file; `name` is how a message refers to it.
pub fn minify(checkout: &Checkout, source: Source, name: &str, content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new(npm_program(checkout, "esbuild")?);
    command.args([
        "--minify",
        "--charset=utf8",
        "--legal-comments=none",
        "--log-level=warning",
    ]);
    command.arg(format!("--sourcefile={name}"));
    match source {
        Source::Module => command.args(["--loader=js", "--format=esm"]),
        Source::Script => command.arg("--loader=js"),
        Source::Css => command.arg("--loader=css"),
    };
    filter(&mut command, content).with_context(|| format!("cannot minify {name}"))
}
