//! The help: which keys there are. A native dialog, so that focus stays in it and Escape closes it without our doing.

use leptos::html::Dialog;
use leptos::prelude::*;

use super::desk::Desk;
use super::keyboard::HELP;

/// The dialog; opened through [`Desk::help`].
#[component]
pub fn HelpDialog() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if desk.help.get() {
            // It throws when the dialog is open already.
            drop(dialog.show_modal());
        } else {
            dialog.close();
        }
    });
    view! {
        <dialog class="inbox-help" node_ref=dialog aria-labelledby="inbox-help-title" on:close=move |_| desk.help.set(false)>
            <h2 id="inbox-help-title">"Keys"</h2>
            <dl>
                {HELP
                    .into_iter()
                    .map(|(keys, does)| {
                        view! {
                            <div>
                                <dt>{keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view()}</dt>
                                <dd>{does}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
            <p>"While you type in a field, the keys are letters again; Esc leaves the field."</p>
            <button type="button" class="button" on:click=move |_| desk.help.set(false)>
                "Close"
            </button>
        </dialog>
    }
}
