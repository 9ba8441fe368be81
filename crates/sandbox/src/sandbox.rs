//! The handle on a sandbox: what tests and the control calls do with it.

use std::convert::Infallible;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::auth::Tokens;
use crate::chat::ChatLog;
use crate::clock::Moment;
use crate::faults::{FaultId, FaultRule, FaultState, Faults};
use crate::late_writes::LateWrites;
use crate::limits::Limits;
use crate::oauth::Consent;
use crate::plan::Plan;
use crate::request_log::{LoggedBodies, LoggedRequest, RequestLog};
use crate::saving::Saving;
use crate::search::index::Index;
use crate::state::Records;
use crate::state::associations::RecordKey;
use crate::state::changes::RecentChanges;
use crate::state::record::Record;
use crate::usage::Usage;
use crate::webhooks::Signal;
use crate::webhooks::outbox::Outbox;
use crate::webhooks::recipients::Recipient;
use crate::{SandboxError, SandboxOptions};

/// A HubSpot account of one's own. Clones are handles on the same account.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    options: SandboxOptions,
    state: Mutex<State>,
    saving: Saving,
    changed: Notify,
    webhook_signal: Signal,
    stopping: watch::Sender<bool>,
    /// How far the sandbox's clock was moved away from the machine's, in milliseconds.
    clock_shift: AtomicI64,
}

pub(crate) struct State {
    pub(crate) records: Records,
    pub(crate) limits: Limits,
    /// Until other limits are set.
    pub(crate) limits_follow_plan: bool,
    pub(crate) usage: Usage,
    pub(crate) faults: Faults,
    pub(crate) late_writes: LateWrites,
    pub(crate) log: RequestLog,
    pub(crate) plan: Plan,
    pub(crate) api_limit_increases: u8,
    pub(crate) consent: Consent,
    pub(crate) chat: ChatLog,
    pub(crate) recent_changes: RecentChanges,
    pub(crate) webhooks: Outbox,
    pub(crate) index: Index<RecordKey, Record>,
    pub(crate) down: bool,
    /// Grows with every change of the records.
    pub(crate) version: u64,
}

impl State {
    fn new(records: Records, options: &SandboxOptions) -> Self {
        let limits_follow_plan = options.limits == Limits::default();
        Self {
            records,
            limits: if limits_follow_plan {
                Limits::of(options.plan, 0)
            } else {
                options.limits.clone()
            },
            limits_follow_plan,
            usage: Usage::default(),
            faults: Faults::default(),
            late_writes: LateWrites::default(),
            log: RequestLog::new(options.logged_requests),
            plan: options.plan,
            api_limit_increases: 0,
            consent: Consent::default(),
            chat: ChatLog::default(),
            recent_changes: RecentChanges::default(),
            webhooks: Outbox::default(),
            index: Index::new(options.search_lag),
            down: false,
            version: 0,
        }
    }
}

impl Sandbox {
    /// A sandbox with these options, with the records of its file when there is one.
    pub fn new(options: SandboxOptions) -> Result<Self, SandboxError> {
        let (saving, kept) = Saving::begin(options.records_file.as_deref())?;
        // A file that cannot be written is noticed when it is saved for the first time, not at the end.
        let is_new = kept.is_none() && options.records_file.is_some();
        let records = kept.unwrap_or_else(|| Records::new(options.portal_id, options.tokens.clone()));
        let mut state = State::new(records, &options);
        state.version = u64::from(is_new);
        Ok(Self {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                options,
                saving,
                changed: Notify::new(),
                webhook_signal: Signal::default(),
                stopping: watch::Sender::new(false),
                clock_shift: AtomicI64::new(0),
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

    /// Removes one fault rule; answers whether there was one.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that removes its own rule knows that it was there"
    )]
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.state().faults.remove(id)
    }

    /// Removes every fault rule. Writes on hold stay on hold.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The last requests in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.state().log.all().cloned().collect()
    }

    /// The bodies of a request that the log still has.
    #[must_use]
    pub fn request_bodies(&self, number: u64) -> Option<LoggedBodies> {
        Some(self.state().log.one(number)?.1)
    }

    /// Empties the request log; the numbers of requests go on.
    pub fn clear_requests(&self) {
        self.state().log.clear();
    }

    /// Makes a token good for these scopes (`*` is all of them), in place of those it had.
    pub fn add_token<'a>(&self, token: &str, scopes: impl IntoIterator<Item = &'a str>) {
        self.change_tokens(|tokens| tokens.grant(token, scopes));
    }

    /// Makes a token worthless.
    pub fn remove_token(&self, token: &str) {
        self.change_tokens(|tokens| tokens.revoke(token));
    }

    /// While it is down, every call answers 503. Pages and control go on.
    pub fn set_down(&self, down: bool) {
        self.state().down = down;
    }

    /// Back to how the options made it: no record, no visitor's token, default properties, tokens, apps, account, limits, plan
    /// and lag, no fault, no webhook, empty logs, the clock as the options have it (a manual clock stays where it is).
    pub fn reset(&self) {
        let options = &self.inner.options;
        self.unshift_clock();
        {
            let mut state = self.state();
            let records = Records::new(options.portal_id, options.tokens.clone());
            // Writes on hold go with the rest: they were meant for the account that was.
            let version = state.version;
            *state = State::new(records, options);
            state.version = version + 1;
        }
        self.inner.changed.notify_one();
        self.inner.webhook_signal.settled.notify_waiters();
    }

    /// Reads the records.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Records) -> T) -> T {
        read(&self.state().records)
    }

    /// Changes the records in a way that cannot fail, and has them saved soon.
    pub(crate) fn alter<T>(&self, alter: impl FnOnce(&mut Records, Moment) -> T) -> T {
        let altered: Result<T, Infallible> = self.change(|records, now| Ok(alter(records, now)));
        match altered {
            Ok(altered) => altered,
        }
    }

    /// Changes the records, tells it to search and to webhooks, and has them saved soon.
    pub(crate) fn change<T, E>(&self, change: impl FnOnce(&mut Records, Moment) -> Result<T, E>) -> Result<T, E> {
        let now = self.now();
        let (outcome, took_place) = {
            let mut guard = self.state();
            let state = &mut *guard;
            let outcome = change(&mut state.records, now);
            // Of a batch that failed halfway, the first half is there.
            state.index.changed(now, state.records.take_before());
            let changes = std::mem::take(&mut state.records.changes);
            let took_place = outcome.is_ok() || !changes.is_empty();
            state.version += u64::from(took_place);
            let recipients = Recipient::all(&state.records.webhook_apps, &state.records.oauth);
            state.webhooks.add(&recipients, &changes, state.records.portal_id, now);
            state.recent_changes.add(changes);
            (outcome, took_place)
        };
        if took_place {
            self.inner.changed.notify_one();
            self.inner.webhook_signal.queued.notify_one();
        }
        outcome
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere must not take the sandbox down with it.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn saving(&self) -> &Saving {
        &self.inner.saving
    }

    pub(crate) fn clock_shift(&self) -> &AtomicI64 {
        &self.inner.clock_shift
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
        self.alter(|records, _| change(&mut records.tokens));
    }
}
