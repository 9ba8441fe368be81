//! The widget as the visitor meets it: the loader on the host page, the document in the iframe, its server functions.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use leptos::view;
use parlor_app::api::context::VisitorRequest;
use parlor_app::api::session::visitor_of;
use parlor_app::widget::{ChatData, FormData, WidgetPage, WidgetPageData, theme_css};
use parlor_engine::{Visitor, Widget};
use parlor_protocol::WidgetKey;
use parlor_store::Provider;
use serde::Deserialize;
use tower_sessions::Session;

use super::functions;
use crate::assets::{Bundle, accepted};
use crate::loader::{Loader, Script};
use crate::origin::ClientAddress;
use crate::problem::Problem;
use crate::security::FramedBy;
use crate::session::RequestedWidget;
use crate::state::Server;
use crate::{page as pages, security};

#[derive(Deserialize)]
struct SocketQuery {
    widget: String,
}

/// Finds the widget that the path (or, for the socket, the query) names, before the session whose cookie's name depends on it.
pub(super) async fn find(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let named = match path.strip_prefix("/widget/") {
        Some(rest) => rest.split('/').next().unwrap_or_default().to_owned(),
        None => Query::<SocketQuery>::try_from_uri(request.uri())
            .map(|query| query.0.widget)
            .unwrap_or_default(),
    };
    let Ok(key) = WidgetKey::parse(named) else {
        return pages::not_found(&server);
    };
    match server.engine.widget(&key).await {
        Ok(Some(widget)) => {
            request.extensions_mut().insert(RequestedWidget(widget));
            next.run(request).await
        }
        Ok(None) => pages::not_found(&server),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// What a page is rendered with beside the session's conversation.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) form: FormData,
    pub(super) composer_text: String,
    pub(super) composer_error: Option<parlor_protocol::text::InvalidText>,
    pub(super) message_id: Option<String>,
    pub(super) notice: Option<String>,
}

pub(super) async fn page(
    State(server): State<Server>,
    RequestedWidget(widget): RequestedWidget,
    session: Session,
) -> Response {
    show(&server, &widget, &session, StatusCode::OK, Shown::default()).await
}

/// The document, whatever led to it.
pub(super) async fn show(
    server: &Server,
    widget: &Widget,
    session: &Session,
    status: StatusCode,
    shown: Shown,
) -> Response {
    let framed_by = FramedBy::Origins(&widget.settings.origins);
    let Ok(chat) = chat_of(server, widget, session).await else {
        return pages::unavailable(server, framed_by);
    };
    let settings = &widget.settings;
    let notice = shown.notice.or_else(|| {
        settings.origins.is_empty().then(|| {
            "No site may embed this chat yet. Its operator adds one: parlor widget origins --key <key> --allow https://…"
                .to_owned()
        })
    });
    let mut form = shown.form;
    if form.stamp.is_empty() {
        form.stamp = server.engine.form_stamp();
    }
    let data = WidgetPageData {
        key: settings.key.clone(),
        name: settings.name.clone(),
        greeting: settings.greeting.clone(),
        accent: settings.accent.clone(),
        last_name_required: settings.last_name_required,
        origins: settings.origins.clone(),
        chat,
        form,
        notice,
        message_id: shown
            .message_id
            .unwrap_or_else(|| server.engine.context().message_id().to_string()),
        composer_text: shown.composer_text,
        composer_error: shown.composer_error,
    };
    let assets = server.assets.page(Bundle::Widget);
    pages::page(
        server,
        status,
        framed_by,
        || view! { <WidgetPage data=data assets=assets/> },
    )
}

/// The visitor of a session, when they belong to this widget.
pub(super) async fn visitor(server: &Server, widget: &Widget, session: &Session) -> Result<Option<Visitor>, Problem> {
    match visitor_of(session).await.map_err(|_| Problem::unavailable())? {
        Some(identity) => Ok(server.engine.visitor_of_widget(widget, &identity.visitor).await?),
        None => Ok(None),
    }
}

async fn chat_of(server: &Server, widget: &Widget, session: &Session) -> Result<Option<ChatData>, Problem> {
    let Some(visitor) = visitor(server, widget, session).await? else {
        return Ok(None);
    };
    let engine = &server.engine;
    let Some(conversation) = engine.conversation(&visitor.tenant, &visitor.conversation).await? else {
        return Ok(None);
    };
    let (messages, more_before) = engine
        .messages_before(&visitor.tenant, &visitor.conversation, None)
        .await?;
    Ok(Some(ChatData {
        visitor_name: visitor.name(),
        conversation: visitor.conversation,
        messages,
        more_before,
        state: conversation.state,
    }))
}

/// The widget's colour as a style sheet of its own: nothing is styled inline.
pub(super) async fn theme(RequestedWidget(widget): RequestedWidget) -> Response {
    let sheet = theme_css(&widget.settings.accent).unwrap_or_default();
    (
        [
            (CONTENT_TYPE, "text/css; charset=utf-8"),
            (CACHE_CONTROL, "public, max-age=300"),
        ],
        sheet,
    )
        .into_response()
}

/// A server function of the visitor's: the prefix that named the widget is cut off.
pub(super) async fn function(
    State(server): State<Server>,
    RequestedWidget(widget): RequestedWidget,
    session: Session,
    axum::Extension(ClientAddress(network)): axum::Extension<ClientAddress>,
    Path((_, function)): Path<(String, String)>,
    mut request: Request,
) -> Response {
    let Ok(uri) = format!("/api/visitor/{function}").parse::<Uri>() else {
        return Problem::not_found().into_response();
    };
    *request.uri_mut() = uri;
    let context = VisitorRequest {
        engine: server.engine.clone(),
        widget,
        network,
        session,
    };
    functions::call(request, context).await
}

/// The script that boots the widget's chat, Parlor's or HubSpot's; `None` without the web part.
async fn script_of(server: &Server, widget: &Widget) -> Result<Option<Arc<Script>>, Problem> {
    let identity = if let Ok(identity) = server.engine.identity().settings(widget).await {
        identity
    } else {
        // Another tenant's widget has no HubSpot here, but its chat.
        let store = server.engine.store();
        store.widget_identity(&widget.tenant, &widget.settings.id).await?
    };
    match identity.provider {
        Provider::Parlor => Ok(server.loader.script(widget)),
        Provider::HubSpot => match server.engine.account().await {
            Ok(account) => {
                let waits = identity.waits_for_consent;
                Ok(server.loader.hubspot_script(widget, &account, waits))
            }
            Err(words) => Ok(Some(Loader::trouble(&format!(
                "HubSpot's chat is not loaded, since Parlor cannot ask which HubSpot account it belongs to: {words}"
            )))),
        },
    }
}

/// The loader: the widget's public settings rendered into the script.
pub(super) async fn loader(State(server): State<Server>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let Ok(key) = WidgetKey::parse(key) else {
        return Problem::not_found().into_response();
    };
    let widget = match server.engine.widget(&key).await {
        Ok(Some(widget)) => widget,
        Ok(None) => return Problem::not_found().into_response(),
        Err(error) => return Problem::from(error).into_response(),
    };
    let script = match script_of(&server, &widget).await {
        Ok(script) => script,
        Err(problem) => return problem.into_response(),
    };
    let Some(script) = script else {
        let why = "This program was built without its web part: build it with make build.";
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_web_part", why).into_response();
    };
    let is_known = headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.contains(&script.tag));
    let takes_brotli = accepted(&headers).iter().any(|(encoding, _)| *encoding == "br") && !script.brotli.is_empty();
    let mut response = Response::new(Body::empty());
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if takes_brotli {
        *response.body_mut() = Body::from(script.brotli.clone());
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    } else {
        *response.body_mut() = Body::from(script.plain.clone());
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    if let Ok(keep) = HeaderValue::from_str(&format!("public, max-age={}", script.max_age)) {
        headers.insert(CACHE_CONTROL, keep);
    }
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // Every site that embeds the widget loads this script, whatever its own cross-origin rules.
    let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(resource_policy, HeaderValue::from_static("cross-origin"));
    if let Ok(tag) = HeaderValue::from_str(&script.tag) {
        headers.insert(ETAG, tag);
    }
    if let Ok(policy) = HeaderValue::from_str(&security::bare_policy(FramedBy::Nobody)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}
