//! HubSpot's ticket properties, with the stages of its support pipeline.

use super::{Look, Row, Table, read_only, row};

pub(super) const TABLE: Table = Table {
    groups: &[
        ("ticketinformation", "Ticket information"),
        ("ticketactivity", "Ticket activity"),
        ("emailinformation", "Email information"),
    ],
    rows: ROWS,
};

const ROWS: &[Row] = &[
    row("ticketinformation", "subject", "Ticket name", Look::Text),
    row("ticketinformation", "content", "Ticket description", Look::TextArea),
    row("ticketinformation", "hs_pipeline", "Pipeline", Look::Select(PIPELINES)),
    row(
        "ticketinformation",
        "hs_pipeline_stage",
        "Ticket status",
        Look::Select(STAGES),
    ),
    row(
        "ticketinformation",
        "hs_ticket_priority",
        "Priority",
        Look::Select(PRIORITIES),
    ),
    row(
        "ticketinformation",
        "hs_ticket_category",
        "Category",
        Look::Select(CATEGORIES),
    ),
    row("ticketinformation", "source_type", "Source", Look::Select(SOURCES)),
    row("ticketinformation", "hs_resolution", "Resolution", Look::TextArea),
    row("ticketinformation", "closed_date", "Close date", Look::DateTime),
    read_only(
        "ticketactivity",
        "notes_last_contacted",
        "Last Contacted",
        Look::DateTime,
    ),
    read_only("ticketinformation", "createdate", "Create Date", Look::DateTime),
    read_only(
        "ticketinformation",
        "hs_lastmodifieddate",
        "Last Modified Date",
        Look::DateTime,
    ),
    read_only("ticketinformation", "hs_object_id", "Record ID", Look::Number),
    row("ticketinformation", "hubspot_owner_id", "Owner", Look::Elsewhere),
    read_only(
        "ticketinformation",
        "hs_merged_object_ids",
        "Merged record IDs",
        Look::Elsewhere,
    ),
];

const PIPELINES: &[(&str, &str)] = &[("0", "Support Pipeline")];

const STAGES: &[(&str, &str)] = &[
    ("1", "New"),
    ("2", "Waiting on contact"),
    ("3", "Waiting on us"),
    ("4", "Closed"),
];

const PRIORITIES: &[(&str, &str)] = &[
    ("LOW", "Low"),
    ("MEDIUM", "Medium"),
    ("HIGH", "High"),
    ("URGENT", "Urgent"),
];

const CATEGORIES: &[(&str, &str)] = &[
    ("PRODUCT_ISSUE", "Product Issue"),
    ("BILLING_ISSUE", "Billing Issue"),
    ("FEATURE_REQUEST", "Feature Request"),
    ("GENERAL_INQUIRY", "General Inquiry"),
];

const SOURCES: &[(&str, &str)] = &[
    ("CHAT", "Chat"),
    ("EMAIL", "Email"),
    ("FORM", "Form"),
    ("PHONE", "Phone"),
];
