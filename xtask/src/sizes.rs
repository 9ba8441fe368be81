//! How big the browser's files are: as a table for a person, as JSON for the benchmark's report.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::checkout::Checkout;
use crate::compression::with_ending;
use crate::fingerprint::files_below;

/// One file of the web folder.
struct Size {
    /// Its path below the web folder.
    file: String,
    /// Bytes as they stand.
    raw: u64,
    /// Bytes of the Brotli form, where there is one.
    brotli: Option<u64>,
    /// Bytes of the gzip form, where there is one.
    gzip: Option<u64>,
}

/// Prints a table on standard error.
pub fn print_table(checkout: &Checkout) -> anyhow::Result<()> {
    eprintln!("{:<28}{:>12}{:>12}", "target/web", "bytes", "brotli");
    for size in measure(&checkout.web())? {
        let brotli = size.brotli.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        eprintln!("{:<28}{:>12}{:>12}", size.file, size.raw, brotli);
    }
    Ok(())
}

/// Prints a JSON array of `{file, raw, brotli, gzip}` in bytes on standard output.
pub fn print_json(checkout: &Checkout) -> anyhow::Result<()> {
    let sizes: Vec<_> = measure(&checkout.web())?
        .into_iter()
        .map(|size| json!({ "file": size.file, "raw": size.raw, "brotli": size.brotli, "gzip": size.gzip }))
        .collect();
    writeln!(std::io::stdout(), "{:#}", json!(sizes)).context("cannot write to standard output")
}

fn measure(web: &Path) -> anyhow::Result<Vec<Size>> {
    if !web.is_dir() {
        bail!("target/web is missing: run `cargo xtask web`");
    }
    let length = |path: &Path| fs::metadata(path).ok().map(|file| file.len());
    let mut sizes = Vec::new();
    for path in files_below(web)? {
        if path
            .extension()
            .is_some_and(|ending| ending == "br" || ending == "gz" || ending == "txt")
        {
            continue;
        }
        sizes.push(Size {
            file: path.strip_prefix(web)?.display().to_string(),
            raw: length(&path).unwrap_or_default(),
            brotli: length(&with_ending(&path, "br")),
            gzip: length(&with_ending(&path, "gz")),
        });
    }
    Ok(sizes)
}
