//! Widgets in SQLite.

use async_trait::async_trait;
use parlor_protocol::{TenantId, WidgetKey};

use super::SqliteStore;
use super::row::{Fields, all, corrupt, is_taken, one};
use crate::{LauncherPosition, NewWidget, StoreError, Widget, Widgets};

#[async_trait]
impl Widgets for SqliteStore {
    async fn add_widget(&self, tenant: &TenantId, widget: NewWidget) -> Result<Widget, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            let origins =
                serde_json::to_string(&widget.origins).map_err(|error| StoreError::Database(error.to_string()))?;
            let added = batch
                .connection
                .prepare_cached(
                    "INSERT INTO widget (tenant_id, id, key, name, origins, last_name_required, accent, greeting,
                                         position, ordinal, created_at)
                     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, coalesce(max(ordinal), 0) + 1, ?10
                     FROM widget WHERE tenant_id = ?1",
                )?
                .execute((
                    tenant.as_str(),
                    widget.id.as_str(),
                    widget.key.as_str(),
                    &widget.name,
                    &origins,
                    widget.last_name_required,
                    &widget.accent,
                    &widget.greeting,
                    widget.position.as_str(),
                    batch.now.millis(),
                ));
            match added {
                Ok(_) => Ok(Widget {
                    tenant,
                    settings: widget,
                    created_at: batch.now,
                }),
                Err(error) if is_taken(&error) => {
                    let is_name = error.to_string().contains("widget.name");
                    let what = if is_name {
                        "a widget of this name"
                    } else {
                        "a widget of this id or key"
                    };
                    Err(StoreError::Exists { what })
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn set_origins(&self, tenant: &TenantId, key: &WidgetKey, origins: Vec<String>) -> Result<bool, StoreError> {
        let (tenant, key) = (tenant.clone(), key.clone());
        self.write(move |batch| {
            let origins = serde_json::to_string(&origins).map_err(|error| StoreError::Database(error.to_string()))?;
            let sql = "UPDATE widget SET origins = ?3 WHERE tenant_id = ?1 AND key = ?2";
            let changed = batch
                .connection
                .prepare_cached(sql)?
                .execute((tenant.as_str(), key.as_str(), &origins))?;
            Ok(changed == 1)
        })
        .await
    }

    async fn widget_by_key(&self, key: &WidgetKey) -> Result<Option<Widget>, StoreError> {
        let key = key.clone();
        self.read(move |connection| {
            one(
                connection,
                "widget",
                "SELECT * FROM widget WHERE key = ?1",
                [key.as_str()],
                widget,
            )
        })
        .await
    }

    async fn widgets(&self, tenant: &TenantId) -> Result<Vec<Widget>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let sql = "SELECT * FROM widget WHERE tenant_id = ?1 ORDER BY ordinal";
            all(connection, "widget", sql, [tenant.as_str()], widget)
        })
        .await
    }
}

fn widget(row: &Fields<'_>) -> Result<Widget, StoreError> {
    let position: String = row.get("position")?;
    let settings = NewWidget {
        id: row.parsed("id")?,
        key: row.parsed("key")?,
        name: row.get("name")?,
        origins: serde_json::from_str(&row.get::<String>("origins")?)
            .map_err(|_| corrupt("widget", "origins", &"not a list of texts"))?,
        last_name_required: row.get("last_name_required")?,
        accent: row.get("accent")?,
        greeting: row.get("greeting")?,
        position: [LauncherPosition::Start, LauncherPosition::End]
            .into_iter()
            .find(|known| known.as_str() == position)
            .ok_or_else(|| corrupt("widget", "position", &"no such edge"))?,
    };
    Ok(Widget {
        tenant: row.parsed("tenant_id")?,
        settings,
        created_at: row.moment("created_at")?,
    })
}
