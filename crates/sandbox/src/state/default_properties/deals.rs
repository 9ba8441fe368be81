//! HubSpot's deal properties, with the stages of its default pipeline.

use super::{Look, Row, Table, read_only, row};

pub(super) const TABLE: Table = Table {
    groups: &[
        ("dealinformation", "Deal information"),
        ("deal_activity", "Deal activity"),
        ("dealstages", "Deal stages"),
        ("analyticsinformation", "Analytics information"),
    ],
    rows: ROWS,
};

const ROWS: &[Row] = &[
    row("dealinformation", "dealname", "Deal Name", Look::Text),
    row("dealinformation", "dealstage", "Deal Stage", Look::Radio(STAGES)),
    row("dealinformation", "pipeline", "Pipeline", Look::Select(PIPELINES)),
    row("dealinformation", "amount", "Amount", Look::Number),
    row("dealinformation", "closedate", "Close Date", Look::DateTime),
    row("dealinformation", "dealtype", "Deal Type", Look::Radio(TYPES)),
    row("dealinformation", "description", "Deal Description", Look::TextArea),
    row("dealinformation", "deal_currency_code", "Currency", Look::Text),
    row("dealinformation", "hs_priority", "Priority", Look::Select(PRIORITIES)),
    row("dealinformation", "hs_next_step", "Next step", Look::Text),
    row(
        "dealinformation",
        "closed_lost_reason",
        "Closed Lost Reason",
        Look::TextArea,
    ),
    row(
        "dealinformation",
        "closed_won_reason",
        "Closed Won Reason",
        Look::TextArea,
    ),
    read_only(
        "deal_activity",
        "notes_last_contacted",
        "Last Contacted",
        Look::DateTime,
    ),
    read_only("dealinformation", "createdate", "Create Date", Look::DateTime),
    read_only(
        "dealinformation",
        "hs_lastmodifieddate",
        "Last Modified Date",
        Look::DateTime,
    ),
    read_only("dealinformation", "hs_object_id", "Record ID", Look::Number),
    row("dealinformation", "hubspot_owner_id", "Owner", Look::Elsewhere),
    read_only(
        "dealinformation",
        "hs_merged_object_ids",
        "Merged record IDs",
        Look::Elsewhere,
    ),
];

const STAGES: &[(&str, &str)] = &[
    ("appointmentscheduled", "Appointment Scheduled"),
    ("qualifiedtobuy", "Qualified To Buy"),
    ("presentationscheduled", "Presentation Scheduled"),
    ("decisionmakerboughtin", "Decision Maker Bought-In"),
    ("contractsent", "Contract Sent"),
    ("closedwon", "Closed Won"),
    ("closedlost", "Closed Lost"),
];

const PIPELINES: &[(&str, &str)] = &[("default", "Sales Pipeline")];

const TYPES: &[(&str, &str)] = &[
    ("newbusiness", "New Business"),
    ("existingbusiness", "Existing Business"),
];

const PRIORITIES: &[(&str, &str)] = &[("low", "Low"), ("medium", "Medium"), ("high", "High")];
