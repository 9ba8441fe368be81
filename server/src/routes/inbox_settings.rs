//! `/inbox/settings`: how things stand, for reps.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::view;
use parlor_app::inbox::{SecretState, SettingsPage, SettingsPageData, WidgetSettingsData};
use parlor_engine::identity::ExchangeError;
use parlor_engine::{Rep, StoreError, Widget, retention};
use parlor_store::Provider;
use tower_sessions::Session;

use super::inbox::to_sign_in;
use crate::assets::Bundle;
use crate::security::FramedBy;
use crate::state::Server;
use crate::{page as pages, signed_in};

/// The page.
pub(super) async fn page(State(server): State<Server>, session: Session) -> Response {
    let rep = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => signed_in.rep,
        Err(problem) => return to_sign_in(&server, &problem, "/inbox/settings"),
    };
    let data = match data(&server, &rep).await {
        Ok(data) => data,
        Err(error) => {
            tracing::error!(%error, "the settings could not be read");
            return pages::unavailable(&server, FramedBy::Nobody);
        }
    };
    let assets = server.assets.page(Bundle::Inbox);
    pages::page(
        &server,
        StatusCode::OK,
        FramedBy::Nobody,
        || view! { <SettingsPage data=data assets=assets/> },
    )
}

async fn data(server: &Server, rep: &Rep) -> Result<SettingsPageData, StoreError> {
    let engine = &server.engine;
    let mut widgets = Vec::new();
    for widget in engine.store().widgets(&rep.tenant).await? {
        widgets.push(of_widget(server, widget).await?);
    }
    let trouble = engine.identity().trouble();
    Ok(SettingsPageData {
        hubspot: engine.delivery().in_words(),
        is_connected: engine.delivery().is_connected(),
        trouble: trouble.map(|trouble| (trouble.error.to_string(), trouble.since.millis())),
        kept_tokens: engine.identity().kept_tokens().await?,
        retention_days: retention::days(engine.store().as_ref(), &rep.tenant).await?,
        erasures: engine.store().count_erasures(&rep.tenant).await?,
        widgets,
    })
}

async fn of_widget(server: &Server, widget: Widget) -> Result<WidgetSettingsData, StoreError> {
    let engine = &server.engine;
    let identity = engine
        .store()
        .widget_identity(&widget.tenant, &widget.settings.id)
        .await?;
    let opened = engine.identity().settings(&widget).await;
    Ok(WidgetSettingsData {
        chat: match (identity.provider, identity.waits_for_consent) {
            (Provider::Parlor, _) => "Parlor’s",
            (Provider::HubSpot, false) => "HubSpot’s",
            (Provider::HubSpot, true) => "HubSpot’s, after the site’s consent call",
        },
        secret: match (&identity.secret, opened) {
            (None, _) => SecretState::None,
            (Some(_), Err(ExchangeError::SecretUnreadable)) => SecretState::Unreadable,
            (Some(_), _) => SecretState::There,
        },
        has_public_key: identity.public_key.is_some(),
        landing_page: identity.landing_page,
        key: widget.settings.key.to_string(),
        name: widget.settings.name,
        origins: widget.settings.origins,
    })
}
