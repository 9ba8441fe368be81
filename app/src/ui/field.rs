//! A labelled form field, its error tied to it for those who do not see it.

use leptos::html;
use leptos::prelude::*;

/// What a field is for, beyond its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldKind {
    /// A line of text.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// A password.
    Password,
}

impl FieldKind {
    const fn input_type(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Password => "password",
        }
    }
}

/// A labelled input with room for an error below it.
///
/// The input is not bound to a signal: what was typed before the page came to life stays. Read it through `node`.
#[component]
pub fn Field(
    /// The name it is posted under; also its id, so one page has it once.
    name: &'static str,
    /// The label.
    label: &'static str,
    /// What it is for.
    #[prop(optional)]
    kind: FieldKind,
    /// The attribute `autocomplete`.
    autocomplete: &'static str,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: String,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
    /// Whether it must be filled in. The label of one that need not says so.
    #[prop(optional)]
    required: bool,
    /// The greatest length in UTF-16 units.
    maxlength: usize,
    /// The input, to read what was typed.
    node: NodeRef<html::Input>,
) -> impl IntoView {
    let error_id = format!("{name}-error");
    let described_by = error_id.clone();
    view! {
        <div class="field">
            <label for=name>
                {label}
                {(!required).then(|| view! { <span class="field-optional">" (optional)"</span> })}
            </label>
            <input
                id=name
                name=name
                node_ref=node
                type=kind.input_type()
                autocomplete=autocomplete
                value=value
                required=required
                maxlength=maxlength.to_string()
                dir="auto"
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=move || error.with(Option::is_some).then(|| described_by.clone())
            />
            <p class="field-error" id=error_id>{move || error.get()}</p>
        </div>
    }
}
