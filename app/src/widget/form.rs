//! The registration form.

#![allow(clippy::too_many_lines, reason = "markup is long and simple")]

use leptos::html;
use leptos::prelude::*;
use parlor_protocol::limit::{EMAIL_CHARACTERS, NAME_CHARACTERS};
use parlor_protocol::text::InvalidText;
use parlor_protocol::{RegistrationErrors, RegistrationInput};

use super::page::WidgetPageData;
use crate::ui::Field;
use crate::ui::field::FieldKind;

/// The form. It is checked here for a quick word, and by the server for good.
#[component]
pub fn RegistrationForm(
    /// What the page was rendered with.
    data: StoredValue<WidgetPageData>,
    /// Whether it is its turn.
    #[prop(into)]
    is_shown: Signal<bool>,
    /// What is wrong with the fields.
    errors: RwSignal<RegistrationErrors>,
    /// What went wrong otherwise.
    problem: RwSignal<Option<String>>,
    /// Whether an answer is awaited.
    is_busy: RwSignal<bool>,
    /// Takes what passed the check.
    on_register: Callback<RegistrationInput>,
) -> impl IntoView {
    let data = data.get_value();
    let last_name_required = data.last_name_required;
    let typed = data.form.input;
    let form = NodeRef::<html::Form>::new();
    let [first_name, last_name, email, website, stamp] = std::array::from_fn(|_| NodeRef::<html::Input>::new());
    let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value()).unwrap_or_default();

    // The browser's own bubbles give way to the messages below the fields; without script they stay.
    Effect::new(move |_| {
        if let Some(form) = form.get() {
            form.set_no_validate(true);
        }
    });
    // Whoever does not see the red finds themselves in the first field that is wrong.
    Effect::new(move |was_wrong: Option<bool>| {
        let wrong = errors.get();
        let first = [
            (wrong.first_name, first_name),
            (wrong.last_name, last_name),
            (wrong.email, email),
        ]
        .into_iter()
        .find_map(|(error, node)| error.and(Some(node)));
        if was_wrong.is_some()
            && let Some(input) = first.and_then(|node| node.get_untracked())
        {
            let _ = input.focus();
        }
        first.is_some()
    });
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let input = RegistrationInput {
            first_name: value(first_name),
            last_name: value(last_name),
            email: value(email),
            website: value(website),
            form: value(stamp),
        };
        problem.set(None);
        match input.check(last_name_required) {
            Ok(_) => {
                errors.set(RegistrationErrors::default());
                on_register.run(input);
            }
            Err(wrong) => errors.set(wrong),
        }
    };
    let error_of = move |field: fn(&RegistrationErrors) -> Option<InvalidText>| {
        Signal::derive(move || field(&errors.get()).map(|error| error.to_string()))
    };
    let privacy = format!("Your details go to {}’s team and their CRM.", data.name);
    view! {
        <form
            class="registration"
            method="post"
            action=format!("/widget/{}/register", data.key)
            node_ref=form
            hidden=move || !is_shown.get()
            on:submit=submitted
        >
            <h1 class="registration-greeting" dir="auto">{data.greeting}</h1>
            <div class="registration-names">
                <Field
                    name="first_name"
                    label="First name"
                    autocomplete="given-name"
                    value=typed.first_name
                    error=error_of(|errors| errors.first_name)
                    required=true
                    maxlength=2 * NAME_CHARACTERS
                    node=first_name
                />
                <Field
                    name="last_name"
                    label="Last name"
                    autocomplete="family-name"
                    value=typed.last_name
                    error=error_of(|errors| errors.last_name)
                    required=last_name_required
                    maxlength=2 * NAME_CHARACTERS
                    node=last_name
                />
            </div>
            <Field
                name="email"
                label="E-mail"
                kind=FieldKind::Email
                autocomplete="email"
                value=typed.email
                error=error_of(|errors| errors.email)
                required=true
                maxlength=EMAIL_CHARACTERS
                node=email
            />
            // No person sees this field; a machine that fills in all it finds gives itself away.
            <div class="registration-trap" aria-hidden="true">
                <label for="website">"Website"</label>
                <input id="website" name="website" type="text" tabindex="-1" autocomplete="off" node_ref=website value=typed.website/>
            </div>
            <input type="hidden" name="form" node_ref=stamp value=data.form.stamp/>
            // Filled in by host.js, for a form that is posted before the program has arrived.
            <input type="hidden" name="context"/>
            <p class="registration-problem" role="alert">{move || problem.get()}</p>
            <button type="submit" class="button button-primary" aria-disabled=move || is_busy.get().then_some("true")>
                {move || if is_busy.get() { "One moment…" } else { "Start the chat" }}
            </button>
            <p class="registration-privacy">{privacy}</p>
        </form>
    }
}
