//! The last requests, for tests and for people. Headers, and with them tokens, are never kept; nor are the bodies of calls
//! that ask for tokens or answer them.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;

use crate::calls;
use crate::clock::Moment;
use crate::faults::FaultId;

/// So many bytes of each body are kept.
const KEPT_BYTES: usize = 16 * 1024;

/// One call that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// Counts from 1, in order of arrival.
    pub number: u64,
    /// When it arrived.
    pub at: Moment,
    /// The HTTP method.
    pub method: String,
    /// Path and query as they were sent, but for a token or key that they name: `…` stands for it.
    pub path: String,
    /// The status answered; `None` when nothing was answered (yet).
    pub status: Option<u16>,
    /// The fault that met it.
    pub fault: Option<FaultId>,
    /// How long the answer took, by the machine's clock; `None` when nothing was answered (yet).
    pub microseconds: Option<u64>,
}

/// The bodies of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedBodies {
    /// What was asked; `None` when it was not read (a call that was not admitted), or holds secrets.
    pub request: Option<LoggedBody>,
    /// What was answered; `None` when nothing was (yet), or when it holds secrets.
    pub response: Option<LoggedBody>,
}

/// The beginning of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedBody {
    /// The first 16 kB of it.
    pub text: String,
    /// How many bytes it had in all.
    pub bytes: usize,
}

#[derive(Debug)]
struct Kept {
    beginning: Bytes,
    bytes: usize,
}

impl Kept {
    fn of(body: &Bytes) -> Self {
        let kept = body.len().min(KEPT_BYTES);
        Self {
            // A slice would keep the whole body in memory.
            beginning: Bytes::copy_from_slice(&body[..kept]),
            bytes: body.len(),
        }
    }

    fn show(&self) -> LoggedBody {
        LoggedBody {
            text: String::from_utf8_lossy(&self.beginning).into_owned(),
            bytes: self.bytes,
        }
    }
}

#[derive(Debug)]
struct Entry {
    request: LoggedRequest,
    asked: Option<Kept>,
    answered: Option<Kept>,
}

/// A ring of requests.
#[derive(Debug)]
pub(crate) struct RequestLog {
    capacity: usize,
    next_number: u64,
    entries: VecDeque<Entry>,
}

impl RequestLog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            next_number: 1,
            entries: VecDeque::new(),
        }
    }

    /// Notes a request on arrival, since one that is never answered must show too.
    pub(crate) fn begin(&mut self, at: Moment, method: &str, path: &str) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.entries.push_back(Entry {
            request: LoggedRequest {
                number,
                at,
                method: method.to_owned(),
                path: without_secrets(path),
                status: None,
                fault: None,
                microseconds: None,
            },
            asked: None,
            answered: None,
        });
        while self.entries.len() > self.capacity {
            self.entries.pop_front();
        }
        number
    }

    pub(crate) fn asked(&mut self, number: u64, body: &Bytes) {
        if let Some(entry) = self.entry(number)
            && !calls::is_secret(&entry.request.path)
        {
            entry.asked = Some(Kept::of(body));
        }
    }

    pub(crate) fn answered(&mut self, number: u64, status: u16, body: &Bytes, took: Duration) {
        if let Some(entry) = self.entry(number) {
            entry.request.status = Some(status);
            entry.request.microseconds = u64::try_from(took.as_micros()).ok();
            if !calls::is_secret(&entry.request.path) {
                entry.answered = Some(Kept::of(body));
            }
        }
    }

    pub(crate) fn met_fault(&mut self, number: u64, fault: FaultId) {
        if let Some(entry) = self.entry(number) {
            entry.request.fault = Some(fault);
        }
    }

    /// All of them, the oldest first.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &LoggedRequest> {
        self.entries.iter().map(|entry| &entry.request)
    }

    pub(crate) fn one(&self, number: u64) -> Option<(&LoggedRequest, LoggedBodies)> {
        let entry = self.entries.get(self.place(number)?)?;
        let bodies = LoggedBodies {
            request: entry.asked.as_ref().map(Kept::show),
            response: entry.answered.as_ref().map(Kept::show),
        };
        Some((&entry.request, bodies))
    }

    /// Forgets them all; the numbers go on.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let place = self.place(number)?;
        self.entries.get_mut(place)
    }

    fn place(&self, number: u64) -> Option<usize> {
        let first = self.entries.front()?.request.number;
        usize::try_from(number.checked_sub(first)?).ok()
    }
}

/// Which requests to show. What is left out is any.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestFilter {
    pub(crate) method: Option<String>,
    /// What path and query contain.
    pub(crate) path: Option<String>,
    pub(crate) status: Option<StatusFilter>,
    pub(crate) fault: Option<FaultFilter>,
    /// Only those after this number.
    pub(crate) after: Option<u64>,
}

/// `404`, `4xx`, or `none` for calls that were not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    Exactly(u16),
    Hundreds(u16),
    NotAnswered,
}

/// `any`, `none`, or a rule's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultFilter {
    Any,
    NotStruck,
    Rule(FaultId),
}

impl std::str::FromStr for StatusFilter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_suffix("xx") {
            _ if text == "none" => Ok(Self::NotAnswered),
            Some(hundreds) => hundreds.parse().map(Self::Hundreds).map_err(|_| ()),
            None => text.parse().map(Self::Exactly).map_err(|_| ()),
        }
    }
}

impl std::str::FromStr for FaultFilter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "any" => Ok(Self::Any),
            "none" => Ok(Self::NotStruck),
            _ => text.parse().map(Self::Rule).map_err(|_| ()),
        }
    }
}

impl RequestFilter {
    pub(crate) fn admits(&self, request: &LoggedRequest) -> bool {
        let method = self.method.as_ref();
        let path = self.path.as_ref();
        method.is_none_or(|method| request.method.eq_ignore_ascii_case(method))
            && path.is_none_or(|path| request.path.contains(path))
            && self.after.is_none_or(|after| request.number > after)
            && match self.status {
                None => true,
                Some(StatusFilter::Exactly(status)) => request.status == Some(status),
                Some(StatusFilter::Hundreds(hundreds)) => request.status.is_some_and(|status| status / 100 == hundreds),
                Some(StatusFilter::NotAnswered) => request.status.is_none(),
            }
            && match self.fault {
                None => true,
                Some(FaultFilter::Any) => request.fault.is_some(),
                Some(FaultFilter::NotStruck) => request.fault.is_none(),
                Some(FaultFilter::Rule(rule)) => request.fault == Some(rule),
            }
    }
}

/// The path without the token that two older calls of OAuth have in theirs, and without a developer's key in the query.
fn without_secrets(path: &str) -> String {
    let token = ["/oauth/v1/access-tokens/", "/oauth/v1/refresh-tokens/"];
    if let Some(call) = token.into_iter().find(|call| path.starts_with(call)) {
        return format!("{call}…");
    }
    match path.split_once("hapikey=") {
        Some((before, key)) => {
            let after = key.find('&').and_then(|end| key.get(end..)).unwrap_or_default();
            format!("{before}hapikey=…{after}")
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn tokens_and_keys_are_not_kept() {
        for (sent, kept) in [
            ("/oauth/v1/access-tokens/secret", "/oauth/v1/access-tokens/…"),
            ("/oauth/v1/refresh-tokens/secret?x=1", "/oauth/v1/refresh-tokens/…"),
            (
                "/webhooks/v3/1/settings?hapikey=secret",
                "/webhooks/v3/1/settings?hapikey=…",
            ),
            (
                "/webhooks/v3/1/settings?hapikey=secret&a=b",
                "/webhooks/v3/1/settings?hapikey=…&a=b",
            ),
            ("/crm/v3/objects/contacts?limit=1", "/crm/v3/objects/contacts?limit=1"),
        ] {
            assert_eq!(without_secrets(sent), kept);
        }
    }
}
