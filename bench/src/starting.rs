//! From the start of the process until it is ready, and what it then weighs.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use crate::percentiles::median;
use crate::server::Parlor;

const RUNS: usize = 5;

#[derive(Serialize)]
pub struct Starting {
    /// The first start, which makes the database.
    pub first_ms: f64,
    /// The median of the later ones.
    pub later_ms: f64,
    /// Resident bytes at rest.
    pub resident: u64,
    /// Bytes of the binary, assets included.
    pub binary: u64,
}

/// Starts in the empty folder, then again and again.
pub async fn measure(binary: &Path, folder: &Path) -> anyhow::Result<Starting> {
    let bytes = std::fs::metadata(binary)
        .with_context(|| format!("there is no {}: run make build", binary.display()))?
        .len();
    let mut times = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..=RUNS {
        let mut parlor = Parlor::start(binary, folder).await?;
        times.push(parlor.ready_after.as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(500)).await;
        resident.push(parlor.resident()?);
        parlor.stop(Duration::from_secs(15)).await?;
    }
    resident.sort_unstable();
    let first_ms = times.remove(0);
    Ok(Starting {
        first_ms,
        later_ms: median(times),
        resident: resident.get(resident.len() / 2).copied().unwrap_or_default(),
        binary: bytes,
    })
}
