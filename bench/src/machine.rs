//! On what and of what version the figures are: no names of hosts, people or folders.

use std::fs::read_to_string;

use anyhow::{Context as _, ensure};
use serde::Serialize;
use tokio::process::Command;

use crate::checkout::Checkout;

#[derive(Serialize)]
pub struct Machine {
    pub date: String,
    pub parlor: String,
    pub compiler: String,
    pub processor: String,
    pub cores: usize,
    pub memory_gib: u64,
    pub kernel: String,
    /// Processes that wanted a core, over the last minute before the run: above zero, others worked here too.
    pub load_before: f64,
}

/// Reads what the system tells of itself.
pub async fn describe(checkout: &Checkout) -> anyhow::Result<Machine> {
    #[expect(clippy::disallowed_methods, reason = "the day of the run")]
    let date = time::OffsetDateTime::now_utc().date().to_string();
    let kibibytes: u64 = field("/proc/meminfo", "MemTotal")
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    let binary = checkout.binary();
    let binary = binary.to_str().context("the binary's path is not UTF-8")?;
    Ok(Machine {
        date,
        parlor: said(binary, "--version")
            .await
            .context("the server does not run: run make build")?,
        compiler: said("rustc", "--version")
            .await
            .unwrap_or_else(|_| "unknown".to_owned()),
        processor: field("/proc/cpuinfo", "model name"),
        cores: std::thread::available_parallelism()?.get(),
        memory_gib: kibibytes.div_ceil(1024 * 1024),
        kernel: read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .trim()
            .to_owned(),
        load_before: read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .split_whitespace()
            .next()
            .and_then(|load| load.parse().ok())
            .unwrap_or_default(),
    })
}

async fn said(program: &str, argument: &str) -> anyhow::Result<String> {
    let output = Command::new(program).arg(argument).output().await?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The value of the first line of this name.
fn field(file: &str, name: &str) -> String {
    let text = read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':'))
        .map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

/// Each socket is an open file, here and in the server, which inherits this process's limit.
pub fn check_open_files(sockets: usize) -> anyhow::Result<()> {
    let limits = read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let limit: usize = line
        .and_then(|line| line.split_whitespace().nth(3)?.parse().ok())
        .unwrap_or(usize::MAX);
    let needed = sockets + 500;
    ensure!(
        limit >= needed,
        "this shell allows {limit} open files and the benchmark needs {needed}: ulimit -n {needed}"
    );
    Ok(())
}
