//! The registration form, as the server renders it. [`super::live_form`] brings it to life.

use leptos::prelude::*;
use parlor_protocol::limit::{EMAIL_CHARACTERS, NAME_CHARACTERS};
use parlor_protocol::text::InvalidText;

use super::live_form;
use super::page::FormData;
use super::screen;
use crate::ui::Field;
use crate::ui::field::FieldKind;

/// The form.
#[component]
pub fn RegistrationForm(
    /// Where it posts to.
    action: String,
    /// The line above the fields.
    greeting: String,
    /// The line below them.
    privacy: String,
    /// Whether the last name must be filled in.
    last_name_required: bool,
    /// What was typed, and what is wrong with it.
    form: FormData,
    /// Whether it is its turn.
    is_shown: bool,
) -> impl IntoView {
    let FormData { stamp, input, errors } = form;
    let [first_name, last_name, email] = std::array::from_fn(|_| NodeRef::new());
    let in_words = |error: Option<InvalidText>| error.map(|error| error.to_string());
    view! {
        <form
            class="registration"
            id=screen::FORM
            method="post"
            action=action
            data-needs-last-name=last_name_required.then_some("")
            hidden=!is_shown
        >
            <h1 class="registration-greeting" dir="auto">{greeting}</h1>
            <div class="registration-names">
                <Field
                    name="first_name"
                    label="First name"
                    autocomplete="given-name"
                    value=input.first_name
                    error=Signal::stored(in_words(errors.first_name))
                    required=true
                    maxlength=2 * NAME_CHARACTERS
                    node=first_name
                />
                <Field
                    name="last_name"
                    label="Last name"
                    autocomplete="family-name"
                    value=input.last_name
                    error=Signal::stored(in_words(errors.last_name))
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
                value=input.email
                error=Signal::stored(in_words(errors.email))
                required=true
                maxlength=EMAIL_CHARACTERS
                node=email
            />
            // No person sees this field; a machine that fills in all it finds gives itself away.
            <div class="registration-trap" aria-hidden="true">
                <label for="website">"Website"</label>
                <input id="website" name="website" type="text" tabindex="-1" autocomplete="off" value=input.website/>
            </div>
            <input type="hidden" id="form" name="form" value=stamp/>
            // Filled in by host.js, for a form that is posted before the program has arrived.
            <input type="hidden" name="context"/>
            <p class="registration-problem" id=live_form::PROBLEM role="alert"></p>
            <button type="submit" class="button button-primary" id=live_form::BUTTON>{live_form::START}</button>
            <p class="registration-privacy">{privacy}</p>
        </form>
    }
}
