//! Which HubSpot account the key belongs to, kept over restarts: HubSpot's chat is booted by the account's number, and its visitors
//! need not wait for HubSpot's API, nor go without a chat while that is away.

use std::fmt::Write as _;
use std::sync::{PoisonError, RwLock};

use parlor_hubspot::{AccountDetails, Client};
use parlor_store::{Store, StoreError};
use serde_json::{Value, json};

use crate::Engine;

/// The setting that holds the account with the key it was learnt by.
const SETTING: &str = "hubspot.account";

/// What the store knows of the account.
pub(crate) struct KeptAccount {
    /// The key's fingerprint in hexadecimal: another key may be another account's. Absent without a key.
    key: Option<String>,
    /// As it lies in the store.
    kept: RwLock<Option<AccountDetails>>,
}

impl KeptAccount {
    /// Reads what was kept by this key.
    pub(crate) async fn read(store: &dyn Store, client: Option<&Client>) -> Result<Self, StoreError> {
        let key = client.map(|client| {
            client.key_fingerprint().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        });
        let kept = store.setting(SETTING).await?;
        let kept = kept.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let kept = kept.filter(|kept| key.is_some() && kept["key"].as_str() == key.as_deref());
        Ok(Self {
            kept: RwLock::new(kept.and_then(|kept| serde_json::from_value(kept).ok())),
            key,
        })
    }

    fn get(&self) -> Option<AccountDetails> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what boots the chat; nothing is written while it is the same.
    async fn keep(&self, store: &dyn Store, account: &AccountDetails) -> Result<(), StoreError> {
        let boots = |account: &AccountDetails| (account.portal_id, account.data_hosting_location.clone());
        let Some(key) = self.key.as_deref() else { return Ok(()) };
        if self.get().as_ref().map(boots) == Some(boots(account)) {
            return Ok(());
        }
        let (portal, location) = boots(account);
        let value = json!({"key": key, "portalId": portal, "dataHostingLocation": location});
        store.set_setting(SETTING, &value.to_string()).await?;
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(account.clone());
        Ok(())
    }
}

impl Engine {
    /// The account that HubSpot's chat is booted for: as HubSpot has told it, be it before a restart; else it is asked.
    ///
    /// # Errors
    /// Why it is not known, in words for an operator.
    pub async fn account(&self) -> Result<AccountDetails, String> {
        if let Some(account) = self.delivery.known_account().or_else(|| self.account.get()) {
            return Ok(account);
        }
        let account = self.delivery.account().await?;
        if let Err(error) = self.keep_account().await {
            tracing::error!(%error, "the HubSpot account could not be kept");
        }
        Ok(account)
    }

    /// Keeps what HubSpot has told of the account, if it is new.
    pub(crate) async fn keep_account(&self) -> Result<(), StoreError> {
        match self.delivery.known_account() {
            Some(account) => self.account.keep(self.store.as_ref(), &account).await,
            None => Ok(()),
        }
    }
}
