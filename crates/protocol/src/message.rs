//! One message as everybody sees it.

use serde::{Deserialize, Serialize};

use crate::MessageId;

/// Which side of a conversation speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// The person on the marketing site.
    Visitor,
    /// The agent in the inbox.
    Rep,
}

impl AuthorKind {
    /// The word used in the store and in the transcript.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Rep => "rep",
        }
    }
}

/// Who wrote a message. The name is as it was when the message was committed: a later change of name rewrites nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The side.
    pub kind: AuthorKind,
    /// The name shown.
    pub name: String,
}

/// A committed message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The place within the conversation: 1, 2, 3 … without a gap, given by the store.
    pub seq: u64,
    /// The id its client gave it.
    pub id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// What it says; text, never markup. Empty in a message that was erased: nobody can write an empty one.
    pub text: String,
    /// The commit's time in milliseconds since the Unix epoch.
    pub at: i64,
}

/// What stands in the place of an erased visitor's name.
pub const ERASED_NAME: &str = "Erased visitor";
