//! The numbers both sides keep to.

/// The protocol's version; `hello` lists those a client speaks, `welcome` says which one holds.
pub const PROTOCOL_VERSION: u16 = 1;

/// A message's greatest length in UTF-16 units. What HubSpot counts is not documented; UTF-16 units are never fewer
/// than code points, so a text within this limit is within the other as well.
pub const MESSAGE_UNITS: usize = 5_000;

/// The greatest frame in bytes, either way from the browser. A message of 5,000 units is at most 30,000 bytes once every
/// unit is escaped as `\uXXXX`, and leaves room for the ids around it.
pub const FRAME_BYTES: usize = 32 * 1024;

/// Messages a page holds at most.
pub const PAGE_MESSAGES: usize = 100;

/// Bytes of JSON that the entries of a page, or of the inbox's list, have together at most; one entry goes out however long it
/// is. What does not fit comes with the next page.
pub const PAGE_BYTES: usize = 64 * 1024;

/// A name's greatest length in characters (code points), after trimming.
pub const NAME_CHARACTERS: usize = 100;

/// An e-mail address's greatest length in characters; the addresses the rule allows are ASCII.
pub const EMAIL_CHARACTERS: usize = 254;

/// Malformed frames in a row that end a socket.
pub const MALFORMED_FRAMES: u32 = 3;
