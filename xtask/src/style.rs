//! The style sheet of a bundle: the tokens and shared rules, then the bundle's own.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::bundle::Bundle;
use crate::checkout::Checkout;
use crate::compression::write_product;
use crate::fingerprint::{Fingerprint, Stamp, read};
use crate::tools::{Source, minify};
use crate::web::Mode;

/// Where the bundle's style sheet goes.
pub fn product(checkout: &Checkout, bundle: Bundle) -> PathBuf {
    checkout.web().join(bundle.name()).join("parlor.css")
}

/// Joins and minifies the bundle's style sheets, unless they are unchanged.
pub fn build(checkout: &Checkout, bundle: Bundle, mode: Mode, xtask: &str) -> anyhow::Result<()> {
    let mut css = Vec::new();
    for sheet in ["tokens", "shared", bundle.name()] {
        let path = checkout.path("style").join(sheet).with_extension("css");
        let content = read(&path).with_context(|| format!("the {} bundle needs this style sheet", bundle.name()))?;
        if content.windows(7).any(|word| word.eq_ignore_ascii_case(b"@import")) {
            bail!(
                "{} has an @import: the sheets of a bundle are joined, none imports another",
                checkout.display(&path)
            );
        }
        css.extend(content);
        css.push(b'\n');
    }
    let product = product(checkout, bundle);
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("xtask", xtask.as_bytes());
    fingerprint.add(mode.name(), &css);
    let stamp = Stamp::new(checkout, &format!("{}-css", bundle.name()), fingerprint);
    if stamp.is_current(std::slice::from_ref(&product)) {
        return Ok(());
    }
    stamp.invalidate()?;
    if mode == Mode::Release {
        css = minify(checkout, Source::Css, &format!("style/{}.css", bundle.name()), &css)?;
    }
    write_product(&product, &css, mode)?;
    stamp.set()
}
