//! The bar above the panes: how the connection stands, what calls the rep, and the rep's own account.

use leptos::prelude::*;

use super::desk::Desk;
use super::page::RepData;
use crate::browser::ConnectionState;

/// The bar.
#[component]
pub fn TopBar(
    /// Who is signed in.
    rep: RepData,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let is_alive = move || desk.now.with(Option::is_some);
    view! {
        <header class="inbox-bar">
            <h1>
                <a href="/inbox" class="inbox-bar-home">
                    "Parlor inbox"
                </a>
            </h1>
            <p class="inbox-bar-link" role="status">
                {move || is_alive().then(|| connection_line(desk.link.get())).flatten()}
            </p>
            <div class="inbox-bar-tools">
                <button
                    type="button"
                    class="inbox-tool"
                    aria-pressed=move || desk.ring.get().to_string()
                    disabled=move || !is_alive()
                    title="Ring softly when a visitor writes"
                    on:click=move |_| desk.toggle_ring()
                >
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                        <path d="M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20a2 2 0 0 0 4 0"/>
                    </svg>
                    <span class="inbox-tool-label">"Ring"</span>
                </button>
                <button
                    type="button"
                    class="inbox-tool"
                    aria-pressed=move || desk.notify.get().to_string()
                    disabled=move || !is_alive()
                    title="Show a desktop notification while this window is hidden"
                    on:click=move |_| desk.toggle_notify()
                >
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                        <path d="M4 5h16v11H9l-5 4z"/>
                    </svg>
                    <span class="inbox-tool-label">"Notifications"</span>
                </button>
                <button
                    type="button"
                    class="inbox-tool inbox-tool-keys"
                    disabled=move || !is_alive()
                    title="Keys (press ?)"
                    on:click=move |_| desk.help.set(true)
                >
                    <span aria-hidden="true">"?"</span>
                    <span class="visually-hidden">"Keys"</span>
                </button>
                <details class="inbox-account">
                    <summary dir="auto">{rep.name}</summary>
                    <div class="inbox-account-menu">
                        <p>{rep.email}</p>
                        <a href="/inbox/settings">"Settings"</a>
                        <a href="/inbox/password">"Change password"</a>
                        <form method="post" action="/inbox/sign-out">
                            <button type="submit" class="button button-quiet">
                                "Sign out"
                            </button>
                        </form>
                    </div>
                </details>
            </div>
        </header>
    }
}

const fn connection_line(state: ConnectionState) -> Option<&'static str> {
    match state {
        ConnectionState::Open => None,
        ConnectionState::Connecting => Some("Connecting…"),
        ConnectionState::Waiting => Some("Offline, trying again. What you write is sent when the connection is back."),
        ConnectionState::Stopped => Some("Parlor was updated: reload this page to go on."),
    }
}
