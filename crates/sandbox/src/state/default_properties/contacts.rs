//! HubSpot's contact properties.

use super::{Look, Row, Table, read_only, row};

pub(super) const TABLE: Table = Table {
    groups: &[
        ("contactinformation", "Contact information"),
        ("contactlcs", "Contact Life Cycle Stage"),
        ("contact_activity", "Contact activity"),
        ("analyticsinformation", "Web analytics history"),
        ("conversioninformation", "Conversion information"),
        ("emailinformation", "Email information"),
        ("socialmediainformation", "Social media information"),
    ],
    rows: ROWS,
};

const ROWS: &[Row] = &[
    row("contactinformation", "email", "Email", Look::Text),
    row("contactinformation", "firstname", "First Name", Look::Text),
    row("contactinformation", "lastname", "Last Name", Look::Text),
    row("contactinformation", "salutation", "Salutation", Look::Text),
    row("contactinformation", "phone", "Phone Number", Look::Phone),
    row("contactinformation", "mobilephone", "Mobile Phone Number", Look::Text),
    row("contactinformation", "fax", "Fax Number", Look::Text),
    row("contactinformation", "company", "Company Name", Look::Text),
    row("contactinformation", "jobtitle", "Job Title", Look::Text),
    row("contactinformation", "industry", "Industry", Look::Text),
    row("contactinformation", "numemployees", "Number of Employees", Look::Text),
    row("contactinformation", "annualrevenue", "Annual Revenue", Look::Text),
    row("contactinformation", "website", "Website URL", Look::Text),
    row("contactinformation", "address", "Street Address", Look::Text),
    row("contactinformation", "city", "City", Look::Text),
    row("contactinformation", "state", "State/Region", Look::Text),
    row("contactinformation", "zip", "Postal Code", Look::Text),
    row("contactinformation", "country", "Country/Region", Look::Text),
    row("contactinformation", "date_of_birth", "Date of birth", Look::Text),
    row("contactinformation", "gender", "Gender", Look::Text),
    row("contactinformation", "message", "Message", Look::TextArea),
    row("contactinformation", "hs_language", "Preferred language", Look::Text),
    row("contactinformation", "hs_timezone", "Time Zone", Look::Text),
    row(
        "contactinformation",
        "hs_lead_status",
        "Lead Status",
        Look::Radio(LEAD_STATUSES),
    ),
    row(
        "contactinformation",
        "lifecyclestage",
        "Lifecycle Stage",
        Look::Radio(LIFECYCLE_STAGES),
    ),
    row("contactinformation", "closedate", "Close Date", Look::DateTime),
    read_only(
        "contactinformation",
        "hs_additional_emails",
        "Additional email addresses",
        Look::Elsewhere,
    ),
    read_only("contactinformation", "createdate", "Create Date", Look::DateTime),
    read_only(
        "contactinformation",
        "lastmodifieddate",
        "Last Modified Date",
        Look::DateTime,
    ),
    read_only("contactinformation", "hs_object_id", "Record ID", Look::Number),
    row("contactinformation", "hubspot_owner_id", "Owner", Look::Elsewhere),
    read_only(
        "contactinformation",
        "hs_merged_object_ids",
        "Merged record IDs",
        Look::Elsewhere,
    ),
    read_only(
        "emailinformation",
        "hs_email_optout",
        "Unsubscribed from all email",
        Look::Flag,
    ),
    read_only(
        "emailinformation",
        "hs_marketable_status",
        "Marketing contact status",
        Look::Text,
    ),
    row(
        "analyticsinformation",
        "hs_analytics_source",
        "Original Traffic Source",
        Look::Select(TRAFFIC_SOURCES),
    ),
    row(
        "socialmediainformation",
        "twitterhandle",
        "Twitter Username",
        Look::Text,
    ),
    row("socialmediainformation", "hs_linkedin_url", "LinkedIn URL", Look::Text),
    read_only(
        "contact_activity",
        "notes_last_contacted",
        "Last Contacted",
        Look::DateTime,
    ),
    read_only(
        "contact_activity",
        "num_notes",
        "Number of Sales Activities",
        Look::Number,
    ),
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

const TRAFFIC_SOURCES: &[(&str, &str)] = &[
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("SOCIAL_MEDIA", "Organic Social"),
    ("REFERRALS", "Referrals"),
    ("OTHER_CAMPAIGNS", "Other Campaigns"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
    ("PAID_SOCIAL", "Paid Social"),
];
