//! A widget's identity settings, as an operator changes them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use parlor_protocol::{TenantId, WidgetId, WidgetKey};
use parlor_store::{Edit, Provider, Store, StoreError, WidgetIdentity, WidgetIdentityChange};

use super::Sealer;
use super::proof::SKEW_SECONDS;
use crate::{Context, Secret};

/// What an operator wants changed; everything left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct IdentityChange {
    /// Which chat the loader boots.
    pub provider: Option<Provider>,
    /// Whether HubSpot's chat waits for the site's consent call.
    pub waits_for_consent: Option<bool>,
    /// Make a new secret; the one there was counts no more.
    pub new_secret: bool,
    /// Forget the secret.
    pub no_secret: bool,
    /// The site's Ed25519 public key: PEM (`BEGIN PUBLIC KEY`), or its 32 bytes in base64; an empty text forgets it.
    pub public_key: Option<String>,
    /// Whether an address that is only vouched for may be exchanged.
    pub landing_page: Option<bool>,
    /// Refuse every proof issued until now, and in the next thirty seconds: a server whose clock is ahead has dated proofs so.
    pub revoke: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Changed {
    /// What holds now.
    pub identity: WidgetIdentity,
    /// The new secret, which is shown this once.
    pub secret: Option<Secret>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum IdentityChangeError {
    /// There is no widget of that key.
    #[error("there is no widget of this key: parlor widget list shows the keys there are")]
    NoWidget,
    /// The public key is none.
    #[error("this is no Ed25519 public key: give a PEM file (BEGIN PUBLIC KEY) or its 32 bytes in base64")]
    PublicKey,
    /// The store could not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a widget's identity settings. A running server notices within two seconds.
pub async fn change_identity(
    context: &Context,
    store: &dyn Store,
    sealer: &Sealer,
    tenant: &TenantId,
    key: &WidgetKey,
    change: IdentityChange,
) -> Result<Changed, IdentityChangeError> {
    let widget = store
        .widget_by_key(key)
        .await?
        .filter(|widget| widget.tenant == *tenant)
        .ok_or(IdentityChangeError::NoWidget)?;
    let id = &widget.settings.id;
    let secret = change.new_secret.then(|| context.secret());
    let new = secret
        .as_ref()
        .map(|secret| sealer.seal(context, &place(id), secret.reveal().as_bytes()));
    let change = WidgetIdentityChange {
        provider: change.provider,
        waits_for_consent: change.waits_for_consent,
        secret: match new {
            Some(new) => Edit::Set(new),
            None if change.no_secret => Edit::Remove,
            None => Edit::Keep,
        },
        public_key: match change.public_key.as_deref() {
            None => Edit::Keep,
            Some("") => Edit::Remove,
            Some(text) => Edit::Set(parse_public_key(text).ok_or(IdentityChangeError::PublicKey)?),
        },
        landing_page: change.landing_page,
        // The next second, since proofs name the second in which they were issued; and what clocks may differ by.
        not_before: change.revoke.then(|| {
            let seconds = context.now().millis() / 1_000 + 1 + SKEW_SECONDS;
            parlor_store::Timestamp::from_millis(seconds * 1_000)
        }),
    };
    let changed = store.change_widget_identity(tenant, id, change).await?;
    let identity = changed.ok_or(IdentityChangeError::NoWidget)?;
    Ok(Changed { identity, secret })
}

/// Where a widget's secret belongs; sealed bytes of another widget do not open here.
pub(super) fn place(widget: &WidgetId) -> Vec<u8> {
    format!("widget secret {widget}").into_bytes()
}

/// What stands before the 32 bytes in the DER form of an Ed25519 public key (RFC 8410, section 4).
const DER_PREFIX: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

fn parse_public_key(text: &str) -> Option<[u8; 32]> {
    let lines = text.lines().map(str::trim);
    let base64: String = lines.filter(|line| !line.starts_with("-----")).collect();
    let decoded = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(&base64).ok())?;
    let raw = decoded.strip_prefix(DER_PREFIX.as_slice()).unwrap_or(&decoded);
    raw.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_is_taken_in_the_forms_that_people_have_it_in() {
        let pem = "-----BEGIN PUBLIC KEY-----\n\
                   MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
                   -----END PUBLIC KEY-----\n";
        let raw = parse_public_key(pem).unwrap();
        assert_eq!(raw[..4], [0xd7, 0x5a, 0x98, 0x01]);
        for text in [
            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ] {
            assert_eq!(parse_public_key(text), Some(raw), "{text}");
        }
        for wrong in [
            "",
            "x",
            "AAAA",
            "MCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ] {
            assert_eq!(parse_public_key(wrong), None, "{wrong}");
        }
    }
}
