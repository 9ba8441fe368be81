//! Messages that nobody has acknowledged yet, kept where a reload finds them.
//!
//! Each lies under a name of its own, so that two tabs of one conversation do not overwrite each other's; both may send the
//! same message, which the server stores once.

use std::cell::RefCell;

use parlor_protocol::{ConversationId, MessageId, MessageText};

use super::storage::Area;
use crate::ui::outgoing::Outgoing;

/// What the name of everything kept begins with.
const PREFIX: &str = "parlor.outbox.";

thread_local! {
    static OWNER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The unacknowledged messages of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    prefix: String,
}

impl Outbox {
    /// The outbox of a conversation.
    #[must_use]
    pub fn of(conversation: &ConversationId) -> Self {
        let owner = OWNER.with_borrow(String::clone);
        Self {
            prefix: format!("{PREFIX}{owner}{conversation}."),
        }
    }

    /// Says whose outboxes these are: what one rep wrote and could not send is no other's to send from the same browser. Once a
    /// page, before anything is kept; a visitor, who has a conversation of their own, need not.
    pub fn belong_to(owner: &str) {
        OWNER.set(format!("{owner}."));
    }

    /// Keeps a message; answers whether a reload will find it.
    #[must_use]
    pub fn keep(&self, message: &Outgoing) -> bool {
        Area::Local.set(&self.name(&message.id), &encode(message))
    }

    /// Forgets a message: it is stored.
    pub fn forget(&self, id: &MessageId) {
        Area::Local.remove(&self.name(id));
    }

    /// What was kept, in no order.
    #[must_use]
    pub fn kept(&self) -> Vec<Outgoing> {
        Area::Local
            .names(&self.prefix)
            .iter()
            .filter_map(|name| decode(name.strip_prefix(&self.prefix)?, &Area::Local.get(name)?))
            .collect()
    }

    /// The conversations of this owner in which something is kept, each once.
    #[must_use]
    pub fn conversations() -> Vec<ConversationId> {
        let prefix = OWNER.with_borrow(|owner| format!("{PREFIX}{owner}"));
        let mut found: Vec<ConversationId> = Area::Local
            .names(&prefix)
            .iter()
            .filter_map(|name| ConversationId::parse(name.strip_prefix(&prefix)?.split_once('.')?.0).ok())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn name(&self, id: &MessageId) -> String {
        format!("{}{id}", self.prefix)
    }
}

/// The time of writing, a line break, the text.
fn encode(message: &Outgoing) -> String {
    format!("{}\n{}", message.at, message.text)
}

/// Other scripts of the origin, and earlier versions of this one, may have written anything there.
fn decode(id: &str, value: &str) -> Option<Outgoing> {
    let (at, text) = value.split_once('\n')?;
    let text = MessageText::parse(text).ok()?;
    Some(Outgoing::pending(
        MessageId::parse(id).ok()?,
        text.as_str().to_owned(),
        at.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b";

    #[test]
    fn what_is_kept_comes_back_with_its_lines() {
        let message = Outgoing::pending(MessageId::parse(ID).unwrap(), "one\ntwo 😀".into(), 1_700_000_000_123);
        assert_eq!(decode(ID, &encode(&message)), Some(message));
    }

    #[test]
    fn what_no_outbox_wrote_is_passed_over() {
        for (id, value) in [
            ("not-an-id", "1\nhello"),
            (ID, "hello"),
            (ID, "yesterday\nhello"),
            (ID, "1\n   "),
            (ID, "1\na\u{1b}b"),
        ] {
            assert_eq!(decode(id, value), None, "{id} {value}");
        }
    }
}
