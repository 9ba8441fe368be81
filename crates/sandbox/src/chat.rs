//! What pages did with the stand-in of HubSpot's chat script, and what it was given: for tests and for people. Tokens are kept
//! as they came, since a sandbox has no secrets.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::Sandbox;
use crate::clock::Moment;
use crate::state::visitor_tokens::{VisitorToken, VisitorTokens};

/// So many visits and so many calls are kept; older ones fall out.
const KEPT: usize = 500;

/// One call of the chat script's API by a page, or the script's own `ready`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChatCall {
    /// Counts from 1, in order of arrival, together with the visits. Of one page it is the order in which they were made.
    pub number: u64,
    /// When it arrived.
    pub at: Moment,
    /// The page's address.
    pub page: String,
    /// `ready`, `widget.load`, `widget.refresh`, `widget.open`, `widget.close`, `widget.remove`, `clear`, `on` or `off`.
    pub call: String,
    /// What it was called with, as JSON; functions become `null`.
    pub arguments: Vec<Value>,
    /// The page's `hsConversationsSettings` at that moment, as JSON; `null` where there were none.
    pub settings: Value,
    /// Why nothing was done: `throttled`, `loaded already` or `not loaded`.
    pub ignored: Option<String>,
}

/// The widget was shown to a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatVisit {
    /// Counts from 1, in order of arrival, together with the calls.
    pub number: u64,
    /// When it arrived.
    pub at: Moment,
    /// The page's address.
    pub page: String,
    /// `identificationEmail` as it was when the widget was loaded.
    pub email: Option<String>,
    /// `identificationToken` as it was when the widget was loaded.
    pub token: Option<String>,
    /// Whom the widget took the visitor for.
    #[serde(flatten)]
    pub outcome: VisitOutcome,
}

/// Whom the widget took a visitor for. In JSON: `{"outcome": "refused", "why": "the token has expired"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum VisitOutcome {
    /// For the contact with the address: the token is good for it.
    Identified,
    /// For a visitor without a name: neither address nor token was given.
    NotIdentified,
    /// For nobody: something is wrong with what was given. What HubSpot's own widget does then is not known.
    Refused {
        /// What is wrong.
        why: String,
    },
}

impl VisitOutcome {
    fn of(tokens: &VisitorTokens, email: Option<&str>, token: Option<&str>, now: Moment) -> Self {
        let checked = match (email, token) {
            (None, None) => return Self::NotIdentified,
            (Some(_), None) => Err("an address came without a token"),
            (None, Some(_)) => Err("a token came without an address"),
            (Some(email), Some(token)) => tokens.check(token, email, now),
        };
        match checked {
            Ok(()) => Self::Identified,
            Err(why) => Self::Refused { why: why.to_owned() },
        }
    }
}

/// The last calls and visits.
#[derive(Debug, Default)]
pub(crate) struct ChatLog {
    last_number: u64,
    calls: VecDeque<ChatCall>,
    visits: VecDeque<ChatVisit>,
}

impl ChatLog {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() >= KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}

impl Sandbox {
    /// The last 500 visits in order of arrival.
    #[must_use]
    pub fn visits(&self) -> Vec<ChatVisit> {
        self.state().chat.visits.iter().cloned().collect()
    }

    /// The last 500 calls of the chat script's API in order of arrival.
    #[must_use]
    pub fn chat_calls(&self) -> Vec<ChatCall> {
        self.state().chat.calls.iter().cloned().collect()
    }

    /// The last 10,000 tokens that were created for visitors, the oldest first, good or expired.
    #[must_use]
    pub fn visitor_tokens(&self) -> Vec<VisitorToken> {
        self.read(|records| records.visitor_tokens.all())
    }

    /// Decides whom the widget takes a visitor for, and keeps it. An empty text counts as none.
    pub(crate) fn visit(&self, page: String, email: Option<String>, token: Option<String>) -> VisitOutcome {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (email, token) = (given(email), given(token));
        let now = self.now();
        let mut state = self.state();
        let outcome = VisitOutcome::of(&state.records.visitor_tokens, email.as_deref(), token.as_deref(), now);
        let visit = ChatVisit {
            number: state.chat.next_number(),
            at: now,
            page,
            email,
            token,
            outcome: outcome.clone(),
        };
        keep(&mut state.chat.visits, visit);
        outcome
    }

    /// Keeps a call, made from its number and its time.
    pub(crate) fn chat_call(&self, call: impl FnOnce(u64, Moment) -> ChatCall) {
        let now = self.now();
        let mut state = self.state();
        let call = call(state.chat.next_number(), now);
        keep(&mut state.chat.calls, call);
    }
}
