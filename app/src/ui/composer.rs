//! Where a message is written. A plain form, which works before the page comes to life and without script; alive, it sends
//! through the socket.

use leptos::html;
use leptos::prelude::*;
use parlor_protocol::MessageText;
use parlor_protocol::limit::MESSAGE_UNITS;
use parlor_protocol::text::InvalidText;

/// So many UTF-16 units before the limit, the counter shows.
const COUNTER_UNITS: usize = 500;

/// What is to be said below the field.
#[derive(Clone, Copy)]
struct Note {
    /// Why the text was refused.
    refused: Option<InvalidText>,
    /// How long it is, in UTF-16 units.
    units: usize,
}

/// The form.
#[component]
pub fn Composer(
    /// Where the plain form posts to.
    #[prop(into)]
    action: String,
    /// The id that the plain form's message gets.
    #[prop(into)]
    message_id: String,
    /// What stands in it at first: what a plain form sent and was refused.
    #[prop(optional, into)]
    text: String,
    /// Why it was refused.
    #[prop(optional_no_strip)]
    refused: Option<InvalidText>,
    /// Takes a text that is within the limits.
    on_send: Callback<String>,
    /// Somebody types.
    on_typing: Callback<()>,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let note = RwSignal::new(Note { refused, units: 0 });
    let is_refused = move || note.get().refused.is_some();

    let submit = move || {
        let Some(area) = field.get_untracked() else { return };
        match MessageText::parse(&area.value()) {
            Ok(text) => {
                on_send.run(text.into());
                area.set_value("");
                note.set(Note {
                    refused: None,
                    units: 0,
                });
            }
            // Enter in an empty field is no mistake worth a word.
            Err(InvalidText::Empty) => {}
            Err(reason) => note.update(|note| note.refused = Some(reason)),
        }
        let _ = area.focus();
    };
    let typed = move |_| {
        let Some(area) = field.get_untracked() else { return };
        let units = js_sys::JsString::from(area.value()).length() as usize;
        note.set(Note { refused: None, units });
        if units > 0 {
            on_typing.run(());
        }
    };
    let pressed = move |event: web_sys::KeyboardEvent| {
        // While an input method composes, Enter takes its proposal. Safari reports that Enter as key code 229.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() && event.key_code() != 229 {
            event.prevent_default();
            submit();
        }
    };
    view! {
        <form
            class="composer"
            method="post"
            action=action
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <input type="hidden" name="id" value=message_id/>
            <label class="visually-hidden" for="text">"Your message"</label>
            <textarea
                id="text"
                name="text"
                node_ref=field
                rows="1"
                required
                placeholder="Write a message"
                dir="auto"
                autocomplete="off"
                enterkeyhint="send"
                aria-invalid=move || is_refused().then_some("true")
                aria-describedby="composer-note"
                on:input=typed
                on:keydown=pressed
            >
                {initial_text(text)}
            </textarea>
            <button type="submit" class="button button-send">
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12 3 4l18 8-18 8 1-8zm0 0h8"/></svg>
                <span class="visually-hidden">"Send"</span>
            </button>
            <p class="composer-note" id="composer-note" role="status" class:is-error=is_refused>
                {move || note.get().in_words()}
            </p>
        </form>
    }
}

impl Note {
    fn in_words(self) -> Option<String> {
        match self.refused {
            Some(reason) => Some(reason.to_string()),
            None => counter(self.units),
        }
    }
}

/// How much room is left, once it is little.
fn counter(units: usize) -> Option<String> {
    (units + COUNTER_UNITS > MESSAGE_UNITS).then(|| match MESSAGE_UNITS.checked_sub(units) {
        Some(left) => format!("{left} characters left"),
        None => format!("{} characters too many", units - MESSAGE_UNITS),
    })
}

/// Leptos writes a text area's content into HTML as it is: it must be escaped here, or a text could end the element. The
/// parser drops a first line break.
#[cfg(feature = "ssr")]
fn initial_text(text: String) -> String {
    if text.is_empty() {
        return text;
    }
    format!(
        "\n{}",
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    )
}

#[cfg(not(feature = "ssr"))]
fn initial_text(text: String) -> String {
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_speaks_only_near_the_limit() {
        assert_eq!(counter(MESSAGE_UNITS - COUNTER_UNITS), None);
        assert_eq!(counter(MESSAGE_UNITS - 10).as_deref(), Some("10 characters left"));
        assert_eq!(counter(MESSAGE_UNITS + 3).as_deref(), Some("3 characters too many"));
    }
}
