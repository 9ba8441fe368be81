//! What the handle on a sandbox does with search.

use std::time::Duration;

use crate::Sandbox;

impl Sandbox {
    /// How long search does not know of a change yet.
    #[must_use]
    pub fn search_lag(&self) -> Duration {
        self.state().index.lag()
    }

    /// Sets how long search does not know of a change yet, by the sandbox's clock; zero lets it know at once. What search
    /// knows already it goes on knowing.
    pub fn set_search_lag(&self, lag: Duration) {
        let now = self.now();
        self.state().index.set_lag(lag, now);
    }
}
