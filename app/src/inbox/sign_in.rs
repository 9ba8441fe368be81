//! The pages outside the inbox proper: signing in, and changing one's password. Plain forms, rendered by the server alone.

use leptos::html;
use leptos::prelude::*;

use crate::ui::Field;
use crate::ui::document::{Document, PageAssets};
use crate::ui::field::FieldKind;

/// The greatest length of an e-mail address and of a password's field, in UTF-16 units.
const EMAIL_UNITS: usize = parlor_protocol::limit::EMAIL_CHARACTERS;
const PASSWORD_UNITS: usize = 1_000;

/// Why somebody was not signed in. The words are the same for every reason but too many attempts: they say nothing of
/// which addresses there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// The address, the password, or both are wrong.
    Refused,
    /// Too many attempts.
    TooMany {
        /// How long to wait.
        minutes: u64,
    },
}

impl SignInProblem {
    /// The sentence shown.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Refused => "E-mail or password is not right.".to_owned(),
            Self::TooMany { minutes } => too_many(minutes),
        }
    }
}

/// What the sign-in page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInPageData {
    /// The address typed before.
    pub email: String,
    /// Where to go afterwards: a path of the inbox, checked by the server.
    pub next: String,
    /// Why the attempt before failed.
    pub problem: Option<SignInProblem>,
}

/// The page `/inbox/sign-in`. It posts `email`, `password` and `next` to its own address.
#[component]
pub fn SignInPage(
    /// What it shows.
    data: SignInPageData,
    /// Where its files lie.
    assets: PageAssets,
) -> impl IntoView {
    let SignInPageData { email, next, problem } = data;
    view! {
        <Document title="Sign in · Parlor" class="sign-in-page" assets is_alive=false>
            <main class="sign-in">
                <h1>"Parlor"</h1>
                <p class="sign-in-for">"Sign in to the inbox"</p>
                {alert(problem.map(SignInProblem::in_words))}
                <form method="post" action="/inbox/sign-in">
                    <input type="hidden" name="next" value=next/>
                    {field("email", "E-mail", FieldKind::Email, "username", email, None)}
                    {field("password", "Password", FieldKind::Password, "current-password", String::new(), None)}
                    <button type="submit" class="button button-primary">
                        "Sign in"
                    </button>
                </form>
            </main>
        </Document>
    }
}

/// Why a password was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    /// The current password is wrong.
    CurrentIsWrong,
    /// The new one is too short.
    TooShort {
        /// How many characters it needs.
        least: usize,
    },
    /// The new one is too long.
    TooLong {
        /// How many characters it may have.
        most: usize,
    },
    /// The two new ones differ.
    NotTheSame,
    /// Too many attempts.
    TooMany {
        /// How long to wait.
        minutes: u64,
    },
}

/// What the password page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PasswordPageData {
    /// The address of whose password it is: password managers file it under this name.
    pub email: String,
    /// Why the attempt before failed.
    pub problem: Option<PasswordProblem>,
    /// Whether the password has just been changed.
    pub changed: bool,
}

/// The page `/inbox/password`. It posts `current`, `new` and `again` to its own address.
#[component]
pub fn PasswordPage(
    /// What it shows.
    data: PasswordPageData,
    /// Where its files lie.
    assets: PageAssets,
) -> impl IntoView {
    let PasswordPageData {
        email,
        problem,
        changed,
    } = data;
    let (mut general, mut current, mut new, mut again) = (None, None, None, None);
    match problem {
        Some(PasswordProblem::CurrentIsWrong) => current = Some("This is not your current password.".to_owned()),
        Some(PasswordProblem::TooShort { least }) => new = Some(format!("Please use at least {least} characters.")),
        Some(PasswordProblem::TooLong { most }) => new = Some(format!("Please use at most {most} characters.")),
        Some(PasswordProblem::NotTheSame) => again = Some("The two new passwords differ.".to_owned()),
        Some(PasswordProblem::TooMany { minutes }) => general = Some(too_many(minutes)),
        None => {}
    }
    view! {
        <Document title="Change password · Parlor" class="sign-in-page" assets is_alive=false>
            <main class="sign-in">
                <h1>"Change password"</h1>
                {changed
                    .then(|| {
                        view! {
                            <p class="sign-in-done" role="status">
                                "Your password is changed. Your other sessions are signed out."
                            </p>
                        }
                    })}
                {alert(general)}
                <form method="post" action="/inbox/password">
                    <input type="hidden" name="email" value=email autocomplete="username"/>
                    {field("current", "Current password", FieldKind::Password, "current-password", String::new(), current)}
                    {field("new", "New password", FieldKind::Password, "new-password", String::new(), new)}
                    {field("again", "New password again", FieldKind::Password, "new-password", String::new(), again)}
                    <button type="submit" class="button button-primary">
                        "Change password"
                    </button>
                </form>
                <p>
                    <a href="/inbox">"Back to the inbox"</a>
                </p>
            </main>
        </Document>
    }
}

fn too_many(minutes: u64) -> String {
    match minutes {
        0 | 1 => "Too many attempts; try again in 1 minute.".to_owned(),
        minutes => format!("Too many attempts; try again in {minutes} minutes."),
    }
}

fn alert(problem: Option<String>) -> impl IntoView {
    problem.map(|problem| {
        view! {
            <p class="sign-in-problem" role="alert">
                {problem}
            </p>
        }
    })
}

fn field(
    name: &'static str,
    label: &'static str,
    kind: FieldKind,
    autocomplete: &'static str,
    value: String,
    error: Option<String>,
) -> impl IntoView {
    let maxlength = if kind == FieldKind::Email {
        EMAIL_UNITS
    } else {
        PASSWORD_UNITS
    };
    let error = Signal::stored(error);
    let node = NodeRef::<html::Input>::new();
    view! { <Field name label kind autocomplete value error required=true maxlength node/> }
}
