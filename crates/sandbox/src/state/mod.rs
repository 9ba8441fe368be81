//! What the sandbox's account holds: records of every kind, what belongs together, properties, tokens of programs and of
//! visitors, and the file that keeps them.

pub(crate) mod association_types;
pub(crate) mod associations;
pub(crate) mod blocklist;
pub(crate) mod changes;
pub(crate) mod collection;
mod default_properties;
mod first_format;
pub(crate) mod history;
mod links;
pub(crate) mod object_types;
mod per_type;
pub(crate) mod properties;
pub(crate) mod property_groups;
pub(crate) mod record;
pub(crate) mod records_file;
mod removal;
pub(crate) mod schema;
mod shared;
mod unique_values;
mod value_types;
pub(crate) mod values;
pub(crate) mod views;
pub(crate) mod visitor_tokens;
pub(crate) mod writes;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::auth::Tokens;
use crate::errors::ApiError;
use crate::oauth::Oauth;
use crate::search::index::Before;
use crate::webhooks::apps::WebhookApps;

use associations::{Associations, RecordKey};
use blocklist::Blocklist;
use changes::{Change, ChangeKind, Origin};
use collection::{Collection, IdProperty};
use object_types::{FIRST_ID, ObjectType, RecordId};
use per_type::PerType;
use record::Record;
use schema::Schema;
use visitor_tokens::VisitorTokens;

/// Everything that outlives a restart when a records file is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) portal_id: u64,
    pub(crate) tokens: Tokens,
    schemas: PerType<Schema>,
    /// Ids are given once, whatever the kind of record.
    next_id: RecordId,
    collections: PerType<Collection>,
    associations: Associations,
    pub(crate) blocklist: Blocklist,
    /// Files written before there were any have none.
    #[serde(default)]
    pub(crate) visitor_tokens: VisitorTokens,
    /// What happened since somebody last took it out.
    #[serde(skip)]
    pub(crate) changes: Vec<Change>,
    /// Files written before there were apps have the default one.
    #[serde(default)]
    pub(crate) oauth: Oauth,
    #[serde(default)]
    pub(crate) webhook_apps: WebhookApps,
    #[serde(default)]
    pub(crate) account: Account,
}

impl Records {
    /// An account as HubSpot hands it over: default properties, no record.
    pub(crate) fn new(portal_id: u64, tokens: Tokens) -> Self {
        Self {
            portal_id,
            tokens,
            schemas: PerType::new(Schema::default_of),
            next_id: FIRST_ID,
            collections: PerType::new(Collection::new),
            associations: Associations::default(),
            blocklist: Blocklist::default(),
            visitor_tokens: VisitorTokens::default(),
            changes: Vec::new(),
            oauth: Oauth::default(),
            webhook_apps: WebhookApps::default(),
            account: Account::default(),
        }
    }

    /// What a file keeps, as it is now: cheap enough to be taken while everybody waits.
    pub(crate) fn for_file(&self) -> Self {
        Self {
            portal_id: self.portal_id,
            tokens: self.tokens.clone(),
            schemas: self.schemas.clone(),
            next_id: self.next_id,
            collections: PerType::new(|object_type| self.of(object_type).for_file()),
            associations: self.associations.clone(),
            blocklist: self.blocklist.clone(),
            visitor_tokens: self.visitor_tokens.clone(),
            changes: Vec::new(),
            oauth: self.oauth.clone(),
            webhook_apps: self.webhook_apps.clone(),
            account: self.account.clone(),
        }
    }

    /// What the records of one kind may hold.
    pub(crate) const fn schema(&self, object_type: ObjectType) -> &Schema {
        self.schemas.of(object_type)
    }

    pub(crate) const fn schema_mut(&mut self, object_type: ObjectType) -> &mut Schema {
        self.schemas.of_mut(object_type)
    }

    /// The records of one kind.
    pub(crate) const fn of(&self, object_type: ObjectType) -> &Collection {
        self.collections.of(object_type)
    }

    /// The property by which a call names records, when no two may have the same value of it: else HubSpot's 400.
    pub(crate) fn id_property<'a>(
        &self,
        object_type: ObjectType,
        name: Option<&'a str>,
    ) -> Result<IdProperty<'a>, ApiError> {
        match name {
            None | Some("" | "hs_object_id") => Ok(IdProperty::RecordId),
            Some(name) if self.schema(object_type).is_unique(name) => Ok(IdProperty::Unique(name)),
            Some(other) => Err(ApiError::validation(format!(
                "Property \"{other}\" is not a unique identifier of {}",
                object_type.type_id()
            ))),
        }
    }

    /// The record that a path names and that is not archived, or the 404 that HubSpot has for this way of naming it.
    pub(crate) fn find(&self, object_type: ObjectType, name: &str, property: IdProperty) -> Result<&Record, ApiError> {
        if property == IdProperty::RecordId {
            check_is_id(name)?;
        }
        self.of(object_type)
            .find(name, property)
            .ok_or_else(ApiError::resource_not_found)
    }

    /// The archived record that a path names.
    pub(crate) fn find_archived(
        &self,
        object_type: ObjectType,
        name: &str,
        property: IdProperty,
    ) -> Result<&Record, ApiError> {
        if property == IdProperty::RecordId {
            check_is_id(name)?;
        }
        self.of(object_type)
            .named(name, property)
            .filter(|record| record.is_archived())
            .ok_or_else(ApiError::resource_not_found)
    }

    /// The record that an id stands for, archived or not.
    pub(crate) fn known_id(&self, object_type: ObjectType, id: &str) -> Result<RecordId, ApiError> {
        let parsed = id.parse().map_err(|_| ApiError::id_is_not_numeric(id))?;
        let record = self.of(object_type).by_id(parsed);
        Ok(record.ok_or_else(ApiError::resource_not_found)?.id)
    }

    /// Takes out what the records changed since the last time were before.
    pub(crate) fn take_before(&mut self) -> Vec<Before<RecordKey, Record>> {
        let mut all = Vec::new();
        for object_type in ObjectType::ALL {
            let before = self.collections.of_mut(object_type).take_before();
            all.extend(before.into_iter().map(|(id, record)| ((object_type, id), record)));
        }
        all
    }

    /// Finds again what is not kept in a file, and adds what HubSpot defines by now.
    fn complete(&mut self) {
        for object_type in ObjectType::ALL {
            self.schemas.of_mut(object_type).complete(object_type);
            let schema = self.schemas.of(object_type);
            self.collections.of_mut(object_type).rebuild_index(schema);
        }
    }

    /// An app that is gone is told nothing, nor is the next one with its number.
    pub(crate) fn forget_webhooks_of_no_app(&mut self) {
        let oauth = &self.oauth;
        self.webhook_apps.keep(|app_id| oauth.app_by_number(app_id).is_some());
    }

    fn note(&mut self, object_type: ObjectType, id: RecordId, kind: ChangeKind, origin: Origin) {
        self.changes.push(Change {
            at: origin.at,
            object_type,
            id,
            kind,
            source: origin.source,
        });
    }
}

fn check_is_id(name: &str) -> Result<(), ApiError> {
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(ApiError::id_is_not_numeric(name))
    }
}
