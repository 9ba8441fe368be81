//! `/inbox/settings`: how things stand, for reps; another token for HubSpot, and dead letters sent on their way again.

use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use leptos::view;
use parlor_app::inbox::{LetterData, OfferData, SecretState, SettingsPage, SettingsPageData, WidgetSettingsData};
use parlor_engine::connection::{CheckedToken, ConnectError};
use parlor_engine::{Rep, StoreError, Widget, retention};
use parlor_protocol::ConversationId;
use parlor_store::{DeadLetter, Provider, Rest};
use secrecy::SecretString;
use serde::Deserialize;
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
    show(&server, &rep, StatusCode::OK, None, None).await
}

/// The page with what came of a form.
async fn show(
    server: &Server,
    rep: &Rep,
    status: StatusCode,
    offer: Option<OfferData>,
    notice: Option<String>,
) -> Response {
    let data = match data(server, rep).await {
        Ok(data) => SettingsPageData { offer, notice, ..data },
        Err(error) => {
            tracing::error!(%error, "the settings could not be read");
            return pages::unavailable(server, FramedBy::Nobody);
        }
    };
    let assets = server.assets.page(Bundle::Inbox);
    pages::page(
        server,
        status,
        FramedBy::Nobody,
        || view! { <SettingsPage data=data assets=assets/> },
    )
}

#[derive(Deserialize)]
pub(super) struct PastedToken {
    token: SecretString,
}

/// A token was pasted: the page says which portal and scopes it belongs to. Nothing is changed.
pub(super) async fn offer(
    State(server): State<Server>,
    session: Session,
    form: Result<Form<PastedToken>, FormRejection>,
) -> Response {
    let rep = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => signed_in.rep,
        Err(problem) => return to_sign_in(&server, &problem, "/inbox/settings"),
    };
    let token = match form {
        Ok(Form(PastedToken { token })) => trimmed(&token),
        Err(rejection) => return rejection.into_response(),
    };
    match server.engine.offer_token(&rep, token).await {
        Ok((checked, sealed)) => {
            let offer = OfferData {
                portal_id: checked.portal_id,
                missing: checked.missing(),
                scopes: scopes_of(&checked),
                sealed,
            };
            show(&server, &rep, StatusCode::OK, Some(offer), None).await
        }
        Err(error) => refused(&server, &rep, &error).await,
    }
}

fn trimmed(token: &SecretString) -> SecretString {
    use secrecy::ExposeSecret;

    SecretString::from(token.expose_secret().trim())
}

fn scopes_of(checked: &CheckedToken) -> String {
    match &checked.scopes {
        Some(scopes) => scopes.join(", "),
        None => "HubSpot does not tell".to_owned(),
    }
}

async fn refused(server: &Server, rep: &Rep, error: &ConnectError) -> Response {
    let status = match error {
        ConnectError::Store(error) => {
            tracing::error!(%error, "a HubSpot token could not be looked at or kept");
            return pages::unavailable(server, FramedBy::Nobody);
        }
        ConnectError::Unknown(_) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    show(
        server,
        rep,
        status,
        None,
        Some(format!("Nothing was changed: {error}.")),
    )
    .await
}

#[derive(Deserialize)]
pub(super) struct Accepted {
    #[serde(default)]
    offer: String,
}

/// The rep has seen the portal, and says yes.
pub(super) async fn use_offer(
    State(server): State<Server>,
    session: Session,
    form: Result<Form<Accepted>, FormRejection>,
) -> Response {
    let rep = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => signed_in.rep,
        Err(problem) => return to_sign_in(&server, &problem, "/inbox/settings"),
    };
    let Accepted { offer } = match form {
        Ok(Form(accepted)) => accepted,
        Err(rejection) => return rejection.into_response(),
    };
    match server.engine.use_offer(&rep, &offer).await {
        Ok(Some(_)) => {
            tracing::info!(rep = rep.id.as_str(), "a rep gave Parlor another HubSpot token");
            Redirect::to("/inbox/settings").into_response()
        }
        Ok(None) => {
            let notice = Some("Nothing was changed: that took too long; paste the token again.".to_owned());
            show(&server, &rep, StatusCode::UNPROCESSABLE_ENTITY, None, notice).await
        }
        Err(error) => refused(&server, &rep, &error).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Replay {
    conversation: Option<String>,
    all: Option<String>,
}

/// One dead letter, or all, on their way again.
pub(super) async fn replay(
    State(server): State<Server>,
    session: Session,
    form: Result<Form<Replay>, FormRejection>,
) -> Response {
    let rep = match signed_in::rep(&server, &session).await {
        Ok(signed_in) => signed_in.rep,
        Err(problem) => return to_sign_in(&server, &problem, "/inbox/settings"),
    };
    let which = match form {
        Ok(Form(Replay { all: Some(_), .. })) => None,
        Ok(Form(Replay { conversation, .. })) => match ConversationId::parse(conversation.unwrap_or_default()) {
            Ok(conversation) => Some(conversation),
            Err(_) => return pages::not_found(&server),
        },
        Err(rejection) => return rejection.into_response(),
    };
    match server.engine.replay(&rep.tenant, which.as_ref()).await {
        Ok(_) => Redirect::to("/inbox/settings").into_response(),
        Err(error) => {
            tracing::error!(%error, "dead letters could not be replayed");
            pages::unavailable(&server, FramedBy::Nobody)
        }
    }
}

async fn data(server: &Server, rep: &Rep) -> Result<SettingsPageData, StoreError> {
    let engine = &server.engine;
    let mut widgets = Vec::new();
    for widget in engine.store().widgets(&rep.tenant).await? {
        widgets.push(of_widget(server, widget).await?);
    }
    let trouble = engine.identity().trouble();
    let letters = engine.dead_letters(&rep.tenant).await?;
    Ok(SettingsPageData {
        letters: letters.into_iter().map(|letter| of_letter(server, letter)).collect(),
        offer: None,
        notice: None,
        hubspot: engine.delivery().in_words(),
        is_connected: engine.delivery().is_connected(),
        trouble: trouble.map(|trouble| (trouble.error.to_string(), trouble.since.millis())),
        kept_tokens: engine.identity().kept_tokens().await?,
        retention_days: retention::days(engine.store().as_ref(), &rep.tenant).await?,
        erasures: engine.store().count_erasures(&rep.tenant).await?,
        widgets,
    })
}

fn of_letter(server: &Server, letter: DeadLetter) -> LetterData {
    let words = letter.reason.words;
    LetterData {
        conversation: letter.conversation.to_string(),
        email: letter.email.as_str().to_owned(),
        why: match letter.rest {
            Rest::Refused => format!("HubSpot refuses it: {words}"),
            Rest::Dead => format!("it failed for seven days: {words}"),
        },
        correlation_id: letter.reason.correlation_id,
        since: letter.since.millis(),
        age: age(server.engine.now().since(letter.since)),
        undelivered: letter.undelivered,
    }
}

/// A duration as people say it.
fn age(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let (count, unit) = match minutes {
        0 => return "less than a minute".to_owned(),
        1..60 => (minutes, "minute"),
        60..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

async fn of_widget(server: &Server, widget: Widget) -> Result<WidgetSettingsData, StoreError> {
    let engine = &server.engine;
    let identity = engine
        .store()
        .widget_identity(&widget.tenant, &widget.settings.id)
        .await?;
    let is_unreadable = engine.identity().secret_is_unreadable(&widget).await;
    Ok(WidgetSettingsData {
        chat: match (identity.provider, identity.waits_for_consent) {
            (Provider::Parlor, _) => "Parlor’s",
            (Provider::HubSpot, false) => "HubSpot’s",
            (Provider::HubSpot, true) => "HubSpot’s, after the site’s consent call",
        },
        secret: match (&identity.secret, is_unreadable) {
            (None, _) => SecretState::None,
            (Some(_), Ok(true)) => SecretState::Unreadable,
            (Some(_), _) => SecretState::There,
        },
        has_public_key: identity.public_key.is_some(),
        landing_page: identity.landing_page,
        key: widget.settings.key.to_string(),
        name: widget.settings.name,
        origins: widget.settings.origins,
    })
}
