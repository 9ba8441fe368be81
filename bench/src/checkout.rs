//! Where things stand in the checkout.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub struct Checkout(PathBuf);

impl Checkout {
    /// The checkout that cargo was called in. Asked for at run time: two checkouts may share a target folder, and so this program.
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo says it this way; it is no setting of the server"
    )]
    pub fn locate() -> Self {
        let bench = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("bench"), PathBuf::from);
        let root = bench.parent().map(Path::to_path_buf).unwrap_or_default();
        Self(if root.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            root
        })
    }

    /// A path below the workspace's folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }

    /// Where `make build` puts what it built.
    pub fn target(&self) -> PathBuf {
        self.path("target")
    }

    /// The server to measure: what `make build` made, unless `PARLOR_BINARY` names another.
    #[expect(
        clippy::disallowed_methods,
        reason = "it chooses what is measured; the server does not read it"
    )]
    pub fn binary(&self) -> PathBuf {
        let built = || self.path("target/release/parlor");
        let named = std::env::var_os("PARLOR_BINARY").map_or_else(built, PathBuf::from);
        // The server runs in a folder of its own, from where a relative path would lead elsewhere.
        std::fs::canonicalize(&named).unwrap_or(named)
    }
}
