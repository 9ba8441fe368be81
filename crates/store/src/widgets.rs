//! Widgets: a chat on a site, with a public key and the origins that may embed it.

use async_trait::async_trait;
use parlor_protocol::{TenantId, WidgetId, WidgetKey};

use crate::{StoreError, Timestamp};

/// At which edge of the page the launcher stands, in the page's own direction of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LauncherPosition {
    /// Left in English, right in Arabic.
    Start,
    /// Right in English, left in Arabic.
    #[default]
    End,
}

impl LauncherPosition {
    /// The word used in the store and in the loader.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
        }
    }
}

/// A widget to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWidget {
    /// Its id.
    pub id: WidgetId,
    /// Its public key.
    pub key: WidgetKey,
    /// Its name, shown to visitors and reps; unique within the tenant.
    pub name: String,
    /// The origins that may embed it, each exact: `https://www.example.com`. None means no page may.
    pub origins: Vec<String>,
    /// Whether the last name must be filled in.
    pub last_name_required: bool,
    /// The accent colour: `#rrggbb`.
    pub accent: String,
    /// The line above the form and beside the launcher.
    pub greeting: String,
    /// Where the launcher stands.
    pub position: LauncherPosition,
}

/// A widget as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widget {
    /// Whose it is.
    pub tenant: TenantId,
    /// All that it was added with.
    pub settings: NewWidget,
    /// Since when.
    pub created_at: Timestamp,
}

/// Widgets, kept.
#[async_trait]
pub trait Widgets {
    /// Adds a widget. [`StoreError::Exists`] when the tenant has one of that name.
    async fn add_widget(&self, tenant: &TenantId, widget: NewWidget) -> Result<Widget, StoreError>;

    /// Replaces the origins that may embed a widget; answers whether the tenant has a widget of that key.
    async fn set_origins(&self, tenant: &TenantId, key: &WidgetKey, origins: Vec<String>) -> Result<bool, StoreError>;

    /// The widget of a public key, whatever its tenant: keys are unique over the installation.
    async fn widget_by_key(&self, key: &WidgetKey) -> Result<Option<Widget>, StoreError>;

    /// The tenant's widgets in the order they were added.
    async fn widgets(&self, tenant: &TenantId) -> Result<Vec<Widget>, StoreError>;
}
