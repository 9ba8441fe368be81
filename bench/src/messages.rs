//! Durable messages a second and how long the acknowledgement takes, at full speed and at a moderate pace.
//!
//! Each visitor's limit (30 messages at once, then 5 a second) is part of the product and stays on: many visitors send a few each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parlor_protocol::{ClientFrame, ServerFrame};
use serde::Serialize;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::client::{Chat, Site, Socket, Visitor};
use crate::percentiles::{Percentiles, median, rate};

/// Visitors who write at the same time, each the next message once the last is acknowledged.
pub const VISITORS: usize = 500;
/// Messages each of them writes: what the limit lets through at once.
pub const MESSAGES: usize = 30;
/// Sockets opened at once, before the clock runs.
const AT_ONCE: usize = 50;
/// Runs, each with other visitors.
pub const RUNS: usize = 4;
/// The moderate pace: each visitor one message a second, for so long.
pub const SECONDS: usize = 8;

#[derive(Serialize)]
pub struct Saturated {
    /// The median run.
    pub each_second: f64,
    /// Every run.
    pub runs: Vec<f64>,
    pub acknowledged: Percentiles,
}

#[derive(Serialize)]
pub struct Moderate {
    pub each_second: f64,
    pub acknowledged: Percentiles,
}

/// Several runs at full speed.
pub async fn saturated(site: &Site, visitors: &[Visitor]) -> anyhow::Result<Saturated> {
    let mut runs = Vec::new();
    let mut times = Vec::new();
    for group in visitors.chunks_exact(VISITORS).take(RUNS) {
        let (each_second, waits) = all_at_once(site.visit_all(group, AT_ONCE).await?).await?;
        runs.push(each_second);
        times.extend(waits);
    }
    Ok(Saturated {
        each_second: median(runs.clone()),
        runs,
        acknowledged: Percentiles::of(times),
    })
}

/// The same while a rep looks at the inbox: every message changes their list.
pub async fn saturated_and_watched(site: &Site, visitors: &[Visitor]) -> anyhow::Result<Saturated> {
    let inbox = site.inbox().await?;
    let watching = tokio::spawn(watch(inbox));
    let measured = saturated(site, visitors).await;
    watching.abort();
    measured
}

/// A rep's window: takes what comes, and asks for the list when it is told that it missed something.
async fn watch(mut inbox: Socket) -> anyhow::Result<()> {
    let mut seen = 0;
    loop {
        match inbox.hear().await? {
            ServerFrame::Conversation { summary } => seen = seen.max(summary.change),
            ServerFrame::Welcome {
                change: Some(change), ..
            } => {
                inbox
                    .say(&ClientFrame::List {
                        since: Some(seen),
                        before: None,
                    })
                    .await?;
                seen = seen.max(change);
            }
            _ => {}
        }
    }
}

async fn all_at_once(chats: Vec<Chat>) -> anyhow::Result<(f64, Vec<Duration>)> {
    let barrier = Arc::new(Barrier::new(chats.len() + 1));
    let mut writing = JoinSet::new();
    for mut chat in chats {
        let barrier = Arc::clone(&barrier);
        writing.spawn(async move {
            barrier.wait().await;
            let mut waits = Vec::with_capacity(MESSAGES);
            for number in 0..MESSAGES {
                waits.push(chat.tell(number).await?.1);
            }
            // The socket stays open until everybody is done: closing is not what is measured.
            anyhow::Ok((chat, waits))
        });
    }
    barrier.wait().await;
    let begun = Instant::now();
    let mut times = Vec::new();
    let mut done = Vec::new();
    while let Some(visitor) = writing.join_next().await {
        let (chat, waits) = visitor??;
        times.extend(waits);
        done.push(chat);
    }
    Ok((rate(times.len(), begun.elapsed()), times))
}

/// Everybody writes one message a second, evenly spread over it.
pub async fn moderate(site: &Site, visitors: &[Visitor]) -> anyhow::Result<Moderate> {
    let chats = site
        .visit_all(visitors.get(..VISITORS).unwrap_or(visitors), AT_ONCE)
        .await?;
    let second = Duration::from_secs(1);
    let begun = Instant::now() + second / 10;
    let step = second / u32::try_from(chats.len())?;
    let mut writing = JoinSet::new();
    let mut first = begun;
    for mut chat in chats {
        let mut due = first;
        first += step;
        writing.spawn(async move {
            let mut waits = Vec::with_capacity(SECONDS);
            for number in 0..SECONDS {
                tokio::time::sleep_until(due.into()).await;
                waits.push(chat.tell(number).await?.1);
                due += second;
            }
            anyhow::Ok((chat, waits))
        });
    }
    let mut times = Vec::new();
    let mut done = Vec::new();
    while let Some(visitor) = writing.join_next().await {
        let (chat, waits) = visitor??;
        times.extend(waits);
        done.push(chat);
    }
    Ok(Moderate {
        each_second: rate(times.len(), begun.elapsed()),
        acknowledged: Percentiles::of(times),
    })
}
