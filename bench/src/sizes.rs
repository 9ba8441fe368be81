//! What the browser downloads, as `cargo xtask sizes` tells it.

use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::checkout::Checkout;

#[derive(Serialize, Deserialize)]
pub struct Size {
    /// The path below `target/web`.
    pub file: String,
    pub raw: u64,
    /// Absent where the file is not compressed.
    pub brotli: Option<u64>,
}

/// Asks for the sizes of what `make build` built.
pub fn measure(checkout: &Checkout) -> anyhow::Result<Vec<Size>> {
    let output = Command::new("cargo")
        .args(["xtask", "sizes"])
        .current_dir(checkout.path("."))
        .output()?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "cargo xtask sizes: {complaint}");
    serde_json::from_slice(&output.stdout).context("cargo xtask sizes did not answer with JSON")
}
