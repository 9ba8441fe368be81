//! A token for HubSpot given while the server runs: looked at first, kept sealed, taken up within two seconds.
//!
//! There may be a token in the settings and one given later by page or command. The one given last counts: the kept one, until
//! the settings hold another token than the one it took the place of.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_hubspot::{BuildError, Class, Client, Error, ExposeSecret, SecretString};
use parlor_protocol::TenantId;
use parlor_store::{SecretHash, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::budget::{NoTurn, Share, Turn};
use crate::delivery::other_portal;
use crate::identity::Sealer;
use crate::{Context, Engine, Portal, Rep};

/// How often a running server looks for a token that was given to it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a person waits for a turn within HubSpot's limits.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// What a token must be allowed to do; without the others that Parlor asks for, something less works.
pub const NEEDED_SCOPES: [&str; 2] = ["crm.objects.contacts.read", "crm.objects.contacts.write"];

/// Where the sealed token belongs.
fn place(tenant: &TenantId) -> Vec<u8> {
    [b"hubspot token of ".as_slice(), tenant.as_str().as_bytes()].concat()
}

/// An offer is one rep's.
fn offer_place(rep: &Rep) -> Vec<u8> {
    [b"hubspot token offered to ".as_slice(), rep.id.as_str().as_bytes()].concat()
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedToken {
    /// Its portal.
    pub portal_id: u64,
    /// Its scopes; absent where HubSpot does not tell.
    pub scopes: Option<Vec<String>>,
}

impl CheckedToken {
    /// The scopes that it lacks, as far as they are known.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let has = |scope: &str| {
            self.scopes
                .as_ref()
                .is_none_or(|scopes| scopes.iter().any(|has| has == scope || has == "*"))
        };
        NEEDED_SCOPES.into_iter().filter(|scope| !has(scope)).collect()
    }
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It cannot be one.
    #[error(transparent)]
    NoToken(#[from] BuildError),
    /// 401.
    #[error("HubSpot does not know this token (401): copy it again, or make a new one")]
    Refused,
    /// HubSpot does not tell whose it is.
    #[error("HubSpot does not tell which portal the token belongs to ({0}): try again later")]
    Unknown(String),
    /// It is another portal's than the one written to so far.
    #[error("{}", other_portal(*.before, *.now))]
    OtherPortal {
        /// The portal written to.
        before: u64,
        /// The token's.
        now: u64,
    },
    /// It may not do what Parlor does.
    #[error("the token lacks {}: add the scope in HubSpot, or make a new one", .0.join(" and "))]
    Scopes(Vec<&'static str>),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn unknown(error: &Error) -> ConnectError {
    if *error.class() == Class::Token {
        return ConnectError::Refused;
    }
    let status = error.status();
    ConnectError::Unknown(status.map_or_else(|| "no answer".to_owned(), |status| format!("it answers {status}")))
}

/// Asks HubSpot whose a client's token is and what it may do. Nothing is changed.
pub async fn check_client(store: &dyn Store, tenant: &TenantId, client: &Client) -> Result<CheckedToken, ConnectError> {
    let account = client.account();
    let details = account.details().await;
    let info = match (&details, account.token_info().await) {
        (Err(error), _) if *error.class() == Class::Token => return Err(ConnectError::Refused),
        (_, Ok(info)) => info,
        // The scopes are good to know, the portal has to be.
        (Ok(_), Err(_)) => None,
        (Err(_), Err(error)) => return Err(unknown(&error)),
    };
    let portal_id = match (details, &info) {
        (Ok(details), _) => details.portal_id,
        (Err(_), Some(info)) => info.hub_id,
        (Err(error), None) => return Err(unknown(&error)),
    };
    let checked = CheckedToken {
        portal_id,
        scopes: info.map(|info| info.scopes),
    };
    match store.portal(tenant).await?.portal_id {
        Some(before) if before != portal_id => Err(ConnectError::OtherPortal { before, now: portal_id }),
        _ => Ok(checked),
    }
}

/// Keeps a token that was checked. A running server takes it up within two seconds.
pub async fn keep_token(
    context: &Context,
    store: &dyn Store,
    sealer: &Sealer,
    tenant: &TenantId,
    token: &SecretString,
) -> Result<(), StoreError> {
    let kept = sealer.seal(context, &place(tenant), token.expose_secret().as_bytes());
    store.keep_hubspot_token(tenant, kept, context.now()).await?;
    Ok(())
}

/// The token given by page or command, as a running server knows it.
pub(crate) struct Connection {
    tenant: TenantId,
    portal: Arc<Portal>,
    sealer: Arc<Sealer>,
    /// Tells the settings' token from any other.
    setting: Option<SecretHash>,
    /// The generation that was looked at last.
    seen: Mutex<u64>,
}

impl Connection {
    pub(crate) fn new(tenant: TenantId, portal: Arc<Portal>, sealer: Arc<Sealer>) -> Self {
        let setting = portal.client().map(|client| SecretHash(client.key_fingerprint()));
        Self {
            tenant,
            portal,
            sealer,
            setting,
            seen: Mutex::new(0),
        }
    }

    /// Takes up the kept token where it was given last. Answers whether another client is in use now.
    pub(crate) async fn take_up(&self, store: &dyn Store) -> Result<bool, StoreError> {
        let known = store.portal(&self.tenant).await?;
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == known.generation {
                return Ok(false);
            }
            *seen = known.generation;
        }
        let Some(sealed) = known.token else {
            return Ok(false);
        };
        // All zeros stand for a setting without a token.
        let setting = self.setting.unwrap_or(SecretHash([0; 32]));
        if self.setting.is_some() && known.instead_of.is_some_and(|instead_of| instead_of != setting) {
            tracing::info!("the settings hold a newer HubSpot token than the one given by page or command: it is used");
            store.forget_hubspot_token(&self.tenant, known.generation).await?;
            return Ok(false);
        }
        let opened = self.sealer.open(&place(&self.tenant), &sealed);
        let Some(token) = opened.and_then(|token| String::from_utf8(token).ok()) else {
            tracing::error!("the kept HubSpot token cannot be read with this installation's key: give it again");
            return Ok(false);
        };
        let client = match self.portal.connect(SecretString::from(token)) {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "the kept HubSpot token cannot be used");
                return Ok(false);
            }
        };
        store.note_instead_of(&self.tenant, known.generation, setting).await?;
        self.portal.replace(Some(client));
        Ok(true)
    }
}

/// How long an offer holds.
const OFFER_HOLDS: Duration = Duration::from_mins(10);

impl Engine {
    /// Asks HubSpot whose a token is, and wraps it up so that a page can carry it until the rep says yes: sealed, for this rep and
    /// ten minutes.
    pub async fn offer_token(&self, rep: &Rep, token: SecretString) -> Result<(CheckedToken, String), ConnectError> {
        let checked = self.check_token(&rep.tenant, token.clone()).await?;
        let until = self.context.now() + OFFER_HOLDS;
        let text = format!("{} {}", until.millis(), token.expose_secret());
        let sealed = self
            .connection
            .sealer
            .seal(&self.context, &offer_place(rep), text.as_bytes());
        Ok((checked, URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Uses an offered token from now on. `None` for an offer that does not hold any more.
    pub async fn use_offer(&self, rep: &Rep, offer: &str) -> Result<Option<CheckedToken>, ConnectError> {
        let opened = URL_SAFE_NO_PAD
            .decode(offer)
            .ok()
            .and_then(|sealed| self.connection.sealer.open(&offer_place(rep), &sealed))
            .and_then(|text| String::from_utf8(text).ok());
        let Some((until, token)) = opened.as_deref().and_then(|text| text.split_once(' ')) else {
            return Ok(None);
        };
        let holds = until
            .parse()
            .is_ok_and(|until: i64| until > self.context.now().millis());
        if !holds {
            return Ok(None);
        }
        self.use_token(&rep.tenant, SecretString::from(token.to_owned()))
            .await
            .map(Some)
    }

    /// Asks HubSpot whose a token is and what it may do, before it is used.
    pub async fn check_token(&self, tenant: &TenantId, token: SecretString) -> Result<CheckedToken, ConnectError> {
        let client = self.connection.portal.connect(token)?;
        // Two calls: whose it is, and what it may do.
        let turns = [self.turn().await?, self.turn().await?];
        let checked = check_client(self.store.as_ref(), tenant, &client).await;
        drop(turns);
        checked
    }

    async fn turn(&self) -> Result<Turn<'_>, ConnectError> {
        let turn = self.budget.turn(Share::Others, TURN_WITHIN).await;
        turn.map_err(|no_turn| match no_turn {
            NoTurn::DayIsSpent(_) => ConnectError::Unknown("the day's calls are used".to_owned()),
            NoTurn::TooLong(_) => ConnectError::Unknown("its limits leave no room for a call now".to_owned()),
        })
    }

    /// Uses a token from now on, when it is good.
    pub async fn use_token(&self, tenant: &TenantId, token: SecretString) -> Result<CheckedToken, ConnectError> {
        let checked = self.check_token(tenant, token.clone()).await?;
        let missing = checked.missing();
        if !missing.is_empty() {
            return Err(ConnectError::Scopes(missing));
        }
        let sealer = &self.connection.sealer;
        keep_token(&self.context, self.store.as_ref(), sealer, tenant, &token).await?;
        self.look_for_token().await?;
        Ok(checked)
    }

    /// Takes up a token that was given, here or by a command. Answers whether there was one.
    pub async fn look_for_token(&self) -> Result<bool, StoreError> {
        let is_new = self.connection.take_up(self.store.as_ref()).await?;
        if is_new {
            tracing::info!("another HubSpot token is used from now on");
            self.identity.begin_anew().await?;
            self.delivery.begin_anew();
        }
        Ok(is_new)
    }

    /// Looks for given tokens until told to stop.
    pub async fn watch_tokens(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.look_for_token().await {
                tracing::warn!(%error, "it could not be seen whether there is another HubSpot token");
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}
