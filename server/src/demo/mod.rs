//! The demo: a site under another host name than Parlor's, so that its iframe is truly cross-site, with a rep whose password is
//! new each time. One page has Parlor's own chat, the other HubSpot's, with a small backend that proves who is signed in.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jsonwebtoken::{Algorithm, EncodingKey};
use parlor_engine::identity::Sealer;
use parlor_engine::identity::settings::{IdentityChange, change_identity};
use parlor_engine::reps::{AddRepError, add_rep, reset_password};
use parlor_engine::widgets::add_widget;
use parlor_engine::{Context, Secret, Store, Widget, WidgetDraft};
use parlor_protocol::{TenantId, WidgetKey};
use parlor_store::Provider;
use secrecy::SecretString;
use serde_json::json;

use crate::origin::PublicUrl;

const PAGE: &str = include_str!("index.html");
const STYLE: &str = include_str!("demo.css");
const HUBSPOT_PAGE: &str = include_str!("hubspot.html");
const HUBSPOT_SCRIPT: &str = include_str!("hubspot.js");

/// The demo's widgets have these names, its rep the address below.
const WIDGET: &str = "Northwind Lamps";
const HUBSPOT_WIDGET: &str = "Northwind Lamps (HubSpot’s chat)";
/// How long the demo's proofs hold, in seconds.
const PROOF_SECONDS: i64 = 300;
/// The demo rep's address.
pub const REP: &str = "demo@parlor.example";

/// What the demo needs to be there.
pub struct Demo {
    /// The widget on the page.
    pub widget: Widget,
    /// The widget on the page with HubSpot's chat.
    pub hubspot_widget: Widget,
    /// What signs proofs for that widget, made for this run.
    pub secret: Secret,
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

/// Makes sure that the widgets are there, and gives the one a new secret and the rep a new password.
pub async fn prepare(
    context: &Context,
    store: &dyn Store,
    sealer: &Sealer,
    page_address: &str,
) -> anyhow::Result<Demo> {
    let tenant = TenantId::default_tenant();
    let parlor_widget = widget(context, store, page_address, WIDGET).await?;
    let hubspot_widget = widget(context, store, page_address, HUBSPOT_WIDGET).await?;
    let change = IdentityChange {
        provider: Some(Provider::HubSpot),
        new_secret: true,
        ..IdentityChange::default()
    };
    let key = &hubspot_widget.settings.key;
    let changed = change_identity(context, store, sealer, &tenant, key, change)
        .await
        .context("the demo's widget with HubSpot's chat")?;
    let signs = changed.secret.context("a new secret was asked for")?;
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
    Ok(Demo {
        widget: parlor_widget,
        hubspot_widget,
        secret: signs,
        password,
    })
}

/// The widget of this name on that page. Another port is another origin: then the page gets a widget of its own.
async fn widget(context: &Context, store: &dyn Store, page_address: &str, name: &str) -> anyhow::Result<Widget> {
    let tenant = TenantId::default_tenant();
    let longer = format!("{name} ({page_address})");
    let mut widgets = store.widgets(&tenant).await?;
    let is_taken = widgets.iter().any(|widget| widget.settings.name == name);
    let known = widgets.iter().position(|widget| {
        widget.settings.origins == [page_address] && (widget.settings.name == name || widget.settings.name == longer)
    });
    if let Some(known) = known {
        return Ok(widgets.swap_remove(known));
    }
    let mut draft = WidgetDraft::named(if is_taken { &longer } else { name });
    draft.origins = vec![page_address.to_owned()];
    "Questions about our lamps? We are happy to help.".clone_into(&mut draft.greeting);
    add_widget(context, store, &tenant, draft)
        .await
        .context("the demo's widget")
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

/// The pages' routes.
pub fn router(public: &PublicUrl, demo: &Demo, context: Context, sandbox: SocketAddr) -> Router {
    let parlor = public.origin();
    let sandbox = format!("http://{sandbox}");
    let filled = |page: &str, widget: &Widget| {
        page.replace("__PARLOR_SNIPPET__", &snippet(public, widget))
            .replace("__PARLOR_INBOX_URL__", &format!("{parlor}/inbox"))
            .replace("__PARLOR_SANDBOX_URL__", &sandbox)
    };
    let index = page(
        filled(PAGE, &demo.widget),
        &format!("script-src {parlor}; style-src 'self' {parlor}; connect-src {parlor}; frame-src {parlor}"),
    );
    let hubspot = page(
        filled(HUBSPOT_PAGE, &demo.hubspot_widget),
        &format!("script-src 'self' {parlor} {sandbox}; style-src 'self'; connect-src 'self' {parlor} {sandbox}"),
    );
    let signer = Arc::new(Signer {
        key: demo.hubspot_widget.settings.key.clone(),
        secret: demo.secret.clone(),
        context,
    });
    let text = |kind: &'static str, text: &'static str| get(move || async move { ([(CONTENT_TYPE, kind)], text) });
    Router::new()
        .route("/", get(async move || index))
        .route("/hubspot", get(async move || hubspot))
        .route("/hubspot.js", text("text/javascript; charset=utf-8", HUBSPOT_SCRIPT))
        .route("/proof", get(async move || signer.proof()))
        .route("/demo.css", text("text/css; charset=utf-8", STYLE))
        .route(
            "/favicon.svg",
            text("image/svg+xml", include_str!("../../../public/favicon.svg")),
        )
}

/// A page with what its policy allows beside pictures.
fn page(html: String, allowed: &str) -> impl IntoResponse + Clone + use<> {
    let policy = format!("default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'; {allowed}");
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, html)
}

/// The demo site's own backend: it proves who is signed in, as `docs/identity.md` describes. Here that is always Ada; a real one
/// looks into its session.
struct Signer {
    key: WidgetKey,
    secret: Secret,
    context: Context,
}

impl Signer {
    fn proof(&self) -> Response {
        let now = self.context.now().millis() / 1_000;
        let claims = json!({
            "sub": "1",
            "email": "ada@example.com",
            "given_name": "Ada",
            "family_name": "Lovelace",
            "aud": self.key.as_str(),
            "iat": now,
            "exp": now + PROOF_SECONDS,
            // By this the proof is revoked at sign-out, and no other.
            "jti": self.context.secret().reveal(),
        });
        let key = EncodingKey::from_secret(self.secret.reveal().as_bytes());
        match jsonwebtoken::encode(&jsonwebtoken::Header::new(Algorithm::HS256), &claims, &key) {
            Ok(token) => ([(CACHE_CONTROL, "no-store")], token).into_response(),
            Err(error) => {
                tracing::error!(%error, "the demo could not sign a proof");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
