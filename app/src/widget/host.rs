//! Talking to the host page's loader through `postMessage`. Every message is `{parlor: 1, type, …}`.
//!
//! Only the window above is listened to, and only while it shows one of the widget's origins; the target of what is posted
//! is that exact origin. Nothing secret is ever posted: other scripts of the host page can read it.

use js_sys::{Object, Reflect};
use leptos::ev;
use leptos::prelude::*;
use parlor_protocol::PageContext;
use wasm_bindgen::{JsCast, JsValue};

/// No text of the host page is taken beyond this many UTF-16 units.
const LONGEST_TEXT: u32 = 4_000;

/// The host page, as far as it shows itself; `Copy`, for event handlers.
#[derive(Clone, Copy)]
pub struct Host {
    /// Whether the widget stands in a frame that may be closed.
    pub is_framed: RwSignal<bool>,
    origin: StoredValue<Option<String>>,
    context: StoredValue<PageContext>,
    is_open: StoredValue<bool>,
    unread: StoredValue<usize>,
}

impl Host {
    /// A host of which nothing is known. Creates signals: call it in a component's body.
    pub fn new() -> Self {
        Self {
            is_framed: RwSignal::new(false),
            origin: StoredValue::new(None),
            context: StoredValue::new(PageContext::default()),
            is_open: StoredValue::new(true),
            unread: StoredValue::new(0),
        }
    }

    /// Begins to listen, and tells the loader that the widget lives.
    pub fn start(self, origins: Vec<String>) {
        let Some(parent) = parent() else { return };
        self.is_framed.set(true);
        self.is_open.set_value(false);
        self.origin.set_value(host_origin(&origins));
        window_event_listener(ev::message, move |event| {
            let is_host = event.source().is_some_and(|source| Object::is(&source, &parent));
            if is_host && origins.contains(&event.origin()) {
                self.received(&event.data());
            }
        });
        window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" && !event.is_composing() {
                self.close();
            }
        });
        self.post("ready", None);
    }

    /// Where the visitor is, as the host page told last.
    pub fn context(self) -> PageContext {
        let mut context = self.context.get_value();
        if context.language.is_empty() {
            context.language = window().navigator().language().unwrap_or_default();
        }
        context
    }

    /// Asks the loader to close the panel.
    pub fn close(self) {
        self.post("close", None);
    }

    /// So many messages of the other side came in: unread while the panel is closed.
    pub fn arrived(self, count: usize) {
        if count > 0 && !self.is_open.get_value() {
            self.set_unread(self.unread.get_value() + count);
        }
    }

    fn set_unread(self, count: usize) {
        self.unread.set_value(count);
        self.post("unread", Some(count));
    }

    fn received(self, data: &JsValue) {
        if field(data, "parlor").as_f64() != Some(1.0) {
            return;
        }
        match field(data, "type").as_string().as_deref() {
            Some("open") => {
                self.is_open.set_value(true);
                self.set_unread(0);
            }
            Some("closed") => self.is_open.set_value(false),
            Some("context") => self.context.set_value(read_context(data)),
            _ => {}
        }
    }

    fn post(self, kind: &str, count: Option<usize>) {
        let (Some(parent), Some(origin)) = (parent(), self.origin.get_value()) else {
            return;
        };
        let message = Object::new();
        let set = |name: &str, value: JsValue| {
            let _ = Reflect::set(&message, &JsValue::from_str(name), &value);
        };
        set("parlor", JsValue::from_f64(1.0));
        set("type", JsValue::from_str(kind));
        if let Some(count) = count.and_then(|count| u32::try_from(count).ok()) {
            set("count", JsValue::from(count));
        }
        let _ = parent.post_message(&message, &origin);
    }
}

/// The window above, when there is one.
fn parent() -> Option<web_sys::Window> {
    window()
        .parent()
        .ok()
        .flatten()
        .filter(|parent| !Object::is(parent, &window()))
}

/// The host page's origin, if it is one of the widget's. After a plain form post the referrer is the widget's own page, and
/// Firefox does not list ancestors: then a widget with a single origin can be framed by that one only.
fn host_origin(origins: &[String]) -> Option<String> {
    let ancestor = field(&window().location(), "ancestorOrigins");
    let ancestor = Reflect::get_u32(&ancestor, 0)
        .ok()
        .and_then(|origin| origin.as_string());
    let referrer = document().referrer();
    let only = match origins {
        [origin] => Some(origin.clone()),
        _ => None,
    };
    match ancestor {
        Some(ancestor) => Some(ancestor).filter(|origin| origins.contains(origin)),
        None => origin_of(&referrer).filter(|origin| origins.contains(origin)).or(only),
    }
}

/// The origin of an address as `document.referrer` has it: canonical, with a path.
fn origin_of(address: &str) -> Option<String> {
    let scheme = address.find("://")? + 3;
    let end = address[scheme..]
        .find('/')
        .map_or(address.len(), |slash| scheme + slash);
    Some(address[..end].to_owned())
}

fn read_context(data: &JsValue) -> PageContext {
    let utm = field(data, "utm");
    PageContext {
        url: text(data, "url"),
        title: text(data, "title"),
        referrer: text(data, "referrer"),
        utm_source: text(&utm, "source"),
        utm_medium: text(&utm, "medium"),
        utm_campaign: text(&utm, "campaign"),
        utm_term: text(&utm, "term"),
        utm_content: text(&utm, "content"),
        language: text(data, "language"),
        hubspotutk: text(data, "hubspotutk"),
    }
}

fn text(data: &JsValue, name: &str) -> String {
    let value = field(data, name);
    let value = value
        .dyn_ref::<js_sys::JsString>()
        .map(|text| text.slice(0, LONGEST_TEXT));
    value.map(String::from).unwrap_or_default()
}

/// A property of what may be anything; `undefined` where there is none.
fn field(data: &JsValue, name: &str) -> JsValue {
    Reflect::get(data, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_a_referrer_is_all_before_its_path() {
        assert_eq!(
            origin_of("http://localhost:3001/pricing?a=//b").as_deref(),
            Some("http://localhost:3001")
        );
        assert_eq!(
            origin_of("https://www.example.com").as_deref(),
            Some("https://www.example.com")
        );
        assert_eq!(origin_of(""), None);
    }
}
