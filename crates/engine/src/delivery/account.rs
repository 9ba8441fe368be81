//! Which account the token belongs to: for links, for the day's end, and so that nothing goes to another portal than before.

use std::sync::PoisonError;
use std::time::Duration;

use parlor_hubspot::{AccountDetails, Class, Client};
use parlor_store::StoreError;

use super::failure::Stop;
use super::{Delivery, portal_trouble};
use crate::budget::Share;

/// How long nobody else asks for the account after HubSpot did not tell.
const REST: Duration = Duration::from_secs(30);

/// How long a person waits for a turn.
const PATIENCE: Duration = Duration::from_secs(5);

impl Delivery {
    /// The account that the token belongs to: as it is known, else HubSpot is asked, once however many ask at a time.
    ///
    /// # Errors
    /// Why it is not known, in words for an operator.
    pub async fn account(&self) -> Result<AccountDetails, String> {
        let known = || self.account.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(account) = known() {
            return Ok(account);
        }
        let Some(client) = self.options.portal.client() else {
            return Err(
                "there is no HubSpot token; give one in the inbox's settings or by parlor hubspot connect".to_owned(),
            );
        };
        let mut trouble = self.account_trouble.lock().await;
        if let Some(account) = known() {
            return Ok(account);
        }
        if let Some((_, words)) = trouble.as_ref().filter(|(until, _)| *until > self.context.now()) {
            return Err(words.clone());
        }
        let answer = match self.budget.turn(Share::Others, PATIENCE).await {
            Ok(_turn) => client.account().details().await,
            Err(_) => return Err("HubSpot's limits leave no room for a call at present".to_owned()),
        };
        self.budget.learn(client.take_rate_limit(), answer.as_ref().err());
        match answer {
            Ok(details) => {
                self.know(details.clone());
                Ok(details)
            }
            Err(error) => {
                let words = portal_trouble(&error).to_string();
                *trouble = Some((self.context.now() + REST, words.clone()));
                Err(words)
            }
        }
    }

    /// Learns which portal the token belongs to. Not being told is no reason to wait; another portal than before is.
    pub(super) async fn learn_account(&self, client: &Client) -> Result<(), Stop> {
        let known = self.account.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return self.check_portal(known.portal_id).await;
        }
        let mut trouble = self.account_trouble.lock().await;
        if trouble.as_ref().is_some_and(|(until, _)| *until > self.context.now()) {
            return Ok(());
        }
        match self.ask(client, client.account().details()).await? {
            Ok(details) => {
                self.know(details.clone());
                self.check_portal(details.portal_id).await
            }
            Err(error) => match error.class() {
                Class::Token | Class::RateLimited { .. } | Class::Connect => Err(portal_trouble(&error)),
                _ => {
                    *trouble = Some((self.context.now() + REST, portal_trouble(&error).to_string()));
                    Ok(())
                }
            },
        }
    }

    fn know(&self, details: AccountDetails) {
        if let Some(offset) = details.utc_offset_milliseconds {
            self.budget.learn_day(offset);
        }
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = Some(details);
    }

    /// What is kept of records (ids, hashes, what was delivered) is one portal's.
    async fn check_portal(&self, portal_id: u64) -> Result<(), Stop> {
        match self.portal_trouble_of(portal_id).await? {
            None => Ok(()),
            Some(words) => Err(Stop::for_a_person(words)),
        }
    }

    /// Notes the first portal. In words, why a portal is not written to.
    async fn portal_trouble_of(&self, portal_id: u64) -> Result<Option<String>, StoreError> {
        let before = self.store.note_portal(&self.options.tenant, portal_id).await?;
        Ok((before != portal_id).then(|| other_portal(before, portal_id)))
    }
}

/// Why conversations that were written to one portal are not written to another.
pub(crate) fn other_portal(before: u64, now: u64) -> String {
    format!(
        "the token belongs to portal {now}, and these conversations were written to portal {before}: give a token of that portal, or \
         begin with another database"
    )
}
