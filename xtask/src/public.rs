//! The static files under `public/`: scripts are minified, everything else is taken as it is.

use std::path::PathBuf;

use anyhow::bail;

use crate::checkout::Checkout;
use crate::compression::write_product;
use crate::fingerprint::{Fingerprint, Stamp, files_below, read};
use crate::tools::{Source, minify};
use crate::web::Mode;

/// The script that host pages load; without it there is no widget.
const LOADER: &str = "embed.js";

/// Copies the static files, unless they are unchanged. Returns where they went.
pub fn build(checkout: &Checkout, mode: Mode, xtask: &str) -> anyhow::Result<Vec<PathBuf>> {
    let folder = checkout.path("public");
    if !folder.join(LOADER).is_file() {
        bail!("public/{LOADER} is missing: it is the script that host pages load");
    }
    let sources = files_below(&folder)?;
    let mut products = Vec::new();
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("xtask", xtask.as_bytes());
    fingerprint.add("mode", mode.name().as_bytes());
    for source in &sources {
        fingerprint.add_path(checkout, source)?;
        products.push(checkout.web().join(source.strip_prefix(&folder)?));
    }
    let stamp = Stamp::new(checkout, "public", fingerprint);
    if stamp.is_current(&products) {
        return Ok(products);
    }
    stamp.invalidate()?;
    for (source, product) in sources.iter().zip(&products) {
        let mut content = read(source)?;
        if mode == Mode::Release && source.extension().is_some_and(|ending| ending == "js") {
            content = minify(checkout, Source::Script, &checkout.display(source), &content)?;
        }
        write_product(product, &content, mode)?;
    }
    stamp.set()?;
    Ok(products)
}
