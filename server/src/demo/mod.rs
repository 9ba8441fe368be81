//! The demo: a marketing page under another host name than Parlor's, so that its iframe is truly cross-site, with a rep whose
//! password is new each time.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use parlor_engine::reps::{AddRepError, add_rep, reset_password};
use parlor_engine::widgets::add_widget;
use parlor_engine::{Context, Secret, Store, Widget, WidgetDraft};
use parlor_protocol::TenantId;
use secrecy::SecretString;

use crate::origin::PublicUrl;

const PAGE: &str = include_str!("index.html");
const STYLE: &str = include_str!("demo.css");

/// The demo's widget has this name, its rep this address.
const WIDGET: &str = "Northwind Lamps";
/// The demo rep's address.
pub const REP: &str = "demo@parlor.example";

/// What the demo needs to be there.
pub struct Demo {
    /// The widget on the page.
    pub widget: Widget,
    /// The rep's password, made for this run.
    pub password: Secret,
}

/// The demo page's address: by name, where Parlor's own is by number (or the other way round).
#[must_use]
pub fn address(listen: SocketAddr, public: &PublicUrl) -> String {
    let is_named = public.origin().contains("localhost");
    if is_named {
        format!("http://{listen}")
    } else {
        format!("http://localhost:{}", listen.port())
    }
}

/// Makes sure that the widget is there, and gives the rep a new password.
pub async fn prepare(context: &Context, store: &dyn Store, page_address: &str) -> anyhow::Result<Demo> {
    let tenant = TenantId::default_tenant();
    // Another port is another origin: then the page gets a widget of its own.
    let name = format!("{WIDGET} ({page_address})");
    let known = store
        .widgets(&tenant)
        .await?
        .into_iter()
        .find(|widget| widget.settings.origins == [page_address] && widget.settings.name.starts_with(WIDGET));
    let widget = if let Some(widget) = known {
        widget
    } else {
        let is_first = store.widgets(&tenant).await?.is_empty();
        let mut draft = WidgetDraft::named(if is_first { WIDGET } else { &name });
        draft.origins = vec![page_address.to_owned()];
        "Questions about our lamps? We are happy to help.".clone_into(&mut draft.greeting);
        add_widget(context, store, &tenant, draft)
            .await
            .context("the demo's widget")?
    };
    let password = context.secret();
    let secret = SecretString::from(password.reveal());
    match add_rep(context, store, &tenant, REP, "Robin (demo)", &secret).await {
        Ok(_) => {}
        Err(AddRepError::Exists) => {
            reset_password(context, store, REP, &secret)
                .await
                .context("the demo's rep")?;
        }
        Err(error) => return Err(error).context("the demo's rep"),
    }
    Ok(Demo { widget, password })
}

/// The snippet that a site pastes.
#[must_use]
pub fn snippet(public: &PublicUrl, widget: &Widget) -> String {
    let key = &widget.settings.key;
    format!(
        r#"<script async src="{}/w/{key}/embed.js" data-widget="{key}"></script>"#,
        public.origin()
    )
}

/// The page's routes.
pub fn router(public: &PublicUrl, widget: &Widget, sandbox: SocketAddr) -> Router {
    let page = PAGE
        .replace("__PARLOR_SNIPPET__", &snippet(public, widget))
        .replace("__PARLOR_INBOX_URL__", &format!("{}/inbox", public.origin()))
        .replace("__PARLOR_SANDBOX_URL__", &format!("http://{sandbox}"));
    let policy = format!(
        "default-src 'none'; script-src {0}; style-src 'self' {0}; img-src 'self' data:; frame-src {0}; base-uri 'none'; \
         form-action 'none'",
        public.origin()
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let index = move || async move {
        let mut response = page.into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    };
    let style = || async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) };
    let icon = || async {
        (
            [(CONTENT_TYPE, "image/svg+xml")],
            include_str!("../../../public/favicon.svg"),
        )
    };
    Router::new()
        .route("/", get(index))
        .route("/demo.css", get(style))
        .route("/favicon.svg", get(icon))
}
