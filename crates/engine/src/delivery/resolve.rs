//! From addresses to records: find the contact, or create it.

use std::collections::BTreeMap;
use std::time::Duration;

use parlor_hubspot::{BatchReadBy, Class, Client, CreateInput, TraceId};
use parlor_protocol::ClaimedEmail;
use parlor_store::{PendingAddress, Postponement, Reason};

use super::dead_letters::note_dead_letter;
use super::read::{Found, found};
use super::{BATCH, Delivery, Stop, portal_trouble, reason_of, words_of};

impl Delivery {
    /// Finds or creates the contacts of at most so many addresses. Answers whether there may be more.
    pub(super) async fn resolve_addresses(&self, client: &Client, most: usize) -> Result<bool, Stop> {
        let tenant = &self.options.tenant;
        let now = self.context.now();
        let mut pending = self.store.pending_addresses(tenant, now, BATCH).await?;
        if most < BATCH {
            // What never failed says more of HubSpot than what may be at fault itself.
            pending.sort_by_key(|address| address.attempts);
        }
        pending.truncate(most);
        if pending.is_empty() {
            return Ok(false);
        }
        let emails: Vec<&str> = pending.iter().map(|address| address.email.as_str()).collect();
        let reading = match self.read(client, BatchReadBy::Email, &emails, &["email"]).await {
            Err(Stop::Portal(trouble)) if most < BATCH => {
                // It may be this one's fault: the next probe takes another.
                let emails = vec![pending[0].email.clone()];
                let postponement = Postponement::until(now, trouble.words.as_str());
                self.store.postpone_addresses(tenant, emails, postponement).await?;
                return Err(Stop::Portal(trouble));
            }
            reading => reading?,
        };
        let mut links = Vec::new();
        let mut absent = Vec::new();
        for address in pending {
            let found = match reading.of(address.email.as_str()) {
                Found::Unclear => self.look_up(client, &address.email).await?,
                found => found,
            };
            match found {
                Found::Contact(contact) => links.push((address.email, contact.id.to_string())),
                Found::Refused(reason) => self.refuse_address(&address.email, &reason).await?,
                Found::Failed(reason) => self.postpone_addresses(&[address], reason).await?,
                Found::Nothing | Found::Unclear => absent.push(address),
            }
        }
        self.link(links).await?;
        self.create_contacts(client, absent).await?;
        Ok(true)
    }

    /// Asks for one address by itself, where a batch's answer could not be attributed.
    async fn look_up(&self, client: &Client, email: &ClaimedEmail) -> Result<Found, Stop> {
        let contacts = client.contacts();
        found(
            self.ask(client, contacts.get_by_email(email.as_str(), &["email"]))
                .await?,
        )
    }

    /// Creates contacts. Where HubSpot refuses a batch without naming the culprit, the batch is halved until it stands alone.
    async fn create_contacts(&self, client: &Client, addresses: Vec<PendingAddress>) -> Result<(), Stop> {
        let mut batches = vec![addresses];
        while let Some(mut batch) = batches.pop() {
            if batch.is_empty() {
                continue;
            }
            let inputs = batch.iter().enumerate().map(create_input).collect();
            let contacts = client.contacts();
            let written = match self.ask(client, contacts.batch_create(inputs)).await? {
                Ok(written) => written,
                Err(error) if matches!(error.class(), Class::Invalid | Class::Conflict { .. }) => {
                    if batch.len() > 1 {
                        batches.push(batch.split_off(batch.len() / 2));
                        batches.push(batch);
                    } else if let (Class::Conflict { existing_id: Some(id) }, [address]) =
                        (error.class(), batch.as_slice())
                    {
                        self.link(vec![(address.email.clone(), id.to_string())]).await?;
                    } else if matches!(error.class(), Class::Conflict { .. }) {
                        let reason = Reason {
                            words: "HubSpot says the contact exists, but not which".to_owned(),
                            ..reason_of(&error)
                        };
                        self.postpone_addresses(&batch, reason).await?;
                    } else {
                        self.refuse_address(&batch[0].email, &reason_of(&error)).await?;
                    }
                    continue;
                }
                // An unclear outcome is no trouble: the next pass reads before it creates.
                Err(error) => return Err(portal_trouble(&error)),
            };
            let mut links = Vec::new();
            for (trace_id, contact) in &written.written {
                links.extend(
                    trace_id
                        .as_ref()
                        .and_then(|trace_id| address_of(&batch, trace_id))
                        .map(|address| (address.email.clone(), contact.id.to_string())),
                );
            }
            let mut later = Vec::new();
            for failure in &written.failed {
                let reason = Reason {
                    words: words_of(failure.message.as_deref(), failure.category.as_deref()),
                    correlation_id: failure.correlation_id.clone(),
                };
                for address in failure
                    .trace_ids
                    .iter()
                    .filter_map(|trace_id| address_of(&batch, trace_id))
                {
                    match (failure.class(), &failure.existing_id) {
                        (_, Some(id)) => links.push((address.email.clone(), id.to_string())),
                        (Class::Invalid, None) => self.refuse_address(&address.email, &reason).await?,
                        _ => later.push(address.clone()),
                    }
                }
            }
            self.link(links).await?;
            later.extend(
                written
                    .unanswered
                    .iter()
                    .filter_map(|trace_id| address_of(&batch, trace_id))
                    .cloned(),
            );
            if !later.is_empty() {
                let reason = written.failed.iter().find_map(|failure| failure.correlation_id.clone());
                let reason = Reason {
                    words: "HubSpot did not create the contact".to_owned(),
                    correlation_id: reason,
                };
                self.postpone_addresses(&later, reason).await?;
            }
        }
        Ok(())
    }

    async fn link(&self, links: Vec<(ClaimedEmail, String)>) -> Result<(), Stop> {
        if links.is_empty() {
            return Ok(());
        }
        let tenant = &self.options.tenant;
        self.store.link_addresses(tenant, links.clone()).await?;
        for (email, _) in &links {
            self.tell(self.store.conversations_of_address(tenant, email).await?);
        }
        Ok(())
    }

    async fn refuse_address(&self, email: &ClaimedEmail, reason: &Reason) -> Result<(), Stop> {
        let tenant = &self.options.tenant;
        self.store.refuse_address(tenant, email, reason).await?;
        note_dead_letter("refused", reason);
        self.tell(self.store.conversations_of_address(tenant, email).await?);
        Ok(())
    }

    async fn postpone_addresses(&self, addresses: &[PendingAddress], reason: Reason) -> Result<(), Stop> {
        let tenant = &self.options.tenant;
        let attempts = addresses.iter().map(|address| address.attempts).max().unwrap_or(0);
        let emails = addresses.iter().map(|address| address.email.clone()).collect();
        let postponement = Postponement {
            give_up_failing_since: Some(self.give_up_failing_since()),
            ..Postponement::until(self.context.now() + self.back_off(attempts), reason.clone())
        };
        metrics::counter!("parlor_delivery_retries_total", "of" => "contact").increment(addresses.len() as u64);
        for dead in self.store.postpone_addresses(tenant, emails, postponement).await? {
            note_dead_letter("dead", &reason);
            self.tell(self.store.conversations_of_address(tenant, &dead).await?);
        }
        Ok(())
    }

    /// How long one address or record rests after so many failures: up to an hour, with full jitter but never at once.
    pub(super) fn back_off(&self, attempts: u32) -> Duration {
        let longest = Duration::from_secs(2 << attempts.min(11)).min(Duration::from_hours(1));
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_secs(1) + Duration::from_millis(self.context.below(millis))
    }
}

/// An address' trace id is its place in the batch: trace ids are shown in logs, addresses never.
fn create_input((place, address): (usize, &PendingAddress)) -> CreateInput {
    let mut properties = BTreeMap::from([("email".to_owned(), address.email.as_str().to_owned())]);
    let names = [("firstname", &address.first_name), ("lastname", &address.last_name)];
    properties.extend(
        names
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.clone())),
    );
    CreateInput::new(place.to_string(), properties)
}

fn address_of<'a>(batch: &'a [PendingAddress], trace_id: &TraceId) -> Option<&'a PendingAddress> {
    batch.get(trace_id.as_str().parse::<usize>().ok()?)
}
