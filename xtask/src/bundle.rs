//! One bundle's program: WASM compiled by cargo, bound by wasm-bindgen, made small by wasm-opt, and its JavaScript.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::checkout::Checkout;
use crate::compression::write_product;
use crate::fingerprint::{Fingerprint, Stamp, read};
use crate::toolchain::{TARGET, Toolchain};
use crate::tools::{Source, minify, npm_program};
use crate::web::Mode;

/// What rustc's default WASM may use. Stripping removes the section in which the module itself would say so.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What a browser downloads as one: a visitor never gets the inbox.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bundle {
    /// The visitor's side.
    Widget,
    /// The rep's side.
    Inbox,
}

impl Bundle {
    /// Both bundles.
    pub const ALL: [Self; 2] = [Self::Widget, Self::Inbox];

    /// The name of its folder, its style sheet, and its feature in `frontend`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Inbox => "inbox",
        }
    }

    /// Where the JavaScript and the WASM go. Leptos' script asks for these names (`LEPTOS_OUTPUT_NAME`).
    pub fn products(self, checkout: &Checkout) -> [PathBuf; 2] {
        ["parlor.js", "parlor.wasm"].map(|file| checkout.web().join(self.name()).join(file))
    }

    /// Builds the program, unless it is unchanged.
    pub fn build(self, checkout: &Checkout, toolchain: &Toolchain, mode: Mode, xtask: &str) -> anyhow::Result<()> {
        let products = self.products(checkout);
        let stamp = Stamp::new(
            checkout,
            self.name(),
            self.fingerprint(checkout, toolchain, mode, xtask)?,
        );
        if stamp.is_current(&products) {
            return Ok(());
        }
        stamp.invalidate()?;
        eprintln!("web: compiling the {} bundle with {}", self.name(), toolchain.version());
        let (mut javascript, mut wasm) = bind(&self.compile(checkout, toolchain, mode)?)?;
        if mode == Mode::Release {
            eprintln!("web: optimising the {} bundle", self.name());
            wasm = optimise(checkout, &wasm)?;
            javascript = minify(checkout, Source::Module, "parlor.js", &javascript)?;
        }
        let [javascript_path, wasm_path] = products;
        write_product(&javascript_path, &javascript, mode)?;
        write_product(&wasm_path, &wasm, mode)?;
        stamp.set()
    }

    fn fingerprint(
        self,
        checkout: &Checkout,
        toolchain: &Toolchain,
        mode: Mode,
        xtask: &str,
    ) -> anyhow::Result<Fingerprint> {
        let mut fingerprint = Fingerprint::new();
        fingerprint.add("xtask", xtask.as_bytes());
        fingerprint.add("toolchain", toolchain.version().as_bytes());
        fingerprint.add("mode", mode.name().as_bytes());
        for path in ["Cargo.lock", "Cargo.toml", ".cargo/config.toml"] {
            fingerprint.add_path(checkout, &checkout.path(path))?;
        }
        for folder in self.workspace_crates(checkout, toolchain)? {
            fingerprint.add_path(checkout, &folder)?;
        }
        Ok(fingerprint)
    }

    /// The folders of the workspace's crates that end in this bundle, as cargo resolves them.
    fn workspace_crates(self, checkout: &Checkout, toolchain: &Toolchain) -> anyhow::Result<BTreeSet<PathBuf>> {
        let arguments = format!(
            "tree --package parlor-frontend --no-default-features --features {} --target {TARGET} \
             --edges normal,build --prefix none --format {{p}}",
            self.name()
        );
        let output = toolchain
            .cargo()
            .current_dir(checkout.root())
            .args(arguments.split(' '))
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!(
                "cargo cannot resolve the {} bundle:\n{}",
                self.name(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let folders: BTreeSet<PathBuf> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| line.split_once(" (")?.1.split_once(')'))
            .map(|(folder, _)| PathBuf::from(folder))
            .filter(|folder| folder.starts_with(checkout.root()))
            .collect();
        // A bundle that seems to depend on no source would never be built again.
        if !folders.contains(&checkout.path("frontend")) {
            bail!("cargo tree does not name the folder of frontend, so a change would not be noticed");
        }
        Ok(folders)
    }

    fn compile(self, checkout: &Checkout, toolchain: &Toolchain, mode: Mode) -> anyhow::Result<Vec<u8>> {
        let profile = match mode {
            Mode::Release => "web",
            Mode::Development => "dev",
        };
        let arguments = format!(
            "build --package parlor-frontend --lib --profile {profile} --target {TARGET} \
             --no-default-features --features {}",
            self.name()
        );
        let status = toolchain
            .cargo()
            .current_dir(checkout.root())
            .args(arguments.split(' '))
            .status()
            .context("cannot start cargo")?;
        if !status.success() {
            bail!(
                "the {} bundle does not compile; cargo's message stands above",
                self.name()
            );
        }
        let folder = if mode == Mode::Development { "debug" } else { profile };
        read(
            &target_folder(checkout, toolchain)?
                .join(TARGET)
                .join(folder)
                .join("parlor_frontend.wasm"),
        )
    }
}

/// Cargo's target folder, wherever it was configured.
fn target_folder(checkout: &Checkout, toolchain: &Toolchain) -> anyhow::Result<PathBuf> {
    let output = toolchain
        .cargo()
        .current_dir(checkout.root())
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cannot start cargo")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata gave no readable answer")?;
    let folder = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target folder")?;
    Ok(Path::new(folder).to_path_buf())
}

/// The JavaScript that loads the module, and the module that fits it.
fn bind(wasm: &[u8]) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let mut output = Bindgen::new()
        .input_bytes("parlor", wasm.to_vec())
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .context("wasm-bindgen cannot read the module")?;
    // Every crate that uses wasm-bindgen is in this list; those with files of their own have entries.
    let snippets = output
        .snippets()
        .iter()
        .filter(|(_, files)| !files.is_empty())
        .map(|(name, _)| name);
    let foreign: Vec<&String> = snippets
        .chain(output.local_modules().keys())
        .chain(output.npm_dependencies().keys())
        .collect();
    if !foreign.is_empty() {
        bail!("crates in the bundle bring JavaScript files of their own, for which there is no place: {foreign:?}");
    }
    let javascript = output.js().replace("parlor_bg.wasm", "parlor.wasm");
    Ok((javascript.into_bytes(), output.wasm_mut().emit_wasm()))
}

fn optimise(checkout: &Checkout, wasm: &[u8]) -> anyhow::Result<Vec<u8>> {
    let folder = checkout.stamps();
    let (before, after) = (folder.join("before.wasm"), folder.join("after.wasm"));
    crate::fingerprint::write(&before, wasm)?;
    let status = Command::new(npm_program(checkout, "wasm-opt")?)
        .args(["-Oz", "--strip-debug", "--strip-producers"])
        .args(WASM_FEATURES)
        .arg(&before)
        .arg("-o")
        .arg(&after)
        .status()
        .context("cannot start wasm-opt; run `make setup`")?;
    if !status.success() {
        bail!("wasm-opt failed ({status}); its message stands above");
    }
    let optimised = read(&after)?;
    std::fs::remove_file(before)?;
    std::fs::remove_file(after)?;
    Ok(optimised)
}
