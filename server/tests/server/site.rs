//! A server as browsers see it: pages, forms, server functions, sockets. Cookies are carried by hand, because `Secure` ones
//! would not travel to a test's plain address.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::socket::{Refused, Socket};

/// A message id that no other message has.
pub fn message_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("00000000-0000-4000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The text of a form.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// All cookies that are set, with their attributes.
    pub fn set_cookies(&self) -> Vec<&str> {
        let values = self.headers.get_all("set-cookie").iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// The first cookie that is set, as it is sent back.
    pub fn cookie(&self) -> String {
        let cookies = self.set_cookies();
        let first = cookies.first().unwrap_or_else(|| panic!("a cookie: {}", self.text));
        first.split(';').next().unwrap().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// A request under way.
pub struct Ask(reqwest::RequestBuilder);

impl Ask {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        self.body("application/x-www-form-urlencoded", &encoded(fields))
    }

    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", &value.to_string())
    }

    pub fn body(self, kind: &str, body: &str) -> Self {
        Self(self.0.header("content-type", kind).body(body.to_owned()))
    }

    pub async fn answer(self) -> Answer {
        let response = self.0.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned(),
        }
    }
}

/// Somebody who registered.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub key: String,
    pub cookie: String,
    pub conversation: String,
}

#[derive(Clone)]
pub struct Site {
    pub address: SocketAddr,
    /// The origin that the server takes for its own.
    pub origin: String,
    http: reqwest::Client,
}

impl Site {
    #[expect(
        clippy::disallowed_methods,
        reason = "a browser's part is played here, not HubSpot's client's"
    )]
    pub fn new(address: SocketAddr, origin: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            address,
            origin: origin.to_owned(),
            http,
        }
    }

    pub fn ask(&self, method: &str, path: &str) -> Ask {
        let address = format!("http://{}{path}", self.address);
        Ask(self.http.request(method.parse().unwrap(), address))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).answer().await
    }

    /// The stamp in the registration form of a page rendered now.
    pub async fn stamp(&self, key: &str) -> String {
        let page = self.get(&format!("/widget/{key}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let field = page.text.split("name=\"form\"").nth(1).expect("the page has a stamp");
        let value = field.split("value=\"").nth(1).unwrap();
        value.split('"').next().unwrap().to_owned()
    }

    /// Posts the registration form; by default as a person with a stamp would, but at once.
    pub async fn post_registration(&self, key: &str, first_name: &str, email: &str) -> Answer {
        let stamp = self.stamp(key).await;
        self.ask("POST", &format!("/widget/{key}/register"))
            .form(&[
                ("first_name", first_name),
                ("last_name", "Lovelace"),
                ("email", email),
                ("website", ""),
                ("form", &stamp),
            ])
            .answer()
            .await
    }

    /// Registers by the plain form.
    pub async fn register(&self, key: &str, first_name: &str, email: &str) -> Visitor {
        let answer = self.post_registration(key, first_name, email).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        self.visitor(key, &answer.cookie()).await
    }

    /// The visitor of a cookie.
    pub async fn visitor(&self, key: &str, cookie: &str) -> Visitor {
        let mut socket = self
            .socket(&format!("/ws/visitor?widget={key}"), Some(cookie))
            .await
            .unwrap();
        let welcome = socket.hello().await;
        Visitor {
            key: key.to_owned(),
            cookie: cookie.to_owned(),
            conversation: welcome["conversation"].as_str().unwrap().to_owned(),
        }
    }

    /// Signs a rep in and answers their cookie.
    pub async fn sign_in(&self, email: &str, password: &str) -> String {
        let answer = self
            .ask("POST", "/inbox/sign-in")
            .form(&[("email", email), ("password", password), ("next", "")])
            .answer()
            .await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        answer.cookie()
    }

    /// A socket opened by Parlor's own page.
    pub async fn socket(&self, path: &str, cookie: Option<&str>) -> Result<Socket, Refused> {
        Socket::open(self, path, &[Some(self.origin.as_str())], cookie).await
    }

    /// A visitor's socket after hello, following the conversation from `last_seq`.
    pub async fn chat(&self, visitor: &Visitor, last_seq: Option<u64>) -> Socket {
        let path = format!("/ws/visitor?widget={}", visitor.key);
        let mut socket = self.socket(&path, Some(&visitor.cookie)).await.unwrap();
        socket.hello().await;
        socket.subscribe(&visitor.conversation, last_seq).await;
        socket.frame("page").await;
        socket.frame("state").await;
        socket
    }

    /// A rep's socket after hello.
    pub async fn desk(&self, cookie: &str) -> Socket {
        let mut socket = self.socket("/ws/inbox", Some(cookie)).await.unwrap();
        socket.hello().await;
        socket
    }

    /// Calls a server function of the inbox.
    pub async fn inbox_function(&self, cookie: &str, function: &str, input: &Value) -> Answer {
        self.ask("POST", &format!("/api/inbox/{function}"))
            .cookie(cookie)
            .json(input)
            .answer()
            .await
    }

    /// Calls a server function of a visitor.
    pub async fn visitor_function(&self, key: &str, function: &str, input: &Value) -> Answer {
        self.ask("POST", &format!("/widget/{key}/api/visitor/{function}"))
            .json(input)
            .answer()
            .await
    }

    /// Registers by the server function.
    pub async fn call_register(&self, key: &str, first_name: &str, email: &str, stamp: &str) -> Answer {
        let input = json!({
            "input": {"first_name": first_name, "last_name": "Lovelace", "email": email, "form": stamp},
            "page": {"url": "https://www.example.com/pricing", "title": "Pricing", "utm_source": "spring"},
        });
        self.visitor_function(key, "register", &input).await
    }
}
