//! Reading JSON with the browser's own parser. Serde's reading of all frames of the protocol weighs more than everything else
//! in a visitor's bundle together; what a visitor needs of them is read by hand here.

use js_sys::{Array, JSON, Object, Reflect};
use parlor_protocol::{Author, ConversationId, Message, MessageId, ServerFrame};
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use wasm_bindgen::{JsCast, JsValue};

/// A JSON value of any form.
pub struct Json(JsValue);

impl Json {
    /// Parses a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    /// A value of the page itself.
    #[must_use]
    pub fn of(value: JsValue) -> Self {
        Self(value)
    }

    /// The value under a name; `undefined` where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED))
    }

    /// The value itself unless it is `null` or `undefined`.
    #[must_use]
    pub fn some(self) -> Option<Self> {
        (!self.0.is_null() && !self.0.is_undefined()).then_some(self)
    }

    /// The value as JSON's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        JSON::stringify(&self.0).map(String::from).unwrap_or_default()
    }

    /// The value itself where it is a text.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    /// The text under a name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).0.as_string()
    }

    /// The whole number under a name: a time, a `seq`, a wait.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "JSON's whole numbers fit a double, and so an i64"
    )]
    pub fn whole(&self, name: &str) -> Option<i64> {
        self.get(name).0.as_f64().map(|number| number as i64)
    }

    /// The number that counts something, under a name.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        u64::try_from(self.whole(name)?).ok()
    }

    /// Whether `true` stands under a name.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).0.is_truthy()
    }

    /// The entries of the list under a name.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<Self> {
        self.get(name)
            .0
            .dyn_ref::<Array>()
            .map(|list| list.iter().map(Self).collect())
            .unwrap_or_default()
    }

    /// The texts of the list under a name.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.list(name)
            .into_iter()
            .filter_map(|entry| entry.0.as_string())
            .collect()
    }

    /// One of the protocol's words under a name, as serde spells them.
    #[must_use]
    pub fn word<T: for<'word> Deserialize<'word>>(&self, name: &str) -> Option<T> {
        T::deserialize(StrDeserializer::<Error>::new(&self.text(name)?)).ok()
    }

    fn author(&self, name: &str) -> Option<Author> {
        let author = self.get(name);
        Some(Author {
            kind: author.word("kind")?,
            name: author.text("name")?,
        })
    }

    /// The id of a conversation under `conversation`.
    #[must_use]
    pub fn conversation(&self) -> Option<ConversationId> {
        ConversationId::parse(self.text("conversation")?).ok()
    }

    fn id(&self) -> Option<MessageId> {
        MessageId::parse(self.text("id")?).ok()
    }

    fn message(&self) -> Option<Message> {
        Some(Message {
            seq: self.count("seq")?,
            id: self.id()?,
            author: self.author("author")?,
            text: self.text("text")?,
            at: self.whole("at")?,
        })
    }

    /// The messages under `messages`.
    #[must_use]
    pub fn messages(&self) -> Option<Vec<Message>> {
        self.list("messages").iter().map(Self::message).collect()
    }
}

/// An object with these properties.
#[must_use]
pub fn object(properties: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in properties {
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}

/// Reads a frame that a visitor may get; others, and what is no frame, are `None`.
#[must_use]
pub fn visitor_frame(text: &str) -> Option<ServerFrame> {
    let json = Json::parse(text)?;
    Some(match json.text("type")?.as_str() {
        "welcome" => ServerFrame::Welcome {
            version: u16::try_from(json.whole("version")?).ok()?,
            you: json.author("you")?,
            conversation: json.conversation(),
            change: None,
        },
        "page" => ServerFrame::Page {
            conversation: json.conversation()?,
            messages: json.messages()?,
            more: json.flag("more"),
            older: json.flag("older"),
        },
        "message" => ServerFrame::Message {
            conversation: json.conversation()?,
            message: json.get("message").message()?,
        },
        "ack" => ServerFrame::Ack {
            conversation: json.conversation()?,
            id: json.id()?,
            seq: json.count("seq")?,
            at: json.whole("at")?,
        },
        "typing" => ServerFrame::Typing {
            conversation: json.conversation()?,
            author: json.author("author")?,
        },
        "state" => ServerFrame::State {
            conversation: json.conversation()?,
            state: json.word("state")?,
        },
        "error" => ServerFrame::Error {
            code: json.word("code")?,
            reason: json.text("reason")?,
            retry_after_ms: json.count("retry_after_ms"),
            id: json.id(),
        },
        "pong" => ServerFrame::Pong {},
        _ => return None,
    })
}

/// Reads any frame.
#[must_use]
pub fn any_frame(text: &str) -> Option<ServerFrame> {
    serde_json::from_str(text).ok()
}
