//! HubSpot's properties of messages by SMS, WhatsApp and LinkedIn.

use super::{Look, Row, Table, read_only, row};

pub(super) const TABLE: Table = Table {
    groups: &[
        ("communication", "Communication information"),
        ("engagement", "Engagement information"),
    ],
    rows: ROWS,
};

const ROWS: &[Row] = &[
    row("communication", "hs_communication_body", "Message body", Look::TextArea),
    row(
        "communication",
        "hs_communication_channel_type",
        "Channel Type",
        Look::Select(CHANNELS),
    ),
    row(
        "communication",
        "hs_communication_logged_from",
        "Logged from",
        Look::Select(LOGGED_FROM),
    ),
    row("engagement", "hs_timestamp", "Activity date", Look::DateTime),
    row("engagement", "hs_attachment_ids", "Attached file IDs", Look::Elsewhere),
    read_only("engagement", "hs_body_preview", "Body preview", Look::Text),
    read_only("engagement", "hs_createdate", "Create Date", Look::DateTime),
    read_only(
        "engagement",
        "hs_lastmodifieddate",
        "Last Modified Date",
        Look::DateTime,
    ),
    read_only("engagement", "hs_object_id", "Record ID", Look::Number),
    row("engagement", "hubspot_owner_id", "Owner", Look::Elsewhere),
    read_only(
        "engagement",
        "hs_merged_object_ids",
        "Merged record IDs",
        Look::Elsewhere,
    ),
];

const CHANNELS: &[(&str, &str)] = &[
    ("WHATS_APP", "WhatsApp"),
    ("LINKEDIN_MESSAGE", "LinkedIn message"),
    ("SMS", "SMS"),
];

const LOGGED_FROM: &[(&str, &str)] = &[("CRM", "CRM")];
