//! The handle on a sandbox: what tests and the control calls do with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::auth::Tokens;
use crate::chat::ChatLog;
use crate::clock::Moment;
use crate::errors::ApiError;
use crate::faults::{FaultId, FaultRule, FaultState, Faults};
use crate::late_writes::LateWrites;
use crate::limits::{Limits, Usage};
use crate::plan::Plan;
use crate::request_log::{LoggedRequest, RequestLog};
use crate::state::contacts::{ContactId, ContactView};
use crate::state::values::{self, RawValue, RawValues};
use crate::state::{Records, records_file};
use crate::webhooks::Signal;
use crate::webhooks::outbox::Outbox;
use crate::{SandboxError, SandboxOptions};

/// A HubSpot account of one's own. Clones are handles on the same account.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    options: SandboxOptions,
    state: Mutex<State>,
    /// Held while the file is written, so that an older state never replaces a newer one.
    saving: Mutex<()>,
    changed: Notify,
    webhook_signal: Signal,
    stopping: watch::Sender<bool>,
}

pub(crate) struct State {
    pub(crate) records: Records,
    pub(crate) limits: Limits,
    pub(crate) usage: Usage,
    pub(crate) faults: Faults,
    pub(crate) late_writes: LateWrites,
    pub(crate) log: RequestLog,
    pub(crate) plan: Plan,
    pub(crate) chat: ChatLog,
    pub(crate) webhooks: Outbox,
    pub(crate) down: bool,
    unsaved: bool,
}

impl State {
    fn new(records: Records, options: &SandboxOptions) -> Self {
        Self {
            records,
            limits: options.limits.clone(),
            usage: Usage::default(),
            faults: Faults::default(),
            late_writes: LateWrites::default(),
            log: RequestLog::new(options.logged_requests),
            plan: options.plan,
            chat: ChatLog::default(),
            webhooks: Outbox::default(),
            down: false,
            unsaved: false,
        }
    }
}

impl Sandbox {
    /// A sandbox with these options, with the records of its file when there is one.
    pub fn new(options: SandboxOptions) -> Result<Self, SandboxError> {
        let kept = match &options.records_file {
            Some(path) => records_file::load(path)?,
            None => None,
        };
        // A file that cannot be written is noticed when it is saved for the first time, not at the end.
        let is_new = kept.is_none() && options.records_file.is_some();
        let records = kept.unwrap_or_else(|| Records::new(options.portal_id, options.tokens.clone()));
        let mut state = State::new(records, &options);
        state.unsaved = is_new;
        Ok(Self {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                options,
                saving: Mutex::new(()),
                changed: Notify::new(),
                webhook_signal: Signal::default(),
                stopping: watch::Sender::new(false),
            }),
        })
    }

    /// Adds a fault rule.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that adds one rule has no need of its number"
    )]
    pub fn add_fault(&self, rule: FaultRule) -> FaultId {
        self.state().faults.add(rule)
    }

    /// The fault rules with what became of them.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultState> {
        self.state().faults.all()
    }

    /// Removes every fault rule. Writes on hold stay on hold.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The last requests in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.state().log.all()
    }

    /// Every contact that is not archived, with all its values.
    #[must_use]
    pub fn contacts(&self) -> Vec<ContactView> {
        let state = self.state();
        let contacts = state.records.contacts.all();
        contacts
            .filter(|contact| !contact.is_archived())
            .map(|contact| contact.full_view(&state.records.properties))
            .collect()
    }

    /// The contact with this e-mail address, with all its values.
    #[must_use]
    pub fn contact_by_email(&self, email: &str) -> Option<ContactView> {
        let state = self.state();
        let contact = state.records.contacts.by_email(email)?;
        Some(contact.full_view(&state.records.properties))
    }

    /// The contact with this id, with all its values, archived or not.
    #[must_use]
    pub fn contact(&self, id: &str) -> Option<ContactView> {
        let state = self.state();
        let contact = state.records.contacts.by_id(id.parse().ok()?)?;
        Some(contact.full_view(&state.records.properties))
    }

    /// Creates a contact as a person in HubSpot does.
    pub fn seed_contact<'a>(
        &self,
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<ContactView, SandboxError> {
        let values = properties
            .into_iter()
            .map(|(name, value)| (name.to_owned(), RawValue::Text(value.to_owned())))
            .collect();
        self.create_contact(values).map_err(refused)
    }

    /// Sets one property of a contact as a person in HubSpot does; an empty value clears it.
    pub fn set_property(&self, id: &str, name: &str, value: &str) -> Result<ContactView, SandboxError> {
        let raw = BTreeMap::from([(name.to_owned(), RawValue::Text(value.to_owned()))]);
        self.update_contact(id, raw).map_err(refused)
    }

    /// Archives a contact as a person in HubSpot does.
    pub fn archive(&self, id: &str) -> Result<(), SandboxError> {
        self.change(|records, now| {
            let id = known_id(records, id)?;
            records.contacts.archive(id, now);
            Ok(())
        })
        .map_err(refused)
    }

    /// Merges `other` into `primary`. From then on the id and the addresses of `other` lead to `primary`.
    pub fn merge(&self, primary: &str, other: &str) -> Result<ContactView, SandboxError> {
        self.change(|records, now| {
            let (primary, other) = (known_id(records, primary)?, known_id(records, other)?);
            let contact = records.contacts.merge(primary, other, now)?;
            Ok(contact.full_view(&records.properties))
        })
        .map_err(refused)
    }

    /// Makes a token good for these scopes (`*` is all of them), in place of those it had.
    pub fn add_token<'a>(&self, token: &str, scopes: impl IntoIterator<Item = &'a str>) {
        self.change_tokens(|tokens| tokens.grant(token, scopes));
    }

    /// Makes a token worthless.
    pub fn remove_token(&self, token: &str) {
        self.change_tokens(|tokens| tokens.revoke(token));
    }

    /// Sets new limits. What was used of the old ones stays used.
    pub fn set_limits(&self, limits: Limits) {
        self.state().limits = limits;
    }

    /// Sets how many calls a token has in ten seconds.
    pub fn set_limit(&self, ten_seconds: u32) {
        self.state().limits.ten_seconds = Some(ten_seconds);
    }

    /// While it is down, every call answers 503. Pages and control go on.
    pub fn set_down(&self, down: bool) {
        self.state().down = down;
    }

    /// Back to how the options made it: no contact, no visitor's token, default properties, tokens, limits and plan, no fault,
    /// no webhook, empty logs.
    pub fn reset(&self) {
        let options = &self.inner.options;
        {
            let mut state = self.state();
            let records = Records::new(options.portal_id, options.tokens.clone());
            // Writes on hold go with the rest: they were meant for the account that was.
            *state = State::new(records, options);
            state.unsaved = true;
        }
        self.inner.changed.notify_one();
        self.inner.webhook_signal.settled.notify_waiters();
    }

    /// Writes the records to their file now, when there is one and something changed.
    pub fn save(&self) -> Result<(), SandboxError> {
        let Some(path) = &self.inner.options.records_file else {
            return Ok(());
        };
        let _saving = self.inner.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let records = {
            let mut state = self.state();
            if !state.unsaved {
                return Ok(());
            }
            state.unsaved = false;
            state.records.clone()
        };
        records_file::save(path, &records).inspect_err(|_| self.state().unsaved = true)
    }

    pub(crate) fn create_contact(&self, raw: RawValues) -> Result<ContactView, ApiError> {
        self.change(|records, now| {
            let checked = values::check(&records.properties, raw, records.portal_id)?;
            let contact = records.contacts.create(checked, now)?;
            Ok(contact.full_view(&records.properties))
        })
    }

    pub(crate) fn update_contact(&self, id: &str, raw: RawValues) -> Result<ContactView, ApiError> {
        self.change(|records, now| {
            let id = known_id(records, id)?;
            let checked = values::check(&records.properties, raw, records.portal_id)?;
            let contact = records.contacts.update(id, checked, now)?;
            Ok(contact.full_view(&records.properties))
        })
    }

    /// Reads the records.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Records) -> T) -> T {
        read(&self.state().records)
    }

    /// Changes the records, and has them saved soon.
    pub(crate) fn change<T, E>(&self, change: impl FnOnce(&mut Records, Moment) -> Result<T, E>) -> Result<T, E> {
        let now = self.now();
        let outcome = {
            let mut guard = self.state();
            let state = &mut *guard;
            let outcome = change(&mut state.records, now);
            let changes = state.records.take_changes();
            if outcome.is_ok() {
                state.unsaved = true;
                let Records {
                    webhook_apps,
                    portal_id,
                    ..
                } = &state.records;
                state.webhooks.add(webhook_apps, &changes, *portal_id, now);
            }
            outcome
        };
        if outcome.is_ok() {
            self.inner.changed.notify_one();
            self.inner.webhook_signal.queued.notify_one();
        }
        outcome
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere must not take the sandbox down with it.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Moment {
        self.inner.options.clock.now()
    }

    pub(crate) fn options(&self) -> &SandboxOptions {
        &self.inner.options
    }

    pub(crate) fn webhook_signal(&self) -> &Signal {
        &self.inner.webhook_signal
    }

    /// Waits until something changed since the last wait.
    pub(crate) async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    pub(crate) fn set_stopping(&self, stopping: bool) {
        self.inner.stopping.send_replace(stopping);
    }

    /// Waits until the server is asked to stop.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stopping = self.inner.stopping.subscribe();
        async move {
            // The sender lives as long as the sandbox: its end is an end too.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }
    }

    fn change_tokens(&self, change: impl FnOnce(&mut Tokens)) {
        let outcome: Result<(), std::convert::Infallible> = self.change(|records, _| {
            change(&mut records.tokens);
            Ok(())
        });
        match outcome {
            Ok(()) => {}
        }
    }
}

fn known_id(records: &Records, id: &str) -> Result<ContactId, ApiError> {
    let parsed = id.parse().map_err(|_| ApiError::id_is_not_numeric(id))?;
    let contact = records
        .contacts
        .by_id(parsed)
        .ok_or_else(ApiError::resource_not_found)?;
    Ok(contact.id)
}

fn refused(error: ApiError) -> SandboxError {
    SandboxError::Refused(error.body.message)
}
