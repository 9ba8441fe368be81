//! `cargo xtask web`: everything the browser gets, in `target/web`, ready to be embedded.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::bundle::Bundle;
use crate::checkout::Checkout;
use crate::compression::with_ending;
use crate::fingerprint::{Fingerprint, files_below, read, write};
use crate::toolchain::Toolchain;
use crate::{public, sizes, style};

/// The file that names the state of all others; the server serves them under it.
const DIGEST: &str = "digest.txt";

/// How much care goes into the result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Small and compressed.
    Release,
    /// Quick to build.
    Development,
}

impl Mode {
    /// The word that tells a stamp of one mode from the other's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Development => "development",
        }
    }
}

/// Builds what has changed and prints the sizes.
pub fn build(checkout: &Checkout, mode: Mode, toolchain: Option<String>) -> anyhow::Result<()> {
    let toolchain = Toolchain::find(toolchain)?;
    let xtask = own_fingerprint(checkout)?;
    // What is quick to check comes first: a missing file shows before a minute of compiling.
    let mut products = public::build(checkout, mode, &xtask)?;
    for bundle in Bundle::ALL {
        style::build(checkout, bundle, mode, &xtask)?;
        products.push(style::product(checkout, bundle));
    }
    for bundle in Bundle::ALL {
        bundle.build(checkout, &toolchain, mode, &xtask)?;
        products.extend(bundle.products(checkout));
    }
    remove_strangers(checkout, &products)?;
    write_digest(checkout, &products)?;
    sizes::print_table(checkout)
}

/// This program and the tools it runs: when they change, everything is built again.
fn own_fingerprint(checkout: &Checkout) -> anyhow::Result<String> {
    let mut fingerprint = Fingerprint::new();
    for path in ["xtask/src", "xtask/Cargo.toml", "xtask/package-lock.json"] {
        fingerprint.add_path(checkout, &checkout.path(path))?;
    }
    Ok(fingerprint.finish())
}

/// Removes what no source stands behind any more, so that it is not embedded.
fn remove_strangers(checkout: &Checkout, products: &[PathBuf]) -> anyhow::Result<()> {
    let mut known: BTreeSet<PathBuf> = products.iter().cloned().collect();
    known.extend(
        products
            .iter()
            .flat_map(|product| ["br", "gz"].map(|ending| with_ending(product, ending))),
    );
    known.insert(checkout.web().join(DIGEST));
    for file in files_below(&checkout.web())? {
        if !known.contains(&file) {
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(())
}

/// Writes the digest, only when it differs: the server is compiled again whenever the file is touched.
fn write_digest(checkout: &Checkout, products: &[PathBuf]) -> anyhow::Result<()> {
    let web = checkout.web();
    let mut fingerprint = Fingerprint::new();
    for product in products.iter().collect::<BTreeSet<_>>() {
        fingerprint.add(&product.strip_prefix(&web)?.display().to_string(), &read(product)?);
    }
    let mut digest = fingerprint.finish();
    digest.truncate(16);
    let path = web.join(DIGEST);
    if fs::read_to_string(&path).is_ok_and(|last| last == digest) {
        return Ok(());
    }
    write(&path, digest.as_bytes())
}
