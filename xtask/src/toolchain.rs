//! Finds a Rust toolchain that can compile to WASM: the current one, else the one that `setup/wasm.sh` links.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

/// The target triple of the browser.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The name under which `setup/wasm.sh` links Debian's compiler.
const LINKED: &str = "debian";

/// A toolchain that has WASM's standard library.
pub struct Toolchain {
    /// rustup's name for it; none is the current one.
    name: Option<String>,
    /// The compiler's version line.
    version: String,
}

impl Toolchain {
    /// Takes the toolchain asked for, or looks for one.
    pub fn find(wanted: Option<String>) -> anyhow::Result<Self> {
        if let Some(name) = wanted {
            return match Self::with_target(Some(name.clone())) {
                Some(toolchain) => Ok(toolchain),
                None => bail!(
                    "the toolchain {name} (PARLOR_WASM_TOOLCHAIN) has no standard library for {TARGET}; \
                     unset it and run `make setup`"
                ),
            };
        }
        [None, Some(LINKED.to_owned())]
            .into_iter()
            .find_map(Self::with_target)
            .ok_or_else(|| {
                anyhow::anyhow!("no Rust toolchain here has the standard library for {TARGET}: run `make setup`")
            })
    }

    /// What the compiler says of itself; another compiler gives other WASM.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A `cargo` of this toolchain.
    pub fn cargo(&self) -> Command {
        command("cargo", self.name.as_deref())
    }

    fn with_target(name: Option<String>) -> Option<Self> {
        let folder = output(command("rustc", name.as_deref()).args(["--print", "target-libdir", "--target", TARGET]))?;
        let has_library = std::fs::read_dir(PathBuf::from(folder)).ok()?.flatten().any(|entry| {
            let file = entry.file_name();
            let file = file.to_string_lossy();
            file.starts_with("libstd-") && file.ends_with(".rlib")
        });
        let version = output(command("rustc", name.as_deref()).arg("--version"))?;
        has_library.then_some(Self { name, version })
    }
}

/// A command of a toolchain, in an environment without the traces of the cargo that runs this program.
fn command(program: &str, toolchain: Option<&str>) -> Command {
    let mut command = Command::new(program);
    if let Some(toolchain) = toolchain {
        // Without rustup the variable has no effect, and the toolchain asked for does not exist.
        command.env("RUSTUP_TOOLCHAIN", toolchain);
        // `cargo run` points these at the toolchain that compiled this program.
        command
            .env_remove("LD_LIBRARY_PATH")
            .env_remove("CARGO")
            .env_remove("RUSTC");
    }
    command
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(std::process::Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
