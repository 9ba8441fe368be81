//! A client that shows an answer as it came: status, headers, text.

use parlor_sandbox::{DEFAULT_TOKEN, RunningSandbox, Sandbox, SandboxOptions};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

pub struct Client {
    pub running: RunningSandbox,
    http: reqwest::Client,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body with its correlation id replaced by `…`, after checking that the header has the same.
    pub fn error_text(&self) -> String {
        let id = self.header("x-hubspot-correlation-id").unwrap();
        assert_eq!(
            self.json()["correlationId"],
            id,
            "the body has the header's correlation id"
        );
        assert_eq!(self.header("content-type"), Some("application/json;charset=utf-8"));
        self.text.replace(id, "…")
    }
}

impl Client {
    pub async fn start() -> Self {
        Self::start_with(SandboxOptions::default()).await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox is tested without Parlor's own client, so that a mistake in both shows"
    )]
    pub async fn start_with(options: SandboxOptions) -> Self {
        Self {
            running: Sandbox::start(options).await.unwrap(),
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
        }
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.running.sandbox()
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.running.base_url()))
    }

    pub async fn try_call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, reqwest::Error> {
        let mut request = self.request(method, path).bearer_auth(DEFAULT_TOKEN);
        if let Some(body) = body {
            request = request.json(body);
        }
        read(request.send().await?).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.try_call(method, path, body).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(&body)).await
    }

    /// Posts a form, without a token.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded;charset=UTF-8")
            .body(body);
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// A call with a token of one's own.
    pub async fn call_as(&self, token: &str, method: Method, path: &str) -> Answer {
        let request = self.request(method, path).bearer_auth(token);
        read(request.send().await.unwrap()).await.unwrap()
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }
}

pub async fn read(response: reqwest::Response) -> Result<Answer, reqwest::Error> {
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await?,
    })
}
