//! The rep's side: sign-in, conversations, contact card. The server renders every page whole; one island brings the inbox
//! to life.

pub mod attention;
pub mod card_pane;
pub mod desk;
pub mod help;
pub mod island;
pub mod keyboard;
pub mod list;
pub mod list_pane;
pub mod live;
pub mod moment;
pub mod page;
pub mod parked;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub mod sign_in;
pub mod thread_pane;
pub mod top_bar;

pub use island::Inbox;
#[cfg(feature = "ssr")]
pub use page::InboxPage;
pub use page::{ComposerForm, InboxPageData, RepData, SelectedData};
#[cfg(feature = "ssr")]
pub use settings::{LetterData, OfferData, SecretState, SettingsPage, SettingsPageData, WidgetSettingsData};
#[cfg(feature = "ssr")]
pub use sign_in::{PasswordPage, PasswordPageData, PasswordProblem, SignInPage, SignInPageData, SignInProblem};
