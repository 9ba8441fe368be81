//! Messages a second with 512 callers at once, beside what one sync costs on the same disk.
//!
//! `cargo run --release -p parlor-store --example append_rate [folder]`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement is printed, takes real time and makes its own ids"
)]

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parlor_protocol::{
    ClaimedEmail, ConversationId, MessageId, MessageText, PageContext, PersonName, TenantId, VisitorId, WidgetId,
    WidgetKey,
};
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};
use parlor_store::{
    Append, Conversations, LauncherPosition, NewVisitor, NewWidget, SecretHash, SystemClock, Timestamp, Visitors,
    Widgets, Writer,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const CALLERS: usize = 512;
const MESSAGES: usize = 200;

#[tokio::main]
async fn main() -> Outcome<()> {
    let parent = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = tempfile::tempdir_in(parent)?;
    let path = folder.path().join("parlor.db");
    let store = Arc::new(SqliteStore::open(&OpenOptions {
        path,
        clock: Arc::new(SystemClock),
        role: Role::Server,
    })?);
    let tenant = TenantId::default_tenant();
    let widget = add_widget(&store, &tenant).await?;

    let mut talks = Vec::new();
    for _ in 0..CALLERS {
        talks.push(register(&store, &tenant, &widget).await?);
    }
    println!("fsync before: p50 {:?}", sync_p50(folder.path())?);
    let start = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for (visitor, conversation) in talks {
        let (store, tenant) = (Arc::clone(&store), tenant.clone());
        callers.spawn(async move {
            let mut waits = Vec::with_capacity(MESSAGES);
            for number in 0..MESSAGES {
                let message = Append {
                    tenant: tenant.clone(),
                    conversation: conversation.clone(),
                    writer: Writer::Visitor(visitor.clone()),
                    name: "Ada Lovelace".into(),
                    id: MessageId::parse(uuid::Uuid::new_v4().to_string())?,
                    text: MessageText::parse(&format!("Message {number}: does the large plan include delivery?"))?,
                };
                let asked = Instant::now();
                store.append(message).await?;
                waits.push(asked.elapsed());
            }
            Outcome::Ok(waits)
        });
    }
    let mut waits = Vec::new();
    while let Some(caller) = callers.join_next().await {
        waits.extend(caller??);
    }
    let took = start.elapsed();
    waits.sort();
    let rate = f64::from(u32::try_from(waits.len())?) / took.as_secs_f64();
    println!("{} messages, {CALLERS} callers: {rate:.0} a second", waits.len());
    println!(
        "ack p50 {:?}, p99 {:?}",
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100]
    );
    println!("fsync after: p50 {:?}", sync_p50(folder.path())?);
    store.close().await;
    Ok(())
}

/// What writing and syncing one page costs.
fn sync_p50(folder: &Path) -> Outcome<Duration> {
    let mut file = std::fs::File::create(folder.join("sync"))?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

async fn add_widget(store: &SqliteStore, tenant: &TenantId) -> Outcome<WidgetId> {
    let widget = NewWidget {
        id: WidgetId::parse(uuid::Uuid::now_v7().to_string())?,
        key: WidgetKey::parse("measured")?,
        name: "Measured".into(),
        origins: Vec::new(),
        last_name_required: false,
        accent: "#336699".into(),
        greeting: String::new(),
        position: LauncherPosition::End,
    };
    Ok(store.add_widget(tenant, widget).await?.settings.id)
}

async fn register(store: &SqliteStore, tenant: &TenantId, widget: &WidgetId) -> Outcome<(VisitorId, ConversationId)> {
    let id = uuid::Uuid::new_v4();
    let visitor = VisitorId::parse(id.to_string())?;
    let conversation = ConversationId::parse(uuid::Uuid::now_v7().to_string())?;
    let mut code = [0; 32];
    code[..16].copy_from_slice(id.as_bytes());
    let registration = NewVisitor {
        id: visitor.clone(),
        conversation: conversation.clone(),
        widget: widget.clone(),
        first_name: PersonName::parse("Ada")?,
        last_name: None,
        email: ClaimedEmail::parse(&format!("{}@example.com", id.simple()))?,
        page: PageContext::default(),
        held: false,
        code: (SecretHash(code), Timestamp::from_millis(0)),
        form: None,
    };
    store.register(tenant, registration).await?;
    Ok((visitor, conversation))
}
