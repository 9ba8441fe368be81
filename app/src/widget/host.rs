//! The host page's loader, as far as the widget knows it.
//!
//! `host.js` stands in the page itself and talks to the loader through `postMessage`, so that the panel opens, closes and counts
//! before the program has arrived and without it. Only the window above is listened to, and only while it shows one of the
//! widget's origins; what is posted goes to that exact origin, and nothing of it is secret: other scripts of the host page can
//! read it.

use js_sys::{Function, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// The script of the page, with the widget's origins beside it.
#[cfg(feature = "ssr")]
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component's properties are its own")]
pub fn HostScript(
    /// The origins that may embed the widget.
    origins: Vec<String>,
) -> impl IntoView {
    // The origins are in an attribute, which is escaped; the text is always the same.
    let origins = origins.join(" ");
    view! {
        <script nonce=leptos::nonce::use_nonce() data-origins=origins>{include_str!("host.js")}</script>
    }
}

/// Where the visitor is, as the host page told last: a `PageContext` of the protocol, which is passed on as host.js made it.
pub fn context() -> Object {
    let context = field(&bridge(), "context").dyn_into::<Object>().unwrap_or_default();
    if let (true, Some(own)) = (field(&context, "language").is_falsy(), window().navigator().language()) {
        let _ = Reflect::set(&context, &JsValue::from_str("language"), &own.into());
    }
    context
}

/// So many messages of the other side came in; the loader counts those that come while the panel is closed.
pub fn arrived(count: usize) {
    let arrived = field(&bridge(), "arrived");
    if let (Some(arrived), Ok(count), true) = (arrived.dyn_ref::<Function>(), u32::try_from(count), count > 0) {
        let _ = arrived.call1(&JsValue::UNDEFINED, &count.into());
    }
}

fn bridge() -> JsValue {
    field(&window(), "parlorHost")
}

/// A property of what may be anything; `undefined` where there is none.
fn field(data: &JsValue, name: &str) -> JsValue {
    Reflect::get(data, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}
