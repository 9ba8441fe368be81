//! What the inbox knows of its conversations: merging what arrives, unread counts, order, filter. Plain data without a
//! browser or a signal in it, so that every rule is tested as it is.

use std::collections::HashMap;

use parlor_protocol::{AuthorKind, ConversationId, ConversationState, ConversationSummary};
use serde::{Deserialize, Serialize};

/// Which conversations are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateFilter {
    /// Those somebody may still answer.
    #[default]
    Open,
    /// Those a rep closed.
    Closed,
    /// All of them.
    All,
}

impl StateFilter {
    /// The three, in the order of the buttons.
    pub const EVERY: [Self; 3] = [Self::Open, Self::Closed, Self::All];

    /// The button's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Closed => "Closed",
            Self::All => "All",
        }
    }

    const fn takes(self, state: ConversationState) -> bool {
        match self {
            Self::Open => matches!(state, ConversationState::Open),
            Self::Closed => matches!(state, ConversationState::Closed),
            Self::All => true,
        }
    }
}

/// What a summary that arrived meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The list did not know the conversation, and it is newer than everything it knew.
    pub is_new: bool,
    /// The visitor wrote something that the list did not know of and the rep has not read.
    pub visitor_wrote: bool,
}

/// The inbox's list as far as it is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConversationList {
    rows: HashMap<ConversationId, ConversationSummary>,
    /// Up to which change number the list is complete; what a reconnect resumes from.
    complete_to: u64,
    /// Until the pages of a catch-up have all come, live changes say nothing about completeness.
    catching_up: bool,
    /// The smallest change number down to which the list is complete. A conversation opened by its address may be older:
    /// it is known, but listed only once everything above it is loaded.
    floor: u64,
    /// Whether the server has conversations below the floor.
    more: bool,
}

impl ConversationList {
    /// The list as the server rendered it: the newest conversations, the newest change number, and whether there are more.
    #[must_use]
    pub fn new(conversations: Vec<ConversationSummary>, change: u64, more: bool) -> Self {
        let mut list = Self {
            complete_to: change,
            catching_up: true,
            ..Self::default()
        };
        list.take_older_page(conversations, more);
        list
    }

    /// A conversation by its id.
    #[must_use]
    pub fn get(&self, id: &ConversationId) -> Option<&ConversationSummary> {
        self.rows.get(id)
    }

    /// Makes a conversation known that the list itself did not bring: the one the page's address names.
    pub fn know(&mut self, summary: ConversationSummary) {
        self.merge(summary);
    }

    /// The number to resume the list from.
    #[must_use]
    pub const fn resume_from(&self) -> u64 {
        self.complete_to
    }

    /// The number to ask older conversations with, while there are some.
    #[must_use]
    pub fn older_than(&self) -> Option<u64> {
        (self.more && self.floor > 0).then_some(self.floor)
    }

    /// The socket is gone: what comes next on a new one is complete only after its pages.
    pub const fn connection_lost(&mut self) {
        self.catching_up = true;
    }

    /// Takes a page of changes after `resume_from`, oldest first. `more` says that another page follows.
    pub fn take_newer_page(&mut self, conversations: Vec<ConversationSummary>, more: bool) -> Vec<Arrival> {
        let arrivals = conversations
            .into_iter()
            .map(|summary| {
                self.complete_to = self.complete_to.max(summary.change);
                self.merge(summary)
            })
            .collect();
        self.catching_up = more;
        if !more {
            // Live changes that came between the pages count from now on.
            self.complete_to = self
                .rows
                .values()
                .map(|row| row.change)
                .fold(self.complete_to, u64::max);
        }
        arrivals
    }

    /// Takes a page of conversations below the floor, newest first.
    pub fn take_older_page(&mut self, conversations: Vec<ConversationSummary>, more: bool) {
        let lowest = conversations.iter().map(|summary| summary.change).min();
        for summary in conversations {
            self.merge(summary);
        }
        self.more = more;
        self.floor = if more { lowest.unwrap_or(self.floor) } else { 0 };
    }

    /// Takes a live change.
    pub fn take_change(&mut self, summary: ConversationSummary) -> Arrival {
        if !self.catching_up {
            self.complete_to = self.complete_to.max(summary.change);
        }
        self.merge(summary)
    }

    /// This rep has read up to `seq`, here or in another window.
    pub fn mark_read(&mut self, id: &ConversationId, seq: u64) {
        if let Some(row) = self.rows.get_mut(id) {
            row.read_seq = Some(row.read_seq.unwrap_or_default().max(seq));
        }
    }

    /// Shows what a rep has just done before its change comes back.
    pub fn set_state(&mut self, id: &ConversationId, state: ConversationState) {
        if let Some(row) = self.rows.get_mut(id) {
            row.state = state;
        }
    }

    /// Shows what a rep has just done before its change comes back.
    pub fn release(&mut self, id: &ConversationId) {
        if let Some(row) = self.rows.get_mut(id) {
            row.held = false;
        }
    }

    fn merge(&mut self, summary: ConversationSummary) -> Arrival {
        let Some(known) = self.rows.get_mut(&summary.id) else {
            let arrival = Arrival {
                is_new: summary.change > self.floor && summary.last_seq <= 1,
                visitor_wrote: visitor_wrote(&summary, 0) && unread(&summary) > 0,
            };
            self.rows.insert(summary.id.clone(), summary);
            return arrival;
        };
        // A live change carries no read mark and a page may have left the server before this rep read on.
        let read_seq = known.read_seq.max(summary.read_seq);
        if summary.change < known.change {
            known.read_seq = read_seq;
            return Arrival::default();
        }
        let known_to = known.last_seq;
        *known = ConversationSummary { read_seq, ..summary };
        Arrival {
            is_new: false,
            visitor_wrote: visitor_wrote(known, known_to) && unread(known) > 0,
        }
    }

    /// The conversations to show, newest change first.
    #[must_use]
    pub fn shown(&self, filter: StateFilter, typed: &str) -> Vec<ConversationId> {
        let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
        let mut rows: Vec<&ConversationSummary> = self
            .rows
            .values()
            .filter(|row| row.change >= self.floor && filter.takes(row.state) && matches(row, &words))
            .collect();
        rows.sort_unstable_by(|left, right| right.change.cmp(&left.change).then_with(|| right.id.cmp(&left.id)));
        rows.into_iter().map(|row| row.id.clone()).collect()
    }

    /// How many conversations hold something this rep has not read.
    #[must_use]
    pub fn unread_conversations(&self) -> usize {
        self.rows
            .values()
            .filter(|row| row.change >= self.floor && unread(row) > 0)
            .count()
    }
}

/// How many messages of a conversation this rep has not read. A conversation whose last word is a rep's is answered:
/// what a colleague has seen to calls nobody.
#[must_use]
pub fn unread(row: &ConversationSummary) -> u64 {
    match row.last_author {
        Some(AuthorKind::Visitor) => row.last_seq.saturating_sub(row.read_seq.unwrap_or_default()),
        Some(AuthorKind::Rep) | None => 0,
    }
}

/// The window's title with the number of conversations that wait.
#[must_use]
pub fn title(waiting: usize) -> String {
    match waiting {
        0 => "Parlor inbox".to_owned(),
        waiting => format!("({waiting}) Parlor inbox"),
    }
}

/// The conversation `steps` further down the list (up, when negative), without going round at the ends. From outside the
/// list, the first step lands on its nearer end.
#[must_use]
pub fn step(shown: &[ConversationId], from: Option<&ConversationId>, steps: isize) -> Option<ConversationId> {
    let last = shown.len().checked_sub(1)?;
    let place = from.and_then(|from| shown.iter().position(|id| id == from));
    let next = match place {
        Some(place) => place.saturating_add_signed(steps).min(last),
        None if steps < 0 => last,
        None => 0,
    };
    shown.get(next).cloned()
}

fn visitor_wrote(row: &ConversationSummary, known_to: u64) -> bool {
    row.last_seq > known_to && row.last_author == Some(AuthorKind::Visitor)
}

fn matches(row: &ConversationSummary, words: &[String]) -> bool {
    words.is_empty() || {
        let text = [&row.visitor_name, &row.email, &row.widget_name, &row.preview]
            .map(|text| text.to_lowercase())
            .join("\n");
        words.iter().all(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn id(number: u64) -> ConversationId {
        ConversationId::parse(format!("0190a1b2-c3d4-7e5f-8a9b-{number:012x}")).unwrap()
    }

    fn summary(number: u64, change: u64) -> ConversationSummary {
        ConversationSummary {
            id: id(number),
            change,
            state: ConversationState::Open,
            held: false,
            visitor_name: format!("Visitor {number}"),
            email: format!("visitor{number}@example.com"),
            widget_name: "Demo".into(),
            last_seq: 1,
            preview: "Hello".into(),
            last_author: Some(AuthorKind::Visitor),
            last_at: 0,
            read_seq: None,
        }
    }

    fn shown(list: &ConversationList) -> Vec<ConversationId> {
        list.shown(StateFilter::All, "")
    }

    #[test]
    fn the_newest_change_comes_first_whatever_order_things_arrive_in() {
        let mut list = ConversationList::new(vec![summary(2, 20), summary(1, 10)], 20, false);
        list.take_change(summary(3, 30));
        list.take_change(summary(1, 40));
        assert_eq!(shown(&list), [id(1), id(3), id(2)]);
    }

    #[test]
    fn an_older_state_of_a_conversation_changes_nothing() {
        let mut list = ConversationList::new(vec![summary(1, 20)], 20, false);
        let stale = ConversationSummary {
            state: ConversationState::Closed,
            ..summary(1, 10)
        };
        assert_eq!(list.take_change(stale), Arrival::default());
        assert_eq!(list.get(&id(1)).unwrap().state, ConversationState::Open);
    }

    #[test]
    fn a_live_change_without_a_read_mark_keeps_what_this_rep_has_read() {
        let read = ConversationSummary {
            last_seq: 3,
            read_seq: Some(3),
            ..summary(1, 10)
        };
        let mut list = ConversationList::new(vec![read], 10, false);
        list.take_change(ConversationSummary {
            last_seq: 5,
            ..summary(1, 11)
        });
        assert_eq!(unread(list.get(&id(1)).unwrap()), 2);
        list.mark_read(&id(1), 5);
        list.mark_read(&id(1), 4);
        assert_eq!(unread(list.get(&id(1)).unwrap()), 0);
    }

    #[test]
    fn a_read_mark_from_another_window_arrives_even_with_an_older_change() {
        let mut list = ConversationList::new(
            vec![ConversationSummary {
                last_seq: 4,
                ..summary(1, 20)
            }],
            20,
            false,
        );
        list.take_change(ConversationSummary {
            read_seq: Some(4),
            ..summary(1, 10)
        });
        assert_eq!(unread(list.get(&id(1)).unwrap()), 0);
    }

    #[test]
    fn what_a_colleague_answered_waits_for_nobody() {
        let answered = ConversationSummary {
            last_seq: 2,
            last_author: Some(AuthorKind::Rep),
            ..summary(1, 10)
        };
        let list = ConversationList::new(vec![answered, summary(2, 9)], 10, false);
        assert_eq!(list.unread_conversations(), 1);
        assert_eq!(title(list.unread_conversations()), "(1) Parlor inbox");
        assert_eq!(title(0), "Parlor inbox");
    }

    #[test]
    fn a_registration_without_a_message_is_new_but_not_unread() {
        let mut list = ConversationList::new(vec![], 0, false);
        let silent = ConversationSummary {
            last_seq: 0,
            last_author: None,
            preview: String::new(),
            ..summary(1, 1)
        };
        assert_eq!(
            list.take_change(silent),
            Arrival {
                is_new: true,
                visitor_wrote: false
            }
        );
        assert_eq!(list.unread_conversations(), 0);
        assert_eq!(
            list.take_change(summary(1, 2)),
            Arrival {
                is_new: false,
                visitor_wrote: true
            }
        );
    }

    #[test]
    fn an_old_conversation_that_comes_back_is_not_announced_as_new() {
        let mut list = ConversationList::new(vec![summary(9, 90)], 90, true);
        let back = ConversationSummary {
            last_seq: 40,
            read_seq: Some(39),
            ..summary(1, 91)
        };
        assert_eq!(
            list.take_change(back),
            Arrival {
                is_new: false,
                visitor_wrote: true
            }
        );
    }

    #[test]
    fn a_change_that_brings_no_new_message_calls_nobody() {
        let mut list = ConversationList::new(vec![summary(1, 10)], 10, false);
        let closed = ConversationSummary {
            state: ConversationState::Closed,
            ..summary(1, 11)
        };
        assert_eq!(list.take_change(closed), Arrival::default());
    }

    #[test]
    fn a_live_change_during_a_catch_up_does_not_skip_the_pages_still_to_come() {
        let mut list = ConversationList::new(vec![summary(1, 10)], 10, false);
        list.take_change(summary(2, 100));
        assert_eq!(list.resume_from(), 10);
        list.take_newer_page(vec![summary(3, 50)], true);
        assert_eq!(list.resume_from(), 50);
        list.take_newer_page(vec![summary(4, 99)], false);
        assert_eq!(list.resume_from(), 100);
        list.take_change(summary(5, 101));
        assert_eq!(list.resume_from(), 101);
        list.connection_lost();
        list.take_change(summary(6, 150));
        assert_eq!(list.resume_from(), 101);
    }

    #[test]
    fn a_conversation_opened_by_its_address_is_listed_only_once_everything_above_it_is_loaded() {
        let mut list = ConversationList::new(vec![summary(9, 90), summary(8, 80)], 90, true);
        list.know(summary(1, 10));
        assert_eq!(shown(&list), [id(9), id(8)]);
        assert_eq!(list.older_than(), Some(80));
        list.take_older_page(vec![summary(5, 50)], true);
        assert_eq!(shown(&list), [id(9), id(8), id(5)]);
        list.take_older_page(vec![summary(1, 10)], false);
        assert_eq!(shown(&list), [id(9), id(8), id(5), id(1)]);
        assert_eq!(list.older_than(), None);
    }

    #[test]
    fn the_floor_stays_when_the_lowest_conversation_moves_up() {
        let mut list = ConversationList::new(vec![summary(9, 90), summary(8, 80)], 90, true);
        list.take_change(summary(8, 91));
        assert_eq!(list.older_than(), Some(80));
    }

    #[test]
    fn the_filters_narrow_by_state_and_by_every_word_typed_in_any_script() {
        let list = ConversationList::new(
            vec![
                ConversationSummary {
                    visitor_name: "Ólafur Þór".into(),
                    ..summary(3, 30)
                },
                ConversationSummary {
                    state: ConversationState::Closed,
                    ..summary(2, 20)
                },
                summary(1, 10),
            ],
            30,
            false,
        );
        assert_eq!(list.shown(StateFilter::Open, ""), [id(3), id(1)]);
        assert_eq!(list.shown(StateFilter::Closed, ""), [id(2)]);
        assert_eq!(list.shown(StateFilter::All, "  þór DEMO "), [id(3)]);
        assert_eq!(list.shown(StateFilter::All, "visitor1@"), [id(1)]);
        assert!(list.shown(StateFilter::All, "nobody").is_empty());
    }

    #[test]
    fn steps_stop_at_the_ends_and_begin_at_the_nearer_one() {
        let all = [id(1), id(2), id(3)];
        assert_eq!(step(&all, None, 1), Some(id(1)));
        assert_eq!(step(&all, None, -1), Some(id(3)));
        assert_eq!(step(&all, Some(&id(2)), 1), Some(id(3)));
        assert_eq!(step(&all, Some(&id(3)), 1), Some(id(3)));
        assert_eq!(step(&all, Some(&id(1)), -1), Some(id(1)));
        assert_eq!(step(&all, Some(&id(7)), 1), Some(id(1)));
        assert_eq!(step(&[], None, 1), None);
    }
}
