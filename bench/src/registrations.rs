//! Registrations a second: form posts over kept connections, each answered once it is on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;
use tokio::task::JoinSet;

use crate::client::{Site, Visitor};
use crate::percentiles::{Percentiles, rate};

/// Browsers at once.
pub const BROWSERS: usize = 64;

#[derive(Serialize)]
pub struct Registrations {
    pub each_second: f64,
    pub answer: Percentiles,
}

/// Registers so many visitors as fast as the server takes them.
pub async fn measure(site: &Site, visitors: usize) -> anyhow::Result<(Registrations, Vec<Visitor>)> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut browsers = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..BROWSERS {
        let (site, next) = (site.clone(), Arc::clone(&next));
        browsers.spawn(async move {
            let mut registered = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= visitors {
                    return anyhow::Ok(registered);
                }
                let asked = Instant::now();
                let visitor = site.register(number).await?;
                registered.push((visitor, asked.elapsed()));
            }
        });
    }
    let mut registered = Vec::with_capacity(visitors);
    while let Some(browser) = browsers.join_next().await {
        registered.extend(browser??);
    }
    let took = begun.elapsed();
    let (visitors, times): (Vec<_>, Vec<_>) = registered.into_iter().unzip();
    let figures = Registrations {
        each_second: rate(visitors.len(), took),
        answer: Percentiles::of(times),
    };
    Ok((figures, visitors))
}
