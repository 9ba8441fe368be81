//! A server in this process, started as `main` starts it, on a port of its own and a database in a folder of its own.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use parlor_engine::reps::add_rep;
use parlor_engine::widgets::add_widget;
use parlor_engine::{Engine, WidgetDraft};
use parlor_protocol::{ConversationId, ConversationSummary, Message, RepId, TenantId};
use parlor_server::run::{StartOptions, start};
use parlor_server::settings::Settings;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::site::Site;

pub const REP: &str = "rep@parlor.example";
pub const PASSWORD: &str = "correct horse battery";
/// The page that may embed the widget.
pub const PAGE: &str = "https://www.example.com";

pub struct House {
    pub site: Site,
    /// The widget's key.
    pub key: String,
    pub engine: Arc<Engine>,
    pub rep: RepId,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

impl Deref for House {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl House {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with settings by their variables.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut environment = BTreeMap::from([
            ("PARLOR_LISTEN".to_owned(), address.to_string()),
            (
                "DATABASE_URL".to_owned(),
                format!("sqlite:{}", folder.path().join("parlor.db").display()),
            ),
        ]);
        environment.extend(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let settings = Settings::load(None, &environment).unwrap();
        let stop = CancellationToken::new();
        let started = start(settings, StartOptions::default(), stop.clone()).await.unwrap();
        let engine = Arc::clone(&started.server().engine);
        let site = Site::new(address, started.server().settings.public_url.origin());
        let tenant = TenantId::default_tenant();
        let serving = tokio::spawn(started.serve(listener));
        let mut house = Self {
            site,
            key: String::new(),
            rep: engine.context().rep_id(),
            engine,
            stop,
            serving,
            _folder: folder,
        };
        house.key = house.add_widget(&tenant, "Shop", &[PAGE]).await;
        house.rep = house.add_rep(&tenant, REP, "Robin").await;
        house
    }

    pub async fn add_widget(&self, tenant: &TenantId, name: &str, origins: &[&str]) -> String {
        let mut draft = WidgetDraft::named(name);
        draft.origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        let widget = add_widget(self.engine.context(), self.engine.store().as_ref(), tenant, draft).await;
        widget.unwrap().settings.key.to_string()
    }

    pub async fn add_rep(&self, tenant: &TenantId, email: &str, name: &str) -> RepId {
        let password = SecretString::from(PASSWORD);
        let (context, store) = (self.engine.context(), self.engine.store().as_ref());
        add_rep(context, store, tenant, email, name, &password).await.unwrap()
    }

    /// The cookie of the rep, signed in.
    pub async fn rep_cookie(&self) -> String {
        self.sign_in(REP, PASSWORD).await
    }

    /// A conversation's messages, read from the store.
    pub async fn messages(&self, tenant: &TenantId, conversation: &str) -> Vec<Message> {
        let id = ConversationId::parse(conversation).unwrap();
        self.engine
            .store()
            .messages_after(tenant, &id, 0, 10_000)
            .await
            .unwrap()
    }

    /// A tenant's conversations, newest change first, read from the store.
    pub async fn conversations(&self, tenant: &TenantId) -> Vec<ConversationSummary> {
        self.engine
            .store()
            .summaries_before(tenant, &self.rep, None, 10_000)
            .await
            .unwrap()
    }

    /// One conversation's line, read from the store.
    pub async fn summary(&self, conversation: &str) -> ConversationSummary {
        let all = self.conversations(&TenantId::default_tenant()).await;
        all.into_iter()
            .find(|line| line.id.as_str() == conversation)
            .expect("the conversation is there")
    }

    /// Tells the server to stop, without waiting.
    pub fn begin_to_stop(&self) {
        self.stop.cancel();
    }

    /// Stops the server and waits until it has.
    pub async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.serving)
            .await
            .expect("the server stops in time")
            .unwrap();
    }
}
