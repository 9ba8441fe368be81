//! `setup/wasm.sh` with compilers that only say which version they are, and without any way to install another.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

/// Runs the script where `rustc` says that it is of this version and compiles everything.
fn set_up(version: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, script: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("rustc", &format!("cat >/dev/null\necho 'rustc {version} (a test)'"));
    for name in ["rustup", "apt-get", "dpkg-query", "sudo"] {
        program(name, "echo 'nothing is installed in a test' >&2; exit 1");
    }
    // The checkout is where the test runs: two checkouts may share what was compiled.
    Command::new("bash")
        .arg("../setup/wasm.sh")
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
        .output()
        .unwrap()
}

#[test]
fn a_compiler_that_is_too_old_is_named_with_what_is_needed_in_one_line() {
    for version in ["1.63.0", "1.94.1", "1.9.0"] {
        let output = set_up(version);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(&format!("rustc {version} is too old")), "{said}");
        assert!(
            said.contains(&format!("Rust {} or newer", env!("CARGO_PKG_RUST_VERSION"))),
            "{said}"
        );
    }
}

#[test]
fn a_compiler_of_the_least_version_or_a_later_one_is_taken() {
    for version in [
        concat!(env!("CARGO_PKG_RUST_VERSION"), ".0"),
        "1.100.2",
        "2.0.0-nightly",
    ] {
        let output = set_up(version);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{version}: {said}");
        assert!(said.contains("compiles to WASM already"), "{said}");
    }
}
