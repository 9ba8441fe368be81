//! From the visitor's send to the rep's socket, one message at a time on an otherwise idle server.

use std::time::Instant;

use parlor_protocol::ServerFrame;
use serde::Serialize;

use crate::client::{Site, Socket, Visitor};
use crate::percentiles::Percentiles;
use crate::server::Parlor;

/// Visitors, one after the other; the rep follows each one's thread.
const VISITORS: usize = 40;
/// Messages of each: within what a visitor's limit lets through at once.
const MESSAGES: usize = 25;

#[derive(Serialize)]
pub struct Latency {
    /// Until the rep's socket has the message.
    pub to_rep: Percentiles,
    /// Until the visitor knows that it is on disk.
    pub acknowledged: Percentiles,
    /// What one such message, committed alone, writes to the database's log.
    pub commit_bytes: usize,
}

/// Both sockets are in this process, so that one clock measures.
pub async fn measure(parlor: &Parlor, site: &Site, visitors: &[Visitor]) -> anyhow::Result<Latency> {
    let mut rep = site.inbox().await?;
    let mut to_rep = Vec::new();
    let mut acknowledged = Vec::new();
    let mut commit_bytes = Vec::new();
    for visitor in visitors.iter().take(VISITORS) {
        let mut chat = site.visit(visitor).await?;
        rep.follow(&chat.conversation, None).await?;
        for number in 0..MESSAGES {
            let before = parlor.written()?;
            let arrival = arrival(&mut rep);
            let (told, arrived) = tokio::join!(chat.tell(number), arrival);
            let (sent, took) = told?;
            to_rep.push(arrived?.saturating_duration_since(sent));
            acknowledged.push(took);
            commit_bytes.push(parlor.written()? - before);
        }
    }
    commit_bytes.sort_unstable();
    Ok(Latency {
        to_rep: Percentiles::of(to_rep),
        acknowledged: Percentiles::of(acknowledged),
        // The middle one: the log is folded into the database now and then, which writes more.
        commit_bytes: usize::try_from(commit_bytes.get(commit_bytes.len() / 2).copied().unwrap_or_default())?,
    })
}

async fn arrival(rep: &mut Socket) -> anyhow::Result<Instant> {
    loop {
        if let ServerFrame::Message { .. } = rep.hear().await? {
            return Ok(Instant::now());
        }
    }
}
