//! The registration form brought to life: it is checked here for a quick word, and by the server for good.

use parlor_protocol::{RegistrationErrors, RegistrationInput};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlFormElement, HtmlInputElement};

use super::screen::{self, element};

/// What the button says.
pub const START: &str = "Start the chat";
/// What it says while an answer is awaited.
const WAIT: &str = "One moment…";

/// The attribute of the form that says that the last name must be filled in.
pub const NEEDS_LAST_NAME: &str = "data-needs-last-name";
/// The button's id.
pub const BUTTON: &str = "register";
/// The id of the line that says what went wrong as a whole.
pub const PROBLEM: &str = "problem";

/// Takes over the form that the server rendered. `on_register` gets what passes the check.
pub fn bring_to_life(on_register: impl Fn(RegistrationInput) + 'static) {
    let Some(form) = element(screen::FORM).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
        return;
    };
    let last_name_required = form.has_attribute(NEEDS_LAST_NAME);
    let submitted = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        event.prevent_default();
        if is_busy() {
            return;
        }
        show_problem(None);
        let input = typed();
        let wrong = input.check(last_name_required).err();
        show_errors(wrong.unwrap_or_default());
        if wrong.is_none() {
            on_register(input);
        }
    });
    let _ = form.add_event_listener_with_callback("submit", submitted.as_ref().unchecked_ref());
    // The page has its one form as long as it lives.
    submitted.forget();
    // The browser's own bubbles give way to the messages below the fields; without script they stay.
    form.set_no_validate(true);
}

/// Says at each field what is wrong with it. Whoever does not see the red finds themselves in the first such field.
pub fn show_errors(errors: RegistrationErrors) {
    // From the last field to the first: the first keeps the focus.
    let fields = [
        ("email", errors.email),
        ("last_name", errors.last_name),
        ("first_name", errors.first_name),
    ];
    for (name, error) in fields {
        let error_id = format!("{name}-error");
        let (Some(input), Some(words)) = (element(name), element(&error_id)) else {
            continue;
        };
        words.set_text_content(error.map(|error| error.to_string()).as_deref());
        set_attribute(&input, "aria-invalid", error.map(|_| "true"));
        set_attribute(&input, "aria-describedby", error.map(|_| error_id.as_str()));
        if error.is_some() {
            let _ = input.focus();
        }
    }
}

/// Says what went wrong as a whole.
pub fn show_problem(problem: Option<&str>) {
    if let Some(element) = element(PROBLEM) {
        element.set_text_content(problem);
    }
}

/// Whether an answer is awaited; meanwhile nothing is sent.
pub fn set_busy(is_busy: bool) {
    if let Some(button) = element(BUTTON) {
        button.set_text_content(Some(if is_busy { WAIT } else { START }));
        set_attribute(&button, "aria-disabled", is_busy.then_some("true"));
    }
}

fn is_busy() -> bool {
    element(BUTTON).is_some_and(|button| button.has_attribute("aria-disabled"))
}

fn set_attribute(element: &web_sys::Element, name: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

fn typed() -> RegistrationInput {
    let value = |name: &str| {
        let input = element(name).and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
        input.map(|input| input.value()).unwrap_or_default()
    };
    RegistrationInput {
        first_name: value("first_name"),
        last_name: value("last_name"),
        email: value("email"),
        website: value("website"),
        form: value("form"),
    }
}
