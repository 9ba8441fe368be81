//! What HubSpot says about records, their associations and their properties.

use axum::http::StatusCode;

use super::{ApiError, InvalidValue};
use crate::state::object_types::ObjectType;

impl ApiError {
    /// 400 for values that the properties do not admit.
    pub(crate) fn invalid_values(invalid: &[InvalidValue]) -> Self {
        let list = serde_json::to_string(invalid).unwrap_or_default();
        Self::validation(format!("Property values were not valid: {list}"))
    }

    /// 400 for a kind of record that is not here. HubSpot gives no category.
    pub(crate) fn unknown_object_type(name: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            format!("Unable to infer object type from: {name}"),
            None,
        )
    }

    /// 400 for a record without the properties that its kind needs.
    pub(crate) fn required_properties(object_type: ObjectType, names: &[&str]) -> Self {
        Self::validation(format!(
            "Error creating {}. Some required properties were not set.",
            object_type.singular().to_uppercase()
        ))
        .with_context("properties", names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// 400 for a value that another record has, of a property (not a contact's address) whose values no two may share.
    /// HubSpot's exact words are not known.
    pub(crate) fn unique_value_taken(name: &str, owner: impl std::fmt::Display) -> Self {
        Self::invalid_values(&[InvalidValue {
            is_valid: false,
            message: format!("{owner} already has that value."),
            error: "CONFLICTING_UNIQUE_VALUE",
            name: name.to_owned(),
            localized_error_message: None,
            portal_id: None,
        }])
    }

    /// 400 for an association type that is not there.
    pub(crate) fn unknown_association_type(category: &str, id: impl std::fmt::Display) -> Self {
        let spec = format!("{category}={id}");
        Self::validation("One or more associations are invalid")
            .with_context(
                "INVALID_ASSOCIATION_TYPE_ID",
                vec![format!("{spec} is not a valid association definition id")],
            )
            .with_context("associationSpec", vec![spec])
    }

    /// 400 for an association type that goes another way: `end` is `from` or `to`. HubSpot's exact words are not known; these
    /// are told by others.
    pub(crate) fn wrong_association_end(end: &str, given: ObjectType, expected: ObjectType) -> Self {
        Self::validation(format!(
            "invalid {end} object type {} for associations to be created. expected: {}",
            given.type_id(),
            expected.type_id()
        ))
    }

    /// 400 for records of kinds that never belong together. HubSpot's exact words are not known.
    pub(crate) fn no_association_between(from: ObjectType, to: ObjectType) -> Self {
        Self::validation(format!(
            "No association type exists from object type {} to {}",
            from.type_id(),
            to.type_id()
        ))
    }

    /// 400 for an association with a record that is not there.
    pub(crate) fn invalid_association_end(object_type: ObjectType, id: &str) -> Self {
        let name = object_type.singular().to_uppercase();
        Self::validation("One or more associations are invalid")
            .with_context("INVALID_OBJECT_IDS", vec![format!("{name}={id} is not valid")])
            .with_context("objectId", vec![id.to_owned()])
            .with_context("objectType", vec![name])
    }

    /// 404 for a record that is not there.
    pub(crate) fn resource_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "resource not found", None)
    }

    /// 404 for an id that is no number. HubSpot's message has two spaces.
    pub(crate) fn id_is_not_numeric(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Object not found.  objectId are usually numeric.",
            Some("OBJECT_NOT_FOUND"),
        )
        .with_context("id", vec![id.to_owned()])
    }

    /// 404 for records that a batch names and that are not there.
    pub(crate) fn objects_not_found(object_type: ObjectType, ids: Vec<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!(
                "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
                object_type.singular().to_uppercase()
            ),
            Some("OBJECT_NOT_FOUND"),
        )
        .with_context("ids", ids)
    }

    /// 404 for a property that is not defined. HubSpot's exact text is not known.
    pub(crate) fn property_not_found(name: &str) -> Self {
        let mut error = Self::new(
            StatusCode::NOT_FOUND,
            format!("Property \"{name}\" does not exist"),
            Some("OBJECT_NOT_FOUND"),
        );
        error.body.sub_category = Some("PropertiesError.PROPERTY_NOT_FOUND");
        error
    }

    /// 404 for a property group that is not defined. HubSpot's exact text is not known.
    pub(crate) fn group_not_found(name: &str) -> Self {
        let mut error = Self::new(
            StatusCode::NOT_FOUND,
            format!("Property group \"{name}\" does not exist"),
            Some("OBJECT_NOT_FOUND"),
        );
        error.body.sub_category = Some("PropertyGroupError.PROPERTY_GROUP_NOT_FOUND");
        error
    }

    /// 409 for an e-mail address that another contact has.
    pub(crate) fn contact_exists(existing: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            format!("Contact already exists. Existing ID: {existing}"),
            Some("CONFLICT"),
        )
    }

    /// 409 for a property that is there already. HubSpot's exact text is not known.
    pub(crate) fn property_exists(name: &str) -> Self {
        let mut error = Self::new(
            StatusCode::CONFLICT,
            format!("A property named '{name}' already exists."),
            Some("OBJECT_ALREADY_EXISTS"),
        );
        error.body.sub_category = Some("PropertiesError.PROPERTY_EXISTS");
        error
    }

    /// 409 for a property group that is there already. HubSpot's exact text is not known.
    pub(crate) fn group_exists(name: &str) -> Self {
        let mut error = Self::new(
            StatusCode::CONFLICT,
            format!("A property group named '{name}' already exists."),
            Some("OBJECT_ALREADY_EXISTS"),
        );
        error.body.sub_category = Some("PropertyGroupError.PROPERTY_GROUP_EXISTS");
        error
    }
}
