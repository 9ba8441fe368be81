//! What every route can reach.

use std::ops::Deref;
use std::sync::Arc;

use parlor_engine::Engine;
use parlor_engine::erasure::Journal;
use tokio_util::sync::CancellationToken;

use crate::assets::Assets;
use crate::loader::Loader;
use crate::refusals::Refusals;
use crate::relay::{MessageRates, Sockets};
use crate::session::Sessions;
use crate::settings::Settings;

/// The running server; cheap to clone.
#[derive(Clone)]
pub struct Server(Arc<Parts>);

/// Its parts.
pub struct Parts {
    /// What does the work.
    pub engine: Arc<Engine>,
    /// What was forgotten.
    pub journal: Journal,
    /// How it was set up.
    pub settings: Settings,
    /// Browsers' sessions.
    pub sessions: Sessions,
    /// Scripts, styles, WASM.
    pub assets: Assets,
    /// The loader of each widget.
    pub loader: Loader,
    /// Who is connected.
    pub sockets: Sockets,
    /// How fast each writes.
    pub rates: MessageRates,
    /// Whose visitor tokens were refused, for the log.
    pub refusals: Refusals,
    /// Cancelled when the server is to stop.
    pub stop: CancellationToken,
}

impl Server {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Server {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
