//! The properties that HubSpot's guide to search names for each type of object.

use crate::state::object_types::ObjectType;

/// Where a `query` is looked for. Communications are not in HubSpot's list.
pub(crate) const fn searchable(object_type: ObjectType) -> &'static [&'static str] {
    match object_type {
        ObjectType::Contact => &[
            "firstname",
            "lastname",
            "email",
            "phone",
            "hs_additional_emails",
            "fax",
            "mobilephone",
            "company",
            "hs_marketable_until_renewal",
        ],
        ObjectType::Company => &["website", "phone", "name", "domain"],
        ObjectType::Deal => &["dealname", "pipeline", "dealstage", "description", "dealtype"],
        ObjectType::Ticket => &[
            "subject",
            "content",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_id",
        ],
        ObjectType::Note => &["hs_note_body"],
        ObjectType::Communication => &["hs_communication_body"],
    }
}
