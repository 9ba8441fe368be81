//! How much goes into one frame. A page of the longest messages would be megabytes, and a socket keeps a buffer of its greatest
//! frame; what does not fit comes with the next page.

use std::io;

use parlor_protocol::limit::PAGE_BYTES;
use serde::Serialize;

/// How many of these entries, from the first, fit into one frame; at least one, or its reader would never come past it.
pub(super) fn count_that_fit<'a, T: Serialize + 'a>(entries: impl Iterator<Item = &'a T>) -> usize {
    let mut bytes = 0;
    let fitting = entries.take_while(|entry| {
        let is_first = bytes == 0;
        bytes += size(*entry);
        is_first || bytes <= PAGE_BYTES
    });
    fitting.count()
}

/// An entry's bytes as JSON.
fn size<T: Serialize>(entry: &T) -> usize {
    let mut counted = Counted(0);
    match serde_json::to_writer(&mut counted, entry) {
        Ok(()) => counted.0,
        Err(_) => unreachable!("counting never fails, and ids and texts make valid JSON"),
    }
}

/// Takes bytes and keeps only their number.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_counted_as_they_go_out() {
        // Quoted, each is two bytes longer.
        let entry = "x".repeat(PAGE_BYTES / 4 - 2);
        let entries = vec![entry; 9];
        assert_eq!(count_that_fit(entries.iter()), 4);
        // A line break is two bytes of JSON.
        let entries = vec!["\n".repeat(PAGE_BYTES / 4); 9];
        assert_eq!(count_that_fit(entries.iter()), 1);
    }

    #[test]
    fn one_goes_out_however_long_it_is() {
        let entries = vec!["x".repeat(2 * PAGE_BYTES); 2];
        assert_eq!(count_that_fit(entries.iter()), 1);
        assert_eq!(count_that_fit(std::iter::empty::<&String>()), 0);
    }
}
