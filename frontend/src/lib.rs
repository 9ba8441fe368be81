//! The browser's entry point. The islands themselves live in `app`; this crate exists because LTO holds only in a crate
//! that is a cdylib and nothing else.

// Named so that the linker keeps the islands' exports, which only the page's script calls.
use parlor_app as _;

/// Brings the islands of a server-rendered page to life; leptos' script calls it once the module has loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
