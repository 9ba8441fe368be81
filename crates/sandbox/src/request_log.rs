//! The last requests, for tests and for people. Headers and bodies, and with them tokens, are never kept.

use std::collections::VecDeque;

use serde::Serialize;

use crate::clock::Moment;
use crate::faults::FaultId;

/// One call that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// Counts from 1, in order of arrival.
    pub number: u64,
    /// When it arrived.
    pub at: Moment,
    /// The HTTP method.
    pub method: String,
    /// Path and query as they were sent, but for a token that the path names: `…` stands for it.
    pub path: String,
    /// The status answered; `None` when nothing was answered (yet).
    pub status: Option<u16>,
    /// The fault that met it.
    pub fault: Option<FaultId>,
}

/// A ring of requests.
#[derive(Debug)]
pub(crate) struct RequestLog {
    capacity: usize,
    next_number: u64,
    requests: VecDeque<LoggedRequest>,
}

impl RequestLog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            next_number: 1,
            requests: VecDeque::new(),
        }
    }

    /// Notes a request on arrival, since one that is never answered must show too.
    pub(crate) fn begin(&mut self, at: Moment, method: &str, path: &str) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.requests.push_back(LoggedRequest {
            number,
            at,
            method: method.to_owned(),
            path: without_token(path),
            status: None,
            fault: None,
        });
        while self.requests.len() > self.capacity {
            self.requests.pop_front();
        }
        number
    }

    pub(crate) fn answered(&mut self, number: u64, status: u16) {
        if let Some(request) = self.entry(number) {
            request.status = Some(status);
        }
    }

    pub(crate) fn met_fault(&mut self, number: u64, fault: FaultId) {
        if let Some(request) = self.entry(number) {
            request.fault = Some(fault);
        }
    }

    pub(crate) fn all(&self) -> Vec<LoggedRequest> {
        self.requests.iter().cloned().collect()
    }

    fn entry(&mut self, number: u64) -> Option<&mut LoggedRequest> {
        let first = self.requests.front()?.number;
        let place = usize::try_from(number.checked_sub(first)?).ok()?;
        self.requests.get_mut(place)
    }
}

/// The path without the token that two older calls of OAuth have in theirs.
fn without_token(path: &str) -> String {
    ["/oauth/v1/access-tokens/", "/oauth/v1/refresh-tokens/"]
        .into_iter()
        .find(|call| path.starts_with(call))
        .map_or_else(|| path.to_owned(), |call| format!("{call}…"))
}
