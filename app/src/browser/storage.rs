//! The browser's storage, where every access may throw: with third-party cookies blocked, Chromium refuses it to embedded
//! pages altogether. A refusal is an answer here (`None`, `false`), never an error.

use leptos::prelude::window;

/// Which of the browser's two storages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Kept until somebody clears it, shared by the tabs of an origin.
    Local,
    /// Kept as long as the tab.
    Session,
}

impl Area {
    fn storage(self) -> Option<web_sys::Storage> {
        match self {
            Self::Local => window().local_storage(),
            Self::Session => window().session_storage(),
        }
        .ok()
        .flatten()
    }

    /// What is kept under a name.
    #[must_use]
    pub fn get(self, name: &str) -> Option<String> {
        self.storage()?.get_item(name).ok().flatten()
    }

    /// Keeps a value; answers whether it is kept.
    #[must_use]
    pub fn set(self, name: &str, value: &str) -> bool {
        self.storage()
            .is_some_and(|storage| storage.set_item(name, value).is_ok())
    }

    /// Forgets a value.
    pub fn remove(self, name: &str) {
        if let Some(storage) = self.storage() {
            let _ = storage.remove_item(name);
        }
    }

    /// The names that begin with `prefix`.
    #[must_use]
    pub fn names(self, prefix: &str) -> Vec<String> {
        let Some(storage) = self.storage() else {
            return Vec::new();
        };
        (0..storage.length().unwrap_or(0))
            .filter_map(|index| storage.key(index).ok().flatten())
            .filter(|name| name.starts_with(prefix))
            .collect()
    }
}
