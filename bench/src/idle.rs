//! Resident memory of idle sockets: visitors who keep the chat open and say nothing.

use std::time::Duration;

use serde::Serialize;

use crate::client::{Site, Visitor};
use crate::server::Parlor;

/// Sockets opened at once.
const AT_ONCE: usize = 16;

#[derive(Serialize)]
pub struct Idle {
    pub sockets: usize,
    /// Resident bytes before, without any socket.
    pub before: u64,
    /// Resident bytes with all of them.
    pub after: u64,
    /// The difference, shared out.
    pub each: f64,
    /// Opened a second: the upgrade, hello, subscribe and the first page.
    pub opened_each_second: f64,
}

/// Every visitor comes and goes once before, so that the database's pages are in memory already; those are no socket's.
pub async fn measure(parlor: &Parlor, site: &Site, visitors: &[Visitor]) -> anyhow::Result<Idle> {
    for some in visitors.chunks(AT_ONCE) {
        drop(site.visit_all(some, AT_ONCE).await?);
    }
    let before = settled(parlor).await?;
    let begun = std::time::Instant::now();
    let chats = site.visit_all(visitors, AT_ONCE).await?;
    let took = begun.elapsed();
    let after = settled(parlor).await?;
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
    let each = (after.saturating_sub(before)) as f64 / chats.len() as f64;
    Ok(Idle {
        sockets: chats.len(),
        before,
        after,
        each,
        opened_each_second: crate::percentiles::rate(chats.len(), took),
    })
}

/// The resident memory once it no longer changes.
async fn settled(parlor: &Parlor) -> anyhow::Result<u64> {
    let mut resident = parlor.resident()?;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = parlor.resident()?;
        if now.abs_diff(resident) < 128 * 1024 {
            return Ok(now);
        }
        resident = now;
    }
    Ok(resident)
}
