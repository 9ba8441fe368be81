//! Which HubSpot account the key belongs to, kept over restarts: HubSpot's chat is booted by the account's number, and its visitors
//! need not wait for HubSpot's API, nor go without a chat while that is away.

use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use parlor_hubspot::AccountDetails;
use parlor_store::{Store, StoreError};
use serde_json::{Value, json};

use crate::{Engine, Portal};

/// The setting that holds the account with the key it was learnt by.
const SETTING: &str = "hubspot.account";

/// What the store knows of the account.
pub(crate) struct KeptAccount {
    portal: Arc<Portal>,
    /// As it lies in the store, with the key it was learnt by: another key may be another account's.
    kept: RwLock<Option<(String, AccountDetails)>>,
}

impl KeptAccount {
    /// Reads what was kept.
    pub(crate) async fn read(store: &dyn Store, portal: Arc<Portal>) -> Result<Self, StoreError> {
        let kept = store.setting(SETTING).await?;
        let kept = kept.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let kept = kept.and_then(|kept| {
            let key = kept["key"].as_str()?.to_owned();
            Some((key, serde_json::from_value(kept).ok()?))
        });
        Ok(Self {
            portal,
            kept: RwLock::new(kept),
        })
    }

    fn get(&self) -> Option<AccountDetails> {
        let key = self.key()?;
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|(learnt_by, _)| *learnt_by == key)
            .map(|(_, account)| account)
    }

    /// The key's fingerprint in hexadecimal; absent without a key.
    fn key(&self) -> Option<String> {
        let client = self.portal.client()?;
        Some(client.key_fingerprint().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }

    /// Keeps what boots the chat; nothing is written while it is the same.
    async fn keep(&self, store: &dyn Store, account: &AccountDetails) -> Result<(), StoreError> {
        let boots = |account: &AccountDetails| (account.portal_id, account.data_hosting_location.clone());
        let Some(key) = self.key() else { return Ok(()) };
        if self.get().as_ref().map(boots) == Some(boots(account)) {
            return Ok(());
        }
        let (portal, location) = boots(account);
        let value = json!({"key": key, "portalId": portal, "dataHostingLocation": location});
        store.set_setting(SETTING, &value.to_string()).await?;
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some((key, account.clone()));
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
