//! Where things stand in the checkout.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that `cargo xtask` was called in. Asked for at run time: two checkouts that share a target folder share this
    /// program too.
    #[expect(
        clippy::disallowed_methods,
        reason = "what cargo says to its tools; no setting of Parlor's"
    )]
    pub fn locate() -> Self {
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
        Self {
            root: xtask.parent().map(Path::to_path_buf).unwrap_or_default(),
        }
    }

    /// The workspace's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the server embeds. It stands in the checkout, wherever cargo's own target folder is.
    pub fn web(&self) -> PathBuf {
        self.root.join("target/web")
    }

    /// Stamps of what was built from what; beside `target/web`, so that they are not embedded.
    pub fn stamps(&self) -> PathBuf {
        self.root.join("target/web-stamps")
    }

    /// A path below the workspace's folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The path as a person in the checkout would write it.
    pub fn display(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}
