//! SHA-256 over files: tells whether something has to be built again, and gives the web folder its digest.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::checkout::Checkout;

/// Collects what a product depends on.
pub struct Fingerprint {
    hasher: Sha256,
}

impl Fingerprint {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self { hasher: Sha256::new() }
    }

    /// Adds bytes under a name. The lengths keep two different inputs from reading alike.
    pub fn add(&mut self, name: &str, content: &[u8]) {
        for part in [name.as_bytes(), content] {
            self.hasher.update((part.len() as u64).to_be_bytes());
            self.hasher.update(part);
        }
    }

    /// Adds a file, or every file below a folder, under its path in the checkout.
    pub fn add_path(&mut self, checkout: &Checkout, path: &Path) -> anyhow::Result<()> {
        for file in files_below(path)? {
            self.add(&checkout.display(&file), &read(&file)?);
        }
        Ok(())
    }

    /// The hash so far, in hexadecimal digits.
    pub fn finish(self) -> String {
        let mut digits = String::new();
        for byte in self.hasher.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

/// Remembers from which fingerprint a product was built last.
pub struct Stamp {
    path: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// The stamp of the product called `name`, which would now be built from `fingerprint`.
    pub fn new(checkout: &Checkout, name: &str, fingerprint: Fingerprint) -> Self {
        Self {
            path: checkout.stamps().join(name),
            fingerprint: fingerprint.finish(),
        }
    }

    /// Whether the product was built from exactly this and all its files are still there.
    pub fn is_current(&self, products: &[PathBuf]) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|last| last == self.fingerprint)
            && products.iter().all(|product| product.is_file())
    }

    /// Forgets the last build: a build that breaks off in the middle must not look like a finished one.
    pub fn invalidate(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Notes that the product has been built.
    pub fn set(&self) -> anyhow::Result<()> {
        write(&self.path, self.fingerprint.as_bytes())
    }
}

/// All files below a folder in the order of their paths; a file gives itself.
pub fn files_below(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("cannot read the folder {}", path.display()))? {
        let entry = entry.with_context(|| format!("cannot read the folder {}", path.display()))?;
        files.extend(files_below(&entry.path())?);
    }
    files.sort();
    Ok(files)
}

/// Reads a file; the error names it.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file and the folders above it; the error names it.
pub fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    fn of(parts: &[(&str, &str)]) -> String {
        let mut fingerprint = Fingerprint::new();
        for (name, content) in parts {
            fingerprint.add(name, content.as_bytes());
        }
        fingerprint.finish()
    }

    #[test]
    fn text_that_moves_between_name_and_content_changes_the_fingerprint() {
        assert_ne!(of(&[("ab", "c")]), of(&[("a", "bc")]));
        assert_ne!(of(&[("a", "b"), ("c", "d")]), of(&[("a", "bcd")]));
    }

    #[test]
    fn equal_input_gives_an_equal_fingerprint() {
        assert_eq!(of(&[("a", "b")]), of(&[("a", "b")]));
        assert_eq!(of(&[("a", "b")]).len(), 64);
    }
}
