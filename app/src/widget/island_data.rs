//! The page's data on its way from the server's HTML to the island: JSON in one text, which the browser's own parser reads.

use parlor_protocol::{RegistrationErrors, RegistrationInput, WidgetKey};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::page::{ChatData, FormData, WidgetPageData};
use crate::browser::json::Json;

/// What the island is rendered with.
#[derive(Clone)]
pub struct IslandData(pub WidgetPageData);

impl Serialize for IslandData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(S::Error::custom)?)
    }
}

impl<'text> Deserialize<'text> for IslandData {
    fn deserialize<D: Deserializer<'text>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Json::parse(&text)
            .and_then(|json| read(&json))
            .map(Self)
            .ok_or_else(|| D::Error::custom("not a widget's data"))
    }
}

fn read(json: &Json) -> Option<WidgetPageData> {
    let form = json.get("form");
    let (input, errors) = (form.get("input"), form.get("errors"));
    let typed = |name: &str| input.text(name).unwrap_or_default();
    Some(WidgetPageData {
        key: WidgetKey::parse(json.text("key")?).ok()?,
        name: json.text("name")?,
        greeting: json.text("greeting")?,
        accent: json.text("accent")?,
        last_name_required: json.flag("last_name_required"),
        origins: json.texts("origins"),
        chat: match json.get("chat").some() {
            Some(chat) => Some(ChatData {
                conversation: chat.conversation()?,
                visitor_name: chat.text("visitor_name")?,
                messages: chat.messages()?,
                more_before: chat.flag("more_before"),
                state: chat.word("state")?,
            }),
            None => None,
        },
        form: FormData {
            stamp: form.text("stamp")?,
            input: RegistrationInput {
                first_name: typed("first_name"),
                last_name: typed("last_name"),
                email: typed("email"),
                website: typed("website"),
                form: typed("form"),
            },
            errors: RegistrationErrors {
                first_name: errors.word("first_name"),
                last_name: errors.word("last_name"),
                email: errors.word("email"),
            },
        },
        notice: json.text("notice"),
        message_id: json.text("message_id")?,
        composer_text: json.text("composer_text")?,
        composer_error: json.word("composer_error"),
    })
}
