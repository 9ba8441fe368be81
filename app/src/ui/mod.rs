//! What the visitor's and the rep's side both show.

pub mod composer;
pub mod document;
pub mod field;
pub mod links;
pub mod message_list;
pub mod outgoing;
pub mod thread;
pub mod time;

pub use composer::Composer;
pub use field::Field;
pub use message_list::MessageList;
pub use thread::Thread;
