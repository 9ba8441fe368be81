//! HubSpot's company properties.

use super::{Look, Row, Table, read_only, row};

pub(super) const TABLE: Table = Table {
    groups: &[
        ("companyinformation", "Company information"),
        ("analyticsinformation", "Web analytics history"),
        ("companylcs", "Company Life Cycle Stage"),
        ("company_activity", "Company activity"),
        ("socialmediainformation", "Social media information"),
    ],
    rows: ROWS,
};

const ROWS: &[Row] = &[
    row("companyinformation", "name", "Company name", Look::Text),
    row("companyinformation", "domain", "Company Domain Name", Look::Text),
    row("companyinformation", "website", "Website URL", Look::Text),
    row("companyinformation", "description", "Description", Look::TextArea),
    row("companyinformation", "about_us", "About Us", Look::TextArea),
    row("companyinformation", "phone", "Phone Number", Look::Phone),
    row("companyinformation", "address", "Street Address", Look::Text),
    row("companyinformation", "address2", "Street Address 2", Look::Text),
    row("companyinformation", "city", "City", Look::Text),
    row("companyinformation", "state", "State/Region", Look::Text),
    row("companyinformation", "zip", "Postal Code", Look::Text),
    row("companyinformation", "country", "Country/Region", Look::Text),
    row("companyinformation", "industry", "Industry", Look::Text),
    row("companyinformation", "type", "Type", Look::Select(TYPES)),
    row(
        "companyinformation",
        "numberofemployees",
        "Number of Employees",
        Look::Number,
    ),
    row("companyinformation", "annualrevenue", "Annual Revenue", Look::Number),
    row("companyinformation", "founded_year", "Year Founded", Look::Text),
    row("companyinformation", "is_public", "Is Public", Look::Flag),
    row("companyinformation", "timezone", "Time Zone", Look::Text),
    row(
        "companyinformation",
        "hs_lead_status",
        "Lead Status",
        Look::Radio(LEAD_STATUSES),
    ),
    row(
        "companyinformation",
        "lifecyclestage",
        "Lifecycle Stage",
        Look::Radio(LIFECYCLE_STAGES),
    ),
    row(
        "socialmediainformation",
        "linkedin_company_page",
        "LinkedIn Company Page",
        Look::Text,
    ),
    row("socialmediainformation", "twitterhandle", "Twitter Handle", Look::Text),
    read_only(
        "company_activity",
        "notes_last_contacted",
        "Last Contacted",
        Look::DateTime,
    ),
    read_only("companyinformation", "createdate", "Create Date", Look::DateTime),
    read_only(
        "companyinformation",
        "hs_lastmodifieddate",
        "Last Modified Date",
        Look::DateTime,
    ),
    read_only("companyinformation", "hs_object_id", "Record ID", Look::Number),
    row("companyinformation", "hubspot_owner_id", "Owner", Look::Elsewhere),
    read_only(
        "companyinformation",
        "hs_merged_object_ids",
        "Merged record IDs",
        Look::Elsewhere,
    ),
];

const TYPES: &[(&str, &str)] = &[
    ("PROSPECT", "Prospect"),
    ("PARTNER", "Partner"),
    ("RESELLER", "Reseller"),
    ("VENDOR", "Vendor"),
    ("OTHER", "Other"),
];

const LEAD_STATUSES: &[(&str, &str)] = &[
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
];

const LIFECYCLE_STAGES: &[(&str, &str)] = &[
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
];
