//! The properties that HubSpot's guide to search names for each type of object.

/// Where a `query` is looked for. Communications are not in HubSpot's list.
pub(crate) fn searchable(plural: &str) -> &'static [&'static str] {
    match plural {
        "contacts" => &[
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
        "companies" => &["website", "phone", "name", "domain"],
        "deals" => &["dealname", "pipeline", "dealstage", "description", "dealtype"],
        "tickets" => &[
            "subject",
            "content",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_id",
        ],
        "notes" => &["hs_note_body"],
        "communications" => &["hs_communication_body"],
        _ => &[],
    }
}
