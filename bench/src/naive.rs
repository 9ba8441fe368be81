//! The way that tutorials show, for comparison: a webhook that reads the property, appends the message, and writes it back, for each
//! message by itself, and answers 200 whatever became of it. HubSpot is the sandbox in this process, each call of which takes
//! 100 ± 50 ms.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use parlor_hubspot::{Client, ClientOptions, ContactId, NewProperty};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule, Limits, RunningSandbox, Sandbox, SandboxOptions};
use serde::Serialize;
use tokio::task::JoinSet;

const PROPERTY: &str = "chat_transcript";
/// Messages of the scenarios that last.
const MESSAGES: usize = 300;
/// Messages of a burst, and bursts.
const BURST: usize = 20;
const BURSTS: usize = 10;
/// Calls that the portal lets through in ten seconds, where that is what is looked at.
const PORTAL: u32 = 100;
/// Messages a second past the portal's limit: each is two calls.
const PAST_LIMIT: usize = 15;
/// Characters of a message, where the property's length is what is looked at.
const LONG: usize = 1_000;
const LONG_MESSAGES: usize = 100;

/// How many messages were answered 200, and how many of them HubSpot has.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Kept {
    pub sent: usize,
    pub kept: usize,
}

impl Kept {
    /// The share that is lost, in hundredths.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred messages")]
    pub fn lost(&self) -> f64 {
        100.0 * (self.sent - self.kept) as f64 / self.sent as f64
    }
}

#[derive(Serialize)]
pub struct Naive {
    /// One contact, ten messages a second.
    pub steady: Kept,
    /// Twenty messages at once.
    pub burst: Kept,
    /// More messages than the portal's limit lets calls through.
    pub past_limit: Kept,
    /// One call in ten answers 503; messages far apart.
    pub unavailable: Kept,
    /// More text than the property holds; messages one after the other.
    pub long: Kept,
}

/// Measures all of them.
pub async fn measure() -> anyhow::Result<Naive> {
    Ok(Naive {
        steady: steady().await?,
        burst: burst().await?,
        past_limit: past_limit().await?,
        unavailable: unavailable().await?,
        long: long().await?,
    })
}

async fn steady() -> anyhow::Result<Kept> {
    let webhook = Arc::new(Webhook::start(Limits::off()).await?);
    let contact = webhook.contact(0)?;
    let mut messages = JoinSet::new();
    for number in 0..MESSAGES {
        webhook.handle_later(&mut messages, &contact, text(number));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    messages.join_all().await;
    Ok(webhook.kept([(contact, MESSAGES)]))
}

async fn burst() -> anyhow::Result<Kept> {
    let webhook = Arc::new(Webhook::start(Limits::off()).await?);
    let mut contacts = Vec::new();
    let mut messages = JoinSet::new();
    for number in 0..BURSTS {
        let contact = webhook.contact(number)?;
        for number in 0..BURST {
            webhook.handle_later(&mut messages, &contact, text(number));
        }
        contacts.push((contact, BURST));
    }
    messages.join_all().await;
    Ok(webhook.kept(contacts))
}

async fn past_limit() -> anyhow::Result<Kept> {
    let limits = Limits {
        ten_seconds: Some(PORTAL),
        ..Limits::off()
    };
    let webhook = Arc::new(Webhook::start(limits).await?);
    let mut contacts = Vec::new();
    let mut messages = JoinSet::new();
    // Each message its own contact, so that nothing but the limit loses one.
    for number in 0..MESSAGES {
        let contact = webhook.contact(number)?;
        webhook.handle_later(&mut messages, &contact, text(0));
        contacts.push((contact, 1));
        tokio::time::sleep(Duration::from_secs(1) / u32::try_from(PAST_LIMIT)?).await;
    }
    messages.join_all().await;
    Ok(webhook.kept(contacts))
}

async fn unavailable() -> anyhow::Result<Kept> {
    let webhook = Arc::new(Webhook::start(Limits::off()).await?);
    let mut contacts = Vec::new();
    let mut messages = JoinSet::new();
    for number in 0..MESSAGES {
        let contact = webhook.contact(number)?;
        webhook.handle_later(&mut messages, &contact, text(0));
        contacts.push((contact, 1));
    }
    // Two calls a message, every tenth of all.
    for skip in (9..2 * MESSAGES).step_by(10) {
        let rule = FaultRule::every_call(Effect::status(503));
        webhook
            .hubspot
            .sandbox()
            .add_fault(rule.skip(u32::try_from(skip)?).times(1));
    }
    messages.join_all().await;
    Ok(webhook.kept(contacts))
}

async fn long() -> anyhow::Result<Kept> {
    let webhook = Webhook::start(Limits::off()).await?;
    let contact = webhook.contact(0)?;
    for number in 0..LONG_MESSAGES {
        webhook
            .handle(&contact, &format!("{}{}", text(number), "x".repeat(LONG)))
            .await;
    }
    Ok(webhook.kept([(contact, LONG_MESSAGES)]))
}

fn text(number: usize) -> String {
    format!("[{number}]")
}

struct Webhook {
    hubspot: RunningSandbox,
    client: Client,
}

impl Webhook {
    async fn start(limits: Limits) -> anyhow::Result<Self> {
        let hubspot = Sandbox::start(SandboxOptions {
            limits,
            ..SandboxOptions::default()
        })
        .await?;
        let mut options = ClientOptions::new(DEFAULT_TOKEN);
        options.base_url = hubspot.base_url().parse()?;
        let client = Client::new(options)?;
        let property = NewProperty {
            group_name: "contactinformation".to_owned(),
            name: PROPERTY.to_owned(),
            label: "Chat transcript".to_owned(),
            kind: "string".to_owned(),
            field_type: "textarea".to_owned(),
            description: String::new(),
        };
        client.properties().create("contacts", &property).await?;
        Ok(Self { hubspot, client })
    }

    fn contact(&self, number: usize) -> anyhow::Result<ContactId> {
        let email = format!("visitor{number}@example.com");
        let contact = self.hubspot.sandbox().seed_contact([("email", email.as_str())])?;
        contact.id.parse().context("the sandbox's id is none")
    }

    fn handle_later(self: &Arc<Self>, messages: &mut JoinSet<()>, contact: &ContactId, text: String) {
        let (webhook, contact) = (Arc::clone(self), contact.clone());
        messages.spawn(async move { webhook.handle(&contact, &text).await });
    }

    /// What the webhook does with one message. Errors are logged there, and the answer is 200.
    async fn handle(&self, contact: &ContactId, text: &str) {
        latency().await;
        let Ok(Some(found)) = self.client.contacts().get(contact, &[PROPERTY]).await else {
            return;
        };
        latency().await;
        let value = format!("{}\n{text}", found.property(PROPERTY).unwrap_or_default());
        let properties = BTreeMap::from([(PROPERTY.to_owned(), value)]);
        let _logged = self.client.contacts().update(contact, &properties).await;
    }

    fn kept(&self, contacts: impl IntoIterator<Item = (ContactId, usize)>) -> Kept {
        let mut sum = Kept { sent: 0, kept: 0 };
        for (contact, sent) in contacts {
            let found = self.hubspot.sandbox().contact(contact.as_str());
            let value = found
                .as_ref()
                .and_then(|found| found.property(PROPERTY))
                .unwrap_or_default();
            sum.sent += sent;
            sum.kept += (0..sent).filter(|number| value.contains(&text(*number))).count();
        }
        sum
    }
}

/// What HubSpot takes for one call: 100 ± 50 ms.
async fn latency() {
    let random = uuid::Uuid::new_v4().as_u128() % 101;
    tokio::time::sleep(Duration::from_millis(50 + u64::try_from(random).unwrap_or(0))).await;
}
