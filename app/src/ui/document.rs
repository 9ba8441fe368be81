//! The HTML shell of every page, and the page that says why there is nothing else.

use leptos::prelude::*;

/// Where a page's files lie.
#[derive(Debug, Clone)]
pub struct PageAssets {
    /// The style sheet's address.
    pub stylesheet: String,
    /// `site_pkg_dir` names the folder of the page's bundle; the rest serves `cargo leptos watch`.
    pub leptos_options: LeptosOptions,
}

/// A whole HTML document. The scripts carry the nonce that leptos finds in the context.
#[component]
pub fn Document(
    /// The title.
    #[prop(into)]
    title: String,
    /// The class of the body.
    class: &'static str,
    /// Where its files lie.
    assets: PageAssets,
    /// The address of a second style sheet: a widget's own colour. Nothing is styled inline, which the
    /// Content-Security-Policy forbids.
    #[prop(optional, into)]
    theme: Option<String>,
    /// Whether the page has islands to be brought to life.
    #[prop(optional, default = true)]
    is_alive: bool,
    /// The body.
    children: Children,
) -> impl IntoView {
    let PageAssets {
        stylesheet,
        leptos_options,
    } = assets;
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex"/>
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=stylesheet/>
                {theme.map(|theme| view! { <link rel="stylesheet" href=theme/> })}
                {is_alive.then(|| view! {
                    {idle_within_reason()}
                    <AutoReload options=leptos_options.clone()/>
                    <HydrationScripts options=leptos_options islands=true/>
                })}
            </head>
            <body class=class>{children()}</body>
        </html>
    }
}

/// Leptos brings islands to life in an idle moment, and asks for one without a limit. In a cross-site iframe Chromium may never
/// have one, and the page would stay dead: an idle moment then comes after a while all the same.
#[cfg(feature = "ssr")]
fn idle_within_reason() -> impl IntoView {
    const SCRIPT: &str = "{
  const idle = window.requestIdleCallback;
  if (idle) window.requestIdleCallback = (callback, options) => idle.call(window, callback, { timeout: 100, ...options });
}";
    view! { <script nonce=leptos::nonce::use_nonce()>{SCRIPT}</script> }
}

#[cfg(not(feature = "ssr"))]
fn idle_within_reason() -> impl IntoView {}

/// A page as the server sends it.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The document.
    pub html: String,
    /// The nonce of its scripts, for the Content-Security-Policy.
    pub nonce: String,
}

/// Renders a page: `page` makes its view, usually a [`Document`].
#[cfg(feature = "ssr")]
pub fn render<V: IntoView>(page: impl FnOnce() -> V) -> Rendered {
    use leptos::nonce::{Nonce, provide_nonce};

    // Nothing is streamed: what a page shows is there before it is rendered.
    let owner = Owner::new_root(None);
    let rendered = owner.with(|| {
        provide_nonce();
        let nonce = use_context::<Nonce>()
            .map(|nonce| nonce.to_string())
            .unwrap_or_default();
        Rendered {
            html: page().to_html(),
            nonce,
        }
    });
    owner.unset_with_forced_cleanup();
    rendered
}

/// A page with nothing but words: not found, not allowed, out of order.
#[component]
pub fn MessagePage(
    /// The heading: what happened.
    #[prop(into)]
    title: String,
    /// What to do.
    #[prop(into)]
    text: String,
    /// The HTTP status, shown small.
    status: u16,
    /// Where the style sheet lies.
    assets: PageAssets,
) -> impl IntoView {
    let heading = title.clone();
    view! {
        <Document title=title class="message-page" assets=assets is_alive=false>
            <main class="notice-card">
                <p class="notice-status">{status}</p>
                <h1>{heading}</h1>
                <p>{text}</p>
            </main>
        </Document>
    }
}
