//! The web part is built before the program that embeds it: a change of it rebuilds this crate.

fn main() {
    println!("cargo:rerun-if-changed=../target/web");
    println!("cargo:rerun-if-changed=build.rs");
}
