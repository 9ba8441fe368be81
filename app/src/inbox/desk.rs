//! The rep's desk: what the inbox's panes share, and what a rep does at it. What arrives by the socket is in `live`.

use std::collections::HashMap;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;
use parlor_protocol::{
    Author, AuthorKind, ClientFrame, ContactCard, ConversationId, ConversationState, ConversationSummary,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, HtmlTextAreaElement};

use super::list::{ConversationList, StateFilter, step};
use super::list_pane::{conversation_path, row_id};
use super::page::InboxPageData;
use super::thread_pane::{COMPOSER_ID, HEADING_ID};
use crate::api::{self, ApiError};
use crate::browser::{Connection, ConnectionState, LiveThread, page};
use crate::ui::Thread;

/// The address of the inbox without a conversation.
const INBOX_PATH: &str = "/inbox";

/// The shared state of the panes. `Copy`: event handlers take it along.
#[derive(Clone, Copy)]
pub struct Desk {
    /// The conversations as far as they are loaded.
    pub list: RwSignal<ConversationList>,
    /// Open, closed or all.
    pub filter: RwSignal<StateFilter>,
    /// What stands in the filter box.
    pub typed: RwSignal<String>,
    /// The conversations shown, in order.
    pub shown: Memo<Vec<ConversationId>>,
    /// The row that has or last had the focus.
    pub cursor: RwSignal<Option<ConversationId>>,
    /// The conversation whose thread is shown.
    pub selected: RwSignal<Option<ConversationId>>,
    /// Its line of the list.
    pub summary: Memo<Option<ConversationSummary>>,
    /// The messages of the selected conversation.
    pub thread: LiveThread,
    /// The cards that have come.
    pub cards: RwSignal<HashMap<ConversationId, ContactCard>>,
    /// Whether the card is shown where it needs a button.
    pub card_open: RwSignal<bool>,
    /// Whether the help is shown.
    pub help: RwSignal<bool>,
    /// Where the socket stands.
    pub link: RwSignal<ConnectionState>,
    /// Whether an answer to "load more" is awaited.
    pub loading_older: RwSignal<bool>,
    /// Whether an answer to close, reopen or release is awaited.
    pub busy: RwSignal<bool>,
    /// What went wrong with the last thing the rep did.
    pub problem: RwSignal<Option<String>>,
    /// What a screen reader is told.
    pub announcement: RwSignal<String>,
    /// Whether the thread is scrolled to its end.
    pub at_end: RwSignal<bool>,
    /// Whether the rep is looking: the window is visible and has the focus.
    pub looking: RwSignal<bool>,
    /// The browser's clock, once the page lives (ms since the Unix epoch); renewed now and then.
    pub now: RwSignal<Option<i64>>,
    /// Whether to ring.
    pub ring: RwSignal<bool>,
    /// Whether to show desktop notifications.
    pub notify: RwSignal<bool>,
    pub(super) connection: StoredValue<Option<Connection>, LocalStorage>,
    /// Threads left with something unacknowledged: it is still sent again.
    pub(super) parked: StoredValue<Vec<Thread>>,
    pub(super) parked_timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    /// What stands in the composers of conversations that were left.
    drafts: StoredValue<HashMap<ConversationId, String>>,
    me: StoredValue<Author>,
}

impl Desk {
    /// Lays the desk out with what the page was rendered with. Creates signals: call it in a component's body.
    #[must_use]
    pub fn new(data: InboxPageData) -> Self {
        let InboxPageData {
            rep,
            conversations,
            change,
            more,
            selected,
            hubspot: _,
        } = data;
        let me = Author {
            kind: AuthorKind::Rep,
            name: rep.name,
        };
        let mut list = ConversationList::new(conversations, change, more);
        let mut cards = HashMap::new();
        let mut drafts = HashMap::new();
        let mut selected_id = None;
        let thread = selected.map(|selected| {
            let id = selected.summary.id.clone();
            cards.insert(id.clone(), selected.card);
            selected_id = Some(id.clone());
            let state = selected.summary.state;
            drafts.insert(id.clone(), selected.form.text);
            list.know(selected.summary);
            Thread::new(id, me.clone(), selected.messages, state)
        });
        let list = RwSignal::new(list);
        let filter = RwSignal::new(StateFilter::Open);
        let typed = RwSignal::new(String::new());
        let selected = RwSignal::new(selected_id);
        Self {
            list,
            filter,
            typed,
            shown: Memo::new(move |_| list.with(|list| typed.with(|typed| list.shown(filter.get(), typed)))),
            cursor: RwSignal::new(None),
            selected,
            summary: Memo::new(move |_| selected.with(|id| list.with(|list| list.get(id.as_ref()?).cloned()))),
            thread: LiveThread::new(thread),
            cards: RwSignal::new(cards),
            card_open: RwSignal::new(false),
            help: RwSignal::new(false),
            link: RwSignal::new(ConnectionState::Connecting),
            loading_older: RwSignal::new(false),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            at_end: RwSignal::new(false),
            looking: RwSignal::new(false),
            now: RwSignal::new(None),
            ring: RwSignal::new(false),
            notify: RwSignal::new(false),
            connection: StoredValue::new_local(None),
            parked: StoredValue::new(Vec::new()),
            parked_timer: StoredValue::new_local(None),
            drafts: StoredValue::new(drafts),
            me: StoredValue::new(me),
        }
    }

    /// The card of the selected conversation, once it is known.
    #[must_use]
    pub fn card_of_selected(self) -> Option<ContactCard> {
        self.selected
            .with(|id| self.cards.with(|cards| cards.get(id.as_ref()?).cloned()))
    }

    /// Why the list is empty, for a person.
    #[must_use]
    pub fn why_nothing_is_shown(self) -> &'static str {
        if !self.typed.with(|typed| typed.trim().is_empty()) {
            return "No loaded conversation matches the filter.";
        }
        match self.filter.get() {
            StateFilter::Open => "No open conversations. New ones appear here by themselves.",
            StateFilter::Closed => "No closed conversations among those loaded.",
            StateFilter::All => "No conversations yet. They appear here by themselves.",
        }
    }

    /// Sends a frame; answers whether the socket took it.
    pub fn send(self, frame: &ClientFrame) -> bool {
        self.connection
            .with_value(|connection| connection.as_ref().is_some_and(|connection| connection.send(frame)))
    }

    /// Whether the server has welcomed us.
    pub(super) fn is_connected(self) -> bool {
        self.connection
            .with_value(|connection| connection.as_ref().is_some_and(Connection::is_open))
    }

    /// The rep, as an author.
    pub(super) fn me(self) -> Author {
        self.me.get_value()
    }

    /// Opens a conversation, as a link would, without loading a page. `to_write` puts the focus into the composer.
    pub fn open(self, id: ConversationId, to_write: bool) {
        if self.selected.with_untracked(|selected| selected.as_ref() != Some(&id)) {
            go_to(&conversation_path(&id));
            self.show(id);
        }
        focus_soon(if to_write { COMPOSER_ID } else { HEADING_ID }.to_owned());
    }

    /// Leaves the thread for the list.
    pub fn leave(self) {
        if let Some(id) = self.selected.get_untracked() {
            go_to(INBOX_PATH);
            self.hide();
            focus_soon(row_id(&id));
        }
    }

    /// Follows the browser's back and forward buttons.
    pub fn follow_address(self) {
        let Ok(path) = window().location().pathname() else {
            return;
        };
        match path.strip_prefix("/inbox/").map(ConversationId::parse) {
            Some(Ok(id)) if self.list.with_untracked(|list| list.get(&id).is_some()) => self.show(id),
            None => self.hide(),
            // Not loaded here: the server renders it.
            Some(_) => drop(window().location().reload()),
        }
    }

    fn show(self, id: ConversationId) {
        self.hide();
        let parked = self.parked.try_update_value(|parked| {
            parked
                .iter()
                .position(|thread| *thread.conversation() == id)
                .map(|place| parked.swap_remove(place))
        });
        let thread = parked.flatten().unwrap_or_else(|| {
            let state = self.list.with_untracked(|list| list.get(&id).map(|row| row.state));
            Thread::new(
                id.clone(),
                self.me(),
                Vec::new(),
                state.unwrap_or(ConversationState::Open),
            )
        });
        self.selected.set(Some(id));
        self.thread.show(thread);
    }

    fn hide(self) {
        self.problem.set(None);
        self.at_end.set(false);
        self.card_open.set(false);
        let Some(conversation) = self.selected.get_untracked() else {
            return;
        };
        if let Some(thread) = self.thread.leave() {
            self.park(thread);
        }
        if let Some(composer) = element::<HtmlTextAreaElement>(COMPOSER_ID) {
            let text = composer.value();
            self.drafts.update_value(|drafts| {
                drafts.remove(&conversation);
                if !text.is_empty() {
                    drafts.insert(conversation.clone(), text);
                }
            });
        }
        self.send(&ClientFrame::Unsubscribe { conversation });
        self.selected.set(None);
    }

    /// What was written in a conversation's composer before it was left.
    #[must_use]
    pub fn draft(self, id: &ConversationId) -> String {
        self.drafts
            .with_value(|drafts| drafts.get(id).cloned())
            .unwrap_or_default()
    }

    /// Asks for the conversations below those loaded.
    pub fn load_older(self) {
        let before = self.list.with_untracked(ConversationList::older_than);
        if before.is_some() && self.send(&ClientFrame::List { since: None, before }) {
            self.loading_older.set(true);
        }
    }

    /// Moves the focus along the list.
    pub fn step(self, steps: isize) {
        let from = self.cursor.get_untracked().or_else(|| self.selected.get_untracked());
        if let Some(id) = self.shown.with_untracked(|shown| step(shown, from.as_ref(), steps)) {
            focus(&row_id(&id));
            self.cursor.set(Some(id));
        }
    }

    /// The conversation that a key is about: the row with the focus, or else the one whose thread is shown.
    #[must_use]
    pub fn target(self) -> Option<ConversationId> {
        let focused = document()
            .active_element()
            .map(|element| element.id())
            .unwrap_or_default();
        self.cursor
            .get_untracked()
            .filter(|cursor| row_id(cursor) == focused)
            .or_else(|| self.selected.get_untracked())
    }

    /// Closes a conversation, or opens it again.
    pub fn close_or_reopen(self, id: ConversationId) {
        let Some(now) = self.list.with_untracked(|list| list.get(&id).map(|row| row.state)) else {
            return;
        };
        let then = match now {
            ConversationState::Open => ConversationState::Closed,
            ConversationState::Closed => ConversationState::Open,
        };
        // The row may leave the list; its neighbour takes the focus over.
        let neighbour = self.shown.with_untracked(|shown| {
            [1, -1]
                .into_iter()
                .filter_map(|steps| step(shown, Some(&id), steps))
                .find(|neighbour| *neighbour != id)
        });
        self.act(async move {
            api::inbox::set_state(id.clone(), then).await?;
            let had_focus = document()
                .active_element()
                .is_some_and(|element| element.id() == row_id(&id));
            self.list.update(|list| list.set_state(&id, then));
            if had_focus && self.shown.with_untracked(|shown| !shown.contains(&id)) {
                self.cursor.set(neighbour.clone());
                if let Some(neighbour) = neighbour {
                    focus_soon(row_id(&neighbour));
                }
            }
            Ok(())
        });
    }

    /// Releases a held conversation to HubSpot.
    pub fn release(self, id: ConversationId) {
        if self
            .list
            .with_untracked(|list| list.get(&id).is_some_and(|row| row.held))
        {
            self.act(async move {
                api::inbox::release(id.clone()).await?;
                self.list.update(|list| list.release(&id));
                self.announcement.set("Released to HubSpot.".to_owned());
                Ok(())
            });
        }
    }

    /// Has the selected conversation's contact written again.
    pub fn write_again(self) {
        let Some(id) = self.selected.get_untracked() else {
            return;
        };
        self.act(async move {
            api::inbox::write_again(id).await?;
            self.announcement.set("HubSpot is written to again.".to_owned());
            Ok(())
        });
    }

    /// One thing at a time: a second press of the key while the first is on its way does nothing.
    fn act(self, action: impl Future<Output = Result<(), ApiError>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let outcome = action.await;
            self.busy.set(false);
            match outcome {
                Ok(()) => {}
                Err(ApiError::Unauthenticated) => sign_in_again(),
                Err(error) => self.problem.set(Some(error.to_string())),
            }
        });
    }
}

/// Goes to an address within the inbox: it stands in the address bar, and the back button leads here again.
fn go_to(path: &str) {
    if let Ok(history) = window().history() {
        drop(history.push_state_with_url(&JsValue::NULL, "", Some(path)));
    }
}

/// Puts the focus on an element, if it is there and shown.
pub fn focus(id: &str) {
    if let Some(element) = element::<HtmlElement>(id) {
        drop(element.focus());
    }
}

fn element<E: JsCast>(id: &str) -> Option<E> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// The same after the views have caught up with the signals.
pub fn focus_soon(id: String) {
    page::after(0.0, move || focus(&id));
}

/// The session is over: the sign-in page leads back here.
pub fn sign_in_again() {
    let location = window().location();
    let here = location.pathname().unwrap_or_default();
    // A path of the inbox has no character that means something in a query.
    drop(location.set_href(&format!("/inbox/sign-in?next={here}")));
}
