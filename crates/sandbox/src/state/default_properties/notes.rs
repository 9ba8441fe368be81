//! HubSpot's note properties.

use super::{Look, Row, Table, read_only, row};

pub(super) const TABLE: Table = Table {
    groups: &[("note", "Note information"), ("engagement", "Engagement information")],
    rows: ROWS,
};

const ROWS: &[Row] = &[
    row("note", "hs_note_body", "Note body", Look::Html),
    row("engagement", "hs_timestamp", "Activity date", Look::DateTime),
    row("engagement", "hs_attachment_ids", "Attached file IDs", Look::Elsewhere),
    read_only("engagement", "hs_body_preview", "Body preview", Look::Text),
    read_only("engagement", "hubspot_team_id", "HubSpot Team", Look::Elsewhere),
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
